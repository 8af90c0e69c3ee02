//===- SymbolicSize.cpp - Sizes written with the sizes of the feeds -------===//
//
// Follows a size through the ops between the feeds and a kernel. What it does not know gets a name of its
// own, so that equal names always mean equal sizes.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/SymbolicSize.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "dialects/Tg/IR/TgOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>

using namespace mlir;

namespace tgc {

SymbolicSize &SymbolicSize::operator+=(const SymbolicSize &other) {
  for (const auto &[symbols, factor] : other.terms)
    if ((terms[symbols] += factor) == 0)
      terms.erase(symbols);
  return *this;
}

SymbolicSize SymbolicSize::operator*(const SymbolicSize &other) const {
  SymbolicSize product;
  for (const auto &[left, leftFactor] : terms)
    for (const auto &[right, rightFactor] : other.terms) {
      std::vector<std::string> symbols = left;
      llvm::append_range(symbols, right);
      llvm::sort(symbols);
      product.terms[symbols] += leftFactor * rightFactor;
    }
  return product;
}

std::optional<int64_t> SymbolicSize::getConstant() const {
  if (terms.empty())
    return 0;
  return terms.size() == 1 && terms.begin()->first.empty() ? std::optional(terms.begin()->second)
                                                           : std::nullopt;
}

double SymbolicSize::evaluate(double value) const {
  double sum = 0;
  for (const auto &[symbols, factor] : terms)
    sum += static_cast<double>(factor) * std::pow(value, symbols.size());
  return sum;
}

std::string SymbolicSize::str() const {
  if (terms.empty())
    return "0";
  // Products of most symbols first; the constant is last.
  std::vector<std::pair<std::vector<std::string>, int64_t>> sorted(terms.begin(), terms.end());
  llvm::sort(sorted, [](const auto &a, const auto &b) {
    return a.first.size() != b.first.size() ? a.first.size() > b.first.size() : a.first < b.first;
  });
  std::string text;
  for (const auto &[symbols, factor] : sorted) {
    text += text.empty() ? (factor < 0 ? "-" : "") : (factor < 0 ? " - " : " + ");
    uint64_t magnitude = factor < 0 ? 0 - static_cast<uint64_t>(factor) : static_cast<uint64_t>(factor);
    if (magnitude != 1 || symbols.empty())
      text += std::to_string(magnitude) + (symbols.empty() ? "" : "*");
    text += llvm::join(symbols, "*");
  }
  return text;
}

std::optional<std::string>
SymbolicSize::rename(llvm::function_ref<std::optional<std::string>(llvm::StringRef)> text) const {
  std::string sum;
  for (const auto &[symbols, factor] : terms) {
    sum += (sum.empty() ? "" : "+") + std::to_string(factor);
    for (const std::string &symbol : symbols) {
      std::optional<std::string> renamed = text(symbol);
      if (!renamed)
        return std::nullopt;
      sum += "*" + *renamed;
    }
  }
  return sum.empty() ? "0" : sum;
}

std::optional<std::string> SizeNames::getFormula(const SymbolicSize &size) const {
  return size.rename([&](llvm::StringRef symbol) -> std::optional<std::string> {
    for (const auto &[place, name] : feedSymbols)
      if (name == symbol)
        return std::to_string(place.first) + "." + std::to_string(place.second);
    return std::nullopt;
  });
}

SymbolicSize SizeNames::parse(StringRef formula) const {
  SymbolicSize sum;
  for (StringRef term : llvm::split(formula, '+')) {
    SymbolicSize product = 1;
    for (StringRef factor : llvm::split(term, '*')) {
      int64_t number = 0, feed = 0, dim = 0;
      auto [first, second] = factor.split('.');
      if (!factor.getAsInteger(10, number)) {
        product = product * number;
        continue;
      }
      bool isSize = !first.getAsInteger(10, feed) && !second.getAsInteger(10, dim);
      auto known = isSize ? feedSymbols.find({feed, dim}) : feedSymbols.end();
      product = product * SymbolicSize::symbol(known == feedSymbols.end() ? factor.str() : known->second);
    }
    sum += product;
  }
  return sum;
}

SymbolicSize SizeNames::feedSize(Value feed, int64_t dim) {
  auto op = feed.getDefiningOp<rt::FeedOp>();
  auto [entry, isNew] = feedSymbols.try_emplace({op.getIndex(), dim});
  if (isNew) {
    static constexpr llvm::StringLiteral kNames = "nmklpqtuvw";
    size_t number = legend.size();
    entry->second = number < kNames.size() ? kNames.substr(number, 1).str()
                                           : "n" + std::to_string(number - kNames.size() + 1);
    std::string name = "feed " + std::to_string(op.getIndex());
    auto function = op->getParentOfType<func::FuncOp>();
    if (auto feeds = function ? function->getAttrOfType<ArrayAttr>("rt.feeds") : ArrayAttr())
      if (auto described = cast<DictionaryAttr>(feeds[op.getIndex()]).getAs<StringAttr>("name"))
        name = described.str();
    legend.emplace_back(entry->second, name + "[" + std::to_string(dim) + "]");
  }
  return SymbolicSize::symbol(entry->second);
}

SymbolicSize SizeNames::unknown(Value value, int64_t dim) {
  auto [entry, isNew] = unknowns.try_emplace({value, dim});
  if (isNew)
    entry->second = "s" + std::to_string(unknowns.size() - 1);
  return SymbolicSize::symbol(entry->second);
}

template <typename Op> static SymbolicSize sizeOfCollapsed(Op collapse, int64_t dim, SizeNames &names) {
  SymbolicSize product = 1;
  SmallVector<ReassociationIndices> groups = collapse.getReassociationIndices();
  for (int64_t source : groups[dim])
    product = product * names.sizeOf(collapse.getSrc(), source);
  return product;
}

/// Of a dimension that the slice keeps.
template <typename Op> static SymbolicSize sizeOfSlice(Op slice, int64_t dim, SizeNames &names) {
  llvm::SmallBitVector dropped = slice.getDroppedDims();
  SmallVector<OpFoldResult> sizes = slice.getMixedSizes();
  unsigned source = 0;
  for (;; ++source)
    if (!dropped[source] && dim-- == 0)
      break;
  if (auto known = getConstantIntValue(sizes[source]))
    return *known;
  return names.sizeOf(cast<Value>(sizes[source]));
}

SymbolicSize SizeNames::sizeOf(Value shaped, int64_t dim) {
  auto type = cast<ShapedType>(shaped.getType());
  if (!type.isDynamicDim(dim))
    return type.getDimSize(dim);
  Operation *op = shaped.getDefiningOp();
  if (isa_and_nonnull<rt::FeedOp>(op))
    return feedSize(shaped, dim);
  if (auto fetch = dyn_cast_or_null<rt::FetchOp>(op))
    return sizeOf(fetch.getSizes()[type.getDynamicDimIndex(dim)]);
  if (auto empty = dyn_cast_or_null<tensor::EmptyOp>(op))
    return sizeOf(empty.getDynamicSizes()[type.getDynamicDimIndex(dim)]);
  if (auto alloc = dyn_cast_or_null<bufferization::AllocTensorOp>(op); alloc && !alloc.getCopy())
    return sizeOf(alloc.getDynamicSizes()[type.getDynamicDimIndex(dim)]);
  if (auto buffer = dyn_cast_or_null<bufferization::ToTensorOp>(op))
    return sizeOf(buffer.getBuffer(), dim);
  if (auto alloc = dyn_cast_or_null<memref::AllocOp>(op))
    return sizeOf(alloc.getDynamicSizes()[type.getDynamicDimIndex(dim)]);
  if (isa_and_nonnull<tensor::CastOp, memref::CastOp>(op))
    return sizeOf(op->getOperand(0), dim);
  if (auto insert = dyn_cast_or_null<tensor::InsertSliceOp>(op))
    return sizeOf(insert.getDest(), dim);
  if (auto call = dyn_cast_or_null<tg::HostCallOp>(op); call && !call.getFindsSizes()) {
    // One operand for each open size of all results, in order.
    unsigned before = type.getDynamicDimIndex(dim);
    for (unsigned number = 0; number < cast<OpResult>(shaped).getResultNumber(); ++number)
      before += cast<ShapedType>(call.getResult(number).getType()).getNumDynamicDims();
    return sizeOf(call.getSizes()[before]);
  }
  if (auto collapse = dyn_cast_or_null<tensor::CollapseShapeOp>(op))
    return sizeOfCollapsed(collapse, dim, *this);
  if (auto collapse = dyn_cast_or_null<memref::CollapseShapeOp>(op))
    return sizeOfCollapsed(collapse, dim, *this);
  if (auto expand = dyn_cast_or_null<tensor::ExpandShapeOp>(op))
    return sizeOf(expand.getOutputShape()[type.getDynamicDimIndex(dim)]);
  if (auto expand = dyn_cast_or_null<memref::ExpandShapeOp>(op))
    return sizeOf(expand.getOutputShape()[type.getDynamicDimIndex(dim)]);
  if (auto slice = dyn_cast_or_null<tensor::ExtractSliceOp>(op))
    return sizeOfSlice(slice, dim, *this);
  if (auto view = dyn_cast_or_null<memref::SubViewOp>(op))
    return sizeOfSlice(view, dim, *this);
  if (auto style = dyn_cast_or_null<DestinationStyleOpInterface>(op))
    return sizeOf(style.getTiedOpOperand(cast<OpResult>(shaped))->get(), dim);
  return unknown(shaped, dim);
}

SymbolicSize SizeNames::sizeOf(Value index) {
  if (IntegerAttr value; matchPattern(index, m_Constant(&value)))
    return value.getInt();
  Operation *op = index.getDefiningOp();
  if (auto dim = dyn_cast_or_null<tensor::DimOp>(op); dim && dim.getConstantIndex())
    return sizeOf(dim.getSource(), *dim.getConstantIndex());
  if (auto dim = dyn_cast_or_null<memref::DimOp>(op); dim && dim.getConstantIndex())
    return sizeOf(dim.getSource(), *dim.getConstantIndex());
  if (auto sum = dyn_cast_or_null<arith::AddIOp>(op)) {
    SymbolicSize size = sizeOf(sum.getLhs());
    return size += sizeOf(sum.getRhs());
  }
  if (auto difference = dyn_cast_or_null<arith::SubIOp>(op)) {
    SymbolicSize size = sizeOf(difference.getLhs());
    return size += sizeOf(difference.getRhs()) * -1;
  }
  if (auto product = dyn_cast_or_null<arith::MulIOp>(op))
    return sizeOf(product.getLhs()) * sizeOf(product.getRhs());
  return unknown(index, 0);
}

} // namespace tgc
