//===- NestWriter.cpp - What kernels of loop nests share ------------------===//

#include "compiler/Codegen/GPU/NestWriter.h"
#include "compiler/Codegen/GPU/AttentionNests.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace tgc {

/// Kinds of memory, as NVPTX numbers them.
static constexpr unsigned kGlobalSpace = 1, kSharedSpace = 3;

static SmallVector<Value> mapped(const IRMapping &mapping, ValueRange values) {
  return llvm::map_to_vector(values, [&](Value value) { return mapping.lookupOrDefault(value); });
}

NestWriter::NestWriter(const NestChain &chain, ModuleOp kernels, KernelRecord &record)
    : chain(chain), op(chain.main), builder(OpBuilder::atBlockEnd(kernels.getBody())), loc(op.getLoc()),
      record(record) {
  for (linalg::GenericOp member : chain.members)
    collectMemories(member);
  if (record.parts)
    llvm::append_values(record.memories, record.parts->sums, record.parts->counters);
  enter(chain.main);
  SmallVector<Type> types(record.memories.size(), LLVM::LLVMPointerType::get(op.getContext(), kGlobalSpace));
  function = func::FuncOp::create(builder, loc, record.name, builder.getFunctionType(types, {}));
  builder.setInsertionPointToStart(function.addEntryBlock());
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
    sizeOf(loop);
  record.spaces.emplace_back();
  for (unsigned loop : parallelLoops)
    record.spaces.front().extents.push_back(extentOf(loop));
}

void NestWriter::finish() { func::ReturnOp::create(builder, loc); }

void NestWriter::enter(linalg::GenericOp member) {
  op = member;
  parallelLoops.clear();
  reductionLoops.clear();
  op.getParallelDims(parallelLoops);
  op.getReductionDims(reductionLoops);
}

void NestWriter::collectMemories(linalg::GenericOp op) {
  auto take = [&](Value value) {
    if (isa<MemRefType>(value.getType()) && !llvm::is_contained(record.memories, value) &&
        !chain.own.contains(chain.bases.lookup(value)))
      record.memories.push_back(value);
  };
  for (Value operand : op->getOperands())
    take(operand);
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(op.getRegion(), captured);
  for (Value value : captured)
    take(value);
}

Value NestWriter::constant(int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); }
Value NestWriter::multiply(Value a, Value b) { return arith::MulIOp::create(builder, loc, a, b); }
Value NestWriter::add(Value a, Value b) { return arith::AddIOp::create(builder, loc, a, b); }

Value NestWriter::number(const KernelNumber &wanted) {
  auto known = llvm::find(record.numbers, wanted);
  if (known != record.numbers.end())
    return numbers[known - record.numbers.begin()];
  record.numbers.push_back(wanted);
  unsigned place = function.getNumArguments();
  if (failed(function.insertArgument(place, builder.getI64Type(), {}, loc)))
    llvm_unreachable("a function takes one argument more");
  Value value = function.getArgument(place);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&function.front());
  Type type = wanted.kind == KernelNumber::Scalar ? wanted.value.getType() : builder.getIndexType();
  if (type.isIndex()) {
    value = arith::IndexCastOp::create(builder, loc, type, value);
  } else if (type != builder.getI64Type()) {
    unsigned width = type.getIntOrFloatBitWidth();
    if (width < 64)
      value = arith::TruncIOp::create(builder, loc, builder.getIntegerType(width), value);
    if (isa<FloatType>(type))
      value = arith::BitcastOp::create(builder, loc, type, value);
  }
  numbers.push_back(value);
  return value;
}

Value NestWriter::sizeOf(unsigned loop) {
  int64_t range = op.getStaticLoopRanges()[loop];
  return ShapedType::isDynamic(range) ? number(*findSize(op, loop)) : constant(range);
}

Extent NestWriter::extentOf(unsigned loop) {
  int64_t range = op.getStaticLoopRanges()[loop];
  if (!ShapedType::isDynamic(range))
    return {range, -1};
  return {1, static_cast<int>(llvm::find(record.numbers, *findSize(op, loop)) - record.numbers.begin())};
}

