//===- OpSignatures.cpp - Look ops up and check nodes against them -----------===//
//
// A row of the tables is parsed once, when one of its ops is first looked up.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/OpSignatures.h"

#include "frontend/GraphDef/SignatureParser.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/ErrorHandling.h"

#include <mutex>

using namespace llvm;
using namespace tgc;

/// More tensors than any real node has: beyond it an attribute is nonsense and must not size an allocation.
static constexpr int64_t kMostTensors = 1 << 16;

namespace {

/// The tables by the names of ops. A row is read when one of its ops is first looked up, by whatever thread:
/// a model has few of the ops.
class SignatureTable {
public:
  SignatureTable() {
    for (ArrayRef<signatures::Row> family :
         {signatures::arrayRows(), signatures::collectiveRows(), signatures::controlFlowRows(),
          signatures::convolutionRows(), signatures::hostRows(), signatures::imageRows(),
          signatures::linearAlgebraRows(), signatures::listRows(), signatures::mathRows(),
          signatures::neuralNetRows(), signatures::optimizerRows(), signatures::quantizationRows(),
          signatures::queueRows(), signatures::randomRows(), signatures::recurrentRows(),
          signatures::segmentRows(), signatures::sparseRows(), signatures::stringRows(),
          signatures::variableRows()})
      for (const signatures::Row &row : family)
        for (StringRef op : split(row.ops, ' '))
          if (!rows.try_emplace(op, &row).second)
            reportFatalInternalError(Twine("two signatures of ") + op);
    for (const signatures::TypesRow &row : signatures::typesRows())
      for (StringRef token : split(row.attrs, ' ')) {
        auto [op, name] = token.split('.');
        if (!rows.contains(op))
          reportFatalInternalError(Twine("types of an attribute that is not there: ") + token);
        types[op].push_back({name.empty() ? "T" : name, row.types});
      }
  }

  const OpSignature *lookup(StringRef op) {
    std::lock_guard<std::mutex> lock(mutex);
    if (auto found = known.find(op); found != known.end())
      return &found->second;
    auto row = rows.find(op);
    if (row == rows.end())
      return nullptr;
    for (OpSignature &signature : parseSignatureRow(*row->second)) {
      addAllowedTypes(signature);
      std::string name = signature.name;
      known.try_emplace(name, std::move(signature));
    }
    return &known.find(op)->second;
  }

  std::vector<StringRef> list() const {
    std::vector<StringRef> names(rows.keys().begin(), rows.keys().end());
    sort(names);
    return names;
  }

private:
  /// Adds what AllowedTypes.cpp says.
  void addAllowedTypes(OpSignature &signature) const {
    if (auto row = types.find(signature.name); row != types.end())
      for (auto [name, allowed] : row->second) {
        auto attr = find_if(signature.attrs, [&](const OpAttr &each) { return each.name == name; });
        if (attr == signature.attrs.end())
          reportFatalInternalError(Twine("types of an attribute that is not there: ") + signature.name + "." +
                                   name);
        attr->allowedTypes = parseTypes(allowed);
      }
    for (StringRef name : split(signatures::indexAttrs(), ' '))
      for (OpAttr &attr : signature.attrs)
        if (attr.name == name && attr.allowedTypes.empty())
          attr.allowedTypes = parseTypes("int32 int64");
  }

  StringMap<const signatures::Row *> rows;
  /// Of the ops that AllowedTypes.cpp names: attributes and their types.
  StringMap<SmallVector<std::pair<StringRef, StringRef>, 1>> types;
  std::mutex mutex;
  StringMap<OpSignature> known; // those that were looked up
};

} // namespace

static SignatureTable &signatureTable() {
  static SignatureTable table;
  return table;
}

const OpAttr *OpSignature::findAttr(StringRef attr) const {
  auto it = find_if(attrs, [&](const OpAttr &candidate) { return candidate.name == attr; });
  return it == attrs.end() ? nullptr : &*it;
}

