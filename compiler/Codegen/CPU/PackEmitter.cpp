//===- PackEmitter.cpp - Panels of an operand that is known in the run ----===//
//
// Vectors where the operand is contiguous: along the columns they are copied, along the sum a square of
// vectors is transposed in registers. Columns beyond the last are zeros or repeat the last.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/ContractEmitter.h"
#include "compiler/Codegen/CPU/CopiedOperands.h"
#include "compiler/Codegen/CPU/TransposeNests.h"
#include "compiler/Codegen/CPU/VectorBody.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace tgc {
namespace {

/// Squares along the sum that a line is fetched ahead: rows lie apart, so machines do not foresee them.
constexpr int64_t kSquaresAhead = 2;

struct PackEmitter {
  OpBuilder &builder;
  const ContractPlan &plan;
  Location loc;
  IndexMath math;
  LinearAccess rhs;
  Value packed;
  OpFoldResult columns;
  /// The summed loops, outermost first: their sizes and how far a step moves in the operand.
  SmallVector<std::pair<OpFoldResult, OpFoldResult>> loops;
  VectorType vectorType;

  PackEmitter(OpBuilder &builder, Location loc, const ContractPlan &plan, const LinearAccess &rhs,
              Value packed, OpFoldResult columns)
      : builder(builder), plan(plan), loc(loc), math(builder, loc), rhs(rhs), packed(packed),
        columns(columns) {
    vectorType = VectorType::get({plan.tiling.lanes}, cast<MemRefType>(rhs.flat.getType()).getElementType());
  }

  int64_t getWidth() const { return plan.tiling.getPanelWidth(); }

  void forRange(OpFoldResult begin, OpFoldResult end, int64_t step, function_ref<void(Value)> body) {
    scf::ForOp::create(builder, loc, math.materialize(begin), math.materialize(end),
                       math.materialize(math.known(step)), ValueRange(),
                       [&](OpBuilder &, Location, Value index, ValueRange) {
                         body(index);
                         scf::YieldOp::create(builder, loc);
                       });
  }

  /// How far a step of the `level`th summed loop moves in the panel.
  OpFoldResult getTargetStride(size_t level) {
    OpFoldResult stride = math.known(getWidth());
    for (auto [size, sourceStride] : ArrayRef(loops).drop_front(level + 1))
      stride = math.mul(stride, size);
    return stride;
  }

  /// The summed loops before the `last`th around `body`, which gets where it reads and where it writes.
  void forEachStep(size_t level, size_t last, OpFoldResult from, OpFoldResult to,
                   function_ref<void(OpFoldResult, OpFoldResult)> body) {
    if (level == last)
      return body(from, to);
    forRange(math.known(0), loops[level].first, 1, [&](Value index) {
      forEachStep(level + 1, last, math.add(from, math.mul(index, loops[level].second)),
                  math.add(to, math.mul(index, getTargetStride(level))), body);
    });
  }

  Value loadVector(OpFoldResult address, Value mask = nullptr) {
    Value index = math.materialize(address);
    if (!mask)
      return vector::LoadOp::create(builder, loc, vectorType, rhs.flat, ValueRange{index});
    Value zeros = arith::ConstantOp::create(builder, loc, vectorType, builder.getZeroAttr(vectorType));
    return vector::MaskedLoadOp::create(builder, loc, vectorType, rhs.flat, ValueRange{index}, mask, zeros);
  }

  void fetch(OpFoldResult address) {
    memref::PrefetchOp::create(builder, loc, rhs.flat, ValueRange{math.materialize(address)},
                               /*isWrite=*/false, /*localityHint=*/3, /*isDataCache=*/true);
  }

  void storeVector(Value vector, OpFoldResult address) {
    vector::StoreOp::create(builder, loc, vector, packed, ValueRange{math.materialize(address)});
  }

  void copyElement(OpFoldResult from, OpFoldResult to) {
    Value value = memref::LoadOp::create(builder, loc, rhs.flat, ValueRange{math.materialize(from)});
    memref::StoreOp::create(builder, loc, value, packed, ValueRange{math.materialize(to)});
  }

  /// Rows of a panel as they lie.
  void copyRows(OpFoldResult from, OpFoldResult to, OpFoldResult count) {
    SmallVector<Value> masks(plan.tiling.vectors);
    auto known = getConstantIntValue(columns);
    if (!known || *known % getWidth() != 0)
      for (int64_t v = 0; v < plan.tiling.vectors; ++v)
        masks[v] = createLaneMask(builder, loc, math.sub(count, math.known(v * plan.tiling.lanes)),
                                  plan.tiling.lanes);
    forEachStep(0, loops.size(), from, to, [&](OpFoldResult source, OpFoldResult target) {
      SmallVector<Value> row;
      for (int64_t v = 0; v < plan.tiling.vectors; ++v)
        row.push_back(loadVector(math.add(source, math.known(v * plan.tiling.lanes)), masks[v]));
      for (int64_t v = 0; v < plan.tiling.vectors; ++v)
        storeVector(row[v], math.add(target, math.known(v * plan.tiling.lanes)));
    });
  }

