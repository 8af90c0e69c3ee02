//===- TensorKernels.cpp - Contractions on tensor cores -------------------===//
//
// f16 and bf16 with sums in f32, by `mma.sync.m16n8k16`, from sm_80 on. Each of the block's eight warps has
// 16 rows and 32 columns of the tile: four products of 16 x 8 results. Fragments are those of the instruction
// set's manual: with g = lane / 4 and t = lane % 4 a lane has, of the first operand, the steps 2t and 2t + 1
// of the rows g and g + 8, and the same 8 steps further on; of the second these steps of column g; of the
// result the columns 2t and 2t + 1 of the rows g and g + 8. The steps of a row lie side by side in shared
// memory, so each pair is one word.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/GPU/ContractWriter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace tgc {
namespace {

class TensorWriter : public ContractWriter {
public:
  using ContractWriter::ContractWriter;

private:
  static constexpr unsigned kWarp = 32, kGroup = 4, kRows = 16, kColumns = 8, kProducts = 4;
  static constexpr unsigned kWarpsDown = kTile / kRows;
  /// 12 words for a row: the eight rows of a fragment lie in different banks.
  static constexpr unsigned kLine = kSteps + 8;

  void locate(Value thread) override {
    auto divide = [&](Value a, unsigned b) { return arith::DivUIOp::create(builder, loc, a, constant(b)); };
    auto remainder = [&](Value a, unsigned b) {
      return arith::RemUIOp::create(builder, loc, a, constant(b));
    };
    Value warp = divide(thread, kWarp), lane = remainder(thread, kWarp);
    firstRow = add(multiply(remainder(warp, kWarpsDown), constant(kRows)), divide(lane, kGroup));
    Value warpColumn = multiply(divide(warp, kWarpsDown), constant(kColumns * kProducts));
    pair = multiply(remainder(lane, kGroup), constant(2));
    resultColumn = add(warpColumn, pair);
    firstColumn = add(warpColumn, divide(lane, kGroup));
  }

  std::pair<Value, Value> resultAt(unsigned i) override {
    unsigned product = i / 4, inProduct = i % 4;
    return {add(firstRow, constant(inProduct / 2 * 8)),
            add(resultColumn, constant(kColumns * product + inProduct % 2))};
  }

  unsigned sharedSize() override { return kLine * kTile; }
  Value placeInShared(Value step, Value position) override {
    return add(multiply(position, constant(kLine)), step);
  }
  bool needsWholeSteps() override { return true; }

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
    Type f32 = builder.getF32Type();
    Type fragment = LLVM::LLVMStructType::getLiteral(op.getContext(), {f32, f32, f32, f32});
    SmallVector<Value> results;
    for (unsigned product = 0; product < kProducts; ++product) {
      Value column = add(firstColumn, constant(kColumns * product));
      SmallVector<Value> operands = left;
      operands.append({readPair(columns, column, 0), readPair(columns, column, 8)});
      llvm::append_range(operands, sums.slice(4 * product, 4));
      Value multiplied = callIntrinsic(name, fragment, operands);
      for (int64_t i = 0; i < 4; ++i)
        results.push_back(LLVM::ExtractValueOp::create(builder, loc, multiplied, i));
    }
    return results;
  }

  Value firstRow, firstColumn, resultColumn, pair;
};

/// The element that is widened to f32.
Value widened(Value value) {
  auto extended = value.getDefiningOp<arith::ExtFOp>();
  return extended && extended.getType().isF32() ? extended.getIn() : Value();
}

} // namespace

bool isTensorContraction(linalg::GenericOp op) {
  Block &body = *op.getBody();
  auto sum = body.getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!sum || !bitEnumContainsAll(sum.getFastmath(), arith::FastMathFlags::reassoc))
    return false;
  Value accumulator = body.getArgument(2);
  auto product = (sum.getLhs() == accumulator ? sum.getRhs() : sum.getLhs()).getDefiningOp<arith::MulFOp>();
  if (!product || (sum.getLhs() != accumulator && sum.getRhs() != accumulator))
    return false;
  Value first = widened(product.getLhs()), second = widened(product.getRhs());
  if (!first || !second || first.getType() != second.getType())
    return false;
  if (first != body.getArgument(0))
    std::swap(first, second);
  return first == body.getArgument(0) && second == body.getArgument(1) &&
         (first.getType().isF16() || first.getType().isBF16());
}

void writeTensorKernel(const NestChain &chain, ModuleOp kernels, KernelRecord &record) {
  TensorWriter(chain, kernels, record).write();
}

} // namespace tgc