Value NestWriter::sizeOfHost(Value size) {
  std::optional<int64_t> known = getConstantIntValue(size);
  return known ? constant(*known) : number({KernelNumber::Scalar, size});
}

Value NestWriter::countParts() {
  Value host = record.parts->count, count = sizeOfHost(host);
  int place = llvm::find(record.numbers, KernelNumber{KernelNumber::Scalar, host}) - record.numbers.begin();
  std::optional<int64_t> known = getConstantIntValue(host);
  record.spaces.push_back({{known ? Extent{*known, -1} : Extent{1, place}}, 1});
  return count;
}

Value NestWriter::callIntrinsic(StringRef name, Type result, ValueRange operands) {
  auto intrinsic = builder.getStringAttr("llvm.nvvm." + name);
  if (!result)
    return LLVM::CallIntrinsicOp::create(builder, loc, intrinsic, operands), Value();
  return LLVM::CallIntrinsicOp::create(builder, loc, result, intrinsic, operands).getResult(0);
}

Value NestWriter::special(StringRef name) {
  Value value = callIntrinsic(("read.ptx.sreg." + name).str(), builder.getI32Type(), {});
  return arith::IndexCastUIOp::create(builder, loc, builder.getIndexType(), value);
}

Value NestWriter::countPoints(ArrayRef<unsigned> loops) {
  Value total = constant(1);
  for (unsigned loop : loops)
    total = multiply(total, sizeOf(loop));
  return total;
}

void NestWriter::splitPoint(Value point, ArrayRef<unsigned> loops, MutableArrayRef<Value> index) {
  for (size_t i = loops.size(); i-- > 0;) {
    Value size = sizeOf(loops[i]);
    index[loops[i]] = i ? Value(arith::RemUIOp::create(builder, loc, point, size)) : point;
    if (i)
      point = arith::DivUIOp::create(builder, loc, point, size);
  }
}

SmallVector<Value> NestWriter::forEach(Value begin, Value end, Value step, ValueRange carried,
                                       function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  auto loop = scf::ForOp::create(builder, loc, begin, end, step, carried,
                                 [](OpBuilder &, Location, Value, ValueRange) {});
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(loop.getBody());
  SmallVector<Value> results = body(loop.getInductionVar(), loop.getRegionIterArgs());
  scf::YieldOp::create(builder, loc, results);
  return SmallVector<Value>(loop.getResults());
}

Value NestWriter::sizeOfMemory(Value memory, unsigned dim) {
  int64_t size = cast<MemRefType>(memory.getType()).getDimSize(dim);
  if (!ShapedType::isDynamic(size))
    return constant(size);
  // Most sizes are those of loops, which are known under another operand's name.
  for (OpOperand &operand : op->getOpOperands())
    if (operand.get() == memory && !isAttention(op))
      if (auto loop = dyn_cast<AffineDimExpr>(op.getMatchingIndexingMap(&operand).getResult(dim)))
        return sizeOf(loop.getPosition());
  return number({KernelNumber::Size, memory, dim});
}

Value NestWriter::strideOfMemory(Value memory, unsigned dim) {
  auto type = cast<MemRefType>(memory.getType());
  SmallVector<int64_t> strides;
  int64_t offset;
  if (succeeded(type.getStridesAndOffset(strides, offset)) && !ShapedType::isDynamic(strides[dim]))
    return constant(strides[dim]);
  if (!type.getLayout().isIdentity())
    return number({KernelNumber::Stride, memory, dim});
  Value stride = constant(1);
  for (unsigned inner = dim + 1; inner < type.getRank(); ++inner)
    stride = multiply(stride, sizeOfMemory(memory, inner));
  return stride;
}

Value NestWriter::argumentOf(Value memory) {
  size_t number = llvm::find(record.memories, memory) - record.memories.begin();
  return function.getArgument(record.maps.size() + number);
}

Value NestWriter::addressOf(Value memory, ValueRange place) {
  Value offset = constant(0);
  for (auto [dim, at] : llvm::enumerate(place))
    offset = add(offset, multiply(at, strideOfMemory(memory, dim)));
  Value element = arith::IndexCastOp::create(builder, loc, builder.getI64Type(), offset);
  Value base = argumentOf(memory);
  Type type = cast<MemRefType>(memory.getType()).getElementType();
  if (auto complex = dyn_cast<ComplexType>(type))
    type = LLVM::LLVMArrayType::get(complex.getElementType(), 2);
  return LLVM::GEPOp::create(builder, loc, base.getType(), type, base, element);
}

