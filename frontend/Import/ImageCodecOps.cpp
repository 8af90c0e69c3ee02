//===- ImageCodecOps.cpp - Images as files, compressed bytes --------------===//

#include "frontend/Import/HostFamilies.h"
#include "frontend/Import/KernelCalls.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

constexpr int64_t kDynamic = ShapedType::kDynamic;

/// A kernel that reads a file of any kind; `kind` is the operator's.
LogicalResult importDecode(NodeImporter &n, char kind) {
  // DecodeGif has no attribute: whatever the file, its pixels have three channels.
  int64_t channels = kind == 'G' ? 3 : n.getInt("channels"), ratio = kind == 'J' ? n.getInt("ratio") : 1;
  auto element = kind == 'P' || kind == 'I'
                     ? n.getElementTypeAttr("dtype")
                     : FailureOr<Type>(n.builder.getIntegerType(8, /*isSigned=*/false));
  if (failed(element) || failed(requireRanks(n, 0, {0})))
    return failure();
  if (!element->isUnsignedInteger(8) && !element->isUnsignedInteger(16) && !element->isF32())
    return n.error() << "dtype must be uint8, uint16 or float32, got " << *element;
  if (channels < 0 || channels > 4 || (channels == 2 && kind != 'P'))
    return n.error() << "channels must be 0, 1, 3, or 4, got " << channels;
  if (!llvm::is_contained({1, 2, 4, 8}, ratio))
    return n.error() << "ratio must be 1, 2, 4, or 8, got " << ratio;
  StringRef method = n.getString("dct_method");
  char dct = method == "INTEGER_ACCURATE" ? 'A' : method == "INTEGER_FAST" ? 'F' : 'D';
  // Only a GIF file of a DecodeGif is an animation for sure; DecodeImage would have to see the file.
  bool isAnimation = kind == 'G';
  std::string config;
  llvm::raw_string_ostream(config) << kind << ' ' << channels << ' ' << ratio << ' '
                                   << (kind != 'J' || n.getBool("fancy_upscaling")) << ' '
                                   << n.getBool("try_recover_truncated") << ' ' << dct << ' '
                                   << (kind == 'I' ? !n.getBool("expand_animations") : !isAnimation);
  SmallVector<int64_t> shape(isAnimation ? 4 : 3, kDynamic);
  if (channels > 0)
    shape.back() = channels;
  SmallVector<Value> operands{n.getTensor(0)};
  if (n.getNumInputs() > 1) {
    auto window = n.withShape({n.getTensor(1)}, {n.sizes.constant(4)});
    if (failed(window))
      return failure();
    operands.push_back(window->front());
  }
  n.setResult(n.hostCall("tgc_kernel_decode_image", operands, RankedTensorType::get(shape, *element), config,
                         {},
                         /*isPure=*/true, /*findsSizes=*/true)
                  .front());
  return success();
}
LogicalResult importDecodePng(NodeImporter &n) { return importDecode(n, 'P'); }
LogicalResult importDecodeJpeg(NodeImporter &n) { return importDecode(n, 'J'); }
LogicalResult importDecodeGif(NodeImporter &n) { return importDecode(n, 'G'); }
LogicalResult importDecodeBmp(NodeImporter &n) { return importDecode(n, 'B'); }
LogicalResult importDecodeImage(NodeImporter &n) { return importDecode(n, 'I'); }

LogicalResult setFile(NodeImporter &n, StringRef kernel, ArrayRef<Size> sizes, const Twine &config = "") {
  n.setResult(callKernel(n, kernel, n.getTensor(0),
                         KernelResult{SmallVector<Size>(sizes), tg::StringType::get(n.builder.getContext())},
                         config)
                  .front());
  return success();
}

LogicalResult importEncodePng(NodeImporter &n) {
  if (n.getRank(0) < 3)
    return n.error() << "image must have rank 3 or more, got " << n.getType(0);
  return setFile(n, "tgc_kernel_encode_png", ArrayRef(n.sizes.sizesOf(n.getTensor(0))).drop_back(3));
}

