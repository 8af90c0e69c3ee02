//===- StringOps.cpp - Strings --------------------------------------------===//
//
// Calls of runtime/kernels/string. What a kernel's config cannot hold (a separator may have any bytes) is an
// operand.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/HostFamilies.h"
#include "frontend/Import/NodeImporter.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

Type getStringType(NodeImporter &n) { return tg::StringType::get(n.builder.getContext()); }

/// Result 0: a kernel's, of these sizes.
LogicalResult setKernelResult(NodeImporter &n, StringRef kernel, ValueRange operands, ArrayRef<Size> sizes,
                              Type element, StringRef config = "") {
  Value result =
      n.hostCall(kernel, operands, tg::getTypeOfSizes(sizes, element), config, tg::getDynamicSizes(sizes))
          .front();
  n.sizes.setSizes(result, sizes);
  n.setResult(result);
  return success();
}

/// Each element of input 0 by itself.
LogicalResult setElementwise(NodeImporter &n, StringRef kernel, Type element, StringRef config = "",
                             ValueRange more = {}) {
  SmallVector<Value> operands{n.getTensor(0)};
  llvm::append_range(operands, more);
  return setKernelResult(n, kernel, operands, n.sizes.sizesOf(operands[0]), element, config);
}

template <StringLiteral const &kernel> LogicalResult importCase(NodeImporter &n) {
  StringRef encoding = n.getString("encoding");
  if (!encoding.empty() && encoding != "utf-8")
    return n.error() << "encoding " << encoding << " is not known, expected '' or 'utf-8'";
  return setElementwise(n, kernel, getStringType(n), encoding);
}

template <StringLiteral const &kernel> LogicalResult importPlain(NodeImporter &n) {
  return setElementwise(n, kernel, getStringType(n));
}

LogicalResult importLength(NodeImporter &n) {
  return setElementwise(n, "tgc_kernel_string_length", n.builder.getI32Type(), n.getString("unit"));
}

LogicalResult importEncodeBase64(NodeImporter &n) {
  return setElementwise(n, "tgc_kernel_encode_base64", getStringType(n), n.getBool("pad") ? "pad" : "");
}

/// Positions and lengths have the strings' shape or are broadcast to it, as the strings are to theirs.
LogicalResult importSubstr(NodeImporter &n) {
  auto operands = n.broadcastTogether(n.getTensors(0, 3));
  if (failed(operands))
    return failure();
  return setKernelResult(n, "tgc_kernel_substr", *operands, n.sizes.sizesOf(operands->front()),
                         getStringType(n), n.getString("unit"));
}

LogicalResult importJoin(NodeImporter &n) {
  if (n.getNumInputs() == 0)
    return n.error() << "joins nothing";
  auto parts = n.broadcastTogether(n.getTensors(0, n.getNumInputs()));
  if (failed(parts))
    return failure();
  SmallVector<Size> sizes = n.sizes.sizesOf(parts->front());
  parts->insert(parts->begin(), createStrings(n, n.getString("separator"), /*isScalar=*/true));
  return setKernelResult(n, "tgc_kernel_string_concat", *parts, sizes, getStringType(n));
}

/// (strings, segments of their rows, how many segments).
LogicalResult importSegmentJoin(NodeImporter &n) {
  auto count = n.getScalarSize(2, "num_segments");
  SmallVector<Size> sizes = n.sizes.sizesOf(n.getTensor(0)), rows = n.sizes.sizesOf(n.getTensor(1)), result;
  if (failed(count) ||
      failed(n.requireAtMost(n.sizes.constant(0), *count, "num_segments must be at least %d, got %d")))
    return failure();
  if (rows.size() > sizes.size())
    return n.error() << "segment_ids of rank " << rows.size() << " for inputs of rank " << sizes.size();
  for (size_t dim = 0; dim < rows.size(); ++dim)
    if (failed(n.requireEqual(sizes[dim], rows[dim], "inputs and segment_ids have sizes %d and %d")))
      return failure();
  result.push_back(*count);
  result.append(sizes.begin() + rows.size(), sizes.end());
  Value separator = createStrings(n, n.getString("separator"), /*isScalar=*/true);
  return setKernelResult(n, "tgc_kernel_segment_join", {n.getTensor(0), n.getTensor(1), separator}, result,
                         getStringType(n));
}

/// Joins along dimensions, in the order that they are given in.
LogicalResult importReduceJoin(NodeImporter &n) {
  Value x = n.getTensor(0);
  auto given = n.getConstants(1, "reduction_indices");
  if (failed(given))
    return failure();
  if (given->empty()) {
    n.forward(0, 0);
    return success();
  }
  SmallVector<Size> sizes = n.sizes.sizesOf(x), kept, last;
  SmallVector<int64_t> joined, order;
  for (int64_t axis : *given) {
    auto dim = n.normalizeAxis(axis, n.getRank(0), "reduction dimension");
    if (failed(dim))
      return failure();
    if (llvm::is_contained(joined, *dim))
      return n.error() << "the reduction dimension " << *dim << " occurs twice";
    joined.push_back(*dim);
    last.push_back(sizes[*dim]);
  }
  SmallVector<Size> grouped;
  for (int64_t dim = 0; dim < n.getRank(0); ++dim) {
    bool isJoined = llvm::is_contained(joined, dim);
    if (!isJoined) {
      order.push_back(dim);
      grouped.push_back(sizes[dim]);
    }
    if (!isJoined || n.getBool("keep_dims"))
      kept.push_back(isJoined ? n.sizes.constant(1) : sizes[dim]);
  }
  // The first of them varies fastest.
  llvm::append_range(order, llvm::reverse(joined));
  grouped.push_back(n.sizes.product(last));
  Value rows = n.reshape(n.transpose(x, order), grouped);
  Value operands[] = {createStrings(n, n.getString("separator"), /*isScalar=*/true), rows};
  return setKernelResult(n, "tgc_kernel_string_reduce", operands, kept, getStringType(n));
}

