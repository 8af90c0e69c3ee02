//===- KernelFacts.cpp - How much a kernel does ---------------------------===//

#include "compiler/Codegen/CPU/KernelFacts.h"
#include "compiler/Codegen/CPU/TunedTiles.h"
#include "compiler/Codegen/CPU/Winograd.h"
#include "compiler/Codegen/Common/KernelWork.h"
#include "dialects/Kernel/IR/KernelDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace tgc {
namespace {

/// Arithmetic on floating-point numbers that one point of the nest does.
int64_t flopsPerPoint(Region &body) {
  int64_t flops = 0;
  body.walk([&](Operation *op) {
    bool computes = isa<arith::ArithDialect, math::MathDialect>(op->getDialect()) &&
                    op->getNumResults() == 1 && isa<FloatType>(op->getResult(0).getType()) &&
                    !isa<arith::ConstantOp, arith::SelectOp>(op) && !isa<CastOpInterface>(op);
    flops += computes;
  });
  return flops;
}

/// What kernels of all kinds have in common.
KernelFacts factsOf(Operation *op, SizeNames &names) {
  KernelFacts facts;
  if (auto name = op->getLoc()->findInstanceOf<NameLoc>())
    facts.node = name.getName().str();
  facts.kind = op->getName().stripDialect().str();
  facts.isInLoop = op->getParentOfType<LoopLikeOpInterface>() != nullptr;
  for (Value operand : op->getOperands())
    facts.bytes += getBytes(operand, names);
  return facts;
}

/// Products of bf16 and of bytes have instructions of their own; f16 is computed in f32.
std::string getTypeOfProducts(Type lhs, Type rhs) {
  if (lhs.isF64())
    return "f64";
  if (lhs.isBF16() && rhs.isBF16())
    return "bf16";
  return lhs.isInteger(8) && rhs.isInteger(8) ? "i8" : "f32";
}

SymbolicSize productOf(ArrayRef<SymbolicSize> sizes) {
  SymbolicSize product = 1;
  for (const SymbolicSize &size : sizes)
    product = product * size;
  return product;
}

KernelFacts factsOf(linalg::LinalgOp op, SizeNames &names) {
  KernelFacts facts = factsOf(op.getOperation(), names);
  for (auto [loop, size] : llvm::enumerate(op.getStaticLoopRanges())) {
    SymbolicSize range = size;
    Value operand;
    unsigned dim;
    if (ShapedType::isDynamic(size) && succeeded(op.mapIterationSpaceDimToOperandDim(loop, operand, dim)))
      range = names.sizeOf(operand, dim);
    bool isSummed = op.getIteratorTypesArray()[loop] == utils::IteratorType::reduction;
    (isSummed ? facts.summed : facts.sizes).push_back(range);
  }
  facts.flops = productOf(facts.sizes) * productOf(facts.summed) * flopsPerPoint(op->getRegion(0));
  auto isDouble = [](Type type) { return type.isF64(); };
  op->getRegion(0).walk([&](Operation *inner) {
    if (llvm::any_of(inner->getResultTypes(), isDouble))
      facts.type = "f64";
  });
  return facts;
}

/// The size of a contraction's loop, read off an operand that one dimension of runs along.
SymbolicSize loopSize(kernel::ContractOp op, unsigned loop, SizeNames &names) {
  if (!ShapedType::isDynamic(op.getLoopSizes()[loop]))
    return op.getLoopSizes()[loop];
  AffineExpr wanted = getAffineDimExpr(loop, op.getContext());
  for (auto [number, operand] : llvm::enumerate(op->getOperands())) {
    AffineMap map = op.getMap(number);
    bool isPacked =
        map.getNumResults() != static_cast<unsigned>(cast<ShapedType>(operand.getType()).getRank());
    if (auto dim = map.getResultPosition(wanted); dim && !isPacked)
      return names.sizeOf(operand, *dim);
  }
  return names.sizeOf(op.getInit(), 0);
}

std::string describe(TunedTile tile) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::ListSeparator comma(", ");
  if (tile.rows > 0)
    stream << comma << "tile of " << tile.rows << " rows x " << tile.vectors << " vectors";
  if (tile.groupBytes > 0)
    stream << comma << "groups of " << tile.groupBytes / 1024 << " KiB";
  if (tile.readsInPlace)
    stream << comma << "in place";
  return text.empty() ? "the table's tile" : text;
}

KernelFacts factsOf(kernel::ContractOp op, SizeNames &names) {
  KernelFacts facts = factsOf(op.getOperation(), names);
  if (op->hasAttr(kTunedTile))
    facts.tile = describe(getTunedTile(op));
  for (unsigned loop = 0; loop < op.getLoopSizes().size(); ++loop)
    (op.getInitMap().isFunctionOfDim(loop) ? facts.sizes : facts.summed).push_back(loopSize(op, loop, names));
  facts.type = getTypeOfProducts(getElementTypeOrSelf(op.getLhs().getType()),
                                 getElementTypeOrSelf(op.getRhs().getType()));
  SymbolicSize perElement = productOf(facts.summed) * 2;
  if (op.getWinograd()) {
    // The transforms are not counted.
    facts.kind = "winograd";
    int64_t known = 1;
    SymbolicSize open = 1;
    for (const SymbolicSize &size : facts.summed) {
      if (std::optional<int64_t> constant = size.getConstant())
        known *= *constant;
      else
        open = open * size;
    }
    perElement = open * (2 * countProductsByTiles(op, known));
  }
  perElement += flopsPerPoint(op.getEpilogue());
  facts.flops = productOf(facts.sizes) * perElement;
  return facts;
}

