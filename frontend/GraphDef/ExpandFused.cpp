//===- ExpandFused.cpp - Fused operators as what they are made of ------------===//
//
// A fused node has the inputs of its first part, then the operands of the others (`args`), in order. Its
// first output is that of its last part; those of a batch normalisation beside it stay the normalisation's.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/ExpandFused.h"

#include "frontend/GraphDef/OpSignatures.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/StringSwitch.h"

using namespace llvm;
using namespace tgc;

namespace {

/// A node's part: the operator and the number of operands that it has beside the result of the part before.
struct Part {
  std::string op;
  int numArgs = 0;
};

class FusedNode {
public:
  /// `isInFunction`: bodies of functions name outputs otherwise.
  FusedNode(const proto::NodeDef &node, const StringSet<> &names, bool isInFunction)
      : node(node), names(names), isInFunction(isInFunction) {}

  /// The parts, the first first; none: the node is not fused, or not in a way that is known.
  std::vector<proto::NodeDef> expand();

private:
  bool findNormalizationParts();
  bool findPaddedParts();
  bool findParts();
  std::string nameOf(size_t part) const;
  void copyAttr(proto::NodeDef &to, const char *name) const;
  proto::NodeDef makePart(size_t index, int &nextInput) const;

  const proto::NodeDef &node;
  const StringSet<> &names;
  bool isInFunction;
  std::vector<Part> parts;
};

/// The part of that name in `fused_ops` or `op_names`, or none.
std::optional<Part> findPart(StringRef name) {
  bool isUnary = StringSwitch<bool>(name)
                     .Cases({"Relu", "Relu6", "Elu", "Selu", "LeakyRelu", "Tanh", "Sigmoid"}, true)
                     .Cases({"Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Ceil"}, true)
                     .Cases({"Cos", "Cosh", "Exp", "Expm1", "Floor", "Inv", "Log", "Log1p"}, true)
                     .Cases({"Neg", "Reciprocal", "Rint", "Round", "Rsqrt", "Sign", "Sin", "Sinh"}, true)
                     .Cases({"Sqrt", "Square", "Tan", "Softplus", "Softsign"}, true)
                     .Default(false);
  if (isUnary)
    return Part{name.str(), 0};
  if (name == "BiasAdd")
    return Part{"BiasAdd", 1};
  if (name == "Add")
    return Part{"AddV2", 1};
  if (name == "FusedBatchNorm")
    return Part{"FusedBatchNormV3", 4};
  return std::nullopt;
}

bool isFused(StringRef op) {
  return op == "_FusedConv2D" || op == "_FusedConv3D" || op == "_FusedDepthwiseConv2dNative" ||
         op == "_FusedMatMul" || op == "_FusedBatchNormEx" || op == "_UnaryOpsComposition" ||
         op == "FusedPadConv2D" || op == "FusedResizeAndPadConv2D";
}

/// The name of the first output, as the body of a function refers to it.
std::string firstOutput(const std::string &op) {
  const OpSignature *signature = lookupOpSignature(op);
  return signature && !signature->outputs.empty() ? signature->outputs.front().name : "output";
}

} // namespace

/// FusedBatchNormV3, then the sum with the input on the side, then the activation.
bool FusedNode::findNormalizationParts() {
  parts.push_back({"FusedBatchNormV3", 5});
  int numSideInputs = static_cast<int>(getIntAttr(node, "num_side_inputs", 0));
  if (numSideInputs)
    parts.push_back({"AddV2", numSideInputs});
  StringRef activation = getStringAttr(node, "activation_mode", "Identity");
  if (activation == "Relu")
    parts.push_back({"Relu", 0});
  return numSideInputs <= 1 && (activation == "Relu" || activation == "Identity") &&
         node.input_size() >= 5 + numSideInputs;
}

/// ResizeBilinear if it has a size, then MirrorPad, then Conv2D.
bool FusedNode::findPaddedParts() {
  bool isResized = StringRef(node.op()) == "FusedResizeAndPadConv2D";
  if (isResized)
    parts.push_back({"ResizeBilinear", 2});
  parts.push_back({"MirrorPad", isResized ? 1 : 2});
  parts.push_back({"Conv2D", 1});
  // Resizing gives float32.
  return node.input_size() >= (isResized ? 4 : 3) &&
         (!isResized || getTypeAttr(node, "T") == proto::DT_FLOAT);
}

bool FusedNode::findParts() {
  StringRef op = node.op();
  if (op == "_FusedBatchNormEx")
    return findNormalizationParts();
  if (op.ends_with("PadConv2D"))
    return findPaddedParts();
  bool isChain = op == "_UnaryOpsComposition";
  if (!isChain)
    parts.push_back({op.substr(StringRef("_Fused").size()).str(), 2});
  const proto::AttrValue *list = findAttr(node, isChain ? "op_names" : "fused_ops");
  int numInputs = isChain ? 1 : 2;
  for (const std::string &name : list ? list->list().s() : proto::AttrValue::ListValue().s()) {
    std::optional<Part> part = findPart(name);
    if (!part || (isChain && part->numArgs))
      return false;
    numInputs += part->numArgs;
    parts.push_back(*part);
  }
  int numData =
      static_cast<int>(count_if(node.input(), [](StringRef input) { return !input.starts_with("^"); }));
  return !parts.empty() && numData == numInputs;
}

