//===- TensorKernels.cpp - Contractions on tensor cores -------------------===//
//
// f16, bf16 and tf32 with sums in f32, bytes with sums of 32 bits that wrap, from sm_80 on. Operands pass
// through a ring of stages in shared memory, filled by asynchronous copies some stages ahead; eight warps
// take fragments of a stage by `ldmatrix` and multiply them by `mma.sync`. Fragments are those of the
// instruction set's manual: with g = lane / 4 and t = lane % 4 a lane has, of the first operand, the word t
// of the steps of the rows g and g + 8, and the same 16 bytes further on; of the second these words of column
// g; of the result the columns 2t and 2t + 1 of the rows g and g + 8. A word is four steps of bytes, two of
// 16 bits or one of tf32; a product has 32 steps, 16 or 8. f32 may have two parts (Tf32Parts). Results go
// through shared memory once more, so that neighbouring threads store neighbours, whatever is done to them on
// the way.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/GPU/OperandRing.h"
#include "compiler/Codegen/GPU/Tf32Parts.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tgc {
namespace {

/// Where warps and lanes are in the tile, and what they do with it.
class TensorWriter : public RingWriter {
public:
  using RingWriter::RingWriter;

protected:
  /// A warp has 16 * n rows and 32 columns: n x 4 products of 16 x 8 results.
  static constexpr unsigned kWarp = 32, kRows = 16, kColumns = 8, kProducts = 4;
  static constexpr unsigned kResultsOfProduct = 4;
  /// Rows of results that are in shared memory at a time, and what is between them: eight rows that a warp
  /// writes at once lie in different banks.
  static constexpr unsigned kRowsAtOnce = 64, kGap = 8;

  unsigned warpsAcross() const { return tile.columns / (kColumns * kProducts); }
  unsigned rowsOfWarp() const { return tile.rows / (kThreads / kWarp / warpsAcross()); }
  unsigned productsDown() const { return rowsOfWarp() / kRows; }
  unsigned productOf(unsigned down, unsigned across) const {
    return (down * kProducts + across) * kResultsOfProduct;
  }

  void prepare(Value tid) override {
    RingWriter::prepare(tid);
    Value warp = divide(tid, kWarp), lane = remainder(tid, kWarp);
    warpRow = multiply(divide(warp, warpsAcross()), constant(rowsOfWarp()));
    warpColumn = multiply(remainder(warp, warpsAcross()), constant(kColumns * kProducts));
    group = divide(lane, 4);
    inGroup = remainder(lane, 4);
    rowOfMatrix = remainder(lane, 8);
    lowHalf = remainder(divide(lane, 8), 2);
    highHalf = divide(lane, 16);
  }

  Type sumType() { return getElementTypeOrSelf(op.getDpsInits()[0].getType()); }

  /// The words of one row of products, or of two columns of them, from step `step` of a stage on.
  SmallVector<Value> readFragments(const Side &side, Value stage, Value position, unsigned step) {
    bool isFirst = side.operand->getOperandNumber() == 0;
    unsigned size = sizeOf(side), stepsOfChunk = kChunk / size;
    if (!side.runsAlongSum && size == 4) {
      // `ldmatrix` turns 16-bit elements only.
      SmallVector<Value> words;
      for (unsigned i = 0; i < 4; ++i) {
        unsigned low = i % 2, high = i / 2;
        Value atStep = add(inGroup, constant(step + stepsOfChunk * (isFirst ? high : low)));
        Value at = add(position, add(group, constant(8 * (isFirst ? low : high))));
        Value place = add(stage, placeInStage(side, atStep, at));
        words.push_back(LLVM::LoadOp::create(builder, loc, builder.getI32Type(), byteOf(place)));
      }
      return words;
    }
    Value halfOfSteps = isFirst ? highHalf : lowHalf, half = isFirst ? lowHalf : highHalf;
    Value atStep = add(multiply(halfOfSteps, constant(stepsOfChunk)), constant(step));
    Value at = add(position, multiply(half, constant(8)));
    bool isAlong = liesAlongSum(side);
    (isAlong ? at : atStep) = add(isAlong ? at : atStep, rowOfMatrix);
    Type word = builder.getI32Type();
    auto all = LLVM::LLVMStructType::getLiteral(op.getContext(), {word, word, word, word});
    StringRef name =
        isAlong ? "ldmatrix.sync.aligned.m8n8.x4.b16.p3" : "ldmatrix.sync.aligned.m8n8.x4.trans.b16.p3";
    return unpack(callIntrinsic(name, all, byteOf(add(stage, placeInStage(side, atStep, at)))));
  }

