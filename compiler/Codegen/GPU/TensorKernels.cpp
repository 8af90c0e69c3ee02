//===- TensorKernels.cpp - Contractions on tensor cores -------------------===//
//
// f16, bf16 and tf32 with sums in f32, by `mma.sync.m16n8k16`, from sm_80 on. Each of the block's eight warps
// has 16 rows and 32 columns of the tile: four products of 16 x 8 results. Fragments are those of the
// instruction set's manual: with g = lane / 4 and t = lane % 4 a lane has, of the first operand, the steps 2t
// and 2t + 1 of the rows g and g + 8, and the same 8 steps further on; of the second these steps of column g;
// of the result the columns 2t and 2t + 1 of the rows g and g + 8. The steps of a row lie side by side in
// shared memory, so each pair is one word. f32 has words of one step and `mma.sync.m16n8k8`, with the steps t
// and t + 4. tf32 has 11 bits of a factor; two such parts have 22, and without the product of the two smaller
// ones as many are right of a product.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/GPU/ContractWriter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace tgc {
namespace {

/// Where warps and lanes are in the tile.
class TensorWriter : public ContractWriter {
public:
  using ContractWriter::ContractWriter;

protected:
  static constexpr unsigned kWarp = 32, kGroup = 4, kRows = 16, kColumns = 8, kProducts = 4;
  static constexpr unsigned kWarpsDown = kTile / kRows;

  void locate(Value thread) override {
    auto divide = [&](Value a, unsigned b) { return arith::DivUIOp::create(builder, loc, a, constant(b)); };
    auto remainder = [&](Value a, unsigned b) {
      return arith::RemUIOp::create(builder, loc, a, constant(b));
    };
    Value warp = divide(thread, kWarp), lane = remainder(thread, kWarp);
    firstRow = add(multiply(remainder(warp, kWarpsDown), constant(kRows)), divide(lane, kGroup));
    Value warpColumn = multiply(divide(warp, kWarpsDown), constant(kColumns * kProducts));
    inGroup = remainder(lane, kGroup);
    pair = multiply(inGroup, constant(2));
    resultColumn = add(warpColumn, pair);
    firstColumn = add(warpColumn, divide(lane, kGroup));
  }

  std::pair<Value, Value> resultAt(unsigned i) override {
    unsigned product = i / 4, inProduct = i % 4;
    return {add(firstRow, constant(inProduct / 2 * 8)),
            add(resultColumn, constant(kColumns * product + inProduct % 2))};
  }

  unsigned sharedSize() override { return getLine() * kTile; }
  Value placeInShared(Value step, Value position) override {
    return add(multiply(position, constant(getLine())), step);
  }
  bool needsWholeSteps() override { return true; }
  /// Elements from one row to the next, so many that the eight rows of a fragment lie in different banks.
  virtual unsigned getLine() const = 0;

  Type getFragment() {
    Type f32 = builder.getF32Type();
    return LLVM::LLVMStructType::getLiteral(op.getContext(), {f32, f32, f32, f32});
  }

  /// Adds a product of 16 x 8 results.
  SmallVector<Value> multiplyFragments(StringRef name, ArrayRef<Value> left, ArrayRef<Value> right,
                                       ArrayRef<Value> sums) {
    SmallVector<Value> operands(left);
    llvm::append_range(operands, right);
    llvm::append_range(operands, sums);
    Value multiplied = callIntrinsic(name, getFragment(), operands);
    SmallVector<Value> results;
    for (int64_t i = 0; i < 4; ++i)
      results.push_back(LLVM::ExtractValueOp::create(builder, loc, multiplied, i));
    return results;
  }

  Value firstRow, firstColumn, resultColumn, inGroup, pair;
};

class ShortWriter : public TensorWriter {
public:
  using TensorWriter::TensorWriter;

private:
  unsigned getLine() const override { return kSteps + 8; }

  /// Two neighbouring steps, as the instruction takes them: a vector of f16, a word for bf16.
  Value readPair(const Side &side, Value position, unsigned step) {
    Type type = side.type.isF16() ? Type(VectorType::get(2, side.type)) : builder.getI32Type();
    Value place = placeInShared(add(pair, constant(step)), position);
    return LLVM::LoadOp::create(builder, loc, type, elementOf(side.shared, side.type, place));
  }

