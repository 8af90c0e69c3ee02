//===- AttentionBlocks.cpp - Blocks of queries and keys -------------------===//

#include "compiler/Codegen/CPU/AttentionBlocks.h"
#include "compiler/Codegen/CPU/ContractEmitter.h"
#include "compiler/Codegen/CPU/PackConstants.h"
#include "compiler/Codegen/CPU/VectorBody.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace tgc {

using Iterator = utils::IteratorType;

/// The maps of operands that have these loops as their dimensions.
static SmallVector<AffineMap> makeMaps(MLIRContext *context, unsigned numLoops,
                                       ArrayRef<SmallVector<unsigned>> dims) {
  SmallVector<AffineMap> maps;
  for (ArrayRef<unsigned> each : dims) {
    SmallVector<AffineExpr> exprs;
    for (unsigned dim : each)
      exprs.push_back(getAffineDimExpr(dim, context));
    maps.push_back(AffineMap::get(numLoops, 0, exprs, context));
  }
  return maps;
}

void AttentionBlocks::findSizes() {
  numBatches = maps[kQueries].getNumDims() - 4;
  depth = getStaticSize(kQueries, depthLoop());
  width = getStaticSize(kValues, valueLoop());
  numQueries = getStaticSize(initNumber, queryLoop());
  numKeys = getStaticSize(kValues, keyLoop());
  // No panel is wider than that of unknown columns.
  panelWidth = selectContractTiling(unitOfVectors, sizeof(float), ShapedType::kDynamic, ShapedType::kDynamic)
                   .getPanelWidth();
}

int64_t AttentionBlocks::getStaticSize(unsigned operand, unsigned loop) {
  auto position = maps[operand].getResultPosition(getAffineDimExpr(loop, op->getContext()));
  return cast<ShapedType>(op->getOperand(operand).getType()).getDimSize(*position);
}

OpFoldResult AttentionBlocks::getLoopSize(unsigned loop, ValueRange operands) {
  unsigned operand = loop == keyLoop() ? kValues : initNumber;
  unsigned dim = *maps[operand].getResultPosition(builder.getAffineDimExpr(loop));
  auto type = cast<MemRefType>(operands[operand].getType());
  if (!type.isDynamicDim(dim))
    return math.known(type.getDimSize(dim));
  return memref::DimOp::create(builder, loc, operands[operand], dim).getResult();
}

//===--------------------------------------------------------------------===//
// Memory
//===--------------------------------------------------------------------===//
LinearAccess AttentionBlocks::createAccess(unsigned operand, Value memref) {
  AffineMap map = maps[operand];
  LinearAccess access = LinearAccess::create(builder, loc, memref, map);
  auto type = cast<MemRefType>(memref.getType());
  bool isRepeatable = operand < initNumber;
  for (unsigned dim = 0; isRepeatable && dim < map.getNumResults(); ++dim) {
    unsigned loop = map.getDimPosition(dim);
    if (loop == depthLoop() || loop == valueLoop() || (operand == kValues && loop == keyLoop()))
      continue;
    OpFoldResult &stride = access.strides[loop];
    if (!type.isDynamicDim(dim)) {
      stride = type.getDimSize(dim) == 1 ? math.known(0) : stride;
      continue;
    }
    Value size = memref::DimOp::create(builder, loc, memref, dim);
    Value isOne =
        arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, size, math.materialize(math.known(1)));
    stride = arith::SelectOp::create(builder, loc, isOne, math.materialize(math.known(0)),
                                     math.materialize(stride))
                 .getResult();
  }
  return access;
}

Value AttentionBlocks::view(const LinearAccess &access, OpFoldResult offset, ArrayRef<unsigned> loops,
                            ArrayRef<OpFoldResult> sizes) {
  SmallVector<OpFoldResult> strides;
  SmallVector<int64_t> knownStrides, knownSizes;
  auto known = [](OpFoldResult value) { return getConstantIntValue(value).value_or(ShapedType::kDynamic); };
  for (auto [loop, size] : llvm::zip_equal(loops, sizes)) {
    strides.push_back(access.strides[loop]);
    knownStrides.push_back(known(strides.back()));
    knownSizes.push_back(known(size));
  }
  auto layout = StridedLayoutAttr::get(builder.getContext(), known(offset), knownStrides);
  auto type = MemRefType::get(knownSizes, cast<MemRefType>(access.flat.getType()).getElementType(), layout);
  return memref::ReinterpretCastOp::create(builder, loc, type, access.flat, offset, sizes, strides);
}

