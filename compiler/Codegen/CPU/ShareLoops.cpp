//===- ShareLoops.cpp - Independent loops on all threads ------------------===//

#include "compiler/Codegen/CPU/ShareLoops.h"
#include "compiler/Codegen/CPU/LinearAccess.h"
#include "compiler/Codegen/CPU/SelectTiling.h"
#include "dialects/Kernel/IR/Independent.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace tgc {
namespace {

/// What a loop uses of what is around it; failure if a kernel cannot get it, or the loop allocates memory,
/// which is planned for entries alone.
LogicalResult collectUsed(scf::ForOp loop, SmallVectorImpl<Value> &arguments,
                          llvm::SetVector<Value> &constants) {
  llvm::SetVector<Value> used;
  getUsedValuesDefinedAbove(loop.getRegion(), used);
  for (Value value : used) {
    Operation *definition = value.getDefiningOp();
    Type type = value.getType();
    if (definition && definition->hasTrait<OpTrait::ConstantLike>())
      constants.insert(value);
    else if (isa<MemRefType, IndexType>(type) || (type.isIntOrFloat() && type.getIntOrFloatBitWidth() <= 64))
      arguments.push_back(value);
    else
      return failure();
  }
  return failure(loop.walk([](memref::AllocOp) { return WalkResult::interrupt(); }).wasInterrupted());
}

/// As many multiplications as walking the largest memory costs.
OpFoldResult estimateWork(OpBuilder &builder, Location loc, ArrayRef<Value> arguments) {
  IndexMath math(builder, loc);
  OpFoldResult work = math.known(0);
  for (Value argument : arguments) {
    if (!isa<MemRefType>(argument.getType()))
      continue;
    OpFoldResult elements = math.known(kProductsPerPackedElement);
    for (OpFoldResult size : memref::getMixedSizes(builder, loc, argument))
      elements = math.mul(elements, size);
    work = math.max(work, elements);
  }
  return work;
}

bool isIndependent(scf::ForOp loop) { return loop->hasAttr(kernel::kIndependentAttr); }

bool holdsIndependent(scf::ForOp loop) {
  return loop.getBody()
      ->walk([](scf::ForOp inner) {
        return isIndependent(inner) ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

void shareLoop(scf::ForOp loop, KernelCalls &kernels) {
  SmallVector<Value> arguments;
  llvm::SetVector<Value> constants;
  if (loop.getNumResults() != 0 || !isConstantIntValue(loop.getLowerBound(), 0) ||
      !isConstantIntValue(loop.getStep(), 1) || failed(collectUsed(loop, arguments, constants)))
    return;
  OpBuilder builder(loop);
  Location loc = loop.getLoc();
  func::FuncOp function =
      kernels.getFunction(builder, loc, "tgc_rows_", arguments, [&](OpBuilder &b, Block &body) {
        IRMapping mapping;
        for (auto [i, argument] : llvm::enumerate(arguments))
          mapping.map(argument, body.getArgument(i));
        for (Value value : constants)
          b.clone(*value.getDefiningOp(), mapping);
        Value one = arith::ConstantIndexOp::create(b, loc, 1);
        size_t last = body.getNumArguments() - 1;
        auto share = scf::ForOp::create(b, loc, body.getArgument(last - 1), body.getArgument(last), one);
        mapping.map(loop.getInductionVar(), share.getInductionVar());
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPointToStart(share.getBody());
        for (Operation &op : loop.getBody()->without_terminator())
          b.clone(op, mapping);
      });
  KernelCalls::call(builder, loc, function, arguments, getAsOpFoldResult(loop.getUpperBound()),
                    estimateWork(builder, loc, arguments));
  loop.erase();
}

} // namespace

void shareLoops(ModuleOp module, KernelCalls &kernels) {
  SmallVector<scf::ForOp> loops;
  for (auto entry : module.getOps<func::FuncOp>())
    if (entry->hasAttr("rt.feeds"))
      entry.walk<WalkOrder::PreOrder>([&](scf::ForOp loop) {
        if (!isIndependent(loop) || (isConstantIntValue(loop.getUpperBound(), 1) && holdsIndependent(loop)))
          return WalkResult::advance();
        loops.push_back(loop);
        return WalkResult::skip();
      });
  for (scf::ForOp loop : loops)
    shareLoop(loop, kernels);
}

} // namespace tgc