const OpSignature *tgc::lookupOpSignature(StringRef op) { return signatureTable().lookup(op); }

std::vector<StringRef> tgc::listOpSignatures() { return signatureTable().list(); }

const proto::AttrValue *tgc::findAttrOrDefault(const proto::NodeDef &node, const OpSignature &signature,
                                               StringRef name) {
  if (const proto::AttrValue *value = findAttr(node, name))
    return value;
  const OpAttr *attr = signature.findAttr(name);
  return attr && !attr->isRequired ? &attr->defaultValue : nullptr;
}

void tgc::addDefaultAttrs(proto::NodeDef &node, const OpSignature &signature) {
  for (const OpAttr &attr : signature.attrs)
    if (!attr.isRequired && !findAttr(node, attr.name))
      (*node.mutable_attr())[attr.name] = attr.defaultValue;
}

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

static Error nodeError(const proto::NodeDef &node, const Twine &message) {
  return createStringError("node " + describeNode(node) + ": " + message);
}

static Error missingAttr(const proto::NodeDef &node, StringRef attr) {
  return nodeError(node, "required attr " + attr + " is missing");
}

/// Appends the types of one argument's tensors.
static Error appendTypes(const proto::NodeDef &node, const OpSignature &signature, const OpArg &arg,
                         SmallVectorImpl<proto::DataType> &types) {
  if (!arg.typeListAttr.empty()) {
    const proto::AttrValue *list = findAttrOrDefault(node, signature, arg.typeListAttr);
    if (!list || !list->has_list())
      return missingAttr(node, arg.typeListAttr);
    for (int type : list->list().type())
      types.push_back(static_cast<proto::DataType>(type));
    return Error::success();
  }
  proto::DataType type = arg.type;
  if (!arg.typeAttr.empty()) {
    const proto::AttrValue *value = findAttrOrDefault(node, signature, arg.typeAttr);
    if (!value || value->value_case() != proto::AttrValue::kType)
      return missingAttr(node, arg.typeAttr);
    type = value->type();
  }
  if (arg.isRef && !isReference(type))
    type = static_cast<proto::DataType>(type + 100);
  int64_t count = 1;
  if (!arg.numberAttr.empty()) {
    const proto::AttrValue *value = findAttrOrDefault(node, signature, arg.numberAttr);
    if (!value || value->value_case() != proto::AttrValue::kI)
      return missingAttr(node, arg.numberAttr);
    count = value->i();
    if (count < 0 || count > kMostTensors)
      return nodeError(node, "attr " + arg.numberAttr + " is " + Twine(count) +
                                 ", a number of tensors is expected");
  }
  types.append(count, type);
  return Error::success();
}

static Expected<SmallVector<proto::DataType>> typesOf(const proto::NodeDef &node,
                                                      const OpSignature &signature, ArrayRef<OpArg> args) {
  SmallVector<proto::DataType> types;
  for (const OpArg &arg : args)
    if (Error error = appendTypes(node, signature, arg, types))
      return std::move(error);
  return types;
}

Expected<SmallVector<proto::DataType>> tgc::inputTypes(const proto::NodeDef &node,
                                                       const OpSignature &signature) {
  return typesOf(node, signature, signature.inputs);
}

Expected<SmallVector<proto::DataType>> tgc::outputTypes(const proto::NodeDef &node,
                                                        const OpSignature &signature) {
  return typesOf(node, signature, signature.outputs);
}

Expected<OutputRange> tgc::outputRange(const proto::NodeDef &node, const OpSignature &signature,
                                       StringRef arg) {
  SmallVector<proto::DataType> types;
  for (const OpArg &output : signature.outputs) {
    int first = static_cast<int>(types.size());
    if (Error error = appendTypes(node, signature, output, types))
      return std::move(error);
    if (output.name == arg)
      return OutputRange{first, static_cast<int>(types.size()) - first};
  }
  return nodeError(node, "there is no output " + arg);
}

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

