//===- ImageKernelOps.cpp - What kernels do with images -------------------===//
//
// Maps whose places depend on data or on chance, and the gradients of such maps.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/HostFamilies.h"
#include "frontend/Import/KernelCalls.h"
#include "frontend/Import/RandomGenerator.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

constexpr int64_t kDynamic = ShapedType::kDynamic;

std::string toText(ArrayRef<float> numbers) {
  std::string text;
  for (float number : numbers)
    llvm::raw_string_ostream(text) << llvm::format("%.9g ", number);
  return text;
}

SmallVector<float> getFloats(NodeImporter &n, StringRef attr) {
  const proto::AttrValue *list = findAttr(n.node, attr);
  return list ? SmallVector<float>(list->list().f().begin(), list->list().f().end()) : SmallVector<float>();
}

/// Two sizes, an input or an attribute's worth.
FailureOr<SmallVector<Size>> getTwoSizes(NodeImporter &n, size_t i, StringRef what) {
  auto sizes = n.getSizeOperand(i, what);
  if (failed(sizes))
    return failure();
  if (sizes->size() != 2) {
    n.error() << what << " must have two elements, got " << sizes->size();
    return failure();
  }
  if (failed(n.checkPositive(*sizes, what)))
    return failure();
  return sizes;
}

//===----------------------------------------------------------------------===//
// CropAndResize
//===----------------------------------------------------------------------===//

/// Boxes [n, 4] and the image of each.
FailureOr<SmallVector<Value>> getBoxes(NodeImporter &n, size_t i) {
  if (failed(requireRanks(n, i, {2, 1})))
    return failure();
  Size count = n.sizes.sizeOf(n.getTensor(0), 0);
  auto boxes = n.withShape({n.getTensor(i)}, {count, n.sizes.constant(4)});
  auto indices = n.withShape({n.getTensor(i + 1)}, {count});
  if (failed(boxes) || failed(indices))
    return failure();
  return SmallVector<Value>{boxes->front(), indices->front()};
}

LogicalResult importCropGradImage(NodeImporter &n) {
  auto element = n.getElementTypeAttr("T");
  auto sizes = n.getSizeOperand(3, "image_size");
  if (failed(element) || failed(sizes) || failed(requireRanks(n, 0, {4})))
    return failure();
  auto boxes = getBoxes(n, 1);
  if (failed(boxes))
    return failure();
  if (sizes->size() != 4)
    return n.error() << "image_size must have four elements, got " << sizes->size();
  if (failed(n.checkPositive(ArrayRef(*sizes).slice(1, 2), "image_size")) ||
      failed(n.requireEqual((*sizes)[3], n.sizes.sizeOf(n.getTensor(0), 3),
                            "image_size has %d channels, the gradients have %d")))
    return failure();
  n.setResult(callKernel(n, "tgc_kernel_crop_gradient_image", {n.getTensor(0), (*boxes)[0], (*boxes)[1]},
                         KernelResult{*sizes, *element}, n.getString("method"))
                  .front());
  return success();
}

LogicalResult importCropGradBoxes(NodeImporter &n) {
  if (failed(requireRanks(n, 0, {4, 4})))
    return failure();
  auto boxes = getBoxes(n, 2);
  if (failed(boxes) ||
      failed(n.requireEqual(n.sizes.sizeOf(n.getTensor(0), 3), n.sizes.sizeOf(n.getTensor(1), 3),
                            "the gradients have %d channels, the image has %d")))
    return failure();
  n.setResult(callKernel(n, "tgc_kernel_crop_gradient_boxes",
                         {n.getTensor(0), n.getTensor(1), (*boxes)[0], (*boxes)[1]},
                         KernelResult{n.sizes.sizesOf((*boxes)[0]), n.builder.getF32Type()})
                  .front());
  return success();
}

//===----------------------------------------------------------------------===//
// ScaleAndTranslate, ImageProjectiveTransform
//===----------------------------------------------------------------------===//

