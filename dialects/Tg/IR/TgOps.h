//===- TgOps.h - Ops of the tg dialect -------------------------*- C++ -*-===//
#ifndef TGC_DIALECTS_TG_IR_TGOPS_H
#define TGC_DIALECTS_TG_IR_TGOPS_H

#include "dialects/Tg/IR/TgDialect.h"
#include "dialects/Tg/IR/TgShapes.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace tgc::tg {
class GradientBuilder;
/// What a check ends the run with: codes of the runtime ABI (runtime/include/tgc/abi.h).
enum class StatusCode : int32_t {
  InvalidArgument = 3,
  ResourceExhausted = 8,
  FailedPrecondition = 9,
  Aborted = 10,
  OutOfRange = 11,
  Unimplemented = 12,
  Internal = 13
};
/// An op without a gradient; TgBase.td has the reason.
template <typename ConcreteOp> class NoGradient : public mlir::OpTrait::TraitBase<ConcreteOp, NoGradient> {};
/// An op whose regions are differentiated (compiler/AutoDiff).
template <typename ConcreteOp>
class RegionGradient : public mlir::OpTrait::TraitBase<ConcreteOp, RegionGradient> {};
} // namespace tgc::tg

#include "dialects/Tg/IR/TgEnums.h.inc"
#include "dialects/Tg/IR/TgInterfaces.h.inc"
#define GET_OP_CLASSES
#include "dialects/Tg/IR/TgOps.h.inc"

namespace tgc::tg {
template <typename... Ops> struct OpList {};
/// Every op of the dialect in the order of its definition; generated, never edited. Folds over it build the
/// importer's table and the page of supported ops.
using AllOps = OpList<
#define GET_OP_LIST
#include "dialects/Tg/IR/TgOps.cpp.inc"
    >;
} // namespace tgc::tg

#endif // TGC_DIALECTS_TG_IR_TGOPS_H