/// Where the imaginary part lies.
Value NestWriter::behind(Value address, ComplexType type) {
  return LLVM::GEPOp::create(builder, loc, address.getType(), type.getElementType(), address,
                             ArrayRef<LLVM::GEPArg>{1});
}

Value NestWriter::loadFrom(Value address, Type type) {
  auto complex = dyn_cast<ComplexType>(type);
  if (!complex)
    return LLVM::LoadOp::create(builder, loc, type, address);
  Value real = LLVM::LoadOp::create(builder, loc, complex.getElementType(), address);
  Value imaginary = LLVM::LoadOp::create(builder, loc, complex.getElementType(), behind(address, complex));
  return complex::CreateOp::create(builder, loc, complex, real, imaginary);
}

Value NestWriter::addressOf(OpOperand &operand, ValueRange index) {
  AffineMap map = op.getMatchingIndexingMap(&operand);
  return addressOf(operand.get(), *affine::expandAffineMap(builder, loc, map, index));
}

Value NestWriter::cloneConstant(Value value) {
  if (auto parts = value.getDefiningOp<complex::CreateOp>())
    return complex::CreateOp::create(builder, loc, parts.getType(), cloneConstant(parts.getReal()),
                                     cloneConstant(parts.getImaginary()));
  return builder.clone(*value.getDefiningOp())->getResult(0);
}

Value NestWriter::load(OpOperand &operand, ValueRange index) {
  Type type = getElementTypeOrSelf(operand.get().getType());
  if (!isa<MemRefType>(operand.get().getType())) {
    if (isConstantNumber(operand.get()))
      return cloneConstant(operand.get());
    return number({KernelNumber::Scalar, operand.get()});
  }
  return loadFrom(addressOf(operand, index), type);
}

void NestWriter::store(Value value, OpOperand &operand, ValueRange index) {
  Value address = addressOf(operand, index);
  if (auto type = dyn_cast<ComplexType>(value.getType())) {
    Value imaginary = complex::ImOp::create(builder, loc, value);
    LLVM::StoreOp::create(builder, loc, imaginary, behind(address, type));
    value = complex::ReOp::create(builder, loc, value);
  }
  LLVM::StoreOp::create(builder, loc, value, address);
}

Value NestWriter::shuffleWord(StringRef kind, Value word, unsigned lane) {
  auto number = [&](int64_t n) { return arith::ConstantIntOp::create(builder, loc, n, 32).getResult(); };
  // The last lane that may be asked; going up, the first.
  int64_t limit = kind == "up" ? 0 : kWarpThreads - 1;
  return callIntrinsic(("shfl.sync." + kind + ".i32").str(), builder.getI32Type(),
                       {number(-1), word, number(lane), number(limit)});
}

Value NestWriter::shuffle(StringRef kind, Value value, unsigned lane) {
  Type type = value.getType(), word = builder.getI32Type(), wide = builder.getI64Type();
  unsigned width = type.getIntOrFloatBitWidth();
  Type bits = builder.getIntegerType(width);
  if (isa<FloatType>(type))
    value = arith::BitcastOp::create(builder, loc, bits, value);
  if (width < 32)
    value = arith::ExtUIOp::create(builder, loc, word, value);
  if (width <= 32) {
    value = shuffleWord(kind, value, lane);
    if (width < 32)
      value = arith::TruncIOp::create(builder, loc, bits, value);
  } else {
    Value half = arith::ConstantIntOp::create(builder, loc, 32, 64);
    auto shuffled = [&](Value part) -> Value {
      Value narrow = arith::TruncIOp::create(builder, loc, word, part);
      return arith::ExtUIOp::create(builder, loc, wide, shuffleWord(kind, narrow, lane));
    };
    Value low = shuffled(value), high = shuffled(arith::ShRUIOp::create(builder, loc, value, half));
    value = arith::OrIOp::create(builder, loc, arith::ShLIOp::create(builder, loc, high, half), low);
  }
  return isa<FloatType>(type) ? Value(arith::BitcastOp::create(builder, loc, type, value)) : value;
}