/// The pattern is an attribute of the Static forms, else input 1.
FailureOr<Value> getPattern(NodeImporter &n) {
  if (findAttr(n.node, "pattern"))
    return createStrings(n, n.getString("pattern"), /*isScalar=*/true);
  if (n.getRank(1) == 0)
    return n.getTensor(1);
  n.error() << "Pattern must be scalar, but received " << n.getType(1);
  return failure();
}

LogicalResult importFullMatch(NodeImporter &n) {
  auto pattern = getPattern(n);
  if (failed(pattern))
    return failure();
  return setElementwise(n, "tgc_kernel_regex_full_match", n.builder.getI1Type(), "", *pattern);
}

LogicalResult importReplace(NodeImporter &n) {
  auto pattern = getPattern(n);
  if (failed(pattern))
    return failure();
  bool isStatic = findAttr(n.node, "rewrite");
  if (!isStatic && n.getRank(2) != 0)
    return n.error() << "Rewrite must be scalar, but received " << n.getType(2);
  Value rewrite = isStatic ? createStrings(n, n.getString("rewrite"), /*isScalar=*/true) : n.getTensor(2);
  return setElementwise(n, "tgc_kernel_regex_replace", getStringType(n),
                        n.getBool("replace_global") ? "all" : "", {*pattern, rewrite});
}

/// The conversion of printf that the attributes describe.
LogicalResult importAsString(NodeImporter &n) {
  Type element = n.getElementType(0);
  bool isFloat = isa<FloatType, ComplexType>(element);
  bool isScientific = n.getBool("scientific"), isShortest = n.getBool("shortest");
  int64_t precision = n.getInt("precision"), width = n.getInt("width");
  if (isa<tg::StringType>(element) && width <= 0) {
    n.forward(0, 0);
    return success();
  }
  StringRef fill = n.getString("fill");
  if (isScientific && isShortest)
    return n.error() << "Cannot select both scientific and shortest notation";
  if (!isFloat && (isScientific || isShortest || (precision >= 0 && !isFloat)))
    return n.error() << "scientific and shortest notation and precision are for floating-point numbers, got "
                     << element;
  if (fill.size() > 1 || !StringRef(" +-0#").contains(fill))
    return n.error() << "Fill argument not supported: \"" << fill << "\"";
  if (width > 400 || precision > 300)
    return n.error() << "width and precision are at most 400 and 300, got " << width << " and " << precision;
  std::string conversion = "%" + fill.str();
  if (width > -1)
    conversion += std::to_string(width);
  if (isFloat && precision > -1)
    conversion += "." + std::to_string(precision);
  if (isFloat)
    conversion += isShortest ? "g" : isScientific ? "e" : "f";
  return setElementwise(n, "tgc_kernel_as_string", getStringType(n), conversion);
}

LogicalResult importToNumber(NodeImporter &n) {
  auto element = n.getElementTypeAttr("out_type");
  if (failed(element))
    return failure();
  return setElementwise(n, "tgc_kernel_string_to_number", *element);
}

template <int kind> LogicalResult importToBucket(NodeImporter &n) {
  int64_t buckets = n.getInt("num_buckets");
  if (buckets < 1)
    return n.error() << "num_buckets must be at least 1, got " << buckets;
  std::vector<int64_t> key = n.getInts("key");
  if (kind == 2 && key.size() != 2)
    return n.error() << "Key must have 2 elements, got " << key.size();
  key.resize(2);
  std::string config = std::to_string(kind) + " " + std::to_string(buckets) + " " +
                       std::to_string(static_cast<uint64_t>(key[0])) + " " +
                       std::to_string(static_cast<uint64_t>(key[1]));
  return setElementwise(n, "tgc_kernel_string_to_bucket", n.builder.getI64Type(), config);
}

constexpr StringLiteral kLower = "tgc_kernel_string_lower", kUpper = "tgc_kernel_string_upper",
                        kStrip = "tgc_kernel_string_strip", kDecodeBase64 = "tgc_kernel_decode_base64",
                        kDecodeJSON = "tgc_kernel_decode_json_example";

} // namespace

void registerStringOps(OpRegistry &registry) {
  registry.add({"StringLower"}, importCase<kLower>);
  registry.add({"StringUpper"}, importCase<kUpper>);
  registry.add({"StringStrip"}, importPlain<kStrip>);
  registry.add({"DecodeBase64"}, importPlain<kDecodeBase64>);
  registry.add({"DecodeJSONExample"}, importPlain<kDecodeJSON>);
  registry.add({"EncodeBase64"}, importEncodeBase64);
  registry.add({"StringLength"}, importLength);
  registry.add({"Substr"}, importSubstr);
  registry.add({"StringJoin"}, importJoin);
  registry.add({"ReduceJoin"}, importReduceJoin);
  registry.add({"UnsortedSegmentJoin"}, importSegmentJoin);
  registry.add({"RegexFullMatch", "StaticRegexFullMatch"}, importFullMatch);
  registry.add({"RegexReplace", "StaticRegexReplace"}, importReplace);
  registry.add({"AsString"}, importAsString);
  registry.add({"StringToNumber"}, importToNumber);
  registry.add({"StringToHashBucket"}, importToBucket<0>);
  registry.add({"StringToHashBucketFast"}, importToBucket<1>);
  registry.add({"StringToHashBucketStrong"}, importToBucket<2>);
}

} // namespace tgc
