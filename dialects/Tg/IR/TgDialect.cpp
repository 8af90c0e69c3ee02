//===- TgDialect.cpp - The tensor graph dialect ---------------------------===//

#include "dialects/Tg/IR/TgDialect.h"
#include "dialects/Tg/IR/TgOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Transforms/InliningUtils.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

#include "dialects/Tg/IR/TgDialect.cpp.inc"
#include "dialects/Tg/IR/TgEnums.cpp.inc"
#include "dialects/Tg/IR/TgInterfaces.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/Tg/IR/TgTypes.cpp.inc"

namespace tgc::tg {
/// Ops of other dialects that stand between tg ops (TgShapeGradients.cpp).
void attachForeignGradients(MLIRContext &context);

namespace {
/// Every tg op may be inlined into any function.
struct TgInlinerInterface : DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;
  bool isLegalToInline(Operation *, Region *, bool, IRMapping &) const final { return true; }
};
} // namespace

void TgDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/Tg/IR/TgTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/Tg/IR/TgOps.cpp.inc"
      >();
  addInterfaces<TgInlinerInterface>();
  attachForeignGradients(*getContext());
}

Operation *TgDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type, Location loc) {
  if (isa<IndexType>(type))
    return arith::ConstantOp::materialize(builder, value, type, loc);
  if (auto elements = dyn_cast<ElementsAttr>(value); elements && elements.getType() == type)
    return ConstantOp::create(builder, loc, elements);
  return nullptr;
}

} // namespace tgc::tg