  /// Squares of a panel whose columns are contiguous; what is left of the sum element by element.
  void transposeSquares(OpFoldResult from, OpFoldResult to, OpFoldResult count) {
    int64_t lanes = plan.tiling.lanes;
    OpFoldResult columnStride = rhs.strides[plan.column], last = math.sub(count, math.known(1));
    // Columns beyond the last read the last again.
    SmallVector<OpFoldResult> offsets;
    for (int64_t i = 0; i < getWidth(); ++i)
      offsets.push_back(math.mul(math.min(math.known(i), last), columnStride));
    OpFoldResult length = loops.back().first;
    OpFoldResult whole = math.mul(math.div(length, math.known(lanes)), math.known(lanes));
    forEachStep(0, loops.size() - 1, from, to, [&](OpFoldResult source, OpFoldResult target) {
      forRange(math.known(0), whole, lanes, [&](Value step) {
        for (int64_t v = 0; v < plan.tiling.vectors; ++v) {
          SmallVector<Value> square;
          for (int64_t i = 0; i < lanes; ++i) {
            OpFoldResult at = math.add(math.add(source, step), offsets[v * lanes + i]);
            square.push_back(loadVector(at));
            fetch(math.add(at, math.known(kSquaresAhead * lanes)));
          }
          OpFoldResult corner = math.add(target, math.mul(step, math.known(getWidth())));
          for (auto [i, row] : llvm::enumerate(transposeSquare(builder, loc, square)))
            storeVector(row, math.add(corner, math.known(i * getWidth() + v * lanes)));
        }
      });
      forRange(whole, length, 1, [&](Value step) {
        forRange(math.known(0), count, 1, [&](Value column) {
          copyElement(math.add(math.add(source, step), math.mul(column, columnStride)),
                      math.add(math.add(target, math.mul(step, math.known(getWidth()))), column));
        });
      });
    });
  }

  /// A panel, from where its first column is read.
  void emitPanel(OpFoldResult from, OpFoldResult to, OpFoldResult count) {
    if (isConstantIntValue(rhs.strides[plan.column], 1))
      return copyRows(from, to, count);
    bool isContiguous = !loops.empty() && isConstantIntValue(loops.back().second, 1);
    if (isContiguous && plan.tiling.lanes >= 4)
      return transposeSquares(from, to, count);
    forRange(math.known(0), count, 1, [&](Value column) {
      forEachStep(0, loops.size(), math.add(from, math.mul(column, rhs.strides[plan.column])),
                  math.add(to, column),
                  [&](OpFoldResult source, OpFoldResult target) { copyElement(source, target); });
    });
  }
};

} // namespace

void emitPacking(OpBuilder &builder, kernel::ContractOp op, const ContractPlan &plan, Value rhsMemref,
                 Value packed, ArrayRef<OpFoldResult> loopSizes, Value begin, Value end) {
  LinearAccess rhs = accessRhs(builder, op.getLoc(), rhsMemref, op);
  PackEmitter emitter(builder, op.getLoc(), plan, rhs, packed, loopSizes[plan.column]);
  for (const LoopGroup &group : plan.sums)
    for (unsigned loop : group)
      emitter.loops.push_back({loopSizes[loop], rhs.strides[loop]});
  const IndexMath &math = emitter.math;
  OpFoldResult panels = plan.countPanels(math, loopSizes), width = math.known(emitter.getWidth());
  OpFoldResult panelSize = width;
  for (auto [size, stride] : emitter.loops)
    panelSize = math.mul(panelSize, size);
  SmallVector<LoopGroup> batches = plan.getRhsBatches(op);
  emitter.forRange(begin, end, 1, [&](Value unit) {
    OpFoldResult firstColumn = math.mul(math.rem(unit, panels), width), rest = math.div(unit, panels);
    OpFoldResult source = math.add(rhs.offset, math.mul(firstColumn, rhs.strides[plan.column]));
    for (const LoopGroup &group : llvm::reverse(batches))
      for (unsigned loop : llvm::reverse(group)) {
        source = math.add(source, math.mul(math.rem(rest, loopSizes[loop]), rhs.strides[loop]));
        rest = math.div(rest, loopSizes[loop]);
      }
    emitter.emitPanel(source, math.mul(unit, panelSize),
                      math.min(width, math.sub(loopSizes[plan.column], firstColumn)));
  });
}

void emitBlockPacking(OpBuilder &builder, Location loc, const ContractPlan &plan, const LinearAccess &rhs,
                      Value packed, OpFoldResult columns, Value begin, Value end, OpFoldResult step,
                      OpFoldResult count) {
  PackEmitter emitter(builder, loc, plan, rhs, packed, columns);
  const IndexMath &math = emitter.math;
  OpFoldResult sumStride = rhs.strides[plan.sums[0].back()], width = math.known(emitter.getWidth());
  emitter.loops.push_back({count, sumStride});
  OpFoldResult block = math.add(rhs.offset, math.mul(step, sumStride));
  emitter.forRange(begin, end, 1, [&](Value panel) {
    OpFoldResult firstColumn = math.mul(panel, width);
    emitter.emitPanel(
        math.add(block, math.mul(firstColumn, rhs.strides[plan.column])),
        math.mul(math.sub(panel, begin), math.known(emitter.getWidth() * plan.getPackedSteps())),
        math.min(width, math.sub(columns, firstColumn)));
  });
}

} // namespace tgc
