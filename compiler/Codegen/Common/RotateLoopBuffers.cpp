//===- RotateLoopBuffers.cpp - Memory of loop-carried values --------------===//
//
// A buffer that is allocated in a loop has one place in memory for all iterations. A value that is carried to
// the next iteration must not be there: that iteration would write the new value over the one it still reads.
// So each carried value gets two places, taken in turn. The next value never lies where the current one does,
// whatever the loop reads when, and swapping two carried values needs no thought. Values that bufferization
// updates in place are not touched. A function is gone through once.
//
//===----------------------------------------------------------------------===//

#include "compiler/ABI/Dtypes.h"
#include "compiler/Codegen/Common/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_ROTATELOOPBUFFERSPASS
#include "compiler/Codegen/Common/Passes.h.inc"

namespace {

constexpr const char kRotatedAttribute[] = "rt.rotated";

Value stripCasts(Value value) {
  while (auto cast = value.getDefiningOp<memref::CastOp>())
    value = cast.getSource();
  return value;
}

struct LoopRotator {
  func::FuncOp func;
  OpBuilder builder;
  int64_t numSlots = 0;

  explicit LoopRotator(func::FuncOp func) : func(func), builder(func) {}

  void run() {
    func.walk([&](Operation *op) {
      if (auto loop = dyn_cast<scf::ForOp>(op))
        rotateFor(loop);
      else if (auto loop = dyn_cast<scf::WhileOp>(op))
        rotateWhile(loop);
    });
  }

  void rotateFor(scf::ForOp loop) {
    Operation *yield = loop.getBody()->getTerminator();
    for (OpOperand &operand : yield->getOpOperands())
      if (isa<MemRefType>(operand.get().getType()))
        rotateUnless(loop, operand,
                     [&](Value value) { return value == loop.getRegionIterArg(operand.getOperandNumber()); });
  }

  void rotateWhile(scf::WhileOp loop) {
    for (OpOperand &operand : loop.getYieldOp()->getOpOperands()) {
      if (!isa<MemRefType>(operand.get().getType()))
        continue;
      rotateUnless(loop, operand, [&](Value value) {
        if (auto argument = dyn_cast<BlockArgument>(value);
            argument && argument.getOwner() == loop.getAfterBody())
          value = stripCasts(loop.getConditionOp().getArgs()[argument.getArgNumber()]);
        return value == loop.getBeforeArguments()[operand.getOperandNumber()];
      });
    }
  }

  /// Rotates the carried value unless it is updated in place. What only one branch of a condition makes anew,
  /// as a list that grows now and then, is moved there only.
  void rotateUnless(Operation *loop, OpOperand &yielded, llvm::function_ref<bool(Value)> isInPlace) {
    Value value = stripCasts(yielded.get());
    if (isInPlace(value))
      return;
    auto branch = value.getDefiningOp<scf::IfOp>();
    if (!branch || !loop->isProperAncestor(branch))
      return rotate(loop, yielded);
    unsigned number = cast<OpResult>(value).getResultNumber();
    OpOperand &yes = branch.thenYield()->getOpOperand(number), &no = branch.elseYield()->getOpOperand(number);
    if (!isInPlace(stripCasts(yes.get())) && !isInPlace(stripCasts(no.get())))
      return rotate(loop, yielded);
    rotateUnless(loop, yes, isInPlace);
    rotateUnless(loop, no, isInPlace);
  }

