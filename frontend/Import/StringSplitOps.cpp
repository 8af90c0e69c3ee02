//===- StringSplitOps.cpp - Strings taken apart ---------------------------===//
//
// Results whose sizes the strings decide, and numbers read from bytes and text.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/HostFamilies.h"
#include "frontend/Import/NodeImporter.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

constexpr int64_t kDynamic = ShapedType::kDynamic;

void setResults(NodeImporter &n, ArrayRef<Value> results) {
  for (auto [i, result] : llvm::enumerate(results))
    n.setResult(i, result);
}

SmallVector<Value> findingCall(NodeImporter &n, StringRef kernel, ValueRange operands, ArrayRef<Type> types,
                               StringRef config = "") {
  return n.hostCall(kernel, operands, types, config, {}, /*isPure=*/true, /*findsSizes=*/true);
}

LogicalResult importSplit(NodeImporter &n, StringRef kernel, StringRef config) {
  if (n.getRank(0) != 1 || n.getRank(1) != 0)
    return n.error() << "input must be a vector and the separator a scalar, got " << n.getType(0) << " and "
                     << n.getType(1);
  Type i64 = n.builder.getI64Type();
  Type types[] = {RankedTensorType::get({kDynamic, 2}, i64),
                  RankedTensorType::get({kDynamic}, n.getElementType(0)), RankedTensorType::get({2}, i64)};
  setResults(n, findingCall(n, kernel, n.getTensors(0, 2), types, config));
  return success();
}

LogicalResult importStringSplit(NodeImporter &n) {
  return importSplit(n, "tgc_kernel_string_split_set", n.getBool("skip_empty") ? "skip" : "");
}

LogicalResult importStringSplitV2(NodeImporter &n) {
  return importSplit(n, "tgc_kernel_string_split", std::to_string(n.getInt("maxsplit")));
}

/// The number by which runtime/kernels/string/unicode.c knows an encoding, whose name may have hyphens or
/// not.
FailureOr<int64_t> getEncoding(NodeImporter &n, StringRef attribute, bool isRead) {
  std::string name = n.getString(attribute).lower();
  llvm::erase_if(name, [](char c) { return c == '-' || c == '_' || c == ' '; });
  int64_t number = llvm::StringSwitch<int64_t>(name)
                       .Case("utf8", 0)
                       .Case("utf16be", 1)
                       .Case("utf16le", 2)
                       .Case("utf32be", 3)
                       .Case("utf32le", 4)
                       .Cases({"usascii", "ascii"}, 5)
                       .Cases({"iso88591", "latin1"}, 6)
                       .Default(-1);
  if (number < 0 || (!isRead && number != 0 && number != 1 && number != 3)) {
    n.error() << attribute << " " << n.getString(attribute) << " is not supported, expected UTF-8, UTF-16-BE"
              << (isRead ? ", UTF-16-LE, UTF-32-BE, UTF-32-LE, US-ASCII or ISO-8859-1" : " or UTF-32-BE");
    return failure();
  }
  return number;
}

/// "MODE REPLACEMENT", what becomes of code points that are none.
FailureOr<std::string> getErrorHandling(NodeImporter &n) {
  int64_t replacement = n.getInt("replacement_char");
  if (replacement < 0 || replacement > 0x10ffff) {
    n.error() << "replacement_char out of unicode codepoint range: " << replacement;
    return failure();
  }
  return n.getString("errors").take_front(1).str() + " " + std::to_string(replacement);
}

/// "MODE REPLACEMENT CONTROLS ENCODING", how strings are read.
FailureOr<std::string> getReading(NodeImporter &n) {
  auto encoding = getEncoding(n, "input_encoding", /*isRead=*/true);
  auto handling = getErrorHandling(n);
  if (failed(encoding) || failed(handling))
    return failure();
  return *handling + " " + std::to_string(n.getBool("replace_control_characters")) + " " +
         std::to_string(*encoding);
}

LogicalResult importUnicodeDecode(NodeImporter &n) {
  auto config = getReading(n);
  auto splits = n.getElementTypeAttr("Tsplits");
  if (failed(config) || failed(splits))
    return failure();
  Type types[] = {RankedTensorType::get({kDynamic}, *splits),
                  RankedTensorType::get({kDynamic}, n.builder.getI32Type()),
                  RankedTensorType::get({kDynamic}, n.builder.getI64Type())};
  setResults(n, findingCall(n, "tgc_kernel_unicode_decode", n.getTensor(0),
                            ArrayRef(types).take_front(n.getOutputs().size()), *config));
  return success();
}

/// Result 0: strings of these sizes.
void setStrings(NodeImporter &n, StringRef kernel, ValueRange operands, ArrayRef<Size> sizes,
                StringRef config) {
  Type type = tg::getTypeOfSizes(sizes, tg::StringType::get(n.builder.getContext()));
  Value result = n.hostCall(kernel, operands, type, config, tg::getDynamicSizes(sizes)).front();
  n.sizes.setSizes(result, sizes);
  n.setResult(result);
}

LogicalResult importUnicodeTranscode(NodeImporter &n) {
  auto config = getReading(n);
  auto encoding = getEncoding(n, "output_encoding", /*isRead=*/false);
  if (failed(config) || failed(encoding))
    return failure();
  setStrings(n, "tgc_kernel_unicode_transcode", n.getTensor(0), n.sizes.sizesOf(n.getTensor(0)),
             *config + " " + std::to_string(*encoding));
  return success();
}