/// The sizes of batches and queries, and of keys, which are summed over.
template <typename Op> void addSizesOfAttention(Op op, SizeNames &names, KernelFacts &facts) {
  auto sizeOf = [&](unsigned operand, unsigned loop) {
    auto position = op.getMap(operand).getResultPosition(getAffineDimExpr(loop, op.getContext()));
    return names.sizeOf(op.getOperand(operand), *position);
  };
  for (unsigned loop = 0; loop <= op.getQueryLoop(); ++loop)
    facts.sizes.push_back(sizeOf(op.getInitNumber(), loop));
  facts.summed.push_back(sizeOf(2, op.getKeyLoop()));
}

KernelFacts factsOf(kernel::AttentionOp op, SizeNames &names) {
  KernelFacts facts = factsOf(op.getOperation(), names);
  addSizesOfAttention(op, names, facts);
  // Two products, and per score the maximum, the difference, the exponential and the sum.
  int64_t products = op.getStaticSize(0, op.getDepthLoop()) + op.getStaticSize(2, op.getValueLoop());
  facts.flops =
      productOf(facts.sizes) * productOf(facts.summed) * (2 * products + flopsPerPoint(op.getScores()) + 4);
  return facts;
}

KernelFacts factsOf(kernel::AttentionGradOp op, SizeNames &names) {
  KernelFacts facts = factsOf(op.getOperation(), names);
  addSizesOfAttention(op, names, facts);
  // Five products, and per score the difference, the exponential, its share, and the difference and product
  // of gradients.
  int64_t products = 3 * op.getStaticSize(0, op.getDepthLoop()) + 2 * op.getStaticSize(2, op.getValueLoop());
  int64_t ofScore = flopsPerPoint(op.getScores()) + flopsPerPoint(op.getGradient()) + 5;
  facts.flops = productOf(facts.sizes) * productOf(facts.summed) * (2 * products + ofScore);
  return facts;
}

KernelFacts factsOf(kernel::ScanOp op, SizeNames &names) {
  KernelFacts facts = factsOf(op.getOperation(), names);
  auto type = cast<ShapedType>(op.getX().getType());
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    facts.sizes.push_back(names.sizeOf(op.getX(), dim));
  facts.flops = productOf(facts.sizes) * flopsPerPoint(op.getCombination());
  if (type.getElementType().isF64())
    facts.type = "f64";
  return facts;
}

} // namespace

SymbolicSize getBytes(Value value, SizeNames &names) {
  auto shaped = dyn_cast<ShapedType>(value.getType());
  if (!shaped)
    return 0;
  Type element = shaped.getElementType();
  SymbolicSize bytes = element.isIntOrFloat() ? (element.getIntOrFloatBitWidth() + 7) / 8 : 16;
  for (int64_t dim = 0; dim < shaped.getRank(); ++dim)
    bytes = bytes * names.sizeOf(value, dim);
  return bytes;
}

Location describeTogether(Location loc, ArrayRef<Operation *> ops, ValueRange arguments) {
  SizeNames names;
  SymbolicSize bytes;
  KernelWork all;
  all.operations = "0";
  // The location may be a product's, whose work is not that of all.
  if (auto work = getWork(loc); work && !work->isNest)
    loc = describeWork(loc, {work->number, /*isNest=*/false, "", ""});
  SmallVector<KernelWork> works;
  for (Operation *op : ops) {
    std::optional<KernelWork> work = getWork(op->getLoc());
    if (!work || !work->isKnown())
      return loc;
    all.number = work->number;
    all.operations = addFormulas(all.operations, work->operations);
    works.push_back(*work);
  }
  all.type = joinTypes(works);
  for (Value argument : arguments)
    bytes += getBytes(argument, names);
  std::optional<std::string> formula = names.getFormula(bytes);
  if (!formula)
    return loc;
  all.bytes = *formula;
  return describeWork(loc, all);
}

std::optional<KernelFacts> getKernelFacts(Operation *op, SizeNames &names) {
  if (auto nest = dyn_cast<linalg::LinalgOp>(op))
    return factsOf(nest, names);
  if (auto contraction = dyn_cast<kernel::ContractOp>(op))
    return factsOf(contraction, names);
  if (auto attention = dyn_cast<kernel::AttentionOp>(op))
    return factsOf(attention, names);
  if (auto gradient = dyn_cast<kernel::AttentionGradOp>(op))
    return factsOf(gradient, names);
  if (auto scan = dyn_cast<kernel::ScanOp>(op))
    return factsOf(scan, names);
  if (isa<kernel::TopKOp>(op))
    return factsOf(op, names);
  return std::nullopt;
}

} // namespace tgc