Value AttentionBlocks::allocate(ArrayRef<int64_t> shape) {
  return memref::AllocaOp::create(builder, loc, MemRefType::get(shape, builder.getF32Type()),
                                  builder.getI64IntegerAttr(64));
}

Value AttentionBlocks::part(Value memref, ArrayRef<OpFoldResult> sizes) {
  auto shape = cast<MemRefType>(memref.getType()).getShape();
  if (llvm::all_of(llvm::zip_equal(shape, sizes),
                   [](auto pair) { return getConstantIntValue(std::get<1>(pair)) == std::get<0>(pair); }))
    return memref;
  SmallVector<OpFoldResult> offsets(sizes.size(), math.known(0)), strides(sizes.size(), math.known(1));
  return memref::SubViewOp::create(builder, loc, memref, offsets, sizes, strides);
}

//===--------------------------------------------------------------------===//
// Nests
//===--------------------------------------------------------------------===//
void AttentionBlocks::nest(unsigned numLoops, ArrayRef<SmallVector<unsigned>> dims, ValueRange inputs,
                           Value out, function_ref<Value(OpBuilder &, ValueRange)> body) {
  SmallVector<Iterator> iterators(numLoops, Iterator::reduction);
  for (unsigned loop : dims.back())
    iterators[loop] = Iterator::parallel;
  linalg::GenericOp::create(builder, loc, inputs, out, makeMaps(builder.getContext(), numLoops, dims),
                            iterators, [&](OpBuilder &b, Location, ValueRange arguments) {
                              linalg::YieldOp::create(b, loc, body(b, arguments));
                            });
}

void AttentionBlocks::copy(unsigned numLoops, ArrayRef<unsigned> dims, Value from, Value to) {
  SmallVector<unsigned> same(dims);
  nest(numLoops, {same, same}, from, to, [](OpBuilder &, ValueRange arguments) { return arguments[0]; });
}

Value AttentionBlocks::number(OpBuilder &b, float value) {
  return arith::ConstantOp::create(b, loc, b.getF32FloatAttr(value));
}

void AttentionBlocks::fill(Value memref, float value) {
  linalg::FillOp::create(builder, loc, number(builder, value), memref);
}

kernel::ContractOp AttentionBlocks::contract(Value lhs, Value rhs, ValueRange extras, Value init,
                                             ArrayRef<SmallVector<unsigned>> dims,
                                             ArrayRef<OpFoldResult> sizes, bool accumulates) {
  SmallVector<int64_t> known;
  for (OpFoldResult size : sizes)
    known.push_back(getConstantIntValue(size).value_or(ShapedType::kDynamic));
  return kernel::ContractOp::create(builder, loc, TypeRange(), lhs, rhs, extras, init,
                                    builder.getAffineMapArrayAttr(makeMaps(builder.getContext(), 3, dims)),
                                    builder.getDenseI64ArrayAttr(known), accumulates,
                                    /*panel_width=*/IntegerAttr(), /*in_place=*/false, /*winograd=*/false,
                                    /*pool=*/kernel::PoolAttr(), /*zero_borders=*/DenseI64ArrayAttr(),
                                    /*reversed_rhs=*/DenseI64ArrayAttr());
}

void AttentionBlocks::setEpilogue(kernel::ContractOp contract, function_ref<Value(ValueRange)> body) {
  OpBuilder::InsertionGuard guard(builder);
  size_t numArguments = contract.getExtras().size() + 1;
  Block *block =
      builder.createBlock(&contract.getEpilogue(), {}, SmallVector<Type>(numArguments, builder.getF32Type()),
                          SmallVector<Location>(numArguments, loc));
  kernel::YieldOp::create(builder, loc, body(block->getArguments()));
}

