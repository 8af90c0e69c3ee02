//===- TgImageGradients.cpp - Gradients of kernels of images --------------===//
//
// Resampling is linear: its gradient is the adjoint kernel, or, of a projective map, by TensorFlow's choice,
// the map of the gradient under the inverse transform.
//
//===----------------------------------------------------------------------===//

#include "dialects/Tg/IR/MatrixCall.h"

using namespace mlir;

namespace tgc::tg {
namespace {

using Gradients = SmallVector<Value>;
using Size = OpFoldResult;

/// Of (images, scale, translation); the last word of the config says which of the two adjoint maps it is.
Value buildScaleAndTranslate(const MatrixCall &c, Value dy) {
  std::string config = c.op.getConfig().drop_back().str() + (c.op.getConfig().ends_with("1") ? "0" : "1");
  return c.call(c.op.getKernel(), {dy, c.operand(1), c.operand(2)}, c.operand(0), config);
}

/// Of (images, transforms [k, 8], fill value): a transform is a matrix whose last element is one.
Value buildProjective(const MatrixCall &c, Value dy) {
  GradientBuilder &g = c.g;
  Value flat = c.operand(1);
  Type element = g.getType(flat).getElementType();
  Size count = g.getSizes(flat).front();
  auto columns = [&](Value x, int64_t from, int64_t to) {
    return g.slice(x, {g.size(0), g.size(from)}, {count, g.size(to - from)});
  };
  Value one = g.number(columns(flat, 0, 1), 1);
  Value matrices = g.reshape(g.concat({flat, one}, 1), {count, g.size(3), g.size(3)});
  Value inverse = g.reshape(c.inverse(matrices, false), {count, g.size(9)});
  Value scale = g.refine(g.broadcast(columns(inverse, 8, 9), g.getSizes(flat)), flat.getType());
  Value turned = g.div(g.refine(columns(inverse, 0, 8), flat.getType()), scale);
  return c.call(c.op.getKernel(), {dy, turned, g.scalar(element, 0)}, c.operand(0), c.op.getConfig());
}

/// Of (key, counter, images) with the borders of the regions as further results. Config: maximum, pseudo
/// random, overlapping, ratios.
Value buildFractionalPool(const MatrixCall &c, Value dy) {
  StringRef config = c.op.getConfig();
  bool isMax = config.starts_with("1");
  StringRef overlaps = config.split(' ').second.split(' ').second.split(' ').first;
  Value x = c.operand(2);
  return c.call("tgc_kernel_fractional_pool_gradient",
                {isMax ? x : dy, dy, c.op.getResult(1), c.op.getResult(2)}, x,
                (isMax ? "1 " : "0 ") + overlaps.str());
}

} // namespace

Gradients buildImageGradients(const MatrixCall &c, ArrayRef<Value> gradients) {
  StringRef kernel = c.op.getKernel();
  Gradients result(c.op.getNumOperands());
  if (!gradients[0])
    return {};
  if (kernel == "tgc_kernel_scale_and_translate")
    result[0] = buildScaleAndTranslate(c, gradients[0]);
  else if (kernel == "tgc_kernel_projective_transform")
    result[0] = buildProjective(c, gradients[0]);
  else if (kernel == "tgc_kernel_fractional_pool")
    result[2] = buildFractionalPool(c, gradients[0]);
  else
    return {};
  return result;
}

} // namespace tgc::tg
