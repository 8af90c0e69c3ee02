//===- PackWriter.cpp - Neighbours that a thread does at once -------------===//

#include "compiler/Codegen/GPU/PackWriter.h"
#include "compiler/Codegen/GPU/FunctionCalls.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tgc {

/// What one access reads or writes at most; and what a thread does of one operand.
static constexpr unsigned kAccessBytes = 16, kMostBytes = 32;
/// Instructions of the bodies of a pack, about. Larger ones are busy enough, and compile slowly.
static constexpr unsigned kMostWork = 256, kWorkOfFunction = 12;

static unsigned getBytes(Type type) { return std::max(type.getIntOrFloatBitWidth() / 8, 1u); }
static unsigned getBytes(OpOperand &operand) {
  return getBytes(getElementTypeOrSelf(operand.get().getType()));
}

/// Whether the body looks at an operand's element, or the nest writes it.
static bool isUsed(linalg::GenericOp nest, OpOperand &operand) {
  return isa<MemRefType>(operand.get().getType()) &&
         (nest.isDpsInit(&operand) || !nest.getMatchingBlockArgument(&operand).use_empty());
}

/// Whether some dimensions lie in memory as if they were one.
static bool isClosed(MemRefType type, ArrayRef<unsigned> dims) {
  if (type.getLayout().isIdentity())
    return true;
  SmallVector<int64_t> strides;
  int64_t offset, expected = 1;
  if (failed(type.getStridesAndOffset(strides, offset)))
    return false;
  for (unsigned dim : llvm::reverse(dims)) {
    if (strides[dim] != expected || ShapedType::isDynamic(expected))
      return false;
    int64_t size = type.getDimSize(dim);
    expected = ShapedType::isDynamic(size) ? size : expected * size;
  }
  return true;
}

PackWriter::Step PackWriter::findStep(linalg::GenericOp nest, OpOperand &operand, ArrayRef<unsigned> line) {
  auto type = cast<MemRefType>(operand.get().getType());
  AffineMap map = nest.getMatchingIndexingMap(&operand);
  SmallVector<unsigned> dims;
  for (unsigned dim = 0; dim < map.getNumResults(); ++dim)
    if (type.getDimSize(dim) != 1)
      dims.push_back(dim);
  auto follows = [&](unsigned dim, unsigned loop) { return map.getResult(dim).isFunctionOfDim(loop); };
  if (llvm::none_of(dims, [&](unsigned dim) {
        return llvm::any_of(line, [&](unsigned loop) { return follows(dim, loop); });
      }))
    return Step::Same;
  if (dims.size() < line.size())
    return Step::Apart;
  ArrayRef<unsigned> inner = ArrayRef(dims).take_back(line.size());
  for (unsigned dim : ArrayRef(dims).drop_back(line.size()))
    if (llvm::any_of(line, [&](unsigned loop) { return follows(dim, loop); }))
      return Step::Apart;
  for (auto [dim, loop] : llvm::zip(inner, line))
    if (map.getResult(dim) != getAffineDimExpr(loop, nest.getContext()))
      return Step::Apart;
  return isClosed(type, inner) ? Step::Next : Step::Apart;
}

/// About as many instructions as the body has.
static unsigned countWork(linalg::GenericOp nest) {
  unsigned work = 0;
  for (Operation &op : *nest.getBody())
    work += becomesCall(&op) ? kMostWork : isa<math::MathDialect>(op.getDialect()) ? kWorkOfFunction : 1;
  return work;
}