Value AttentionBlocks::cloneRegion(OpBuilder &b, Region &region, ValueRange arguments) {
  Block &body = region.front();
  IRMapping mapping(constants);
  mapping.map(body.getArguments(), arguments);
  for (Operation &inner : body.without_terminator())
    b.clone(inner, mapping);
  return mapping.lookupOrDefault(body.getTerminator()->getOperand(0));
}

//===--------------------------------------------------------------------===//
// Blocks
//===--------------------------------------------------------------------===//
bool AttentionBlocks::isAlong(unsigned operand, unsigned loop) {
  return maps[operand].isFunctionOfDim(loop) && getStaticSize(operand, loop) != 1;
}

bool AttentionBlocks::isAlongQueries(unsigned operand) { return isAlong(operand, queryLoop()); }

bool AttentionBlocks::isAlongKeys(unsigned operand) { return isAlong(operand, keyLoop()); }

SmallVector<Value> AttentionBlocks::beginBody(Block &body) {
  findMasks();
  // Folding moves the constants of the regions out of them.
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(op->getRegions(), captured);
  for (Value value : captured)
    builder.clone(*value.getDefiningOp(), constants);
  SmallVector<Value> operands;
  for (unsigned i = 0; i < op->getNumOperands(); ++i) {
    operands.push_back(body.getArgument(i));
    accesses.push_back(createAccess(i, operands.back()));
  }
  return operands;
}

void AttentionBlocks::allocateBlock(Queries &unit) {
  unit.scores = allocate({blockKeys, blockQueries});
  unit.packed = allocatePacked(depth);
  unit.larger = allocate({blockQueries});
  unit.most = allocate({blockQueries});
  unit.worst = allocate({});
  for (unsigned i = firstExtra; i < initNumber; ++i) {
    Value memory;
    if (isAlongQueries(i))
      memory = isAlongKeys(i) ? allocate({blockKeys, blockQueries}) : allocate({blockQueries});
    unit.extras.push_back(memory);
  }
}

Value AttentionBlocks::allocatePacked(int64_t length) {
  int64_t panels = llvm::divideCeil(blockQueries, panelWidth);
  return allocate({length * panels * panelWidth});
}

SmallVector<OpFoldResult> AttentionBlocks::placeOfBatch(OpFoldResult number, ValueRange operands) {
  SmallVector<OpFoldResult> place(numBatches + 4, math.known(0));
  for (unsigned batch = numBatches; batch-- > 0;) {
    OpFoldResult batches = getLoopSize(batch, operands);
    place[batch] = math.rem(number, batches);
    number = math.div(number, batches);
  }
  return place;
}

SmallVector<OpFoldResult> AttentionBlocks::offsetsOf(ArrayRef<OpFoldResult> place) {
  SmallVector<OpFoldResult> offsets;
  for (const LinearAccess &access : accesses) {
    OpFoldResult offset = access.offset;
    for (auto [at, stride] : llvm::zip_equal(place, access.strides))
      offset = math.add(offset, math.mul(at, stride));
    offsets.push_back(offset);
  }
  return offsets;
}

OpFoldResult AttentionBlocks::offsetOf(const Queries &unit, unsigned operand, OpFoldResult firstKey) {
  return math.add(unit.offsets[operand], math.mul(firstKey, accesses[operand].strides[keyLoop()]));
}

void AttentionBlocks::forEachBlock(OpFoldResult count, int64_t block,
                                   function_ref<void(OpFoldResult, OpFoldResult)> body) {
  scf::ForOp::create(builder, loc, math.materialize(math.known(0)), math.materialize(count),
                     math.materialize(math.known(block)), ValueRange(),
                     [&](OpBuilder &, Location, Value first, ValueRange) {
                       std::optional<int64_t> known = getConstantIntValue(count);
                       OpFoldResult size = math.known(block);
                       if (!known || *known % block != 0)
                         size = math.min(size, math.sub(count, OpFoldResult(first)));
                       body(OpFoldResult(first), size);
                       scf::YieldOp::create(builder, loc);
                     });
}