  SmallVector<Value> unpack(Value four) {
    SmallVector<Value> values;
    for (int64_t i = 0; i < 4; ++i)
      values.push_back(LLVM::ExtractValueOp::create(builder, loc, four, i));
    return values;
  }

  /// Adds a product of 16 x 8 results.
  void multiplyFragments(StringRef name, ArrayRef<Value> left, ArrayRef<Value> right,
                         MutableArrayRef<Value> sums) {
    SmallVector<Value> operands(left);
    llvm::append_range(operands, right);
    llvm::append_range(operands, sums);
    Type sum = sumType();
    auto all = LLVM::LLVMStructType::getLiteral(op.getContext(), {sum, sum, sum, sum});
    llvm::copy(unpack(callIntrinsic(name, all, operands)), sums.begin());
  }

  /// Adds the products of a stage by an instruction over `count` steps, whose operands `read` brings.
  void multiplySteps(StringRef name, unsigned count, const Side &rows, const Side &columns,
                     MutableArrayRef<Value> sums,
                     function_ref<SmallVector<Value>(const Side &side, Value position, unsigned step)> read) {
    for (unsigned step = 0; step < stepsOfStage(); step += count) {
      SmallVector<Value> right;
      for (unsigned across = 0; across < kProducts; across += 2)
        right.append(read(columns, add(warpColumn, constant(kColumns * across)), step));
      for (unsigned down = 0; down < productsDown(); ++down) {
        SmallVector<Value> left = read(rows, add(warpRow, constant(kRows * down)), step);
        for (unsigned across = 0; across < kProducts; ++across)
          multiplyFragments(name, left, ArrayRef(right).slice(2 * across, 2),
                            sums.slice(productOf(down, across), kResultsOfProduct));
      }
    }
  }

  /// Adds the products of all steps of a stage.
  virtual void multiplyStage(const Side &rows, const Side &columns, Value stage,
                             MutableArrayRef<Value> sums) = 0;

  void writeTile(ArrayRef<Value> batch, const Side &rows, const Side &columns) override {
    Value zero = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(sumType()));
    SmallVector<Value> sums(productsDown() * kProducts * kResultsOfProduct, zero);
    sums = forEachStage(batch, rows, columns, sums, [&](Value stage, SmallVector<Value> carried) {
      multiplyStage(rows, columns, stage, carried);
      return carried;
    });
    finishTile(sums, groupOf(thread), [&](ArrayRef<Value> all) {
      for (unsigned first = 0; first < tile.rows; first += kRowsAtOnce) {
        wait();
        shareResults(all, first);
        wait();
        finishResults(batch, rows, columns, first);
      }
    });
    wait();
  }

  Value placeOfResult(Value row, Value column) {
    Value number = add(multiply(row, constant(tile.columns + kGap)), column);
    return multiply(number, constant(4));
  }

  /// Puts the results of the tile's kRowsAtOnce rows from `first` on where all threads find them.
  void shareResults(ArrayRef<Value> sums, unsigned first) {
    OpBuilder::InsertionGuard guard(builder);
    Value row = warpRow;
    if (tile.rows > kRowsAtOnce) {
      Value isHere = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, warpRow, constant(first));
      auto ifHere = scf::IfOp::create(builder, loc, isHere, /*withElseRegion=*/false);
      builder.setInsertionPointToStart(ifHere.thenBlock());
      row = constant(0);
    }
    row = add(row, group);
    Value column = add(warpColumn, multiply(inGroup, constant(2)));
    for (unsigned down = 0; down < productsDown(); ++down)
      for (unsigned across = 0; across < kProducts; ++across)
        for (unsigned i = 0; i < kResultsOfProduct; ++i) {
          Value place = placeOfResult(add(row, constant(kRows * down + i / 2 * 8)),
                                      add(column, constant(kColumns * across + i % 2)));
          LLVM::StoreOp::create(builder, loc, sums[productOf(down, across) + i], byteOf(place));
        }
  }

  /// Takes them, in the order of the result's memory.
  void finishResults(ArrayRef<Value> batch, const Side &rows, const Side &columns, unsigned first) {
    unsigned across = resultRunsDown() ? kRowsAtOnce : tile.columns;
    Value all = constant(kRowsAtOnce * tile.columns);
    forEach(thread, all, constant(kThreads), {}, [&](Value number, ValueRange) {
      Value fast = remainder(number, across), slow = divide(number, across);
      Value row = resultRunsDown() ? fast : slow, column = resultRunsDown() ? slow : fast;
      Value sum = LLVM::LoadOp::create(builder, loc, sumType(), byteOf(placeOfResult(row, column)));
      row = add(row, constant(first));
      finishSum(sum, batch, add(rows.begin, row), add(columns.begin, column));
      return SmallVector<Value>();
    });
  }

  Value warpRow, warpColumn, group, inGroup, rowOfMatrix, lowHalf, highHalf;
};

