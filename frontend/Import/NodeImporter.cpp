//===- NodeImporter.cpp - What the importer of one op works with ----------===//

#include "frontend/Import/NodeImporter.h"
#include "frontend/Import/GraphImporter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tgc {

NodeImporter::NodeImporter(GraphImporter &graph, const proto::NodeDef &node, ArrayRef<ImportedValue> inputs,
                           size_t numOutputs)
    : node(node), builder(graph.entry.builder), sizes(graph.entry.sizes), loc(graph.getLoc(node)),
      graph(graph), inputs(inputs), outputs(numOutputs) {
  sizes.setLoc(loc);
}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

Value NodeImporter::getTensor(size_t i) {
  auto tensor = ::tgc::getTensor(graph.entry, loc, inputs[i]);
  // The error ends the import; what is built on the way there does not matter.
  return succeeded(tensor) ? *tensor : scalar(builder.getF32Type(), 0);
}

SmallVector<Value> NodeImporter::getTensors(size_t begin, size_t end) {
  SmallVector<Value> tensors;
  for (size_t i = begin; i < end; ++i)
    tensors.push_back(getTensor(i));
  return tensors;
}

OpFoldResult NodeImporter::extract(Value tensor, ArrayRef<int64_t> position) {
  SmallVector<Value> indices;
  for (int64_t index : position)
    indices.push_back(arith::ConstantIndexOp::create(builder, loc, index));
  Value element = tensor::ExtractOp::create(builder, loc, tensor, indices);
  return arith::IndexCastOp::create(builder, loc, builder.getIndexType(), element).getResult();
}

FailureOr<SmallVector<OpFoldResult>> NodeImporter::getSizeOperand(size_t i, StringRef what, int64_t maxRank) {
  if (const HostTensor *host = getHost(i)) {
    if (static_cast<int64_t>(host->shape.size()) <= maxRank)
      return host->elements;
    error() << what << " must be integers of rank " << maxRank << ", got rank " << host->shape.size();
    return failure();
  }
  RankedTensorType type = getType(i);
  if (!type.getElementType().isSignlessInteger() || type.getRank() > maxRank) {
    error() << what << " must be integers of rank " << maxRank << ", got " << type;
    return failure();
  }
  if (!type.hasStaticShape()) {
    error()
        << "the number of elements of " << what
        << " is not known, so the rank of the result cannot be known; give the shape of a feed with --shape";
    return failure();
  }
  if (type.getNumElements() > kMaxHostElements) {
    error() << what << " has " << type.getNumElements() << " elements, expected at most " << kMaxHostElements;
    return failure();
  }
  Value tensor = getTensor(i);
  SmallVector<OpFoldResult> elements;
  SmallVector<int64_t> strides = computeStrides(type.getShape());
  for (int64_t index = 0; index < type.getNumElements(); ++index)
    elements.push_back(extract(tensor, delinearize(index, strides)));
  return elements;
}

FailureOr<OpFoldResult> NodeImporter::getScalarSize(size_t i, StringRef what) {
  auto elements = getSizeOperand(i, what);
  if (failed(elements))
    return failure();
  if (elements->size() != 1) {
    error() << what << " must be a scalar, got " << elements->size() << " elements";
    return failure();
  }
  return elements->front();
}

FailureOr<SmallVector<int64_t>> NodeImporter::getConstants(size_t i, StringRef what) {
  if (const HostTensor *host = getHost(i))
    if (auto values = host->getConstants())
      return *values;
  error() << what << " must be known at compile time; --set TENSOR=VALUE gives one that is fed";
  return failure();
}

FailureOr<int64_t> NodeImporter::getConstant(size_t i, StringRef what) {
  auto values = getConstants(i, what);
  if (failed(values))
    return failure();
  if (values->size() != 1) {
    error() << what << " must be a scalar, got " << values->size() << " elements";
    return failure();
  }
  return values->front();
}

FailureOr<int64_t> NodeImporter::normalizeAxis(int64_t axis, int64_t rank, StringRef what) {
  if (axis >= -rank && axis < rank)
    return axis < 0 ? axis + rank : axis;
  error() << what << " " << axis << " is out of range for rank " << rank << ", expected a number in ["
          << -rank << ", " << rank << ")";
  return failure();
}

FailureOr<int64_t> NodeImporter::getAxis(size_t i, int64_t rank, StringRef what) {
  auto axis = getConstant(i, what);
  return failed(axis) ? axis : normalizeAxis(*axis, rank, what);
}

