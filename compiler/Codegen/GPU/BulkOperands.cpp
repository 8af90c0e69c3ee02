//===- BulkOperands.cpp - Operands that the copy engine takes -------------===//

#include "compiler/Codegen/GPU/BulkOperands.h"

using namespace mlir;

namespace tgc {

std::optional<SmallVector<BulkDim>> findBulkDims(linalg::GenericOp op, unsigned operand,
                                                 const ContractLoops &loops) {
  constexpr size_t kMostDims = 5;
  constexpr int64_t kGroup = 16; // bytes
  OpOperand *of = op.getDpsInputOperand(operand);
  auto memory = cast<MemRefType>(of->get().getType());
  int64_t size = memory.getElementTypeBitWidth() / 8;
  if (!memory.getRank() || !memory.getLayout().isIdentity() || !hasGroups(memory, kGroup / size))
    return std::nullopt;
  SmallVector<unsigned> sum;
  op.getReductionDims(sum);
  ArrayRef<unsigned> own = operand ? loops.columns : loops.rows;
  SmallVector<BulkDim> dims;
  AffineMap map = op.getMatchingIndexingMap(of);
  for (auto [dim, place] : llvm::enumerate(map.getResults())) {
    auto loop = dyn_cast<AffineDimExpr>(place);
    if (!loop || memory.getDimSize(dim) != op.getStaticLoopRanges()[loop.getPosition()])
      return std::nullopt;
    unsigned number = loop.getPosition();
    BulkAxis axis = llvm::is_contained(own, number)   ? BulkAxis::Own
                    : llvm::is_contained(sum, number) ? BulkAxis::Sum
                                                      : BulkAxis::Batch;
    if (dims.empty() || axis == BulkAxis::Batch || dims.back().axis != axis)
      dims.push_back({axis, {}});
    dims.back().loops.push_back(number);
  }
  auto isOnce = [&](BulkAxis axis, ArrayRef<unsigned> all) {
    return llvm::count_if(dims, [&](const BulkDim &dim) { return dim.axis == axis; }) == 1 &&
           llvm::all_of(dims,
                        [&](const BulkDim &dim) { return dim.axis != axis || ArrayRef(dim.loops) == all; });
  };
  if (dims.size() > kMostDims || dims.back().axis == BulkAxis::Batch || !isOnce(BulkAxis::Own, own) ||
      !isOnce(BulkAxis::Sum, sum))
    return std::nullopt;
  return dims;
}

} // namespace tgc
