//===- FunctionCalls.cpp - Functions that kernels call --------------------===//

#include "compiler/Codegen/GPU/FunctionCalls.h"
#include "compiler/Target/GpuFunctions.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace tgc {

/// The function of C's math.h that an op on single floats is; empty if there is none for GPUs.
static std::string getFunction(Operation *op) {
  if (op->getNumResults() != 1 || !isa<math::MathDialect, arith::ArithDialect>(op->getDialect()))
    return "";
  Type type = op->getResult(0).getType();
  if (!type.isF32() && !type.isF64())
    return "";
  std::string name = llvm::TypeSwitch<Operation *, std::string>(op)
                         .Case<arith::RemFOp>([](auto) { return "fmod"; })
                         .Case<math::PowFOp>([](auto) { return "pow"; })
                         .Default([](Operation *other) {
                           bool isMath = isa<math::MathDialect>(other->getDialect());
                           return isMath ? other->getName().stripDialect().str() : "";
                         });
  if (!name.empty() && type.isF32())
    name += "f";
  return isGpuFunction(name) ? name : "";
}

bool becomesCall(Operation *op) {
  // Those of f32 that are no calls on CPUs are not here, either.
  bool isWritten = op->getNumResults() == 1 && op->getResult(0).getType().isF32() &&
                   isa<math::ExpOp, math::ExpM1Op, math::LogOp, math::Log1pOp, math::TanhOp, math::ErfOp,
                       math::ErfcOp, math::SinOp, math::CosOp, math::TanOp, math::PowFOp>(op);
  return isa<func::CallOp>(op) || (!isWritten && !getFunction(op).empty());
}

bool callsFunctions(linalg::GenericOp nest) {
  return nest.getBody()
      ->walk([](Operation *op) { return becomesCall(op) ? WalkResult::interrupt() : WalkResult::advance(); })
      .wasInterrupted();
}

void declareFunctions(ModuleOp kernels) {
  OpBuilder builder(kernels.getContext());
  kernels.walk([&](func::CallOp call) {
    if (kernels.lookupSymbol(call.getCallee()))
      return;
    builder.setInsertionPointToStart(kernels.getBody());
    func::FuncOp::create(builder, builder.getUnknownLoc(), call.getCallee(), call.getCalleeType())
        .setPrivate();
  });
}

void callFunctions(ModuleOp kernels) {
  kernels.walk([](Operation *op) {
    std::string function = getFunction(op);
    if (function.empty())
      return;
    OpBuilder builder(op);
    auto call =
        func::CallOp::create(builder, op->getLoc(), function, op->getResultTypes(), op->getOperands());
    op->replaceAllUsesWith(call.getResults());
    op->erase();
  });
  declareFunctions(kernels);
}

} // namespace tgc