static StringRef kindName(const proto::AttrValue &value) {
  switch (value.value_case()) {
  case proto::AttrValue::kList:
    return "list";
  case proto::AttrValue::kS:
    return "string";
  case proto::AttrValue::kI:
    return "int";
  case proto::AttrValue::kF:
    return "float";
  case proto::AttrValue::kB:
    return "bool";
  case proto::AttrValue::kType:
    return "type";
  case proto::AttrValue::kShape:
    return "shape";
  case proto::AttrValue::kTensor:
    return "tensor";
  case proto::AttrValue::kPlaceholder:
    return "placeholder";
  case proto::AttrValue::kFunc:
    return "func";
  case proto::AttrValue::VALUE_NOT_SET:
    return "empty";
  }
  return "unknown";
}

/// An error unless the attribute holds types that the op takes.
static Error checkTypes(const proto::NodeDef &node, const OpAttr &attr, const proto::AttrValue &value) {
  auto check = [&](proto::DataType type) -> Error {
    if (attr.allowedTypes.empty() || is_contained(attr.allowedTypes, type))
      return Error::success();
    return nodeError(node, "attr " + attr.name + " is " + dataTypeName(type) + ", " + node.op() + " takes " +
                               join(map_range(attr.allowedTypes, dataTypeName), ", "));
  };
  if (value.value_case() == proto::AttrValue::kType)
    return check(value.type());
  for (int type : value.list().type())
    if (Error error = check(static_cast<proto::DataType>(type)))
      return error;
  return Error::success();
}

/// Lengths of windows, strides and the like are numbers of 32 bits; a window has no more elements than any
/// memory, or its sizes would wrap.
static Error checkLengths(const proto::NodeDef &node, const OpAttr &attr, const proto::AttrValue &value) {
  static constexpr StringLiteral kLengths[] = {"block_size",        "depth_radius", "dilations",
                                               "explicit_paddings", "ksize",        "ksizes",
                                               "paddings",          "rates",        "strides"};
  constexpr int64_t kMostWindow = int64_t(1) << 31;
  if (!is_contained(kLengths, attr.name))
    return Error::success();
  auto fail = [&](int64_t number) {
    return nodeError(node,
                     "attr " + attr.name + " has value " + Twine(number) + " out of range for an int32");
  };
  if (!isInt<32>(value.i()))
    return fail(value.i());
  int64_t window = 1;
  for (int64_t number : value.list().i()) {
    if (!isInt<32>(number))
      return fail(number);
    window *= StringRef(attr.name).starts_with("ksize") ? std::max<int64_t>(number, 1) : 1;
    if (window > kMostWindow)
      return nodeError(node, "attr " + attr.name + ": a window has more elements than any memory holds");
  }
  return Error::success();
}

static Error checkAttr(const proto::NodeDef &node, const OpAttr &attr) {
  const proto::AttrValue *value = findAttr(node, attr.name);
  if (!value)
    return attr.isRequired ? missingAttr(node, attr.name) : Error::success();
  StringRef expected = attr.type;
  if ((expected.starts_with("list(") ? "list" : expected) != kindName(*value))
    return nodeError(node, "attr " + attr.name + " is of kind " + kindName(*value) + ", " + expected +
                               " is expected");
  if (expected == "type" && (!isKnownDataType(value->type()) || isReference(value->type())))
    return nodeError(node,
                     "attr " + attr.name + ": " + dataTypeName(value->type()) + " is not a known data type");
  if (Error error = checkTypes(node, attr, *value))
    return error;
  if (Error error = checkLengths(node, attr, *value))
    return error;
  if (expected == "shape")
    for (const auto &dim : value->shape().dim())
      if (dim.size() < -1)
        return nodeError(node, "attr " + attr.name + ": dimension " + Twine(dim.size()) + " is negative");
  if (value->has_shape() && value->shape().unknown_rank() && value->shape().dim_size())
    return nodeError(node, "attr " + attr.name + " says unknown rank and lists " +
                               Twine(value->shape().dim_size()) + " dimensions");
  if (!attr.allowed.empty() && !is_contained(attr.allowed, value->s()))
    return nodeError(node, attr.name + " " + value->s() + " is neither " + join(attr.allowed, " nor "));
  return Error::success();
}