void PackWriter::choosePacks(ArrayRef<linalg::GenericOp> nests, bool mayBeApart) {
  if (llvm::any_of(nests, isComplex))
    return;
  linalg::GenericOp first = op;
  unsigned smallest = kAccessBytes, largest = 0, work = 0;
  auto look = [&](linalg::GenericOp nest) {
    enter(nest);
    for (OpOperand &operand : nest->getOpOperands()) {
      if (!isUsed(nest, operand))
        continue;
      Step step = findStep(nest, operand, getLine());
      if (step == Step::Apart && (lineLoops > 1 || !mayBeApart))
        return false;
      if (step != Step::Next)
        continue;
      smallest = std::min(smallest, getBytes(operand));
      largest = std::max(largest, getBytes(operand));
    }
    return true;
  };
  unsigned numLoops = getLoops().size();
  for (lineLoops = numLoops; lineLoops; --lineLoops)
    if (llvm::all_of(nests, look))
      break;
  for (linalg::GenericOp nest : nests) {
    work += countWork(nest);
    needsPlaces |= !nest.getOps<linalg::IndexOp>().empty();
  }
  enter(first);
  if (!lineLoops || !largest)
    return;
  mostPoints = std::min(kAccessBytes / smallest, kMostBytes / largest);
  while (mostPoints > 1 && mostPoints * work > kMostWork)
    mostPoints /= 2;
  std::optional<int64_t> length = getLineLength();
  while (length && lineLoops < numLoops && *length % mostPoints)
    mostPoints /= 2;
}

std::optional<int64_t> PackWriter::getLineLength() {
  int64_t length = 1;
  for (unsigned loop : getLine()) {
    int64_t size = op.getStaticLoopRanges()[loop];
    if (ShapedType::isDynamic(size))
      return std::nullopt;
    length *= size;
  }
  return length;
}

Value PackWriter::isWholePacks() {
  Value rest = arith::RemUIOp::create(builder, loc, countPoints(getLine()), constant(mostPoints));
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, rest, constant(0));
}

Value PackWriter::isAligned(ArrayRef<linalg::GenericOp> nests) {
  linalg::GenericOp first = op;
  Value bytes = constant(0);
  llvm::SmallPtrSet<Value, 4> seen;
  for (linalg::GenericOp nest : nests) {
    enter(nest);
    for (OpOperand &operand : nest->getOpOperands()) {
      Value memory = operand.get();
      if (!isUsed(nest, operand) || findStep(nest, operand, getLine()) != Step::Next ||
          chain.own.contains(chain.bases.lookup(memory)) || !seen.insert(memory).second)
        continue;
      auto type = cast<MemRefType>(memory.getType());
      Value address = LLVM::PtrToIntOp::create(builder, loc, builder.getI64Type(), argumentOf(memory));
      address = arith::IndexCastOp::create(builder, loc, builder.getIndexType(), address);
      bytes = arith::OrIOp::create(builder, loc, bytes, address);
      // Of memory without gaps whole packs of a line say enough.
      if (type.getLayout().isIdentity())
        continue;
      for (unsigned dim = 0; dim + lineLoops < type.getRank(); ++dim)
        bytes = arith::OrIOp::create(
            builder, loc, bytes, multiply(strideOfMemory(memory, dim), constant(kAccessBytes / mostPoints)));
    }
  }
  enter(first);
  Value rest = arith::RemUIOp::create(builder, loc, bytes, constant(kAccessBytes));
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, rest, constant(0));
}

SmallVector<SmallVector<Value>> PackWriter::placePoints(Value first) {
  SmallVector<unsigned> loops = getLoops();
  auto placeOf = [&](Value point) {
    SmallVector<Value> index(op.getNumLoops(), constant(0));
    splitPoint(point, loops, index);
    return llvm::map_to_vector(loops, [&](unsigned loop) { return index[loop]; });
  };
  SmallVector<SmallVector<Value>> places(width, placeOf(first));
  for (unsigned i = 1; i < width; ++i) {
    if (lineLoops == 1)
      places[i].back() = add(places[i].back(), constant(i));
    else if (needsPlaces)
      places[i] = placeOf(add(first, constant(i)));
  }
  return places;
}

void PackWriter::readElements(Points points) {
  elements.clear();
  for (OpOperand &operand : op->getOpOperands())
    if (isa<MemRefType>(operand.get().getType()) && !op.getMatchingBlockArgument(&operand).use_empty() &&
        (op.isDpsInput(&operand) || reductionLoops.empty())) {
      SmallVector<Value> loaded = loadPack(operand, points);
      elements[&operand] = std::move(loaded);
    }
}

Value PackWriter::load(OpOperand &operand, ValueRange index) {
  auto known = elements.find(&operand);
  return known == elements.end() ? NestWriter::load(operand, index) : known->second[point];
}