  SmallVector<Value> multiplyTiles(const Side &rows, const Side &columns, Value, ValueRange sums) override {
    Value secondRow = add(firstRow, constant(8));
    SmallVector<Value> left = {readPair(rows, firstRow, 0), readPair(rows, secondRow, 0),
                               readPair(rows, firstRow, 8), readPair(rows, secondRow, 8)};
    StringRef name = rows.type.isF16() ? "mma.m16n8k16.row.col.f32.f32" : "mma.m16n8k16.row.col.bf16";
    SmallVector<Value> results;
    for (unsigned product = 0; product < kProducts; ++product) {
      Value column = add(firstColumn, constant(kColumns * product));
      SmallVector<Value> right = {readPair(columns, column, 0), readPair(columns, column, 8)};
      SmallVector<Value> old = sums.slice(4 * product, 4);
      llvm::append_range(results, multiplyFragments(name, left, right, old));
    }
    return results;
  }
};

class Tf32Writer : public TensorWriter {
public:
  Tf32Writer(const NestChain &chain, ModuleOp kernels, KernelRecord &record, bool hasParts)
      : TensorWriter(chain, kernels, record), hasParts(hasParts) {}

private:
  /// Bits of an f32 that tf32 lacks.
  static constexpr int64_t kLostBits = 0x1fff;
  static constexpr unsigned kStepsOfProduct = 8;

  unsigned getLine() const override { return kSteps + 4; }

  /// Words of tf32: the larger parts of some elements, those that are finite, and the smaller ones.
  struct Parts {
    SmallVector<Value> large, finite, small;
  };

  Value round(Value element) { return callIntrinsic("f2tf32.rna", builder.getI32Type(), element); }

  void read(const Side &side, Value position, unsigned step, Parts &parts) {
    Value place = placeInShared(add(inGroup, constant(step)), position);
    Value element = LLVM::LoadOp::create(builder, loc, side.type, elementOf(side.shared, side.type, place));
    if (!hasParts)
      return parts.large.push_back(round(element));
    // Cut, not rounded: the largest numbers stay finite, and what is left is exact.
    Type word = builder.getI32Type();
    Value bits = arith::BitcastOp::create(builder, loc, word, element);
    Value kept = arith::ConstantIntOp::create(builder, loc, ~kLostBits, 32);
    Value large = arith::AndIOp::create(builder, loc, bits, kept);
    Value cut = arith::BitcastOp::create(builder, loc, side.type, large);
    Value rest = arith::SubFOp::create(builder, loc, element, cut);
    // Infinities and NaNs have one part, which meets large parts only: others may be zero.
    Value isFinite = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::ORD, rest, rest);
    Value zero = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(side.type));
    Value none = arith::ConstantIntOp::create(builder, loc, 0, 32);
    parts.large.push_back(large);
    parts.finite.push_back(arith::SelectOp::create(builder, loc, isFinite, large, none));
    parts.small.push_back(round(arith::SelectOp::create(builder, loc, isFinite, rest, zero)));
  }

  SmallVector<Value> multiplyTiles(const Side &rows, const Side &columns, Value, ValueRange sums) override {
    constexpr StringRef kName = "mma.m16n8k8.row.col.tf32";
    SmallVector<Value> results(sums);
    Value secondRow = add(firstRow, constant(8));
    for (unsigned step = 0; step < kSteps; step += kStepsOfProduct) {
      Parts left;
      for (unsigned half : {0, 4})
        for (Value row : {firstRow, secondRow})
          read(rows, row, step + half, left);
      for (unsigned product = 0; product < kProducts; ++product) {
        Value column = add(firstColumn, constant(kColumns * product));
        Parts right;
        for (unsigned half : {0, 4})
          read(columns, column, step + half, right);
        MutableArrayRef<Value> old = MutableArrayRef(results).slice(4 * product, 4);
        SmallVector<Value> sum(old);
        if (hasParts) {
          // The smallest first.
          sum = multiplyFragments(kName, left.small, right.finite, sum);
          sum = multiplyFragments(kName, left.finite, right.small, sum);
        }
        sum = multiplyFragments(kName, left.large, right.large, sum);
        llvm::copy(sum, old.begin());
      }
    }
    return results;
  }

  bool hasParts;
};

/// The element that is widened to f32.
Value widened(Value value) {
  auto extended = value.getDefiningOp<arith::ExtFOp>();
  return extended && extended.getType().isF32() ? extended.getIn() : Value();
}

} // namespace

bool isTensorContraction(linalg::GenericOp op, GpuF32 products) {
  Block &body = *op.getBody();
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

void writeTensorKernel(const NestChain &chain, GpuF32 products, ModuleOp kernels, KernelRecord &record) {
  if (getElementTypeOrSelf(chain.main->getOperand(0).getType()).isF32())
    Tf32Writer(chain, kernels, record, products == GpuF32::TF32x3).write();
  else
    ShortWriter(chain, kernels, record).write();
}

} // namespace tgc
