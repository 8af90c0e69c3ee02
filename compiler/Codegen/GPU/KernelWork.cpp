//===- KernelWork.cpp - How much a kernel does ----------------------------===//
//
// Bytes are those of all memory that a kernel is given, each once, but for parts of sums; operations are the
// body's, on floats, at all points of the loops, as the graph says them: what a kernel computes twice counts
// once, and what it leaves out counts, too.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/GPU/KernelWork.h"
#include "compiler/ABI/Dtypes.h"
#include "compiler/Codegen/GPU/AttentionNests.h"
#include "compiler/Codegen/GPU/NestAccess.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace tgc {

/// Multiplies by a size; false if no number of the launch shows it.
static bool multiplyBy(Product &product, const NestSize &size, const KernelRecord &record) {
  if (size.fixed >= 0) {
    product.fixed *= size.fixed;
    return true;
  }
  auto isSize = [&](const KernelNumber &number) {
    return number.kind == KernelNumber::Size && getSize(number.value, number.dim) == size;
  };
  auto found = llvm::find_if(record.numbers, isSize);
  if (found == record.numbers.end())
    return false;
  product.numbers.push_back(found - record.numbers.begin());
  return true;
}

static std::optional<Product> countBytes(Value memory, const KernelRecord &record) {
  auto type = cast<MemRefType>(memory.getType());
  Product bytes;
  bytes.fixed = byteWidth(type.getElementType());
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (!multiplyBy(bytes, getSize(memory, dim), record))
      return std::nullopt;
  return bytes;
}

/// Operations on floats of one point. Attention has two products, along depth and along values; its gradients
/// have three and two.
static int64_t countOperations(linalg::GenericOp nest) {
  int64_t count = 0;
  nest.getBody()->walk([&](Operation *op) {
    bool isFloat = op->getNumResults() == 1 && isa<FloatType>(getElementTypeOrSelf(op->getResult(0)));
    if (isFloat && isa<arith::ArithDialect, func::FuncDialect, math::MathDialect>(op->getDialect()) &&
        !isa<arith::ConstantOp, arith::SelectOp, CastOpInterface>(op))
      count += isa<math::FmaOp>(op) ? 2 : 1;
  });
  return count;
}

static bool addOperations(linalg::GenericOp nest, const KernelRecord &record, std::vector<Product> &sums) {
  auto add = [&](int64_t each, ArrayRef<unsigned> loops) {
    Product product;
    product.fixed = each;
    for (unsigned loop : loops)
      if (!multiplyBy(product, getSize(nest, loop), record))
        return false;
    if (product.fixed)
      sums.push_back(product);
    return true;
  };
  if (!isAttention(nest))
    return add(countOperations(nest), llvm::to_vector(llvm::seq<unsigned>(0, nest.getNumLoops())));
  AttentionLoops loops = getAttentionLoops(nest);
  SmallVector<unsigned> scores(loops.batches);
  scores.append({loops.query, loops.key});
  bool isGradient = isAttentionGradient(nest);
  return llvm::all_of(ArrayRef{loops.depth, loops.value}, [&](unsigned last) {
    SmallVector<unsigned> all(scores);
    all.push_back(last);
    int64_t numProducts = !isGradient ? 1 : last == loops.depth ? 3 : 2;
    return add(2 * numProducts, all);
  });
}

void describeWork(KernelRecord &record) {
  for (Value memory : record.memories) {
    if (record.parts && (memory == record.parts->sums || memory == record.parts->counters))
      continue;
    std::optional<Product> bytes = countBytes(memory, record);
    if (!bytes) {
      record.bytes.clear();
      break;
    }
    record.bytes.push_back(*bytes);
  }
  for (Operation *member : record.members)
    if (!addOperations(cast<linalg::GenericOp>(member), record, record.operations)) {
      record.operations.clear();
      break;
    }
}

} // namespace tgc