class ShortWriter : public TensorWriter {
public:
  using TensorWriter::TensorWriter;

private:
  static constexpr unsigned kStepsOfProduct = 16;

  /// As the instruction takes pairs of steps: vectors of f16, words for bf16.
  SmallVector<Value> read(const Side &side, Value stage, Value position, unsigned step) {
    SmallVector<Value> words = readFragments(side, stage, position, step);
    if (side.type.isF16())
      for (Value &word : words)
        word = LLVM::BitcastOp::create(builder, loc, VectorType::get(2, side.type), word);
    return words;
  }

  void multiplyStage(const Side &rows, const Side &columns, Value stage,
                     MutableArrayRef<Value> sums) override {
    StringRef name = rows.type.isF16() ? "mma.m16n8k16.row.col.f32.f32" : "mma.m16n8k16.row.col.bf16";
    multiplySteps(
        name, kStepsOfProduct, rows, columns, sums,
        [&](const Side &side, Value position, unsigned step) { return read(side, stage, position, step); });
  }
};

class ByteWriter : public TensorWriter {
public:
  using TensorWriter::TensorWriter;

private:
  static constexpr unsigned kStepsOfProduct = 32;

  void multiplyStage(const Side &rows, const Side &columns, Value stage,
                     MutableArrayRef<Value> sums) override {
    StringRef left = nameOfBytes(op, 0), right = nameOfBytes(op, 1);
    std::string name = ("mma.m16n8k32.row.col." + left).str();
    if (left != right)
      name += ("." + right).str();
    multiplySteps(name, kStepsOfProduct, rows, columns, sums,
                  [&](const Side &side, Value position, unsigned step) {
                    return readFragments(side, stage, position, step);
                  });
  }
};

class Tf32Writer : public TensorWriter {
public:
  Tf32Writer(const NestChain &chain, ModuleOp kernels, KernelRecord &record, TileShape tile, bool hasParts)
      : TensorWriter(chain, kernels, record, tile), hasParts(hasParts) {}

private:
  static constexpr unsigned kStepsOfProduct = 8;

  void multiplyStage(const Side &rows, const Side &columns, Value stage,
                     MutableArrayRef<Value> sums) override {
    constexpr StringRef kName = "mma.m16n8k8.row.col.tf32";
    for (unsigned step = 0; step < stepsOfStage(); step += kStepsOfProduct) {
      Tf32Parts right;
      for (unsigned across = 0; across < kProducts; across += 2)
        for (Value word : readFragments(columns, stage, add(warpColumn, constant(kColumns * across)), step))
          right.add(builder, loc, word, hasParts);
      for (unsigned down = 0; down < productsDown(); ++down) {
        Tf32Parts left;
        for (Value word : readFragments(rows, stage, add(warpRow, constant(kRows * down)), step))
          left.add(builder, loc, word, hasParts);
        for (unsigned across = 0; across < kProducts; ++across) {
          MutableArrayRef<Value> sum = sums.slice(productOf(down, across), kResultsOfProduct);
          auto ofColumns = [&](ArrayRef<Value> words) { return words.slice(2 * across, 2); };
          if (hasParts) {
            // The smallest first.
            multiplyFragments(kName, left.small, ofColumns(right.finite), sum);
            multiplyFragments(kName, left.finite, ofColumns(right.small), sum);
          }
          multiplyFragments(kName, left.large, ofColumns(right.large), sum);
        }
      }
    }
  }

  bool hasParts;
};

/// The element that is widened to f32.
Value widened(Value value) {
  auto extended = value.getDefiningOp<arith::ExtFOp>();
  return extended && extended.getType().isF32() ? extended.getIn() : Value();
}

/// The byte that is widened to 32 bits.
Value widenedByte(Value value) {
  Operation *extended = value.getDefiningOp();
  bool isByte = isa_and_nonnull<arith::ExtSIOp, arith::ExtUIOp>(extended) &&
                extended->getResult(0).getType().isInteger(32) &&
                extended->getOperand(0).getType().isInteger(8);
  return isByte ? extended->getOperand(0) : Value();
}

