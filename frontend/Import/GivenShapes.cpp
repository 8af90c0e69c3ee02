//===- GivenShapes.cpp - Shapes that the user states ----------------------===//

#include "frontend/Import/GivenShapes.h"
#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/NodeImporter.h"

using namespace mlir;

namespace tgc {

/// Are `a` and `b` names of one tensor? "x" is "x:0".
static bool isSameTensor(StringRef a, StringRef b) {
  a.consume_back(":0");
  b.consume_back(":0");
  return a == b;
}

/// Does the operator leave the ranks of its outputs open?
static bool isOpen(StringRef op) { return op == "ParseTensor" || op == "Unstage"; }

std::optional<std::vector<int64_t>> findGivenShape(const ImportOptions &options, StringRef tensor) {
  for (const auto &[name, shape] : options.shapes)
    if (isSameTensor(name, tensor))
      return shape;
  return std::nullopt;
}

llvm::Error checkGivenShapes(const ImportOptions &options, ArrayRef<EntrySpec> entries,
                             GraphEdges::Nodes nodes) {
  SmallVector<StringRef> feeds;
  for (const EntrySpec &spec : entries)
    for (const FeedSpec &feed : spec.feeds)
      feeds.push_back(feed.tensor);
  auto isKnown = [&](StringRef tensor) {
    if (llvm::any_of(feeds, [&](StringRef feed) { return isSameTensor(tensor, feed); }))
      return true;
    StringRef name = tensor.split(':').first;
    return llvm::any_of(nodes, [&](const proto::NodeDef *node) {
      // What a function holds is known by its calls only: that there may be such a node must do.
      bool isCall = findAttr(*node, "f") && name.starts_with(node->name() + "/");
      return isCall || (node->name() == name && isOpen(node->op()));
    });
  };
  for (const auto &[tensor, shape] : options.shapes)
    if (!isKnown(tensor))
      return llvm::createStringError("a shape is given for %s, which is not fed; feeds are %s",
                                     std::string(tensor).c_str(), llvm::join(feeds, ", ").c_str());
  return llvm::Error::success();
}

FailureOr<RankedTensorType> getOpenType(NodeImporter &n, size_t output, Type element) {
  StringRef name = cast<NameLoc>(n.loc).getName().getValue();
  std::string tensor = (name + ":" + Twine(output)).str();
  std::optional<std::vector<int64_t>> shape = findGivenShape(n.graph.entry.module.options, tensor);
  if (const proto::AttrValue *recorded = findAttr(n.node, "_output_shapes"); !shape && recorded)
    if (static_cast<int>(output) < recorded->list().shape_size())
      shape = shapeFromProto(recorded->list().shape(output));
  if (!shape) {
    n.error() << "the rank of output " << output << " is not known; give its shape with --shape " << tensor
              << "=?,...";
    return failure();
  }
  SmallVector<int64_t> dims;
  for (int64_t size : *shape)
    dims.push_back(size < 0 ? ShapedType::kDynamic : size);
  return RankedTensorType::get(dims, element);
}

} // namespace tgc