/// (images, size, scale, translation) or, for the gradient, (gradients, original, scale, translation).
template <bool isGradient> LogicalResult importScaleAndTranslate(NodeImporter &n) {
  StringRef kernel = n.getString("kernel_type");
  if (!llvm::is_contained(
          {"lanczos1", "lanczos3", "lanczos5", "gaussian", "box", "triangle", "keyscubic", "mitchellcubic"},
          kernel))
    return n.error() << "kernel_type " << kernel << " is not known";
  if (failed(requireRanks(n, 0, {4, isGradient ? 4 : -1, 1, 1})))
    return failure();
  Type f32 = n.builder.getF32Type();
  SmallVector<Size> sizes = n.sizes.sizesOf(n.getTensor(0));
  if (isGradient) {
    SmallVector<Size> original = n.sizes.sizesOf(n.getTensor(1));
    sizes[1] = original[1];
    sizes[2] = original[2];
  } else {
    auto wanted = getTwoSizes(n, 1, "size");
    if (failed(wanted))
      return failure();
    sizes[1] = (*wanted)[0];
    sizes[2] = (*wanted)[1];
  }
  auto pairs = n.withShape({n.getTensor(2), n.getTensor(3)}, {n.sizes.constant(2)});
  if (failed(pairs))
    return failure();
  n.setResult(
      callKernel(n, "tgc_kernel_scale_and_translate", {n.cast(n.getTensor(0), f32), (*pairs)[0], (*pairs)[1]},
                 KernelResult{sizes, f32},
                 kernel + Twine(n.getBool("antialias") ? " 1" : " 0") + Twine(isGradient ? " 1" : " 0"))
          .front());
  return success();
}

/// (images, transforms [1 or images, 8], size (, fill value)).
LogicalResult importProjective(NodeImporter &n) {
  StringRef method = n.getString("interpolation"), mode = n.getString("fill_mode");
  if (!llvm::is_contained({"NEAREST", "BILINEAR"}, method) ||
      !llvm::is_contained({"REFLECT", "WRAP", "CONSTANT", "NEAREST"}, mode))
    return n.error() << "interpolation " << method << " or fill_mode " << mode << " is not known";
  auto wanted = getTwoSizes(n, 2, "output_shape");
  if (failed(wanted) || failed(requireRanks(n, 0, {4, 2})))
    return failure();
  SmallVector<Size> sizes = n.sizes.sizesOf(n.getTensor(0)), maps = n.sizes.sizesOf(n.getTensor(1));
  if (failed(n.requireEqual(maps[1], n.sizes.constant(8), "transforms have %d numbers each, expected %d")))
    return failure();
  if (!IndexBuilder::isConstant(maps[0], 1)) {
    Value isOne = n.sizes.equals(maps[0], n.sizes.constant(1)), isEach = n.sizes.equals(maps[0], sizes[0]);
    n.check(arith::OrIOp::create(n.builder, n.loc, isOne, isEach), "there are %d transforms for %d images",
            n.sizes.get({maps[0], sizes[0]}));
  }
  sizes[1] = (*wanted)[0];
  sizes[2] = (*wanted)[1];
  Value fill = n.getNumInputs() > 3 ? n.reshape(n.getTensor(3), {}) : n.scalar(n.builder.getF32Type(), 0);
  n.setResult(callKernel(n, "tgc_kernel_projective_transform", {n.getTensor(0), n.getTensor(1), fill},
                         KernelResult{sizes, n.getElementType(0)}, Twine(method[0]) + Twine(mode[0]))
                  .front());
  return success();
}

//===----------------------------------------------------------------------===//
// Fractional pooling
//===----------------------------------------------------------------------===//

template <bool isMax> LogicalResult importFractionalPool(NodeImporter &n) {
  SmallVector<float> ratios = getFloats(n, "pooling_ratio");
  if (failed(requireRanks(n, 0, {4})))
    return failure();
  if (ratios.size() != 4 || ratios[0] != 1 || ratios[3] != 1 || !(ratios[1] >= 1) || !(ratios[2] >= 1))
    return n.error() << "pooling_ratio must be four numbers of 1 or more, 1 for batch and channels";
  Value x = n.getTensor(0);
  SmallVector<Size> sizes = n.sizes.sizesOf(x);
  bool isPseudo = n.getBool("pseudo_random"), isKnown = true;
  SmallVector<int64_t> dims(n.getType(0).getShape());
  for (int dim : {1, 2}) {
    auto size = IndexBuilder::getConstant(sizes[dim]);
    dims[dim] = size ? static_cast<int64_t>(std::floor(static_cast<float>(*size) / ratios[dim])) : kDynamic;
    isKnown &= size.has_value();
    if (size && dims[dim] < 1)
      return n.error() << "pooling_ratio " << std::to_string(ratios[dim]) << " leaves nothing of " << *size
                       << " pixels";
  }
  // What both sequences draw of the stream; where the sizes are open, as many steps as they draw at most.
  Size steps = n.sizes.constant(2);
  if (!isPseudo)
    steps = n.sizes.add(n.sizes.ceilDiv(isKnown ? n.sizes.constant(dims[1]) : sizes[1], n.sizes.constant(4)),
                        n.sizes.ceilDiv(isKnown ? n.sizes.constant(dims[2]) : sizes[2], n.sizes.constant(4)));
  auto generator = getStatefulGenerator(n, n.getBool("deterministic") ? n.sizes.constant(0) : steps);
  if (failed(generator))
    return failure();
  Type i64 = n.builder.getI64Type();
  auto borders = [&](int dim) {
    return RankedTensorType::get({ShapedType::isDynamic(dims[dim]) ? kDynamic : dims[dim] + 1}, i64);
  };
  Type types[] = {RankedTensorType::get(dims, n.getElementType(0)), borders(1), borders(2)};
  std::string config = (Twine(isMax ? "1 " : "0 ") + (isPseudo ? "1 " : "0 ") +
                        (n.getBool("overlapping") ? "1 " : "0 ") + toText({ratios[1], ratios[2]}))
                           .str();
  setResults(n, n.hostCall("tgc_kernel_fractional_pool", {generator->key, generator->counter, x}, types,
                           config, {},
                           /*isPure=*/true, /*findsSizes=*/true));
  return success();
}

