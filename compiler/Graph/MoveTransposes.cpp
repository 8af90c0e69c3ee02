//===- MoveTransposes.cpp - Layouts change at the borders only ------------===//
//
// Convolutions and pools are computed with the channels last. In a graph with the channels first each stands
// between two transposes, and what lies between two convolutions is computed in the other layout: memory is
// read and written twice for each, and nothing joins the kernel of the convolution before it.
//
// An op whose operands are transposed alike is computed on what they are before that, and its result is
// transposed. So transposes go down the graph until they meet their inverses, or a reduction that takes
// their dimensions away. They are not moved where they would only multiply: an operand that other users want
// as it is stays, unless something below takes the transposes away.
//
//===----------------------------------------------------------------------===//

#include "compiler/Graph/Passes.h"
#include "dialects/Tg/IR/TgOps.h"
#include "dialects/Tg/IR/TgShapes.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_MOVETRANSPOSESPASS
#include "compiler/Graph/Passes.h.inc"

namespace {

/// `permutation[i]` is the dimension of the operand that dimension i of a transposed tensor is.
using Permutation = ArrayRef<int64_t>;

/// Among how many ops below an op inverses are looked for.
constexpr size_t kReach = 64;

SmallVector<int64_t> invert(Permutation permutation) {
  SmallVector<int64_t> inverse(permutation.size());
  for (auto [i, dim] : llvm::enumerate(permutation))
    inverse[dim] = i;
  return inverse;
}

/// A list with an entry for each dimension of the transposed tensor, for what is transposed.
template <typename T> SmallVector<T> untranspose(ArrayRef<T> list, Permutation permutation) {
  SmallVector<T> result(list);
  for (auto [i, dim] : llvm::enumerate(permutation))
    result[dim] = list[i];
  return result;
}

RankedTensorType untranspose(RankedTensorType type, Permutation permutation) {
  return RankedTensorType::get(untranspose(type.getShape(), permutation), type.getElementType());
}

SmallVector<int64_t> untransposeDimensions(ArrayRef<int64_t> dimensions, Permutation permutation) {
  SmallVector<int64_t> result;
  for (int64_t dim : dimensions)
    result.push_back(permutation[dim]);
  llvm::sort(result);
  return result;
}

/// True if the dimensions that are not of size one stay in their order.
bool movesOnesOnly(RankedTensorType type, Permutation permutation) {
  SmallVector<int64_t> others;
  for (int64_t dim : permutation)
    if (type.getDimSize(dim) != 1)
      others.push_back(dim);
  return llvm::is_sorted(others);
}

bool isElementwise(Operation *op) {
  if (!isa<tg::ScalarOpInterface>(op) || op->getNumRegions() != 0 || op->getNumResults() != 1)
    return false;
  auto result = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  return result && result.getRank() >= 2 && llvm::all_of(op->getOperandTypes(), [&](Type type) {
           auto operand = dyn_cast<RankedTensorType>(type);
           return operand && operand.getShape() == result.getShape();
         });
}

/// The operands of an op that can be computed on transposed ones; none if it cannot.
SmallVector<Value> getMovable(Operation *op) {
  if (isElementwise(op) || isa<tg::ConcatOp>(op))
    return llvm::to_vector(op->getOperands());
  if (isa<tg::PadOp, tg::SliceOp, tg::ReverseOp, tg::ReduceOp, tg::ReduceWindowOp, tg::ScanOp, tg::ReshapeOp>(
          op))
    return {op->getOperand(0)};
  return {};
}

struct Mover {
  OpBuilder builder;

  explicit Mover(MLIRContext *context) : builder(context) {}

  void move(Operation *op) {
    builder.setInsertionPoint(op);
    if (auto transpose = dyn_cast<tg::TransposeOp>(op)) {
      if (transpose.getX().getDefiningOp<tg::TransposeOp>())
        replace(op, turn(op->getLoc(), transpose.getX(), transpose.getPermutation()));
      return;
    }
    SmallVector<Value> operands = getMovable(op);
    std::optional<Permutation> permutation = findPermutation(op, operands);
    if (!permutation || !isWorthIt(op, operands, *permutation))
      return;
    replace(op, rebuild(op, *permutation));
  }

private:
  /// The transpose that makes an operand, if it runs as often as the op: none moves into a loop.
  static tg::TransposeOp getTranspose(Operation *op, Value operand) {
    auto transpose = operand.getDefiningOp<tg::TransposeOp>();
    return transpose && transpose->getBlock() == op->getBlock() ? transpose : tg::TransposeOp();
  }

  /// The one permutation that operands are transposed by.
  static std::optional<Permutation> findPermutation(Operation *op, ValueRange operands) {
    std::optional<Permutation> found;
    for (Value operand : operands) {
      tg::TransposeOp transpose = getTranspose(op, operand);
      if (!transpose)
        continue;
      if (found && *found != transpose.getPermutation())
        return std::nullopt;
      found = transpose.getPermutation();
    }
    return found;
  }

