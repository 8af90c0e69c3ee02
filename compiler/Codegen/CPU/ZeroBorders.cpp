//===- ZeroBorders.cpp - Products with padding that need no time ----------===//

#include "compiler/Codegen/CPU/ZeroBorders.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace tgc {
namespace {

bool isZeros(Value value) {
  auto fill = value.getDefiningOp<linalg::FillOp>();
  return fill &&
         (matchPattern(fill.getInputs()[0], m_AnyZeroFloat()) || matchPattern(fill.getInputs()[0], m_Zero()));
}

/// Less is not worth the arithmetic, unless an average sum has so many steps less.
constexpr double kLeastShareOfZeros = 1. / 32, kLeastStepsLeftOut = 8;

/// Factors of the loops and the constant of a linear sum.
struct LinearTerms {
  SmallVector<std::pair<unsigned, int64_t>> loops;
  int64_t constant = 0;

  void add(AffineExpr expr) {
    if (auto known = dyn_cast<AffineConstantExpr>(expr))
      constant += known.getValue();
    else if (auto loop = dyn_cast<AffineDimExpr>(expr))
      loops.push_back({loop.getPosition(), 1});
    else if (auto binary = cast<AffineBinaryOpExpr>(expr); binary.getKind() == AffineExprKind::Add) {
      add(binary.getLHS());
      add(binary.getRHS());
    } else {
      loops.push_back({cast<AffineDimExpr>(binary.getLHS()).getPosition(),
                       cast<AffineConstantExpr>(binary.getRHS()).getValue()});
    }
  }
};

/// Products with zeros per place and step of the sum; 0 if their numbers are not known.
double getShareOfZeros(const SumWithinBorders &part, kernel::ContractOp op) {
  int64_t numPlaces = op.getLoopSizes()[part.place], numSteps = op.getLoopSizes()[part.sum], zeros = 0;
  if (ShapedType::isDynamic(numPlaces) || ShapedType::isDynamic(numSteps))
    return 0;
  for (int64_t place = 0; place < numPlaces; ++place) {
    auto stepsTo = [&](int64_t border) {
      int64_t distance = border - place * part.factor - part.constant;
      return std::clamp<int64_t>(llvm::divideCeilSigned(distance, part.step), 0, numSteps);
    };
    zeros += numSteps - (stepsTo(part.end) - stepsTo(part.begin));
  }
  return double(zeros) / std::max<int64_t>(numPlaces * numSteps, 1);
}

/// Whether it pays to leave the products with zeros out.
bool pays(const SumWithinBorders &part, kernel::ContractOp op) {
  double share = getShareOfZeros(part, op), steps = 1;
  for (auto [loop, size] : llvm::enumerate(op.getLoopSizes()))
    if (!op.getInitMap().isFunctionOfDim(loop) && !ShapedType::isDynamic(size))
      steps *= size;
  return share >= kLeastShareOfZeros || share * steps >= kLeastStepsLeftOut;
}

} // namespace

void markZeroBorders(kernel::ContractOp op) {
  Value lhs = op.getLhs();
  auto type = dyn_cast<RankedTensorType>(lhs.getType());
  if (!type)
    return;
  // Where the operand begins in what it is a part of.
  SmallVector<int64_t> first(type.getRank(), 0);
  while (auto part = lhs.getDefiningOp<tensor::ExtractSliceOp>()) {
    if (!part.hasUnitStride() || part.getSourceType().getRank() != type.getRank())
      return;
    for (auto [begin, offset] : llvm::zip_equal(first, part.getStaticOffsets()))
      begin = ShapedType::isDynamic(begin) || ShapedType::isDynamic(offset) ? ShapedType::kDynamic
                                                                            : begin + offset;
    lhs = part.getSource();
  }
  auto insert = lhs.getDefiningOp<tensor::InsertSliceOp>();
  if (!insert || !isZeros(insert.getDest()) || !insert.hasUnitStride() ||
      insert.getSourceType().getRank() != insert.getDestType().getRank())
    return;
  SmallVector<int64_t> borders;
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    int64_t offset = insert.getStaticOffsets()[dim], size = insert.getStaticSizes()[dim];
    int64_t all = type.getDimSize(dim);
    if (llvm::is_contained({offset, size, first[dim]}, ShapedType::kDynamic))
      continue;
    int64_t begin = std::max<int64_t>(offset - first[dim], 0), end = offset - first[dim] + size;
    if (!ShapedType::isDynamic(all)) {
      begin = std::min(begin, all);
      end = std::min(end, all);
    }
    end = std::max(begin, end);
    if (begin != 0 || end != all)
      borders.append({dim, begin, end});
  }
  if (!borders.empty())
    op.setZeroBorders(borders);
}

SmallVector<SumWithinBorders> findSumsWithinBorders(kernel::ContractOp op, ArrayRef<unsigned> places,
                                                    ArrayRef<unsigned> sums) {
  SmallVector<SumWithinBorders> found;
  ArrayRef<int64_t> borders = op.getZeroBorders().value_or(ArrayRef<int64_t>());
  for (size_t i = 0; i < borders.size(); i += 3) {
    AffineExpr index = op.getLhsMap().getResult(borders[i]);
    LinearTerms terms;
    if (isLinear(index))
      terms.add(index);
    if (terms.loops.size() != 2)
      continue;
    auto [sum, place] = std::pair(terms.loops[0], terms.loops[1]);
    if (!llvm::is_contained(sums, sum.first))
      std::swap(sum, place);
    if (!llvm::is_contained(sums, sum.first) || !llvm::is_contained(places, place.first) || sum.second <= 0)
      continue;
    SumWithinBorders part = {place.first,    sum.first,      place.second,  sum.second,
                             terms.constant, borders[i + 1], borders[i + 2]};
    if (pays(part, op))
      found.push_back(part);
  }
  return found;
}

double getShareWithinBorders(kernel::ContractOp op) {
  SmallVector<unsigned> places, sums;
  for (unsigned loop = 0; loop < op.getLoopSizes().size(); ++loop)
    (op.getInitMap().isFunctionOfDim(loop) ? places : sums).push_back(loop);
  double share = 1;
  for (const SumWithinBorders &part : findSumsWithinBorders(op, places, sums))
    share *= 1 - getShareOfZeros(part, op);
  return share;
}

std::pair<OpFoldResult, OpFoldResult> SumWithinBorders::getRange(const IndexMath &math, OpFoldResult index,
                                                                 OpFoldResult size) const {
  OpFoldResult first = math.add(math.mul(index, math.known(factor)), math.known(constant));
  auto stepsTo = [&](int64_t border) {
    OpFoldResult distance = math.max(math.sub(math.known(border), first), math.known(0));
    return math.min(math.ceilDiv(distance, math.known(step)), size);
  };
  return {stepsTo(begin), stepsTo(end)};
}

} // namespace tgc