/// (input, output, gradients, borders...) or, of the average, (input's shape, gradients, borders...).
template <bool isMax> LogicalResult importFractionalPoolGrad(NodeImporter &n) {
  size_t first = isMax ? 2 : 1;
  if (failed(requireRanks(n, first, {4, 1, 1})))
    return failure();
  SmallVector<Size> sizes;
  if (isMax) {
    if (failed(requireRanks(n, 0, {4})))
      return failure();
    sizes = n.sizes.sizesOf(n.getTensor(0));
  } else {
    auto shape = n.getSizeOperand(0, "orig_input_tensor_shape");
    if (failed(shape))
      return failure();
    if (shape->size() != 4)
      return n.error() << "orig_input_tensor_shape must have four elements, got " << shape->size();
    sizes = *shape;
  }
  Value gradient = n.getTensor(first);
  SmallVector<Size> outputs = n.sizes.sizesOf(gradient);
  for (int k : {0, 3})
    if (failed(n.requireEqual(sizes[k], outputs[k], "input and gradients have sizes %d and %d")))
      return failure();
  for (int k : {0, 1})
    if (failed(n.requireEqual(n.sizes.sizeOf(n.getTensor(first + 1 + k), 0),
                              n.sizes.add(outputs[k + 1], n.sizes.constant(1)),
                              "a pooling sequence has %d elements, expected %d")))
      return failure();
  n.setResult(callKernel(n, "tgc_kernel_fractional_pool_gradient",
                         {isMax ? n.getTensor(0) : gradient, gradient, n.getTensor(first + 1),
                          n.getTensor(first + 2)},
                         KernelResult{sizes, n.getElementType(first)},
                         Twine(isMax ? "1 " : "0 ") + (n.getBool("overlapping") ? "1" : "0"))
                  .front());
  return success();
}

//===----------------------------------------------------------------------===//
// Boxes and glimpses
//===----------------------------------------------------------------------===//

LogicalResult importDrawBoxes(NodeImporter &n) {
  if (failed(requireRanks(n, 0, {4, 3})))
    return failure();
  Type f32 = n.builder.getF32Type();
  SmallVector<Size> sizes = n.sizes.sizesOf(n.getTensor(0)), boxes = n.sizes.sizesOf(n.getTensor(1));
  if (failed(n.requireEqual(sizes[0], boxes[0], "The batch sizes should be the same, got %d and %d")) ||
      failed(n.requireEqual(boxes[2], n.sizes.constant(4), "boxes have %d coordinates, expected %d")))
    return failure();
  Value colors;
  if (n.getNumInputs() > 2) {
    if (failed(requireRanks(n, 2, {2})) || failed(n.requireAtMost(sizes[3], n.sizes.sizeOf(n.getTensor(2), 1),
                                                                  "images have %d channels, colors only %d")))
      return failure();
    colors = n.getTensor(2);
  } else {
    colors = n.create<tg::ConstantOp>(
        DenseElementsAttr::get(RankedTensorType::get({0, 4}, f32), ArrayRef<Attribute>()));
  }
  if (auto depth = IndexBuilder::getConstant(sizes[3]); depth && *depth != 1 && *depth != 3 && *depth != 4)
    return n.error() << "Channel depth should be either 1 (GRY), 3 (RGB), or 4 (RGBA), got " << *depth;
  if (failed(n.requireAtMost(sizes[3], n.sizes.constant(4), "images have %d channels, expected at most %d")))
    return failure();
  n.setResult(callKernel(n, "tgc_kernel_draw_boxes", {n.getTensor(0), n.cast(n.getTensor(1), f32), colors},
                         KernelResult{sizes, n.getElementType(0)})
                  .front());
  return success();
}

