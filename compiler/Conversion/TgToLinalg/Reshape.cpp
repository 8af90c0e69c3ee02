//===- Reshape.cpp - Lowering of tg.reshape to views ----------------------===//
//
// A reshape moves no bytes: it becomes a collapse followed by an expansion. The dimensions of both shapes are
// matched from either end as far as their sizes are known to agree, so that batch dimensions stay visible to
// tiling and fusion; whatever lies between is collapsed into one dimension and expanded by the sizes given.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/TgToLinalg/Patterns.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace tgc::detail {
namespace {

/// The shape whose sizes are static exactly where `sizes` holds attributes.
SmallVector<int64_t> getStaticShape(ArrayRef<OpFoldResult> sizes) {
  SmallVector<int64_t> shape;
  for (OpFoldResult size : sizes)
    shape.push_back(isa<Attribute>(size) ? *getConstantIntValue(size) : ShapedType::kDynamic);
  return shape;
}

/// Dimensions of the operand and dimensions of the result that hold the same elements.
struct DimensionGroup {
  ReassociationIndices from, to;
};

/// Matches the dimensions of two shapes with no static zero in them.
class DimensionMatcher {
public:
  DimensionMatcher(Value x, Value original, ArrayRef<OpFoldResult> sizes)
      : x(x), original(original), from(cast<RankedTensorType>(x.getType()).getShape()), sizes(sizes) {
    to = getStaticShape(sizes);
    fromEnd = from.size();
    toEnd = to.size();
  }

  SmallVector<DimensionGroup> match() {
    while (matchFront()) {
    }
    while (matchBack()) {
    }
    if (!isStatic(from.slice(fromBegin, fromEnd - fromBegin)) ||
        !isStatic(ArrayRef(to).slice(toBegin, toEnd - toBegin)))
      giveBackDynamic();
    SmallVector<DimensionGroup> groups(front);
    if (fromBegin < fromEnd || toBegin < toEnd)
      groups.push_back({range(fromBegin, fromEnd), range(toBegin, toEnd)});
    groups.append(back.rbegin(), back.rend());
    return mergeEmpty(groups);
  }

private:
  static bool isStatic(ArrayRef<int64_t> shape) { return llvm::none_of(shape, ShapedType::isDynamic); }
  static ReassociationIndices range(int64_t begin, int64_t end) {
    return llvm::to_vector<2>(llvm::seq(begin, end));
  }

  /// Whether the result's dimension is asked of this very operand.
  bool isSameDynamicSize(int64_t fromDim, int64_t toDim) const {
    auto value = dyn_cast<Value>(sizes[toDim]);
    auto dim = value ? value.getDefiningOp<tensor::DimOp>() : nullptr;
    return dim && (dim.getSource() == x || dim.getSource() == original) && dim.getConstantIndex() == fromDim;
  }

  /// Takes the shortest leading groups of equal static products, or one dynamic size that both have.
  bool matchFront() {
    if (fromBegin == fromEnd || toBegin == toEnd)
      return false;
    int64_t i = fromBegin, j = toBegin;
    if (!isSameDynamicSize(i, j)) {
      int64_t p = from[i], q = to[j];
      while (!ShapedType::isDynamic(p) && !ShapedType::isDynamic(q) && p != q) {
        int64_t &product = p < q ? p : q;
        int64_t next = p < q ? (++i < fromEnd ? from[i] : ShapedType::kDynamic)
                             : (++j < toEnd ? to[j] : ShapedType::kDynamic);
        product = ShapedType::isDynamic(next) ? next : product * next;
      }
      if (ShapedType::isDynamic(p) || ShapedType::isDynamic(q))
        return false;
    }
    front.push_back({range(fromBegin, i + 1), range(toBegin, j + 1)});
    fromBegin = i + 1;
    toBegin = j + 1;
    return true;
  }

  /// Takes the shortest trailing groups of equal static products.
  bool matchBack() {
    if (fromBegin == fromEnd || toBegin == toEnd)
      return false;
    int64_t i = fromEnd - 1, j = toEnd - 1, p = from[i], q = to[j];
    while (!ShapedType::isDynamic(p) && !ShapedType::isDynamic(q) && p != q) {
      int64_t &product = p < q ? p : q;
      int64_t next = p < q ? (--i >= fromBegin ? from[i] : ShapedType::kDynamic)
                           : (--j >= toBegin ? to[j] : ShapedType::kDynamic);
      product = ShapedType::isDynamic(next) ? next : product * next;
    }
    if (ShapedType::isDynamic(p) || ShapedType::isDynamic(q))
      return false;
    back.push_back({range(i, fromEnd), range(j, toEnd)});
    fromEnd = i;
    toEnd = j;
    return true;
  }

