//===- TgShapeGradients.cpp - Gradients of ops that move elements ---------===//
//
// What an op copies, its gradient adds up at the place of origin; what it leaves out gets zero.
//
//===----------------------------------------------------------------------===//

#include "dialects/Tg/IR/GradientBuilder.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace tgc::tg {

using Size = OpFoldResult;
using Gradients = SmallVector<Value>;

FailureOr<Gradients> ReshapeOp::buildGradients(GradientBuilder &g, ArrayRef<Value> gradients) {
  Gradients result(getNumOperands());
  result[0] = g.refine(g.reshape(gradients[0], g.getSizes(getX())), getX().getType());
  return result;
}

FailureOr<Gradients> BroadcastToOp::buildGradients(GradientBuilder &g, ArrayRef<Value> gradients) {
  RankedTensorType from = getX().getType(), to = getType();
  int64_t lead = to.getRank() - from.getRank();
  SmallVector<Size> sizes = g.getSizes(gradients[0]), origin = g.getSizes(getX()), split;
  SmallVector<int64_t> summed;
  for (int64_t dim = 0; dim < to.getRank(); ++dim) {
    int64_t known = dim < lead ? 1 : from.getDimSize(dim - lead);
    bool isKept = to.getDimSize(dim) == 1 || llvm::is_contained(getEqualDimensions(), dim) ||
                  (known != 1 && !ShapedType::isDynamic(known));
    if (dim < lead || (known == 1 && !isKept)) {
      summed.push_back(split.size());
      split.push_back(sizes[dim]);
      continue;
    }
    // A dimension of m elements became one of n, which is m, or m is one: summed as [n / m, m] along the
    // first part.
    if (!isKept) {
      summed.push_back(split.size());
      split.push_back(g.divSizes(sizes[dim], g.maxSizes(origin[dim - lead], g.size(1))));
    }
    split.push_back(origin[dim - lead]);
  }
  Value sum = g.reduce(ReductionKind::Sum, g.reshape(gradients[0], split), summed);
  Gradients result(getNumOperands());
  result[0] = g.refine(g.reshape(sum, origin), from);
  return result;
}

FailureOr<Gradients> TransposeOp::buildGradients(GradientBuilder &g, ArrayRef<Value> gradients) {
  return Gradients{
      g.refine(g.transpose(gradients[0], invertPermutationVector(getPermutation())), getX().getType())};
}

FailureOr<Gradients> ReverseOp::buildGradients(GradientBuilder &g, ArrayRef<Value> gradients) {
  return Gradients{g.reverse(gradients[0], getDimensions())};
}

FailureOr<Gradients> ConcatOp::buildGradients(GradientBuilder &g, ArrayRef<Value> gradients) {
  Gradients result;
  SmallVector<Size> offsets(getType().getRank(), g.size(0));
  for (auto [i, input] : llvm::enumerate(getInputs())) {
    SmallVector<Size> sizes = g.getSizes(input);
    result.push_back(g.needs(i) ? g.refine(g.slice(gradients[0], offsets, sizes), input.getType()) : Value());
    offsets[getDimension()] = g.addSizes(offsets[getDimension()], sizes[getDimension()]);
  }
  return result;
}

/// How many elements `count` elements with `gaps` others between them take.
static Size getSpreadSize(GradientBuilder &g, Size count, int64_t gaps) {
  if (!gaps)
    return count;
  return g.addSizes(count, g.mulSizes(g.maxSizes(g.addSizes(count, g.size(-1)), g.size(0)), g.size(gaps)));
}

FailureOr<Gradients> SliceOp::buildGradients(GradientBuilder &g, ArrayRef<Value> gradients) {
  SmallVector<Size> from = g.getSizes(getX()), sizes = getMixedSizes(), low = getMixedOffsets(), high;
  Gradients result(getNumOperands());
  if (llvm::all_of(getStrides(), [](int64_t stride) { return stride == 1; })) {
    result[0] = InsertSliceOp::create(g.builder, g.loc, gradients[0], g.number(getX(), 0), low);
    return result;
  }
  SmallVector<int64_t> turned, interior;
  for (int64_t dim = 0; dim < getType().getRank(); ++dim) {
    int64_t stride = getStrides()[dim];
    if (stride < 0) {
      turned.push_back(dim);
      low[dim] = g.addSizes(low[dim], g.mulSizes(g.addSizes(sizes[dim], g.size(-1)), g.size(stride)));
    }
    interior.push_back(std::abs(stride) - 1);
    high.push_back(
        g.subSizes(g.subSizes(from[dim], low[dim]), getSpreadSize(g, sizes[dim], interior.back())));
  }
  result[0] = g.refine(g.pad(g.reverse(gradients[0], turned), low, high, interior), getX().getType());
  return result;
}

FailureOr<Gradients> InsertSliceOp::buildGradients(GradientBuilder &g, ArrayRef<Value> gradients) {
  // Dimensions are matched from the last.
  SmallVector<Size> sizes = g.getSizes(getPart()), whole(getType().getRank() - sizes.size(), g.size(1)),
                    offsets = getMixedOffsets();
  llvm::append_range(whole, sizes);
  Gradients result(getNumOperands());
  if (g.needs(0))
    result[0] = g.refine(g.reshape(g.slice(gradients[0], offsets, whole), sizes), getPart().getType());
  if (g.needs(1))
    result[1] = InsertSliceOp::create(g.builder, g.loc, g.number(getPart(), 0), gradients[0], offsets);
  return result;
}

FailureOr<Gradients> PadOp::buildGradients(GradientBuilder &g, ArrayRef<Value> gradients) {
  SmallVector<Size> low = getMixedLow(), high = getMixedHigh(), offsets = low;
  Value dy = gradients[0];
  auto isCut = [](Size size) { return getConstantIntValue(size).value_or(-1) < 0; };
  if (llvm::any_of(low, isCut) || llvm::any_of(high, isCut)) {
    // Parts of x may be cut off: pad back where they were, cut off what was added.
    auto negated = [&](Size size) { return g.mulSizes(size, g.size(-1)); };
    dy = g.pad(dy, llvm::map_to_vector(low, negated), llvm::map_to_vector(high, negated));
    offsets.assign(low.size(), g.size(0));
  }
  auto strides = llvm::map_to_vector(getInterior(), [](int64_t gaps) { return gaps + 1; });
  Gradients result(getNumOperands());
  result[0] = g.refine(g.slice(dy, offsets, g.getSizes(getX()), strides), getX().getType());
  if (g.needs(1)) {
    auto all = llvm::to_vector(llvm::seq<int64_t>(0, getType().getRank()));
    result[1] =
        g.sub(g.reduce(ReductionKind::Sum, gradients[0], all), g.reduce(ReductionKind::Sum, result[0], all));
  }
  return result;
}

namespace {
/// A cast to a more or less precise type of the same sizes.
struct TensorCastGradient : DifferentiableOpInterface::ExternalModel<TensorCastGradient, tensor::CastOp> {
  FailureOr<Gradients> buildGradients(Operation *op, GradientBuilder &g, ArrayRef<Value> gradients) const {
    return Gradients{g.refine(gradients[0], op->getOperand(0).getType())};
  }
};
} // namespace

void attachForeignGradients(MLIRContext &context) {
  tensor::CastOp::attachInterface<TensorCastGradient>(context);
}

} // namespace tgc::tg