  /// True if an operand costs next to nothing to transpose: it is one number, or repeats a smaller tensor.
  static bool isCheap(Value operand) {
    SplatElementsAttr splat;
    return operand.getDefiningOp<tg::BroadcastToOp>() || matchPattern(operand, m_Constant(&splat));
  }

  bool isWorthIt(Operation *op, ValueRange operands, Permutation permutation) {
    if (auto reshape = dyn_cast<tg::ReshapeOp>(op)) {
      auto transpose = reshape.getX().getDefiningOp<tg::TransposeOp>();
      return movesOnesOnly(cast<RankedTensorType>(transpose.getX().getType()), permutation);
    }
    int64_t numTransposed = 0, numOthers = 0;
    bool areAlone = true;
    for (Value operand : operands) {
      bool isTransposed = getTranspose(op, operand) != nullptr;
      numTransposed += isTransposed;
      numOthers += !isTransposed && !isCheap(operand);
      areAlone &= !isTransposed || llvm::all_equal(operand.getUsers());
    }
    if (numOthers == 0 && (areAlone || isa<tg::ReduceOp>(op)))
      return true;
    return numOthers <= numTransposed && isTakenAway(op, invert(permutation));
  }

  /// True if a transpose of the op's result is undone below it.
  static bool isTakenAway(Operation *op, Permutation inverse) {
    SetVector<Operation *> reached;
    reached.insert(op);
    for (size_t i = 0; i < reached.size() && reached.size() < kReach; ++i) {
      for (Operation *user : reached[i]->getUsers()) {
        if (auto transpose = dyn_cast<tg::TransposeOp>(user);
            transpose && transpose.getPermutation() == inverse)
          return true;
        if (isa<tg::ReduceOp>(user))
          return true;
        if (!isa<tg::ReshapeOp>(user) && llvm::is_contained(getMovable(user), reached[i]->getResult(0)))
          reached.insert(user);
      }
    }
    return false;
  }

  /// The operand as it is where the transposed ones are not transposed yet.
  Value undo(Value operand, Permutation permutation) {
    Location loc = operand.getLoc();
    if (auto broadcast = operand.getDefiningOp<tg::BroadcastToOp>()) {
      auto result = cast<RankedTensorType>(broadcast.getType());
      SmallVector<OpFoldResult> sizes =
          untranspose<OpFoldResult>(tg::mixSizes(builder, result, broadcast.getSizes()), permutation);
      Value x = broadcast.getX();
      if (cast<RankedTensorType>(x.getType()).getRank() > 0)
        x = turnSmall(loc, extend(loc, x, result.getRank()), invert(permutation));
      return tg::BroadcastToOp::create(builder, loc, untranspose(result, permutation), x,
                                       tg::getDynamicSizes(sizes),
                                       untransposeDimensions(broadcast.getEqualDimensions(), permutation));
    }
    return turn(loc, operand, invert(permutation));
  }

  /// `x` with dimensions of size one in front.
  Value extend(Location loc, Value x, int64_t rank) {
    auto type = cast<RankedTensorType>(x.getType());
    SmallVector<OpFoldResult> sizes(rank - type.getRank(), builder.getIndexAttr(1));
    llvm::append_range(sizes, tg::getSizes(builder, loc, x));
    return reshape(loc, x, sizes);
  }

  /// `x` transposed: by one op with a transpose that it is the result of, or none.
  Value turn(Location loc, Value x, Permutation permutation) {
    SmallVector<int64_t> both(permutation);
    if (auto inner = x.getDefiningOp<tg::TransposeOp>()) {
      for (int64_t &dim : both)
        dim = inner.getPermutation()[dim];
      x = inner.getX();
    }
    return llvm::is_sorted(both) ? x : builder.createOrFold<tg::TransposeOp>(loc, x, both);
  }

  /// The same as a reshape, where dimensions of size one alone move.
  Value turnSmall(Location loc, Value x, Permutation permutation) {
    if (!movesOnesOnly(cast<RankedTensorType>(x.getType()), permutation))
      return turn(loc, x, permutation);
    SmallVector<OpFoldResult> sizes = tg::getSizes(builder, loc, x);
    return reshape(loc, x, llvm::map_to_vector(permutation, [&](int64_t dim) { return sizes[dim]; }));
  }

  Value reshape(Location loc, Value x, ArrayRef<OpFoldResult> sizes) {
    RankedTensorType type = tg::getTypeOfSizes(sizes, getElementTypeOrSelf(x.getType()));
    if (type == x.getType())
      return x;
    return tg::ReshapeOp::create(builder, loc, type, x, tg::getDynamicSizes(sizes));
  }