  /// With a size of zero at run time the rest of the two shapes need not agree, so a dynamic group may stand
  /// alone only if the rest is static.
  void giveBackDynamic() {
    for (auto [index, group] : llvm::enumerate(front))
      if (ShapedType::isDynamic(from[group.from.front()])) {
        fromBegin = group.from.front();
        toBegin = group.to.front();
        front.truncate(index);
        return;
      }
  }

  /// A group without dimensions on one side (sizes of one) joins a neighbour.
  static SmallVector<DimensionGroup> mergeEmpty(ArrayRef<DimensionGroup> groups) {
    SmallVector<DimensionGroup> merged;
    for (const DimensionGroup &group : groups) {
      bool isOpen = !merged.empty() && (merged.back().from.empty() || merged.back().to.empty());
      if (merged.empty() || (!isOpen && !group.from.empty() && !group.to.empty())) {
        merged.push_back(group);
        continue;
      }
      llvm::append_range(merged.back().from, group.from);
      llvm::append_range(merged.back().to, group.to);
    }
    return merged;
  }

  Value x, original;
  ArrayRef<int64_t> from;
  SmallVector<int64_t> to;
  ArrayRef<OpFoldResult> sizes;
  SmallVector<DimensionGroup> front, back;
  int64_t fromBegin = 0, toBegin = 0, fromEnd = 0, toEnd = 0;
};

int64_t getProduct(ArrayRef<int64_t> shape, ArrayRef<int64_t> dims) {
  int64_t product = 1;
  for (int64_t dim : dims) {
    if (ShapedType::isDynamic(shape[dim]))
      return ShapedType::kDynamic;
    product *= shape[dim];
  }
  return product;
}

Value castTo(OpBuilder &builder, Location loc, Value x, Type type) {
  return x.getType() == type ? x : Value(tensor::CastOp::create(builder, loc, type, x));
}

/// A shape of ones of this rank.
SmallVector<int64_t> getOnes(int64_t rank) { return SmallVector<int64_t>(rank, 1); }

struct LowerReshape : OpConversionPattern<tg::ReshapeOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tg::ReshapeOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    SmallVector<OpFoldResult> sizes = reifyResultSizes(rewriter, op);
    rewriter.replaceOp(op, createReshape(rewriter, op.getLoc(), adaptor.getX(), sizes, op.getX()));
    return success();
  }
};

} // namespace

Value createReshape(OpBuilder &builder, Location loc, Value x, ArrayRef<OpFoldResult> sizes, Value original) {
  auto from = cast<RankedTensorType>(x.getType());
  RankedTensorType to = from.clone(getStaticShape(sizes));
  if (llvm::is_contained(from.getShape(), 0) || llvm::is_contained(to.getShape(), 0))
    return tensor::EmptyOp::create(builder, loc, sizes, from.getElementType());
  if (to.getRank() == 0) {
    Value one = castTo(builder, loc, x, from.clone(getOnes(from.getRank())));
    return from.getRank() == 0 ? x
                               : Value(tensor::CollapseShapeOp::create(builder, loc, to, one,
                                                                       ArrayRef<ReassociationIndices>()));
  }
  if (from.getRank() == 0) {
    auto ones = from.clone(getOnes(to.getRank()));
    return castTo(builder, loc,
                  tensor::ExpandShapeOp::create(builder, loc, ones, x, ArrayRef<ReassociationIndices>()), to);
  }
  SmallVector<ReassociationIndices> fromGroups, toGroups;
  SmallVector<int64_t> shape;
  for (DimensionGroup &group : DimensionMatcher(x, original, sizes).match()) {
    shape.push_back(getProduct(to.getShape(), group.to));
    fromGroups.push_back(std::move(group.from));
    toGroups.push_back(std::move(group.to));
  }
  Value flat = x;
  if (static_cast<int64_t>(fromGroups.size()) != from.getRank())
    flat = tensor::CollapseShapeOp::create(builder, loc, x, fromGroups);
  flat = castTo(builder, loc, flat, from.clone(shape));
  if (static_cast<int64_t>(toGroups.size()) == to.getRank())
    return flat;
  return tensor::ExpandShapeOp::create(builder, loc, to, flat, toGroups, sizes);
}

void populateReshapePatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerReshape>(converter, patterns.getContext());
}

} // namespace tgc::detail