SmallVector<Value> PackWriter::loadPack(OpOperand &operand, Points points) {
  Step step = width == 1 ? Step::Same : findStep(op, operand, getLine());
  if (step == Step::Same)
    return SmallVector<Value>(width, NestWriter::load(operand, points[0]));
  auto loadEach = [&] {
    return llvm::map_to_vector(points, [&](ValueRange index) { return NestWriter::load(operand, index); });
  };
  if (step == Step::Apart)
    return loadEach();
  Type type = getElementTypeOrSelf(operand.get().getType());
  Value address = addressOf(operand, points[0]);
  if (!canBeWide)
    return loadNext(address, type);
  auto choice = scf::IfOp::create(builder, loc, SmallVector<Type>(width, type), canBeWide,
                                  /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(choice.thenBlock());
  scf::YieldOp::create(builder, loc, loadNext(address, type));
  builder.setInsertionPointToStart(choice.elseBlock());
  SmallVector<Value> loaded;
  for (unsigned i = 0; i < width; ++i)
    loaded.push_back(LLVM::LoadOp::create(builder, loc, type, elementOf(address, type, constant(i))));
  scf::YieldOp::create(builder, loc, loaded);
  return choice.getResults();
}

void PackWriter::storePack(ArrayRef<Value> values, OpOperand &operand, Points points) {
  if (width == 1)
    return store(values[0], operand, points[0]);
  if (findStep(op, operand, getLine()) != Step::Next) {
    for (auto [value, index] : llvm::zip_equal(values, points))
      store(value, operand, index);
    return;
  }
  Value address = addressOf(operand, points[0]);
  if (!canBeWide)
    return storeNext(values, address);
  auto choice = scf::IfOp::create(builder, loc, canBeWide, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(choice.thenBlock());
  storeNext(values, address);
  builder.setInsertionPointToStart(choice.elseBlock());
  for (auto [i, value] : llvm::enumerate(values))
    LLVM::StoreOp::create(builder, loc, value, elementOf(address, value.getType(), constant(i)));
}

/// Logical values are bytes in memory.
static Type getStored(Type type) { return type.isInteger(1) ? IntegerType::get(type.getContext(), 8) : type; }

SmallVector<Value> PackWriter::loadNext(Value address, Type type) {
  if (width == 1)
    return {LLVM::LoadOp::create(builder, loc, type, address)};
  Type stored = getStored(type);
  unsigned count = std::min(width, kAccessBytes / getBytes(type)), bytes = count * getBytes(type);
  SmallVector<Value> loaded;
  for (unsigned first = 0; first < width; first += count) {
    Value place = elementOf(address, stored, constant(first));
    Value all = LLVM::LoadOp::create(builder, loc, VectorType::get({count}, stored), place, bytes);
    for (unsigned i = 0; i < count; ++i) {
      Value at = arith::ConstantIntOp::create(builder, loc, i, 32);
      Value element = LLVM::ExtractElementOp::create(builder, loc, all, at);
      loaded.push_back(stored == type ? element
                                      : Value(arith::TruncIOp::create(builder, loc, type, element)));
    }
  }
  return loaded;
}

void PackWriter::storeNext(ArrayRef<Value> values, Value address) {
  if (width == 1) {
    LLVM::StoreOp::create(builder, loc, values[0], address);
    return;
  }
  Type type = values[0].getType(), stored = getStored(type);
  unsigned count = std::min(width, kAccessBytes / getBytes(type)), bytes = count * getBytes(type);
  for (unsigned first = 0; first < width; first += count) {
    Value all = LLVM::PoisonOp::create(builder, loc, VectorType::get({count}, stored));
    for (unsigned i = 0; i < count; ++i) {
      Value at = arith::ConstantIntOp::create(builder, loc, i, 32), element = values[first + i];
      if (stored != type)
        element = arith::ExtUIOp::create(builder, loc, stored, element);
      all = LLVM::InsertElementOp::create(builder, loc, all, element, at);
    }
    LLVM::StoreOp::create(builder, loc, all, elementOf(address, stored, constant(first)), bytes);
  }
}

} // namespace tgc