  /// The op's result, computed on operands that are not transposed yet.
  Value rebuild(Operation *op, Permutation permutation) {
    Location loc = op->getLoc();
    if (auto reshape = dyn_cast<tg::ReshapeOp>(op))
      return tg::ReshapeOp::create(builder, loc, op->getResult(0).getType(),
                                   undo(reshape.getX(), permutation), reshape.getSizes());
    if (auto reduce = dyn_cast<tg::ReduceOp>(op))
      return rebuildReduction(reduce, permutation);
    Value result = isElementwise(op) ? rebuildElementwise(op, permutation) : rebuildMoving(op, permutation);
    return tg::TransposeOp::create(builder, loc, op->getResult(0).getType(), result, permutation);
  }

  Value rebuildElementwise(Operation *op, Permutation permutation) {
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(undo(operand, permutation));
    Operation *copy = builder.clone(*op);
    copy->setOperands(operands);
    Value result = copy->getResult(0);
    result.setType(untranspose(cast<RankedTensorType>(result.getType()), permutation));
    return result;
  }

  Value rebuildReduction(tg::ReduceOp op, Permutation permutation) {
    SmallVector<int64_t> kept, order;
    for (auto [i, dim] : llvm::enumerate(permutation))
      if (!llvm::is_contained(op.getDimensions(), static_cast<int64_t>(i)))
        kept.push_back(dim);
    for (int64_t dim : kept)
      order.push_back(llvm::count_if(kept, [&](int64_t other) { return other < dim; }));
    Value result = tg::ReduceOp::create(builder, op.getLoc(), op.getKind(), undo(op.getX(), permutation),
                                        untransposeDimensions(op.getDimensions(), permutation));
    return turn(op.getLoc(), result, order);
  }

  /// Ops with attributes for each dimension.
  Value rebuildMoving(Operation *op, Permutation permutation) {
    Location loc = op->getLoc();
    auto type = untranspose(cast<RankedTensorType>(op->getResult(0).getType()), permutation);
    if (auto concat = dyn_cast<tg::ConcatOp>(op)) {
      SmallVector<Value> inputs;
      for (Value input : concat.getInputs())
        inputs.push_back(undo(input, permutation));
      return tg::ConcatOp::create(builder, loc, type, inputs, permutation[concat.getDimension()]);
    }
    Value x = undo(op->getOperand(0), permutation);
    // What is known of sizes that others state as `?` stays known.
    auto typed = [&](Value value) {
      value.setType(type);
      return value;
    };
    if (auto pad = dyn_cast<tg::PadOp>(op))
      return typed(tg::PadOp::create(builder, loc, x, pad.getValue(),
                                     untranspose<OpFoldResult>(pad.getMixedLow(), permutation),
                                     untranspose<OpFoldResult>(pad.getMixedHigh(), permutation),
                                     untranspose(pad.getInterior(), permutation)));
    if (auto slice = dyn_cast<tg::SliceOp>(op))
      return typed(tg::SliceOp::create(builder, loc, x,
                                       untranspose<OpFoldResult>(slice.getMixedOffsets(), permutation),
                                       untranspose<OpFoldResult>(slice.getMixedSizes(), permutation),
                                       untranspose(slice.getStrides(), permutation)));
    if (auto window = dyn_cast<tg::ReduceWindowOp>(op))
      return tg::ReduceWindowOp::create(
          builder, loc, type, window.getKind(), x, untranspose(window.getWindow(), permutation),
          untranspose(window.getStrides(), permutation), untranspose(window.getDilations(), permutation));
    if (auto reverse = dyn_cast<tg::ReverseOp>(op))
      return tg::ReverseOp::create(builder, loc, type, x,
                                   untransposeDimensions(reverse.getDimensions(), permutation));
    auto scan = cast<tg::ScanOp>(op);
    return tg::ScanOp::create(builder, loc, type, scan.getKind(), x, permutation[scan.getDimension()],
                              scan.getExclusive(), scan.getReverse());
  }

  /// The new value has the type that the op's result had: sizes that are known stay known.
  static void replace(Operation *op, Value value) {
    assert(value.getType() == op->getResult(0).getType() && "another shape");
    SetVector<Value> operands(op->operand_begin(), op->operand_end());
    op->getResult(0).replaceAllUsesWith(value);
    op->erase();
    for (Value operand : operands)
      if (auto transpose = operand.getDefiningOp<tg::TransposeOp>(); transpose && transpose->use_empty())
        transpose->erase();
  }
};

struct MoveTransposesPass : impl::MoveTransposesPassBase<MoveTransposesPass> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isa<tg::TransposeOp>(op) || !getMovable(op).empty())
        ops.push_back(op);
    });
    Mover mover(&getContext());
    for (Operation *op : ops)
      mover.move(op);
  }
};

} // namespace
} // namespace tgc
