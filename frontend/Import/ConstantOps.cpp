//===- ConstantOps.cpp - Constants, Fill, Range ---------------------------===//

#include "frontend/GraphDef/MetaGraph.h"
#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/Indexing.h"
#include "frontend/Import/Initializer.h"
#include "frontend/Import/NodeImporter.h"
#include "frontend/Import/OpRegistry.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;

namespace tgc {

/// Constants of more bytes than this are resources: not copied into the context, not compared, not printed.
static constexpr size_t kMaxInlineBytes = 1024;

ElementsAttr getElementsAttr(RankedTensorType type, const TensorData &data, StringRef name) {
  Type element = type.getElementType();
  if (element.isInteger(1)) {
    SmallVector<bool> values;
    for (char byte : data.bytes)
      values.push_back(byte != 0);
    return DenseElementsAttr::get(type, values);
  }
  if (data.isSplat || data.bytes.size() <= kMaxInlineBytes)
    return DenseElementsAttr::getFromRawBuffer(type, data.bytes);
  auto blob = HeapAsmResourceBlob::allocateAndCopyWithAlign(data.bytes, 64, /*dataIsMutable=*/false);
  return DenseResourceElementsAttr::get(type, name, std::move(blob));
}

namespace {

LogicalResult importConst(NodeImporter &n) {
  const proto::AttrValue *value = findAttr(n.node, "value");
  proto::DataType dtype = getTypeAttr(n.node, "dtype");
  if (value->tensor().dtype() != dtype)
    return n.error() << "attr dtype is " << dataTypeName(dtype) << ", but the tensor's is "
                     << dataTypeName(value->tensor().dtype());
  auto data = decodeTensor(value->tensor(), "node " + describeNode(n.node));
  if (!data) {
    std::string text = llvm::toString(data.takeError());
    StringRef message(text);
    message.consume_front("node " + describeNode(n.node) + ": ");
    return n.error() << message;
  }
  auto element = n.getElementTypeAttr("dtype");
  if (failed(element))
    return failure();
  auto type = RankedTensorType::get(data->shape, *element);
  if (isa<tg::StringType>(*element)) {
    SmallVector<StringRef> strings(data->strings.begin(), data->strings.end());
    auto constant = tg::StringConstantOp::create(n.builder, n.loc, type, n.builder.getStrArrayAttr(strings));
    if (getBoolAttr(n.node, kAssetAttr, false))
      constant->setDiscardableAttr(kAssetOpAttr, n.builder.getUnitAttr());
    n.setResult(constant);
    return success();
  }
  ElementsAttr attr = getElementsAttr(type, *data, n.node.name());
  bool isHost = (element->isInteger(32) || element->isInteger(64) || element->isInteger(1)) &&
                !element->isUnsignedInteger() && data->elementCount <= kMaxHostElements;
  if (auto dense = dyn_cast<DenseElementsAttr>(attr); dense && isHost) {
    SmallVector<OpFoldResult> elements;
    for (const APInt &v : dense.getValues<APInt>())
      elements.push_back(n.sizes.constant(element->isInteger(1) ? static_cast<int64_t>(v.getZExtValue())
                                                                : v.getSExtValue()));
    n.setHostResult({*element, SmallVector<int64_t>(data->shape.begin(), data->shape.end()), elements});
    return success();
  }
  n.setResult(n.create<tg::ConstantOp>(attr));
  return success();
}

LogicalResult importFill(NodeImporter &n) {
  auto to = n.getSizeOperand(0, "dims");
  if (failed(to) || failed(checkSizes(n, *to)))
    return failure();
  Value value = n.getTensor(1);
  if (n.getRank(1) != 0)
    return n.error() << "value must be a scalar, got " << n.getType(1);
  n.setResult(n.broadcastTo(value, *to));
  return success();
}

/// How many numbers Range gives for integers of which the run may tell any: ceil((limit - start) / delta).
FailureOr<OpFoldResult> countIntegers(NodeImporter &n) {
  auto start = n.getScalarSize(0, "start"), limit = n.getScalarSize(1, "limit"),
       delta = n.getScalarSize(2, "delta");
  if (failed(start) || failed(limit) || failed(delta))
    return failure();
  const char *upwards = "Requires start <= limit when delta > 0: %d/%d";
  const char *downwards = "Requires limit <= start when delta < 0: %d/%d";
  OpFoldResult zero = n.sizes.constant(0), one = n.sizes.constant(1), span, count;
  if (auto step = IndexBuilder::getConstant(*delta)) {
    if (*step == 0) {
      n.error() << "Requires delta != 0";
      return failure();
    }
    if (failed(*step > 0 ? n.requireAtMost(*start, *limit, upwards)
                         : n.requireAtMost(*limit, *start, downwards)))
      return failure();
    span = *step > 0 ? n.sizes.sub(*limit, *start) : n.sizes.sub(*start, *limit);
    // The negative of the least number is none; no span is as long.
    int64_t stride = std::min(kMostElements, *step > 0 ? *step : -std::max(*step, -kMostElements));
    count = n.sizes.max(n.sizes.ceilDiv(span, n.sizes.constant(stride)), zero);
  } else {
    Value isUp = n.sizes.compare(arith::CmpIPredicate::sgt, *delta, zero);
    n.check(n.sizes.compare(arith::CmpIPredicate::ne, *delta, zero), "Requires delta != 0");
    auto checkOrder = [&](Value applies, OpFoldResult low, OpFoldResult high, const char *message) {
      OpFoldResult least = n.sizes.select(applies, low, high);
      n.check(n.sizes.lessEqual(least, high), message, n.sizes.get({low, high}));
    };
    checkOrder(isUp, *start, *limit, upwards);
    checkOrder(n.sizes.compare(arith::CmpIPredicate::slt, *delta, zero), *limit, *start, downwards);
    span = n.sizes.select(isUp, n.sizes.sub(*limit, *start), n.sizes.sub(*start, *limit));
    OpFoldResult down = n.sizes.sub(zero, n.sizes.max(*delta, n.sizes.constant(-kMostElements)));
    // The division comes before the failure of a check is seen.
    OpFoldResult stride = n.sizes.max(n.sizes.select(isUp, *delta, down), one);
    OpFoldResult full = n.sizes.add(n.sizes.floorDiv(n.sizes.sub(span, one), stride), one);
    count = n.sizes.max(n.sizes.select(n.sizes.equals(span, zero), zero, full), zero);
  }
  // Only 64-bit bounds are so far from each other that their distance wraps, or fills no memory.
  if (n.getElementType(0).isInteger(64) && !IndexBuilder::isNonNegative(span))
    n.check(n.sizes.compare(arith::CmpIPredicate::ule, span, n.sizes.constant(kMostElements)),
            "Range from %d to %d has more elements than any memory holds", n.sizes.get({*start, *limit}),
            tg::StatusCode::ResourceExhausted);
  return count;
}

/// The same for floats: ceil(|(limit - start) / delta|), each step of it rounded to their type.
OpFoldResult countFloats(NodeImporter &n, ArrayRef<Value> scalars) {
  OpBuilder &b = n.builder;
  auto load = [&](Value scalar) { return Value(tensor::ExtractOp::create(b, n.loc, scalar, ValueRange())); };
  Value start = load(scalars[0]), limit = load(scalars[1]), delta = load(scalars[2]);
  Value zero = arith::ConstantOp::create(b, n.loc, b.getFloatAttr(delta.getType(), 0));
  auto compare = [&](arith::CmpFPredicate predicate, Value left, Value right) {
    return Value(arith::CmpFOp::create(b, n.loc, predicate, left, right));
  };
  auto checkUnless = [&](Value other, Value condition, StringRef message) {
    n.check(arith::OrIOp::create(b, n.loc, other, condition), message);
  };
  n.check(compare(arith::CmpFPredicate::UNE, delta, zero), "Requires delta != 0");
  checkUnless(compare(arith::CmpFPredicate::ULE, delta, zero),
              compare(arith::CmpFPredicate::OLE, start, limit), "Requires start <= limit when delta > 0");
  checkUnless(compare(arith::CmpFPredicate::OGT, delta, zero),
              compare(arith::CmpFPredicate::OGE, start, limit), "Requires start >= limit when delta < 0");
  Value quotient = arith::DivFOp::create(b, n.loc, arith::SubFOp::create(b, n.loc, limit, start), delta);
  Value whole = math::CeilOp::create(b, n.loc, math::AbsFOp::create(b, n.loc, quotient));
  if (!whole.getType().isF64())
    whole = arith::ExtFOp::create(b, n.loc, b.getF64Type(), whole);
  Value most = arith::ConstantOp::create(b, n.loc, b.getF64FloatAttr(kMostElements));
  n.check(compare(arith::CmpFPredicate::OLE, whole, most),
          "Requires ((limit - start) / delta) to be at most what memory holds");
  return Value(arith::IndexCastOp::create(b, n.loc, b.getIndexType(),
                                          arith::FPToSIOp::create(b, n.loc, b.getI64Type(), whole)));
}

/// As many numbers, from start on.
LogicalResult importRange(NodeImporter &n) {
  auto element = n.getElementTypeAttr("Tidx");
  if (failed(element))
    return failure();
  SmallVector<Value> scalars = n.getTensors(0, 3);
  for (Value scalar : scalars)
    if (cast<RankedTensorType>(scalar.getType()).getRank() != 0)
      return n.error() << "start, limit and delta must be scalars, got " << scalar.getType();
  OpFoldResult count;
  if (isa<IntegerType>(*element)) {
    auto found = countIntegers(n);
    if (failed(found))
      return failure();
    count = *found;
  } else {
    count = countFloats(n, scalars);
  }
  Value steps = n.iota({count}, *element, 0);
  auto isNumber = [&](size_t i, int64_t number) {
    const HostTensor *host = n.getHost(i);
    return host && IndexBuilder::isConstant(host->elements.front(), number);
  };
  if (isNumber(0, 0) && isNumber(2, 1)) {
    n.setResult(steps);
    return success();
  }
  Value scaled = n.mul(steps, n.broadcastTo(scalars[2], {count}));
  n.setResult(n.add(n.broadcastTo(scalars[0], {count}), scaled));
  return success();
}

/// start + i * (stop - start) / (num - 1), the last one stop itself.
LogicalResult importLinSpace(NodeImporter &n) {
  auto count = n.getScalarSize(2, "num");
  if (failed(count) ||
      failed(n.requireAtMost(n.sizes.constant(1), *count, "Requires num of at least %d, but got %d")))
    return failure();
  Value start = n.getTensor(0), stop = n.getTensor(1);
  Type element = n.getElementType(0);
  Value steps = n.iota({*count}, element, 0);
  OpFoldResult intervals = n.sizes.max(n.sizes.sub(*count, n.sizes.constant(1)), n.sizes.constant(1));
  Value divisorInt =
      arith::IndexCastOp::create(n.builder, n.loc, n.builder.getI64Type(), n.sizes.get(intervals));
  Value divisor =
      n.cast(n.create<tensor::FromElementsOp>(RankedTensorType::get({}, n.builder.getI64Type()), divisorInt),
             element);
  Value step = n.div(n.sub(stop, start), divisor);
  Value inner = n.add(n.broadcastTo(start, {*count}), n.mul(steps, n.broadcastTo(step, {*count})));
  // The end is exact, unless it is the start too.
  Value position = n.iota({*count}, n.builder.getI64Type(), 0);
  Value last = n.broadcastTo(
      n.create<tensor::FromElementsOp>(RankedTensorType::get({}, n.builder.getI64Type()), divisorInt),
      {*count});
  n.setResult(
      n.select(n.compare(tg::ComparisonDirection::EQ, position, last), n.broadcastTo(stop, {*count}), inner));
  return success();
}

} // namespace

void registerConstantOps(OpRegistry &registry) {
  registry.add({"Const"}, importConst);
  registry.add({"Fill"}, importFill);
  registry.add({"Range"}, importRange);
  registry.add({"LinSpace"}, importLinSpace);
}

} // namespace tgc
