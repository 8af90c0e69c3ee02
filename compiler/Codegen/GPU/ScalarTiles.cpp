//===- ScalarTiles.cpp - Products of tiles of attention in f32 ------------===//

#include "compiler/Codegen/GPU/ScalarTiles.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace tgc {

void ScalarTiles::prepare(int64_t longest) {
  findPlaces(special("tid.x"));
  sides[0] = declareShared("rows", f32, kSteps * kLine);
  sides[1] = declareShared("columns", f32, kSteps * kLine);
  matrix = declareShared("matrix", f32, kTile * kLine);
  rows = declareShared("lines", f32, kSteps * columnsOf(longest) * kSide);
}

void ScalarTiles::findPlaces(Value thread) {
  threadRow = divide(thread, kSide);
  threadColumn = remainder(thread, kSide);
}

void ScalarTiles::forgetPlaces() {
  Value thread = special("tid.x");
  Type word = builder.getI32Type();
  if (!zero) {
    // What others may have written, as far as anybody sees.
    record.sharedBytes = 16;
    zero = declareDynamicShared("zero", 16);
    Value isFirst = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, thread, constant(0));
    branch(isFirst, [&] {
      Value none = arith::ConstantIntOp::create(builder, loc, 0, 32);
      LLVM::StoreOp::create(builder, loc, none, zero);
    });
    wait();
  }
  Value nothing = LLVM::LoadOp::create(builder, loc, word, zero);
  findPlaces(add(thread, arith::IndexCastUIOp::create(builder, loc, builder.getIndexType(), nothing)));
}

Value ScalarTiles::inShared(Value memory, Value line, Value place, unsigned pitch) {
  return elementOf(memory, f32, add(multiply(line, constant(pitch)), place));
}

Value ScalarTiles::loadShared(Value address) { return LLVM::LoadOp::create(builder, loc, f32, address); }

/// Brings kSteps elements of kTile lines to shared memory, from `first` on; zeros from behind the last.
void ScalarTiles::fetchSide(Value memory, ArrayRef<Value> batch, const Lines &lines, Value first) {
  Value length = constant(lengthOf(lines.elementLoop)), step = add(first, threadColumn);
  Value isInside = isBelow(step, length);
  SmallVector<Value> index(batch);
  index[lines.elementLoop] = clip(step, length);
  for (unsigned i = 0; i < kEach; ++i) {
    index[lines.loop] = clip(add(lines.begin, rowOf(i)), sizeOf(lines.loop));
    Value element = choose(isInside, loadFloat(*op.getDpsInputOperand(lines.operand), index), number(0));
    LLVM::StoreOp::create(builder, loc, element, inShared(memory, threadColumn, rowOf(i), kLine));
  }
}

SmallVector<Value> ScalarTiles::multiplyTiles(ArrayRef<Value> batch, const Lines &left, const Lines &right) {
  SmallVector<Value> zeros(kEach * kEach, number(0));
  Value length = constant(lengthOf(left.elementLoop));
  return forEach(constant(0), length, constant(kSteps), zeros, [&](Value first, ValueRange sums) {
    fetchSide(sides[0], batch, left, first);
    fetchSide(sides[1], batch, right, first);
    wait();
    SmallVector<Value> results =
        forEach(constant(0), constant(kSteps), constant(1), sums, [&](Value step, ValueRange carried) {
          SmallVector<Value> ofRows, ofColumns, added;
          for (unsigned i = 0; i < kEach; ++i) {
            ofRows.push_back(loadShared(inShared(sides[0], step, rowOf(i), kLine)));
            ofColumns.push_back(loadShared(inShared(sides[1], step, columnOf(i), kLine)));
          }
          for (unsigned i = 0; i < kEach * kEach; ++i)
            added.push_back(fma(ofRows[i / kEach], ofColumns[i % kEach], carried[i]));
          return added;
        });
    wait();
    return results;
  });
}

void ScalarTiles::shareMatrix(ArrayRef<Value> elements) {
  for (auto [i, element] : llvm::enumerate(elements))
    LLVM::StoreOp::create(builder, loc, element,
                          inShared(matrix, rowOf(i / kEach), columnOf(i % kEach), kLine));
}

void ScalarTiles::fetchLines(ArrayRef<Value> batch, const Lines &lines, Value first) {
  SmallVector<Value> index(batch);
  int64_t length = lengthOf(lines.elementLoop);
  Value line = add(add(lines.begin, first), threadRow), count = sizeOf(lines.loop);
  Value isInside = isBelow(line, count);
  index[lines.loop] = clip(line, count);
  for (unsigned j = 0; j < columnsOf(length); ++j) {
    index[lines.elementLoop] = clip(columnOf(j), constant(length));
    Value element = choose(isInside, loadFloat(*op.getDpsInputOperand(lines.operand), index), number(0));
    LLVM::StoreOp::create(builder, loc, element,
                          inShared(rows, threadRow, columnOf(j), columnsOf(length) * kSide));
  }
}

SmallVector<Value> ScalarTiles::addProducts(ArrayRef<Value> batch, const Lines &lines, ValueRange sums) {
  unsigned columns = columnsOf(lengthOf(lines.elementLoop));
  return forEach(constant(0), constant(kTile), constant(kSteps), sums, [&](Value first, ValueRange carried) {
    fetchLines(batch, lines, first);
    wait();
    SmallVector<Value> results =
        forEach(constant(0), constant(kSteps), constant(1), carried, [&](Value step, ValueRange inside) {
          SmallVector<Value> right, added;
          for (unsigned j = 0; j < columns; ++j)
            right.push_back(loadShared(inShared(rows, step, columnOf(j), columns * kSide)));
          for (unsigned i = 0; i < kEach; ++i) {
            Value left = loadShared(inShared(matrix, rowOf(i), add(first, step), kLine));
            for (unsigned j = 0; j < columns; ++j)
              added.push_back(fma(left, right[j], inside[columns * i + j]));
          }
          return added;
        });
    wait();
    return results;
  });
}

} // namespace tgc
