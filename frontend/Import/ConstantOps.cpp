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

/// ceil((limit - start) / delta) numbers from start on.
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
    auto start = n.getScalarSize(0, "start"), limit = n.getScalarSize(1, "limit"),
         delta = n.getScalarSize(2, "delta");
    if (failed(start) || failed(limit) || failed(delta))
      return failure();
    if (IndexBuilder::isConstant(*delta, 0))
      return n.error() << "Requires delta != 0";
    auto step = IndexBuilder::getConstant(*delta);
    if (step &&
        failed(*step > 0 ? n.requireAtMost(*start, *limit, "Requires start <= limit when delta > 0: %d/%d")
                         : n.requireAtMost(*limit, *start, "Requires limit <= start when delta < 0: %d/%d")))
      return failure();
    if (step && *step > 0) {
      count = n.sizes.max(n.sizes.ceilDiv(n.sizes.sub(*limit, *start), *delta), n.sizes.constant(0));
    } else if (step) {
      count = n.sizes.max(n.sizes.ceilDiv(n.sizes.sub(*start, *limit), n.sizes.constant(-*step)),
                          n.sizes.constant(0));
    } else {
      Value isPositive = arith::CmpIOp::create(n.builder, n.loc, arith::CmpIPredicate::sgt,
                                               n.sizes.get(*delta), n.sizes.get(n.sizes.constant(0)));
      OpFoldResult span =
          n.sizes.select(isPositive, n.sizes.sub(*limit, *start), n.sizes.sub(*start, *limit));
      OpFoldResult stride = n.sizes.select(isPositive, *delta, n.sizes.sub(n.sizes.constant(0), *delta));
      n.check(n.builder.createOrFold<arith::CmpIOp>(n.loc, arith::CmpIPredicate::ne, n.sizes.get(*delta),
                                                    n.sizes.get(n.sizes.constant(0))),
              "Requires delta != 0");
      // The division comes before the check's failure is seen.
      count =
          n.sizes.max(n.sizes.ceilDiv(span, n.sizes.max(stride, n.sizes.constant(1))), n.sizes.constant(0));
    }
  } else {
    Type wide = n.builder.getF64Type();
    auto load = [&](Value scalar) {
      return Value(tensor::ExtractOp::create(n.builder, n.loc, n.cast(scalar, wide), ValueRange()));
    };
    Value start = load(scalars[0]), limit = load(scalars[1]), delta = load(scalars[2]);
    Value span = arith::SubFOp::create(n.builder, n.loc, limit, start);
    Value quotient = math::CeilOp::create(
        n.builder, n.loc,
        math::AbsFOp::create(n.builder, n.loc, arith::DivFOp::create(n.builder, n.loc, span, delta)));
    Value integer = arith::FPToSIOp::create(n.builder, n.loc, n.builder.getI64Type(), quotient);
    count =
        OpFoldResult(Value(arith::IndexCastOp::create(n.builder, n.loc, n.builder.getIndexType(), integer)));
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