/// (image size, boxes (, min_object_covered)).
LogicalResult importDistortedBox(NodeImporter &n) {
  SmallVector<float> ratios = getFloats(n, "aspect_ratio_range"), areas = getFloats(n, "area_range");
  auto isRange = [](ArrayRef<float> range) { return range.size() == 2 && range[0] > 0 && range[1] > 0; };
  if (!isRange(ratios) || !isRange(areas) || areas[0] > 1 || areas[1] > 1)
    return n.error() << "aspect_ratio_range and area_range must be two positive numbers, areas at most 1";
  if (n.getInt("max_attempts") < 1)
    return n.error() << "max_attempts must be positive, got " << n.getInt("max_attempts");
  if (failed(requireRanks(n, 0, {1, 3})))
    return failure();
  auto size = n.withShape({n.getTensor(0)}, {n.sizes.constant(3)});
  if (failed(size) || failed(n.requireEqual(n.sizes.sizeOf(n.getTensor(1), 2), n.sizes.constant(4),
                                            "boxes have %d coordinates, expected %d")))
    return failure();
  Type f32 = n.builder.getF32Type(), element = n.getElementType(0);
  Value covered =
      n.getNumInputs() > 2 ? n.reshape(n.getTensor(2), {}) : n.scalar(f32, n.getFloat("min_object_covered"));
  auto generator = getStatefulGenerator(n, n.sizes.constant(n.getInt("max_attempts")));
  if (failed(generator))
    return failure();
  Size one = n.sizes.constant(1), three = n.sizes.constant(3);
  std::string config = toText({ratios[0], ratios[1], areas[0], areas[1]}) +
                       std::to_string(n.getInt("max_attempts")) +
                       (n.getBool("use_image_if_no_bounding_boxes") ? " 1" : " 0");
  setResults(n, callKernel(n, "tgc_kernel_distorted_box",
                           {generator->key, generator->counter, size->front(), n.getTensor(1), covered},
                           {{{three}, element}, {{three}, element}, {{one, one, n.sizes.constant(4)}, f32}},
                           config));
  return success();
}

LogicalResult importGlimpse(NodeImporter &n) {
  StringRef noise = n.getString("noise");
  bool isUniform = n.getBool("uniform_noise");
  if (noise.empty())
    noise = isUniform ? "uniform" : "gaussian";
  if (!llvm::is_contained({"uniform", "gaussian", "zero"}, noise) || (isUniform && noise != "uniform"))
    return n.error() << "noise " << noise << " is not known, or uniform_noise asks for another";
  auto wanted = getTwoSizes(n, 1, "size");
  if (failed(wanted) || failed(requireRanks(n, 0, {4, 1, 2})))
    return failure();
  SmallVector<Size> sizes = n.sizes.sizesOf(n.getTensor(0));
  auto offsets = n.withShape({n.getTensor(2)}, {sizes[0], n.sizes.constant(2)});
  if (failed(offsets))
    return failure();
  sizes[1] = (*wanted)[0];
  sizes[2] = (*wanted)[1];
  std::string config{static_cast<char>(llvm::toUpper(noise[0])), n.getBool("normalized") ? '1' : '0',
                     n.getBool("centered") ? '1' : '0', n.node.op() == "ExtractGlimpse" ? '1' : '2'};
  n.setResult(callKernel(n, "tgc_kernel_glimpse", {n.getTensor(0), offsets->front()},
                         KernelResult{sizes, n.getElementType(0)}, config, /*isPure=*/noise == "zero")
                  .front());
  return success();
}

} // namespace

void registerImageKernelOps(OpRegistry &registry) {
  registry.add({"CropAndResizeGradImage"}, importCropGradImage);
  registry.add({"CropAndResizeGradBoxes"}, importCropGradBoxes);
  registry.add({"ScaleAndTranslate"}, importScaleAndTranslate<false>);
  registry.add({"ScaleAndTranslateGrad"}, importScaleAndTranslate<true>);
  registry.add({"ImageProjectiveTransformV2", "ImageProjectiveTransformV3"}, importProjective);
  registry.add({"FractionalMaxPool"}, importFractionalPool<true>);
  registry.add({"FractionalAvgPool"}, importFractionalPool<false>);
  registry.add({"FractionalMaxPoolGrad"}, importFractionalPoolGrad<true>);
  registry.add({"FractionalAvgPoolGrad"}, importFractionalPoolGrad<false>);
  registry.add({"DrawBoundingBoxes", "DrawBoundingBoxesV2"}, importDrawBoxes);
  registry.add({"SampleDistortedBoundingBox", "SampleDistortedBoundingBoxV2"}, importDistortedBox);
  registry.add({"ExtractGlimpse", "ExtractGlimpseV2"}, importGlimpse);
}

} // namespace tgc