void NestWriter::wait() {
  Value barrier = arith::ConstantIntOp::create(builder, loc, 0, 32);
  callIntrinsic("barrier.cta.sync.aligned.all", Type(), barrier);
}

Value NestWriter::declareShared(StringRef name, Type element, unsigned count) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(function);
  auto type = LLVM::LLVMArrayType::get(element, count);
  auto global =
      LLVM::GlobalOp::create(builder, loc, type, /*isConstant=*/false, LLVM::Linkage::Internal,
                             record.name + "_" + name.str(), Attribute(), /*alignment=*/16, kSharedSpace);
  // A block's memory starts with no value.
  builder.setInsertionPointToStart(builder.createBlock(&global.getInitializerRegion()));
  LLVM::ReturnOp::create(builder, loc, LLVM::UndefOp::create(builder, loc, type).getResult());
  builder.setInsertionPointToStart(&function.front());
  return LLVM::AddressOfOp::create(builder, loc, global);
}

Value NestWriter::declareDynamicShared(StringRef name, unsigned alignment) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(function);
  auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), 0);
  auto global = LLVM::GlobalOp::create(builder, loc, type, /*isConstant=*/false, LLVM::Linkage::External,
                                       record.name + "_" + name.str(), Attribute(), alignment, kSharedSpace);
  builder.setInsertionPointToStart(&function.front());
  return LLVM::AddressOfOp::create(builder, loc, global);
}

Value NestWriter::addMapArgument() {
  unsigned place = record.maps.size() - 1;
  if (failed(function.insertArgument(place, LLVM::LLVMPointerType::get(op.getContext()), {}, loc)))
    llvm_unreachable("a function takes one argument more");
  return function.getArgument(place);
}

Value NestWriter::elementOf(Value shared, Type type, Value number) {
  Value at = arith::IndexCastOp::create(builder, loc, builder.getI64Type(), number);
  return LLVM::GEPOp::create(builder, loc, shared.getType(), type, shared, at);
}

void NestWriter::mapCaptured(IRMapping &mapping) {
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(op.getRegion(), captured);
  for (Value value : captured) {
    if (isConstantNumber(value))
      mapping.map(value, cloneConstant(value));
    else if (!isa<MemRefType>(value.getType()))
      mapping.map(value, number({KernelNumber::Scalar, value}));
  }
}

SmallVector<Value> NestWriter::computeOf(ValueRange elements, ValueRange outputs) {
  IRMapping mapping;
  mapCaptured(mapping);
  mapping.map(op.getRegionInputArgs(), elements);
  mapping.map(op.getRegionOutputArgs(), outputs);
  for (Operation &inner : op.getBody()->without_terminator())
    builder.clone(inner, mapping);
  return mapped(mapping, op.getBody()->getTerminator()->getOperands());
}

SmallVector<Value> NestWriter::compute(ValueRange index, ValueRange outputs) {
  IRMapping mapping;
  mapCaptured(mapping);
  for (OpOperand *operand : op.getDpsInputOperands())
    if (BlockArgument element = op.getMatchingBlockArgument(operand); !element.use_empty())
      mapping.map(element, load(*operand, index));
  for (auto [argument, value] : llvm::zip(op.getRegionOutputArgs(), outputs))
    mapping.map(argument, value);
  for (Operation &inner : op.getBody()->without_terminator()) {
    if (auto position = dyn_cast<linalg::IndexOp>(inner)) {
      mapping.map(position.getResult(), index[position.getDim()]);
    } else if (auto element = dyn_cast<memref::LoadOp>(inner)) {
      Value address = addressOf(element.getMemRef(), mapped(mapping, element.getIndices()));
      mapping.map(element.getResult(), loadFrom(address, element.getType()));
    } else if (auto size = dyn_cast<memref::DimOp>(inner)) {
      mapping.map(size.getResult(), sizeOfMemory(size.getSource(), *size.getConstantIndex()));
    } else {
      builder.clone(inner, mapping);
    }
  }
  return mapped(mapping, op.getBody()->getTerminator()->getOperands());
}

} // namespace tgc
