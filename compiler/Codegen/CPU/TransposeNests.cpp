//===- TransposeNests.cpp - Nests that turn rows into columns -------------===//
//
// Where an operand is contiguous along one loop and the result along another, element by element each read is
// a line of the cache, and a page where rows are long. A square is as many vectors as they have lanes,
// transposed in registers: each line that is read is used as a whole. A few squares along the operand's rows
// are taken together, so that a page is looked up for all of them. The last square of a row or a column ends
// with it and computes some elements again.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/TransposeNests.h"
#include "compiler/Codegen/CPU/LinearAccess.h"
#include "compiler/Codegen/CPU/VectorBody.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;

namespace tgc {

/// Squares of fewer lanes are not worth it; of more they leave the registers.
static constexpr int64_t kLeastSquare = 4, kLargestSquare = 16;
/// Squares along the operand's rows that share its pages.
static constexpr int64_t kSquaresOfBlock = 4;

SmallVector<Value> transposeSquare(OpBuilder &builder, Location loc, SmallVector<Value> vectors) {
  // Interleaving the halves log2(lanes) times.
  int64_t lanes = vectors.size(), half = lanes / 2;
  SmallVector<int64_t> low, high;
  for (int64_t i = 0; i < half; ++i) {
    low.append({i, lanes + i});
    high.append({half + i, lanes + half + i});
  }
  for (int64_t round = 1; round < lanes; round *= 2) {
    SmallVector<Value> next;
    for (int64_t i = 0; i < half; ++i)
      for (ArrayRef<int64_t> order : {ArrayRef(low), ArrayRef(high)})
        next.push_back(vector::ShuffleOp::create(builder, loc, vectors[i], vectors[half + i], order));
    vectors = next;
  }
  return vectors;
}

namespace {

/// The loops of a nest in the roles that squares give them.
struct SquareLoops {
  /// The result is contiguous along `column`, the operands along `row`.
  unsigned row, column;
  int64_t lanes;
};

std::optional<SquareLoops> matchSquares(linalg::GenericOp op, VectorUnit unit) {
  if (op.getNumReductionLoops() != 0 || !op.getRegion().front().getArguments().back().use_empty())
    return std::nullopt;
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  SmallVector<SmallVector<int64_t>> strides;
  int64_t widest = 4;
  for (auto [operand, map] : llvm::zip_equal(op->getOperands(), op.getIndexingMapsArray())) {
    auto type = dyn_cast<MemRefType>(operand.getType());
    strides.push_back(type ? getKnownStrides(type, map) : SmallVector<int64_t>(sizes.size(), 0));
    if (type)
      widest = std::max<int64_t>(widest, type.getElementTypeBitWidth() / 8);
  }
  auto findLoop = [&](ArrayRef<int64_t> ofOperand) -> std::optional<unsigned> {
    std::optional<unsigned> found;
    for (unsigned loop = 0; loop < sizes.size(); ++loop)
      if (ofOperand[loop] == 1 && sizes[loop] != 1)
        found = loop;
    return found;
  };
  std::optional<unsigned> column = findLoop(strides.back()), row;
  if (!column)
    return std::nullopt;
  for (ArrayRef<int64_t> ofOperand : ArrayRef(strides).drop_back()) {
    if (ofOperand[*column] == 0)
      continue;
    std::optional<unsigned> own = findLoop(ofOperand);
    if (!own || own == column || (row && row != own))
      return std::nullopt;
    row = own;
  }
  if (!row)
    return std::nullopt;
  int64_t lanes = std::min<int64_t>(unit.bytes / widest, kLargestSquare);
  for (unsigned loop : {*row, *column})
    if (!ShapedType::isDynamic(sizes[loop]))
      while (lanes > sizes[loop])
        lanes /= 2;
  if (lanes < kLeastSquare)
    return std::nullopt;
  return SquareLoops{*row, *column, lanes};
}

struct NestTransposer {
  OpBuilder builder;
  linalg::GenericOp op;
  SquareLoops loops;
  Location loc;
  IndexMath math;
  SmallVector<OpFoldResult> sizes;
  SmallVector<LinearAccess> accesses; // without memory for scalars

  NestTransposer(linalg::GenericOp op, SquareLoops loops)
      : builder(op), op(op), loops(loops), loc(op.getLoc()), math(builder, loc) {
    for (Range range : cast<linalg::LinalgOp>(op.getOperation()).createLoopRanges(builder, loc))
      sizes.push_back(range.size);
  }

  void run() {
    for (auto [operand, map] : llvm::zip_equal(op->getOperands(), op.getIndexingMapsArray()))
      if (isa<MemRefType>(operand.getType()))
        accesses.push_back(LinearAccess::create(builder, loc, operand, map));
      else
        accesses.push_back({Value(), math.known(0), SmallVector<OpFoldResult>(sizes.size(), math.known(0))});
    emit();
    op.erase();
  }

private:
  Value constant(int64_t value) { return math.materialize(math.known(value)); }