void AttentionBlocks::pack(const Queries &unit, unsigned operand, unsigned elementLoop, int64_t length,
                           Value packed) {
  SmallVector<OpFoldResult> sizes = {unit.queries, math.known(length)};
  Value rows = view(accesses[operand], unit.offsets[operand], {queryLoop(), elementLoop}, sizes);
  // The contraction of a block of keys, but for what it reads of them.
  kernel::ContractOp like = contract(rows, rows, {}, unit.scores, {{0, 1}, {2, 1}, {0, 2}},
                                     {math.known(ShapedType::kDynamic), sizes[1], sizes[0]}, false);
  setEpilogue(like, [](ValueRange arguments) { return arguments[0]; });
  OpFoldResult panels =
      math.ceilDiv(unit.queries, math.known(getTiling(like, unitOfVectors).getPanelWidth()));
  emitPacking(builder, like, ContractPlan(like, unitOfVectors), rows, packed,
              {math.known(blockKeys), sizes[1], sizes[0]}, math.materialize(math.known(0)),
              math.materialize(panels));
  like.erase();
}

void AttentionBlocks::emitProducts(const Queries &unit, Value rows, OpFoldResult size, int64_t length,
                                   Value packed, const ExtraViews &extras, Value out, unsigned numOps,
                                   function_ref<Value(OpBuilder &, ValueRange)> region, bool isVector) {
  isVector &= numOps <= static_cast<size_t>(kLargestEpilogue);
  SmallVector<SmallVector<unsigned>> contractDims = {{0, 1}, {1, 2}};
  for (ArrayRef<unsigned> each : isVector ? ArrayRef(extras.dims) : ArrayRef<SmallVector<unsigned>>())
    contractDims.push_back(llvm::to_vector(llvm::map_range(each, [](unsigned dim) { return 2 * dim; })));
  contractDims.push_back({0, 2});
  auto products = contract(rows, packed, isVector ? ValueRange(extras.views) : ValueRange(), out,
                           contractDims, {size, math.known(length), unit.queries}, /*accumulates=*/false);
  setEpilogue(products,
              [&](ValueRange arguments) { return isVector ? region(builder, arguments) : arguments[0]; });
  products.setPanelWidth(getTiling(products, unitOfVectors).getPanelWidth());
  if (isVector)
    return;
  SmallVector<SmallVector<unsigned>> dims(extras.dims);
  dims.push_back({0, 1});
  nest(2, dims, extras.views, out, [&](OpBuilder &b, ValueRange arguments) {
    SmallVector<Value> ordered = {arguments.back()};
    llvm::append_range(ordered, arguments.drop_back());
    return region(b, ordered);
  });
}

bool AttentionBlocks::isVectorizableRegion(Region &region) {
  return llvm::all_of(region.front().without_terminator(), isVectorizable);
}

void AttentionBlocks::emitScores(const Queries &unit, OpFoldResult first, OpFoldResult size,
                                 const ExtraViews &extras) {
  Value keys = view(accesses[kKeys], offsetOf(unit, kKeys, first), {keyLoop(), depthLoop()},
                    {size, math.known(depth)});
  Region &region = scores;
  emitProducts(
      unit, keys, size, depth, unit.packed, extras, part(unit.scores, {size, unit.queries}),
      region.front().getOperations().size(),
      [&](OpBuilder &b, ValueRange arguments) { return cloneRegion(b, region, arguments); },
      isVectorizableRegion(region));
}

AttentionBlocks::ExtraViews AttentionBlocks::viewExtras(const Queries &unit, OpFoldResult first,
                                                        OpFoldResult size) {
  ExtraViews extras;
  for (auto [i, memory] : llvm::enumerate(unit.extras)) {
    unsigned operand = firstExtra + i;
    SmallVector<unsigned> loops, dim;
    SmallVector<OpFoldResult> sizes;
    if (isAlongKeys(operand)) {
      loops.push_back(keyLoop());
      dim.push_back(0);
      sizes.push_back(size);
    }
    if (isAlongQueries(operand)) {
      loops.push_back(queryLoop());
      dim.push_back(1);
      sizes.push_back(unit.queries);
    }
    Value extra = view(accesses[operand], offsetOf(unit, operand, first), loops, sizes);
    if (memory) {
      Value lanes = part(memory, sizes);
      copy(sizes.size(), llvm::to_vector(llvm::seq<unsigned>(sizes.size())), extra, lanes);
      extra = lanes;
    }
    extras.views.push_back(extra);
    extras.dims.push_back(dim);
  }
  return extras;
}

} // namespace tgc