FailureOr<SmallVector<int64_t>> NodeImporter::getAxes(size_t i, int64_t rank, StringRef what) {
  auto axes = getConstants(i, what);
  if (failed(axes))
    return failure();
  for (int64_t &axis : *axes) {
    auto normal = normalizeAxis(axis, rank, what);
    if (failed(normal))
      return failure();
    axis = *normal;
  }
  llvm::sort(*axes);
  if (auto *twice = std::adjacent_find(axes->begin(), axes->end()); twice != axes->end()) {
    error() << what << " " << *twice << " stands twice";
    return failure();
  }
  return axes;
}

FailureOr<Type> NodeImporter::getElementTypeAttr(StringRef name) {
  proto::DataType dtype = getTypeAttr(node, name);
  if (Type type = ::tgc::getElementType(builder.getContext(), dtype))
    return type;
  error() << "attr " << name << " is " << dataTypeName(dtype) << ", which tgc has no tensors of";
  return failure();
}

//===----------------------------------------------------------------------===//
// Results and errors
//===----------------------------------------------------------------------===//

void NodeImporter::setHostResult(size_t i, HostTensor host) {
  outputs[i].host = std::make_shared<HostTensor>(std::move(host));
}

void NodeImporter::setSizesResult(size_t i, ArrayRef<Size> elements, Type elementType) {
  setHostResult(i, {elementType, {static_cast<int64_t>(elements.size())}, SmallVector<Size>(elements)});
}

InFlightDiagnostic NodeImporter::error() { return emitError(loc); }

//===----------------------------------------------------------------------===//
// Building
//===----------------------------------------------------------------------===//

Value NodeImporter::scalar(Type element, double number) {
  auto type = RankedTensorType::get({}, element);
  if (isa<tg::StringType>(element))
    return create<tg::StringConstantOp>(type, builder.getStrArrayAttr({""}));
  if (auto complex = dyn_cast<ComplexType>(element)) {
    auto part = cast<FloatType>(complex.getElementType());
    APFloat re(number), im(0.0);
    bool losesInfo;
    re.convert(part.getFloatSemantics(), APFloat::rmNearestTiesToEven, &losesInfo);
    im.convert(part.getFloatSemantics(), APFloat::rmNearestTiesToEven, &losesInfo);
    return create<tg::ConstantOp>(DenseElementsAttr::get(type, std::complex<APFloat>(re, im)));
  }
  if (isa<FloatType>(element))
    return create<tg::ConstantOp>(
        DenseElementsAttr::get(type, builder.getFloatAttr(element, number).getValue()));
  APInt value(element.getIntOrFloatBitWidth(), static_cast<uint64_t>(static_cast<int64_t>(number)), false,
              true);
  return create<tg::ConstantOp>(DenseElementsAttr::get(type, value));
}

Value NodeImporter::sizeTensor(Size size, Type element) {
  auto value = IndexBuilder::getConstant(size);
  if (value && isa<FloatType>(element))
    return scalar(element, *value);
  if (value && isa<IntegerType>(element))
    return create<tg::ConstantOp>(DenseElementsAttr::get(
        RankedTensorType::get({}, element),
        APInt(element.getIntOrFloatBitWidth(), static_cast<uint64_t>(*value), false, true)));
  Type wide = builder.getI64Type();
  Value integer = arith::IndexCastOp::create(builder, loc, wide, sizes.get(size));
  return cast(create<tensor::FromElementsOp>(RankedTensorType::get({}, wide), integer), element);
}

Value NodeImporter::splatLike(Value like, double number) {
  return broadcastTo(scalar(getElementTypeOrSelf(like.getType()), number), sizes.sizesOf(like));
}

Value NodeImporter::constantInts(ArrayRef<int64_t> values, Type elementType) {
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())}, elementType);
  auto elements = llvm::map_to_vector(values, [&](int64_t v) {
    return APInt(elementType.getIntOrFloatBitWidth(), static_cast<uint64_t>(v), false, true);
  });
  return create<tg::ConstantOp>(DenseElementsAttr::get(type, elements));
}

Value NodeImporter::refine(Value x, Type type) {
  return x.getType() == type ? x : create<tensor::CastOp>(type, x);
}

Value NodeImporter::withSizes(Value x, ArrayRef<Size> known) {
  SmallVector<Size> shape(known);
  auto type = cast<RankedTensorType>(x.getType());
  for (auto [size, fixed] : llvm::zip_equal(shape, type.getShape()))
    if (!ShapedType::isDynamic(fixed))
      size = sizes.constant(fixed);
  Value refined = refine(x, tg::getTypeOfSizes(shape, type.getElementType()));
  sizes.setSizes(refined, shape);
  return refined;
}

