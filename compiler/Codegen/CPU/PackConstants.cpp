//===- PackConstants.cpp - Weights in the order in which they are read ----===//
//
// A panel holds the columns of one tile for each step of the summed loops, so a kernel reads weights as one
// stream, whatever their layout was. The order is that of `panel_width` of kernel.contract; columns beyond
// the last are zero.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/PackConstants.h"
#include "compiler/Codegen/CPU/SelectBlocks.h"
#include "compiler/Codegen/CPU/TunedTiles.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/MathExtras.h"
#include <cstring>

using namespace mlir;

namespace tgc {

int64_t countKernelRows(kernel::ContractOp contract) {
  int64_t rows = 1;
  for (auto [loop, size] : llvm::enumerate(contract.getLoopSizes())) {
    if (!contract.getInitMap().isFunctionOfDim(loop) || contract.getRhsMap().isFunctionOfDim(loop))
      continue;
    if (ShapedType::isDynamic(size))
      return ShapedType::kDynamic;
    rows *= size;
  }
  return rows;
}

ContractTiling getTiling(kernel::ContractOp contract, VectorUnit unit) {
  int64_t bytes = llvm::divideCeil(contract.getAccumulatorType().getIntOrFloatBitWidth(), 8);
  int64_t rows = countKernelRows(contract), columns = contract.getLoopSizes()[contract.getColumnLoop()];
  ContractTiling table = widenForFewRows(
      selectContractTiling(unit, bytes, columns, rows), unit,
      getElementTypeOrSelf(contract.getRhs()) == contract.getAccumulatorType(), columns, rows);
  return getTunedTile(contract).apply(table, rows);
}

ArrayRef<char> getConstantBytes(ElementsAttr value) {
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    return blob ? blob->getData() : ArrayRef<char>();
  }
  auto dense = dyn_cast<DenseIntOrFPElementsAttr>(value);
  return dense && !dense.isSplat() ? dense.getRawData() : ArrayRef<char>();
}

namespace {

/// Which elements of a constant a panel holds, in which order, from element `first` on. Dimensions are (size,
/// stride in elements).
struct PanelOrder {
  SmallVector<std::pair<int64_t, int64_t>> batches, sums;
  int64_t first = 0, columns = 0, columnStride = 0, panelWidth = 0;

  PackedConstants::key_type getKey(Attribute value) const {
    std::vector<int64_t> numbers = {first, columns, columnStride, panelWidth,
                                    static_cast<int64_t>(batches.size())};
    for (const auto &dims : {batches, sums})
      for (auto [size, stride] : dims)
        numbers.insert(numbers.end(), {size, stride});
    return {value.getAsOpaquePointer(), numbers};
  }
};

} // namespace

/// The elements of a constant in the order of panels.
static SmallVector<char, 0> pack(ArrayRef<char> source, int64_t width, const PanelOrder &order) {
  int64_t panelWidth = order.panelWidth, columns = order.columns, columnStride = order.columnStride;
  source = source.drop_front(order.first * width);
  int64_t panels = llvm::divideCeil(columns, panelWidth), steps = 1, numBatches = 1;
  for (auto [size, stride] : order.sums)
    steps *= size;
  for (auto [size, stride] : order.batches)
    numBatches *= size;

  /// The offset of the `index`th element in row-major order of `dims`.
  auto offsetOf = [](ArrayRef<std::pair<int64_t, int64_t>> dims, int64_t index) {
    int64_t offset = 0;
    for (auto [size, stride] : llvm::reverse(dims)) {
      offset += index % size * stride;
      index /= size;
    }
    return offset;
  };
  SmallVector<char, 0> packed(numBatches * panels * steps * panelWidth * width);
  char *target = packed.data();
  SmallVector<int64_t> stepOffsets;
  for (int64_t step = 0; step < steps; ++step)
    stepOffsets.push_back(offsetOf(order.sums, step));
  for (int64_t batch = 0; batch < numBatches; ++batch)
    for (int64_t panel = 0; panel < panels; ++panel) {
      int64_t first = panel * panelWidth, count = std::min(panelWidth, columns - first);
      const char *origin = source.data() + (offsetOf(order.batches, batch) + first * columnStride) * width;
      for (int64_t step = 0; step < steps; ++step, target += panelWidth * width) {
        const char *row = origin + stepOffsets[step] * width;
        if (columnStride == 1) {
          std::memcpy(target, row, count * width);
          continue;
        }
        for (int64_t i = 0; i < count; ++i)
          std::memcpy(target + i * width, row + i * columnStride * width, width);
      }
    }
  return packed;
}

