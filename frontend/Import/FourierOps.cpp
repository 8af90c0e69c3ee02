//===- FourierOps.cpp - Fourier transforms --------------------------------===//

#include "frontend/Import/HostFamilies.h"
#include "frontend/Import/NodeImporter.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

enum class Kind { Complex, FromReal, ToReal };

/// Of the last `rank` dimensions; real forms have the transform's lengths as a second input.
template <int rank, bool isInverse, Kind kind> LogicalResult importTransform(NodeImporter &n) {
  Value x = n.getTensor(0);
  if (n.getRank(0) < rank)
    return n.error() << "Input must have rank of at least " << rank << " but got: " << x.getType();
  SmallVector<Size> sizes = n.sizes.sizesOf(x);
  SmallVector<Size> lengths(ArrayRef(sizes).take_back(rank));
  Type element = n.getElementType(0);
  if (kind != Kind::Complex) {
    auto given = n.getSizeOperand(1, "fft_length");
    auto result = n.getElementTypeAttr(kind == Kind::FromReal ? "Tcomplex" : "Treal");
    if (failed(given) || failed(result))
      return failure();
    if (given->size() != rank)
      return n.error() << "fft_length must have " << rank << " elements, got " << given->size();
    element = *result;
    for (auto [i, length] : llvm::enumerate(*given)) {
      bool isHalf = i + 1 == rank && kind == Kind::ToReal;
      Size needed =
          isHalf ? n.sizes.add(n.sizes.floorDiv(length, n.sizes.constant(2)), n.sizes.constant(1)) : length;
      if (failed(n.requireAtMost(n.sizes.constant(0), length, "fft_length must be at least %d, got %d")) ||
          failed(n.requireAtMost(needed, lengths[i],
                                 "Input dimension " + Twine(n.getRank(0) - rank + i) +
                                     " must have length of at least %d but got: %d")))
        return failure();
    }
    lengths = *given;
  }
  SmallVector<Size> shape(ArrayRef(sizes).drop_back(rank));
  llvm::append_range(shape, lengths);
  if (kind == Kind::FromReal)
    shape.back() = n.sizes.add(n.sizes.floorDiv(lengths.back(), n.sizes.constant(2)), n.sizes.constant(1));
  Type i64 = n.builder.getI64Type();
  SmallVector<Value> elements;
  for (Size length : lengths)
    elements.push_back(arith::IndexCastOp::create(n.builder, n.loc, i64, n.sizes.get(length)));
  Value operands[] = {x, n.create<tensor::FromElementsOp>(RankedTensorType::get({rank}, i64), elements)};
  std::string config = std::to_string(rank) + (isInverse ? " 1" : " 0");
  Value result = n.hostCall("tgc_kernel_fourier", operands, tg::getTypeOfSizes(shape, element), config,
                            tg::getDynamicSizes(shape))
                     .front();
  n.sizes.setSizes(result, shape);
  n.setResult(result);
  return success();
}

template <int rank> void registerRank(OpRegistry &registry, StringRef suffix) {
  auto add = [&](StringRef name, NodeHandler handler) {
    registry.add({StringRef((name + suffix).str())}, handler);
  };
  add("FFT", importTransform<rank, false, Kind::Complex>);
  add("IFFT", importTransform<rank, true, Kind::Complex>);
  add("RFFT", importTransform<rank, false, Kind::FromReal>);
  add("IRFFT", importTransform<rank, true, Kind::ToReal>);
}

} // namespace

void registerFourierOps(OpRegistry &registry) {
  registerRank<1>(registry, "");
  registerRank<2>(registry, "2D");
  registerRank<3>(registry, "3D");
}

} // namespace tgc