/// Quality, whether it is progressive, has optimised tables and full chroma, unit and densities.
std::string describeJpeg(int64_t quality, bool isProgressive, bool isOptimized, bool keepsChroma, int unit,
                         int64_t x, int64_t y) {
  std::string config;
  llvm::raw_string_ostream(config) << quality << ' ' << isProgressive << ' ' << isOptimized << ' '
                                   << keepsChroma << ' ' << unit << ' ' << x << ' ' << y;
  return config;
}

LogicalResult setJpeg(NodeImporter &n, int64_t quality, const Twine &config) {
  if (failed(requireRanks(n, 0, {3})))
    return failure();
  if (quality < 0 || quality > 100)
    return n.error() << "quality must be in [0,100], got " << quality;
  return setFile(n, "tgc_kernel_encode_jpeg", {}, config);
}

LogicalResult importEncodeJpeg(NodeImporter &n) {
  int64_t quality = n.getInt("quality");
  StringRef format = n.getString("format");
  if (failed(requireRanks(n, 0, {3})))
    return failure();
  StringRef metadata = n.getString("xmp_metadata");
  if (metadata.contains('\0'))
    return n.error() << "xmp_metadata has a byte of zero";
  auto depth = IndexBuilder::getConstant(n.sizes.sizeOf(n.getTensor(0), 2));
  if (depth && ((format == "grayscale" && *depth != 1) || (format == "rgb" && *depth != 3)))
    return n.error() << "format " << format << " expects another number of channels than " << *depth;
  return setJpeg(n, quality,
                 describeJpeg(quality, n.getBool("progressive"), n.getBool("optimize_size"),
                              !n.getBool("chroma_downsampling"), n.getString("density_unit") == "cm" ? 2 : 1,
                              n.getInt("x_density"), n.getInt("y_density")) +
                     " " + metadata);
}

/// With the other operator's defaults.
LogicalResult importEncodeJpegOfQuality(NodeImporter &n) {
  auto quality = n.getConstant(1, "quality");
  if (failed(quality))
    return failure();
  return setJpeg(n, *quality, describeJpeg(*quality, false, false, false, 1, 300, 300));
}

LogicalResult importJpegShape(NodeImporter &n) {
  auto element = n.getElementTypeAttr("output_type");
  if (failed(element) || failed(requireRanks(n, 0, {0})))
    return failure();
  n.setResult(
      callKernel(n, "tgc_kernel_jpeg_shape", n.getTensor(0), KernelResult{{n.sizes.constant(3)}, *element})
          .front());
  return success();
}

LogicalResult importDecompress(NodeImporter &n) {
  StringRef kind = n.getString("compression_type");
  if (!llvm::is_contained({"", "ZLIB", "GZIP"}, kind))
    return n.error() << "Only ZLIB, GZIP or NONE are supported compressions, got " << kind;
  return setFile(n, "tgc_kernel_decode_compressed", n.sizes.sizesOf(n.getTensor(0)), kind);
}

} // namespace

void registerImageCodecOps(OpRegistry &registry) {
  registry.add({"DecodePng"}, importDecodePng);
  registry.add({"DecodeJpeg", "DecodeAndCropJpeg"}, importDecodeJpeg);
  registry.add({"DecodeGif"}, importDecodeGif);
  registry.add({"DecodeBmp"}, importDecodeBmp);
  registry.add({"DecodeImage"}, importDecodeImage);
  registry.add({"EncodePng"}, importEncodePng);
  registry.add({"EncodeJpeg"}, importEncodeJpeg);
  registry.add({"EncodeJpegVariableQuality"}, importEncodeJpegOfQuality);
  registry.add({"ExtractJpegShape"}, importJpegShape);
  registry.add({"DecodeCompressed"}, importDecompress);
}

} // namespace tgc