  /// Squares of as many lanes as the rows and columns have. Those that are known in the run only may be
  /// shorter.
  void emit() {
    Value areLong;
    for (unsigned loop : {loops.row, loops.column})
      if (!getConstantIntValue(sizes[loop])) {
        Value isLong = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge,
                                             math.materialize(sizes[loop]), constant(loops.lanes));
        areLong = areLong ? arith::AndIOp::create(builder, loc, areLong, isLong).getResult() : isLong;
      }
    if (areLong) {
      auto choice = scf::IfOp::create(builder, loc, areLong, /*withElseRegion=*/true);
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(choice.thenBlock());
      emitLoops();
      builder.setInsertionPointToStart(choice.elseBlock());
      if (loops.lanes == kLeastSquare) {
        builder.clone(*op);
      } else {
        llvm::SaveAndRestore<int64_t> fewer(loops.lanes, kLeastSquare);
        emit();
      }
      return;
    }
    emitLoops();
  }

  void emitLoops() {
    Addresses place;
    for (const LinearAccess &access : accesses)
      place.push_back(access.offset);
    emitOuter(0, place);
  }

  void forRange(OpFoldResult begin, OpFoldResult end, int64_t step, function_ref<void(OpFoldResult)> body) {
    scf::ForOp::create(builder, loc, math.materialize(begin), math.materialize(end), constant(step),
                       ValueRange(), [&](OpBuilder &, Location, Value index, ValueRange) {
                         body(index);
                         scf::YieldOp::create(builder, loc);
                       });
  }

  void emitOuter(unsigned loop, const Addresses &place) {
    if (loop == sizes.size())
      return emitSquares(place);
    if (loop == loops.row || loop == loops.column || isConstantIntValue(sizes[loop], 1))
      return emitOuter(loop + 1, place);
    forRange(math.known(0), sizes[loop], 1,
             [&](OpFoldResult index) { emitOuter(loop + 1, moveAlong(math, accesses, place, loop, index)); });
  }

  void emitSquares(const Addresses &place) {
    int64_t block = kSquaresOfBlock * loops.lanes;
    auto startOf = [&](OpFoldResult index, unsigned loop) {
      return math.min(index, math.sub(sizes[loop], math.known(loops.lanes)));
    };
    forRange(math.known(0), sizes[loops.row], block, [&](OpFoldResult first) {
      OpFoldResult end = math.min(sizes[loops.row], math.add(first, math.known(block)));
      forRange(math.known(0), sizes[loops.column], loops.lanes, [&](OpFoldResult column) {
        Addresses atColumn = moveAlong(math, accesses, place, loops.column, startOf(column, loops.column));
        forRange(first, end, loops.lanes, [&](OpFoldResult row) {
          emitSquare(moveAlong(math, accesses, atColumn, loops.row, startOf(row, loops.row)));
        });
      });
    });
  }

  void emitSquare(const Addresses &place) {
    Block &body = op.getRegion().front();
    unsigned numInputs = op.getNumDpsInputs();
    auto vectorOf = [&](const LinearAccess &access) {
      return VectorType::get({loops.lanes}, cast<MemRefType>(access.flat.getType()).getElementType());
    };
    // What each row of the result reads of each input.
    SmallVector<SmallVector<Value>> inputs(numInputs);
    for (unsigned i = 0; i < numInputs; ++i) {
      const LinearAccess &access = accesses[i];
      bool isTransposed = access.flat && access.moves(loops.column);
      for (int64_t lane = 0; lane < loops.lanes; ++lane) {
        OpFoldResult steps = access.strides[isTransposed ? loops.column : loops.row];
        Value index =
            access.flat ? math.materialize(math.add(place[i], math.mul(math.known(lane), steps))) : Value();
        if (!access.flat)
          inputs[i].push_back(op->getOperand(i));
        else if (isTransposed)
          inputs[i].push_back(
              vector::LoadOp::create(builder, loc, vectorOf(access), access.flat, ValueRange{index}));
        else
          inputs[i].push_back(memref::LoadOp::create(builder, loc, access.flat, index));
      }
      if (isTransposed)
        inputs[i] = transposeSquare(builder, loc, inputs[i]);
    }
    const LinearAccess &init = accesses.back();
    for (int64_t lane = 0; lane < loops.lanes; ++lane) {
      SmallVector<Value> arguments;
      for (ArrayRef<Value> input : inputs)
        arguments.push_back(input[lane]);
      IRMapping mapping;
      mapping.map(body.getArguments().drop_back(), arguments);
      for (Operation &inner : body.without_terminator())
        cloneOnVectors(builder, inner, mapping, loops.lanes);
      Value result = lookUpVector(builder, loc, body.getTerminator()->getOperand(0), mapping, loops.lanes);
      Value index =
          math.materialize(math.add(place.back(), math.mul(math.known(lane), init.strides[loops.row])));
      vector::StoreOp::create(builder, loc, result, init.flat, ValueRange{index});
    }
  }
};

} // namespace

bool transposeNest(linalg::GenericOp op, VectorUnit unit) {
  std::optional<SquareLoops> loops = matchSquares(op, unit);
  if (loops)
    NestTransposer(op, *loops).run();
  return loops.has_value();
}

} // namespace tgc