/// A constant says its type twice.
static Error checkConstant(const proto::NodeDef &node) {
  const proto::AttrValue *value = findAttr(node, "value");
  proto::DataType declared = getTypeAttr(node, "dtype");
  if (value && value->has_tensor() && value->tensor().dtype() != declared)
    return nodeError(node, "attr dtype " + dataTypeName(declared) + ", tensor dtype " +
                               dataTypeName(value->tensor().dtype()));
  return Error::success();
}

/// Compares the types of the tensors that come in, at `positions` among the node's inputs, with what one
/// argument wants.
static Error checkInputTypes(const proto::NodeDef &node, const OpArg &arg, ArrayRef<proto::DataType> wanted,
                             ArrayRef<int> positions, InputTypeFn inputType) {
  Error errors = Error::success();
  for (auto [type, index] : zip_equal(wanted, positions)) {
    std::optional<proto::DataType> given = inputType(index);
    if (!given)
      continue;
    const std::string &source = node.input(index);
    if (arg.isRef && !isReference(*given))
      errors = joinErrors(std::move(errors),
                          nodeError(node, "input " + arg.name + " must be a variable, " + source +
                                              " is a value of type " + dataTypeName(*given)));
    else if (withoutReference(*given) != withoutReference(type))
      errors = joinErrors(std::move(errors),
                          nodeError(node, (arg.typeAttr.empty() ? "input " + arg.name + " must be "
                                                                : "attr " + arg.typeAttr + " is ") +
                                              dataTypeName(withoutReference(type)) + " but input " + source +
                                              " is " + dataTypeName(withoutReference(*given))));
  }
  return errors;
}

Error tgc::checkNode(const proto::NodeDef &node, const OpSignature &signature, InputTypeFn inputType) {
  Error errors = Error::success();
  for (const OpAttr &attr : signature.attrs)
    errors = joinErrors(std::move(errors), checkAttr(node, attr));
  if (node.op() == "Const")
    errors = joinErrors(std::move(errors), checkConstant(node));
  // Without its attributes a node's inputs cannot be counted.
  if (errors)
    return errors;

  Expected<SmallVector<proto::DataType>> expected = inputTypes(node, signature);
  if (!expected)
    return expected.takeError();
  // A list of N tensors without any has no type or shape to go by; only SparseCross counts more than one
  // list.
  if (!signature.inputs.empty() && signature.inputs.front().numberAttr == "N" && expected->empty())
    return nodeError(node, "attr N must be at least 1, got 0");
  // Positions of the data inputs: control inputs follow them, in a valid graph.
  SmallVector<int> positions;
  for (const auto &[index, name] : enumerate(node.input()))
    if (!StringRef(name).starts_with("^"))
      positions.push_back(static_cast<int>(index));
  if (positions.size() != expected->size())
    return nodeError(node, Twine(expected->size()) + (expected->size() == 1 ? " input" : " inputs") +
                               " expected, " + Twine(positions.size()) + " given");
  if (!inputType)
    return Error::success();
  ArrayRef<int> rest = positions;
  for (const OpArg &arg : signature.inputs) {
    SmallVector<proto::DataType> wanted;
    if (Error error = appendTypes(node, signature, arg, wanted))
      return error;
    errors = joinErrors(std::move(errors),
                        checkInputTypes(node, arg, wanted, rest.take_front(wanted.size()), inputType));
    rest = rest.drop_front(wanted.size());
  }
  return errors;
}