  /// Gives the carried value `yielded` two places in turn.
  void rotate(Operation *loop, OpOperand &yielded) {
    Location loc = yielded.getOwner()->getLoc();
    auto carriedType = cast<MemRefType>(yielded.get().getType());
    auto type = MemRefType::get(carriedType.getShape(), carriedType.getElementType());

    builder.setInsertionPointToStart(&func.front());
    Value turn = memref::AllocaOp::create(builder, loc, MemRefType::get({}, builder.getI1Type()));
    builder.setInsertionPoint(loop);
    memref::StoreOp::create(builder, loc, arith::ConstantIntOp::create(builder, loc, 0, 1), turn);

    auto alloc = stripCasts(yielded.get()).getDefiningOp<memref::AllocOp>();
    bool computesInNext = alloc && type.hasStaticShape() &&
                          alloc->getBlock() == yielded.getOwner()->getBlock() && isYieldedOnce(alloc);
    builder.setInsertionPoint(computesInNext ? alloc.getOperation() : yielded.getOwner());
    Value isSecond = memref::LoadOp::create(builder, loc, turn);
    Value other =
        arith::XOrIOp::create(builder, loc, isSecond, arith::ConstantIntOp::create(builder, loc, 1, 1));
    memref::StoreOp::create(builder, loc, other, turn);
    Value next = type.hasStaticShape() ? staticPlace(loop, loc, type, isSecond)
                                       : dynamicPlace(yielded, type, isSecond);
    if (computesInNext) {
      alloc.replaceAllUsesWith(next);
      alloc.erase();
      return;
    }
    memref::CopyOp::create(builder, loc, yielded.get(), next);
    if (type != carriedType)
      next = memref::CastOp::create(builder, loc, carriedType, next);
    yielded.set(next);
  }

  /// Whether the loop carries the buffer in one place only, so that it may be the next place itself.
  static bool isYieldedOnce(memref::AllocOp alloc) {
    int64_t uses = 0;
    SmallVector<Value> worklist = {alloc.getResult()};
    while (!worklist.empty())
      for (OpOperand &use : worklist.pop_back_val().getUses()) {
        if (isa<scf::YieldOp>(use.getOwner()))
          ++uses;
        else if (isa<memref::CastOp>(use.getOwner()))
          worklist.push_back(use.getOwner()->getResult(0));
      }
    return uses == 1;
  }

  Value staticPlace(Operation *loop, Location loc, MemRefType type, Value isSecond) {
    OpBuilder outside(loop);
    IntegerAttr alignment = builder.getI64IntegerAttr(64);
    Value first = memref::AllocOp::create(outside, loc, type, ValueRange(), alignment);
    Value second = memref::AllocOp::create(outside, loc, type, ValueRange(), alignment);
    return arith::SelectOp::create(builder, loc, isSecond, second, first);
  }

  /// The size may change from one iteration to the next: numbered buffers of the session grow.
  Value dynamicPlace(OpOperand &yielded, MemRefType type, Value isSecond) {
    Location loc = yielded.getOwner()->getLoc();
    Value bytes = arith::ConstantIndexOp::create(builder, loc, byteWidth(type.getElementType()));
    SmallVector<Value> sizes;
    for (int64_t dim = 0; dim < type.getRank(); ++dim) {
      Value size = memref::DimOp::create(builder, loc, yielded.get(), dim);
      bytes = arith::MulIOp::create(builder, loc, bytes, size);
      if (type.isDynamicDim(dim))
        sizes.push_back(size);
    }
    auto bytesType = MemRefType::get({ShapedType::kDynamic}, builder.getI8Type());
    auto buffer = [&](OpBuilder &b, int64_t slot) {
      Value memory = rt::BufferOp::create(b, loc, bytesType, func.getArgument(0), slot, bytes);
      Value zero = arith::ConstantIndexOp::create(b, loc, 0);
      scf::YieldOp::create(b, loc, memref::ViewOp::create(b, loc, type, memory, zero, sizes).getResult());
    };
    int64_t slot = numSlots;
    numSlots += 2;
    auto chosen = scf::IfOp::create(
        builder, loc, isSecond, [&](OpBuilder &b, Location) { buffer(b, slot + 1); },
        [&](OpBuilder &b, Location) { buffer(b, slot); });
    return chosen.getResult(0);
  }
};

struct RotateLoopBuffersPass : impl::RotateLoopBuffersPassBase<RotateLoopBuffersPass> {
  void runOnOperation() override {
    for (func::FuncOp func : getOperation().getOps<func::FuncOp>())
      if (func->hasAttr("rt.feeds") && !func->hasAttr(kRotatedAttribute)) {
        LoopRotator(func).run();
        func->setAttr(kRotatedAttribute, UnitAttr::get(&getContext()));
      }
  }
};

} // namespace
} // namespace tgc