/// The last part is the node; the others get names beside it.
std::string FusedNode::nameOf(size_t part) const {
  if (part + 1 == parts.size())
    return node.name();
  std::string name = node.name() + "/" + parts[part].op;
  if (part || names.contains(name))
    name += "_" + std::to_string(part);
  while (names.contains(name))
    name += "_";
  return name;
}

void FusedNode::copyAttr(proto::NodeDef &to, const char *name) const {
  if (const proto::AttrValue *value = findAttr(node, name))
    (*to.mutable_attr())[name] = *value;
}

proto::NodeDef FusedNode::makePart(size_t index, int &nextInput) const {
  const Part &part = parts[index];
  proto::NodeDef result;
  result.set_name(nameOf(index));
  result.set_op(part.op);
  result.set_device(node.device());
  if (index)
    result.add_input(nameOf(index - 1) + (isInFunction ? ":" + firstOutput(parts[index - 1].op) + ":0" : ""));
  int numInputs = index ? part.numArgs : std::max(part.numArgs, 1);
  for (int i = 0; i < numInputs; ++i)
    result.add_input(node.input(nextInput++));
  copyAttr(result, "T");
  if (StringRef(part.op).contains("Conv") || part.op == "MatMul") {
    for (const char *name : {"strides", "padding", "explicit_paddings", "data_format", "dilations",
                             "transpose_a", "transpose_b"})
      copyAttr(result, name);
  } else if (part.op == "MirrorPad") {
    copyAttr(result, "mode");
  } else if (const proto::AttrValue *aligned = findAttr(node, "resize_align_corners");
             aligned && part.op == "ResizeBilinear") {
    (*result.mutable_attr())["align_corners"] = *aligned;
  } else if (part.op == "BiasAdd" || part.op == "FusedBatchNormV3") {
    copyAttr(result, "data_format");
  }
  if (part.op == "FusedBatchNormV3")
    copyAttr(result, "epsilon");
  if (part.op == "FusedBatchNormV3" && index == 0) {
    for (const char *name : {"U", "data_format", "is_training", "exponential_avg_factor"})
      copyAttr(result, name);
  } else if (part.op == "FusedBatchNormV3") {
    (*result.mutable_attr())["U"].set_type(proto::DT_FLOAT);
    (*result.mutable_attr())["is_training"].set_b(false);
  }
  const proto::AttrValue *alpha = findAttr(node, "leakyrelu_alpha");
  if (part.op == "LeakyRelu" && alpha)
    (*result.mutable_attr())["alpha"] = *alpha;
  return result;
}

std::vector<proto::NodeDef> FusedNode::expand() {
  std::vector<proto::NodeDef> result;
  if (!isFused(node.op()) || !findParts())
    return result;
  int nextInput = 0;
  for (size_t i = 0; i < parts.size(); ++i)
    result.push_back(makePart(i, nextInput));
  for (; nextInput < node.input_size(); ++nextInput)
    result.front().add_input(node.input(nextInput));
  return result;
}

/// Where the outputs of a fused node are now: the first part and the operator of the last one.
struct Expansion {
  std::string first, lastOp;
};

/// `input`, if it is an output of a node that was taken apart, as it is called now.
static void renameInput(std::string &input, const StringMap<Expansion> &expansions, bool isInFunction) {
  std::optional<TensorName> name = parseTensorName(input);
  auto known = name && !name->isControl ? expansions.find(name->node) : expansions.end();
  if (known == expansions.end())
    return;
  auto [first, lastOp] = known->second;
  bool isLast = isInFunction ? name->outputArg != "batch_mean" && name->outputArg != "batch_variance" &&
                                   !name->outputArg.starts_with("reserve_space")
                             : name->index == 0;
  if (!isLast)
    input = first + StringRef(input).drop_front(name->node.size()).str();
  else if (isInFunction)
    input = (name->node + ":" + firstOutput(lastOp) + ":0").str();
}

/// Takes the fused nodes of a graph or a function's body apart.
static StringMap<Expansion> expandNodes(google::protobuf::RepeatedPtrField<proto::NodeDef> &body,
                                        bool isInFunction) {
  StringMap<Expansion> expansions;
  if (none_of(body, [](const proto::NodeDef &node) { return isFused(node.op()); }))
    return expansions;
  StringSet<> names;
  for (const proto::NodeDef &node : body)
    names.insert(node.name());
  google::protobuf::RepeatedPtrField<proto::NodeDef> nodes;
  for (proto::NodeDef &node : body) {
    std::vector<proto::NodeDef> parts = FusedNode(node, names, isInFunction).expand();
    if (parts.empty()) {
      nodes.Add(std::move(node));
      continue;
    }
    expansions[node.name()] = {parts.front().name(), parts.back().op()};
    for (proto::NodeDef &part : parts) {
      names.insert(part.name());
      nodes.Add(std::move(part));
    }
  }
  body.Swap(&nodes);
  for (proto::NodeDef &node : body)
    for (std::string &input : *node.mutable_input())
      renameInput(input, expansions, isInFunction);
  return expansions;
}

void tgc::expandFusedNodes(proto::GraphDef &graph) {
  expandNodes(*graph.mutable_node(), /*isInFunction=*/false);
  for (proto::FunctionDef &function : *graph.mutable_library()->mutable_function()) {
    StringMap<Expansion> expansions = expandNodes(*function.mutable_node_def(), /*isInFunction=*/true);
    if (!expansions.empty())
      for (auto &[result, source] : *function.mutable_ret())
        renameInput(source, expansions, /*isInFunction=*/true);
  }
}