Value NodeImporter::lowest(Type element) {
  if (isa<FloatType>(element))
    return scalar(element, -std::numeric_limits<double>::infinity());
  unsigned width = element.getIntOrFloatBitWidth();
  APInt value = element.isUnsignedInteger() ? APInt::getMinValue(width) : APInt::getSignedMinValue(width);
  return create<tg::ConstantOp>(DenseElementsAttr::get(RankedTensorType::get({}, element), value));
}

Type NodeImporter::getSumType(Type element) {
  return isa<FloatType>(element) && element.getIntOrFloatBitWidth() < 32 ? Type(builder.getF32Type())
                                                                         : element;
}

Value NodeImporter::reshape(Value x, ArrayRef<Size> to) {
  auto type = cast<RankedTensorType>(x.getType());
  RankedTensorType result = tg::getTypeOfSizes(to, type.getElementType());
  SmallVector<Size> from = sizes.sizesOf(x);
  if (from.size() == to.size() && llvm::all_of(llvm::zip_equal(from, to), [](auto pair) {
        return IndexBuilder::isEqual(std::get<0>(pair), std::get<1>(pair));
      }))
    return refine(x, result);
  return builder.createOrFold<tg::ReshapeOp>(loc, result, x, tg::getDynamicSizes(to));
}

Value NodeImporter::transpose(Value x, ArrayRef<int64_t> permutation) {
  return builder.createOrFold<tg::TransposeOp>(loc, x, builder.getDenseI64ArrayAttr(permutation));
}

Value NodeImporter::cast(Value x, Type element) {
  if (getElementTypeOrSelf(x.getType()) == element)
    return x;
  return create<tg::CastOp>(tg::withElementType(x.getType(), element), x, builder.getBoolAttr(false));
}

Value NodeImporter::slice(Value x, ArrayRef<Size> offsets, ArrayRef<Size> extents,
                          ArrayRef<int64_t> strides) {
  SmallVector<int64_t> steps(strides);
  steps.resize(offsets.size(), 1);
  SmallVector<Size> whole = sizes.sizesOf(x);
  auto isWhole = [&](size_t dim) {
    return steps[dim] == 1 && IndexBuilder::isConstant(offsets[dim], 0) &&
           IndexBuilder::isEqual(extents[dim], whole[dim]);
  };
  if (llvm::all_of(llvm::seq<size_t>(0, offsets.size()), isWhole))
    return x;
  return create<tg::SliceOp>(x, offsets, extents, steps);
}

Value NodeImporter::pad(Value x, Value value, ArrayRef<Size> low, ArrayRef<Size> high,
                        ArrayRef<int64_t> interior) {
  auto isZero = [](Size size) { return IndexBuilder::isConstant(size, 0); };
  if (llvm::all_of(low, isZero) && llvm::all_of(high, isZero) &&
      llvm::all_of(interior, [](int64_t gap) { return gap == 0; }))
    return x;
  return create<tg::PadOp>(x, value, low, high, interior);
}

Value NodeImporter::iota(ArrayRef<Size> to, Type element, int64_t dimension) {
  return create<tg::IotaOp>(tg::getTypeOfSizes(to, element), tg::getDynamicSizes(to), dimension);
}

Value NodeImporter::reduce(tg::ReductionKind kind, Value x, ArrayRef<int64_t> dimensions, bool keepDims) {
  SmallVector<Size> kept = sizes.sizesOf(x);
  Value result = builder.createOrFold<tg::ReduceOp>(loc, kind, x, builder.getDenseI64ArrayAttr(dimensions));
  if (!keepDims)
    return result;
  for (int64_t dim : dimensions)
    kept[dim] = sizes.constant(1);
  return reshape(result, kept);
}

bool NodeImporter::wantsGradients() const { return graph.entry.hasGradients; }

Value NodeImporter::stopGradient(Value x) { return wantsGradients() ? create<tg::StopGradientOp>(x) : x; }

Value NodeImporter::withPartials(Value y, ValueRange xs, ValueRange partials) {
  return wantsGradients() ? create<tg::WithPartialsOp>(y, xs, partials) : y;
}

SmallVector<Value> NodeImporter::hostCall(StringRef kernel, ValueRange operands, TypeRange results,
                                          StringRef config, ValueRange extents, bool isPure,
                                          bool findsSizes) {
  auto call =
      tg::HostCallOp::create(builder, loc, results, operands, extents, kernel, config, isPure, findsSizes);
  return SmallVector<Value>(call.getResults());
}

} // namespace tgc