std::optional<ConstantOperand> findConstantRhs(kernel::ContractOp contract) {
  // Reshapes leave the elements where they are.
  Value reshaped = contract.getRhs();
  while (isa_and_nonnull<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(reshaped.getDefiningOp()))
    reshaped = reshaped.getDefiningOp()->getOperand(0);
  auto constant = reshaped.getDefiningOp<arith::ConstantOp>();
  auto value = constant ? dyn_cast<ElementsAttr>(constant.getValue()) : ElementsAttr();
  auto type = dyn_cast<RankedTensorType>(contract.getRhs().getType());
  if (!value || !type || !type.hasStaticShape() || type.getElementTypeBitWidth() % 8 != 0)
    return std::nullopt;
  ArrayRef<char> source = getConstantBytes(value);
  if (source.size() != static_cast<size_t>(type.getNumElements()) * (type.getElementTypeBitWidth() / 8))
    return std::nullopt;
  return ConstantOperand{constant, value, source};
}

ElementsAttr makePackedConstant(ArrayRef<char> bytes, Type elementType) {
  int64_t width = elementType.getIntOrFloatBitWidth() / 8;
  return makeAlignedConstant(
      bytes, RankedTensorType::get({static_cast<int64_t>(bytes.size()) / width}, elementType));
}

ElementsAttr makeAlignedConstant(ArrayRef<char> bytes, RankedTensorType type) {
  AsmResourceBlob blob = HeapAsmResourceBlob::allocateAndCopyWithAlign(bytes, /*align=*/64);
  return DenseResourceElementsAttr::get(type, "tgc_packed", std::move(blob));
}

void replaceConstantRhs(kernel::ContractOp contract, ConstantOperand old, ElementsAttr packed,
                        int64_t panelWidth) {
  OpBuilder builder(contract);
  auto replacement = arith::ConstantOp::create(builder, old.op.getLoc(), packed);
  contract.getRhsMutable().assign(replacement);
  contract.setPanelWidth(panelWidth);
  if (old.op.use_empty())
    old.op.erase();
}

void packConstant(kernel::ContractOp contract, VectorUnit unit, PackedConstants &known) {
  std::optional<ConstantOperand> constant = findConstantRhs(contract);
  if (!constant)
    return;
  auto type = cast<RankedTensorType>(contract.getRhs().getType());
  int64_t width = type.getElementTypeBitWidth() / 8;

  AffineMap map = contract.getRhsMap();
  unsigned column = contract.getColumnLoop();
  // The packed dimensions in order, as dimensions of the constant; batches come before the columns, sums
  // after.
  SmallVector<int64_t> strides(type.getRank(), 1);
  for (int64_t dim = type.getRank() - 2; dim >= 0; --dim)
    strides[dim] = strides[dim + 1] * type.getDimSize(dim + 1);
  PanelOrder order;
  for (unsigned loop = 0; loop < map.getNumDims(); ++loop) {
    std::optional<unsigned> dim = map.getResultPosition(getAffineDimExpr(loop, map.getContext()));
    if (!dim)
      continue;
    std::pair<int64_t, int64_t> sized = {type.getDimSize(*dim), strides[*dim]};
    if (llvm::is_contained(contract.getReversedLoops(), loop)) {
      order.first += (sized.first - 1) * sized.second;
      sized.second = -sized.second;
    }
    if (loop == column)
      std::tie(order.columns, order.columnStride) = sized;
    else
      (contract.getInitMap().isFunctionOfDim(loop) ? order.batches : order.sums).push_back(sized);
  }
  order.panelWidth = getTiling(contract, unit).getPanelWidth();
  ElementsAttr &packed = known[order.getKey(constant->value)];
  if (!packed)
    packed = makePackedConstant(pack(constant->bytes, width, order), type.getElementType());
  contract.removeReversedRhsAttr();
  replaceConstantRhs(contract, *constant, packed, order.panelWidth);
}

} // namespace tgc
