//===- TgConstantOps.cpp - Ops that make tensors --------------------------===//

#include "dialects/Tg/IR/TgOps.h"

using namespace mlir;

namespace tgc::tg {

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

LogicalResult StringConstantOp::verify() {
  auto type = cast<RankedTensorType>(getType());
  if (!type.hasStaticShape())
    return emitOpError() << "has type " << type << ", a constant has a static shape";
  if (static_cast<int64_t>(getValues().size()) != type.getNumElements() && getValues().size() != 1)
    return emitOpError() << "has " << getValues().size() << " values for " << type.getNumElements()
                         << " elements";
  for (Attribute value : getValues())
    if (!isa<StringAttr>(value))
      return emitOpError() << "has the value " << value << ", which is no string";
  return success();
}

/// One size operand for each `?` of the type.
static LogicalResult verifySizes(Operation *op, RankedTensorType type, ValueRange sizes) {
  if (static_cast<int64_t>(sizes.size()) != static_cast<int64_t>(type.getNumDynamicDims()))
    return op->emitOpError() << "has " << sizes.size() << " sizes for the " << type.getNumDynamicDims()
                             << " dynamic dimensions of " << type;
  return success();
}

LogicalResult IotaOp::verify() {
  auto type = cast<RankedTensorType>(getType());
  if (static_cast<int64_t>(getDimension()) < 0 || static_cast<int64_t>(getDimension()) >= type.getRank())
    return emitOpError() << "dimension " << getDimension() << " is out of range for rank " << type.getRank();
  return verifySizes(*this, type, getSizes());
}

LogicalResult IotaOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &dims) {
  dims.push_back(mixSizes(builder, cast<RankedTensorType>(getType()), getSizes()));
  return success();
}

} // namespace tgc::tg
