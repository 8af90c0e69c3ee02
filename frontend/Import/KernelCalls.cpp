//===- KernelCalls.cpp - Calls of kernels whose sizes are known -----------===//

#include "frontend/Import/KernelCalls.h"

using namespace mlir;

namespace tgc {

SmallVector<Value> callKernel(NodeImporter &n, StringRef kernel, ValueRange operands,
                              ArrayRef<KernelResult> results, const Twine &config, bool isPure) {
  SmallVector<Type> types;
  SmallVector<Value> extents;
  for (const KernelResult &result : results) {
    types.push_back(tg::getTypeOfSizes(result.sizes, result.element));
    llvm::append_range(extents, tg::getDynamicSizes(result.sizes));
  }
  SmallVector<Value> values = n.hostCall(kernel, operands, types, config.str(), extents, isPure);
  for (auto [value, result] : llvm::zip_equal(values, results))
    n.sizes.setSizes(value, result.sizes);
  return values;
}

void setResults(NodeImporter &n, ValueRange results) {
  for (auto [i, result] : llvm::enumerate(results))
    n.setResult(i, result);
}

LogicalResult requireRanks(NodeImporter &n, size_t first, ArrayRef<int64_t> ranks) {
  for (auto [i, rank] : llvm::enumerate(ranks))
    if (rank >= 0 && n.getRank(first + i) != rank)
      return n.error() << "input " << first + i << " must have rank " << rank << ", got "
                       << n.getType(first + i);
  return success();
}

} // namespace tgc