/// Whether a body adds the product of its two bytes to its accumulator.
bool sumsBytes(Block &body) {
  auto sum = body.getTerminator()->getOperand(0).getDefiningOp<arith::AddIOp>();
  Value accumulator = body.getArgument(2);
  if (!sum || (sum.getLhs() != accumulator && sum.getRhs() != accumulator))
    return false;
  auto product = (sum.getLhs() == accumulator ? sum.getRhs() : sum.getLhs()).getDefiningOp<arith::MulIOp>();
  if (!product)
    return false;
  Value first = widenedByte(product.getLhs()), second = widenedByte(product.getRhs());
  if (first != body.getArgument(0))
    std::swap(first, second);
  return first == body.getArgument(0) && second == body.getArgument(1) && first.hasOneUse() &&
         second.hasOneUse();
}

} // namespace

bool isTensorContraction(linalg::GenericOp op, GpuF32 products) {
  Block &body = *op.getBody();
  if (sumsBytes(body))
    return true;
  auto sum = body.getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!sum || !bitEnumContainsAll(sum.getFastmath(), arith::FastMathFlags::reassoc))
    return false;
  Value accumulator = body.getArgument(2);
  auto product = (sum.getLhs() == accumulator ? sum.getRhs() : sum.getLhs()).getDefiningOp<arith::MulFOp>();
  if (!product || (sum.getLhs() != accumulator && sum.getRhs() != accumulator))
    return false;
  Value first = product.getLhs(), second = product.getRhs();
  bool isShort = widened(first) && widened(second);
  if (isShort) {
    first = widened(first);
    second = widened(second);
  }
  if (first.getType() != second.getType())
    return false;
  if (first != body.getArgument(0))
    std::swap(first, second);
  Type type = first.getType();
  return first == body.getArgument(0) && second == body.getArgument(1) &&
         (isShort ? type.isF16() || type.isBF16() : type.isF32() && products != GpuF32::IEEE);
}

StringRef nameOfBytes(linalg::GenericOp op, unsigned operand) {
  BlockArgument argument = op.getMatchingBlockArgument(op.getDpsInputOperand(operand));
  return isa<arith::ExtUIOp>(*argument.user_begin()) ? "u8" : "s8";
}

int64_t countUsual(linalg::GenericOp op, ArrayRef<unsigned> loops) {
  constexpr int64_t kUsualBatch = 64;
  int64_t points = 1;
  for (unsigned loop : loops) {
    int64_t size = op.getStaticLoopRanges()[loop];
    points *= ShapedType::isDynamic(size) ? kUsualBatch : size;
  }
  return points;
}

/// Whether neighbours in an operand's memory are neighbours in the sum.
static bool runsAlongSum(linalg::GenericOp op, OpOperand &operand) {
  SmallVector<unsigned> summed;
  op.getReductionDims(summed);
  AffineMap map = op.getMatchingIndexingMap(&operand);
  return map.getNumResults() &&
         llvm::any_of(summed, [&](unsigned loop) { return map.getResults().back().isFunctionOfDim(loop); });
}

/// Two parts of words that are loaded one by one leave no registers for the sums of the largest tiles: as in
/// gradients of filters.
static bool needsRegisters(linalg::GenericOp op, GpuF32 products) {
  return products == GpuF32::TF32x3 && getElementTypeOrSelf(op.getOperand(0).getType()).isF32() &&
         llvm::none_of(op.getDpsInputOperands(),
                       [&](OpOperand *operand) { return runsAlongSum(op, *operand); });
}

TileShape chooseTile(linalg::GenericOp op, GpuF32 products) {
  if (!isTensorContraction(op, products))
    return kScalarTile;
  ContractLoops loops = *sortLoops(op);
  bool isSmall = std::min(countUsual(op, loops.rows), countUsual(op, loops.columns)) < kLargeTile;
  if (isSmall)
    return {64, 64};
  return {needsRegisters(op, products) ? kLargeTile / 2 : kLargeTile, kLargeTile};
}

void writeTensorKernel(const NestChain &chain, GpuF32 products, ModuleOp kernels, KernelRecord &record) {
  TileShape tile = chooseTile(chain.main, products);
  Type type = getElementTypeOrSelf(chain.main->getOperand(0).getType());
  if (type.isInteger())
    ByteWriter(chain, kernels, record, tile).write();
  else if (type.isF32())
    Tf32Writer(chain, kernels, record, tile, products == GpuF32::TF32x3).write();
  else
    ShortWriter(chain, kernels, record, tile).write();
}

} // namespace tgc