LogicalResult importUnicodeEncode(NodeImporter &n) {
  auto encoding = getEncoding(n, "output_encoding", /*isRead=*/false);
  auto handling = getErrorHandling(n);
  if (failed(encoding) || failed(handling))
    return failure();
  if (n.getRank(0) != 1 || n.getRank(1) != 1)
    return n.error() << "input_values and input_splits must be vectors, got " << n.getType(0) << " and "
                     << n.getType(1);
  Size splits = n.sizes.sizeOf(n.getTensor(1), 0), one = n.sizes.constant(1);
  if (failed(n.requireAtMost(one, splits, "input_splits must have at least %d element, got %d")))
    return failure();
  setStrings(n, "tgc_kernel_unicode_encode", n.getTensors(0, 2), n.sizes.sub(splits, one),
             *handling + " " + std::to_string(*encoding));
  return success();
}

LogicalResult importNGrams(NodeImporter &n) {
  if (n.getRank(0) != 1 || n.getRank(1) != 1)
    return n.error() << "data and data_splits must be vectors, got " << n.getType(0) << " and "
                     << n.getType(1);
  std::vector<int64_t> widths = n.getInts("ngram_widths");
  for (int64_t width : widths)
    if (width < 1)
      return n.error() << "ngram_widths must be at least 1, got " << width;
  SmallVector<Value> operands = n.getTensors(0, 2);
  for (StringRef name : {"separator", "left_pad", "right_pad"})
    operands.push_back(createStrings(n, n.getString(name), /*isScalar=*/true));
  operands.push_back(n.constantInts(widths, n.builder.getI64Type()));
  std::string config =
      std::to_string(n.getInt("pad_width")) + " " + std::to_string(n.getBool("preserve_short_sequences"));
  Size splits = n.sizes.sizeOf(n.getTensor(1), 0);
  Type types[] = {RankedTensorType::get({kDynamic}, n.getElementType(0)),
                  RankedTensorType::get({kDynamic}, n.getElementType(1))};
  SmallVector<Value> results = findingCall(n, "tgc_kernel_string_ngrams", operands, types, config);
  // As many splits as there were.
  results[1] = n.withSizes(results[1], {splits});
  setResults(n, results);
  return success();
}

/// Elements along a further dimension, of which the strings' length decides how many there are.
LogicalResult importDecodeRaw(NodeImporter &n) {
  auto element = n.getElementTypeAttr("out_type");
  if (failed(element))
    return failure();
  if (isa<tg::StringType>(*element))
    return n.error() << "out_type must be a type of numbers";
  SmallVector<int64_t> shape(n.getRank(0) + 1, kDynamic);
  SmallVector<Value> operands{n.getTensor(0)};
  if (n.getNumInputs() > 1) {
    if (n.getRank(1) != 0)
      return n.error() << "fixed_length must be a scalar, got " << n.getType(1);
    operands.push_back(n.cast(n.getTensor(1), n.builder.getI64Type()));
  }
  SmallVector<Size> sizes = n.sizes.sizesOf(operands[0]);
  Value result = findingCall(n, "tgc_kernel_decode_raw", operands, RankedTensorType::get(shape, *element),
                             n.getBool("little_endian") ? "" : "big")
                     .front();
  sizes.push_back(n.sizes.sizeOf(result, n.getRank(0)));
  Value refined = n.refine(result, tg::getTypeOfSizes(sizes, *element));
  n.sizes.setSizes(refined, sizes);
  n.setResult(refined);
  return success();
}

LogicalResult importDecodeCSV(NodeImporter &n) {
  StringRef delimiter = n.getString("field_delim");
  if (delimiter.size() != 1)
    return n.error() << "field_delim should be only 1 char, got '" << delimiter << "'";
  std::vector<int64_t> columns = n.getInts("select_cols");
  if (!columns.empty() && (columns.size() != n.getOutputs().size() || !llvm::is_sorted(columns)))
    return n.error() << "select_cols must be ascending and one for each of the " << n.getOutputs().size()
                     << " outputs, got " << columns.size();
  SmallVector<Value> operands{n.getTensor(0), createStrings(n, delimiter, /*isScalar=*/true),
                              createStrings(n, n.getString("na_value"), /*isScalar=*/true),
                              n.constantInts(columns, n.builder.getI64Type())};
  SmallVector<Size> sizes = n.sizes.sizesOf(operands[0]);
  SmallVector<Type> types;
  SmallVector<Value> extents;
  for (size_t i = 1; i < n.getNumInputs(); ++i) {
    RankedTensorType type = n.getType(i);
    if (type.getRank() > 1 || (type.getRank() == 1 && type.getDimSize(0) > 1))
      return n.error() << "the default of field " << i - 1 << " must have one element or none, got " << type;
    operands.push_back(n.getTensor(i));
    types.push_back(tg::getTypeOfSizes(sizes, type.getElementType()));
    llvm::append_range(extents, tg::getDynamicSizes(sizes));
  }
  SmallVector<Value> results =
      n.hostCall("tgc_kernel_decode_csv", operands, types, n.getBool("use_quote_delim") ? "1" : "0", extents);
  for (Value result : results)
    n.sizes.setSizes(result, sizes);
  setResults(n, results);
  return success();
}

} // namespace

void registerStringSplitOps(OpRegistry &registry) {
  registry.add({"StringSplit"}, importStringSplit);
  registry.add({"StringSplitV2"}, importStringSplitV2);
  registry.add({"UnicodeDecode", "UnicodeDecodeWithOffsets"}, importUnicodeDecode);
  registry.add({"UnicodeTranscode"}, importUnicodeTranscode);
  registry.add({"UnicodeEncode"}, importUnicodeEncode);
  registry.add({"StringNGrams"}, importNGrams);
  registry.add({"DecodeRaw", "DecodePaddedRaw"}, importDecodeRaw);
  registry.add({"DecodeCSV"}, importDecodeCSV);
}

} // namespace tgc
