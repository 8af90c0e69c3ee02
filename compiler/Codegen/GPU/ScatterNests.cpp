//===- ScatterNests.cpp - Loops that scatter rows, as nests ---------------===//

#include "compiler/Codegen/GPU/ScatterNests.h"
#include "compiler/Codegen/GPU/DeviceMemory.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace tgc {
namespace {

bool isArithmetic(Operation &op) {
  return isa<arith::ArithDialect, math::MathDialect>(op.getDialect()) && !op.getNumRegions();
}

/// What a loop does, as far as it is known.
class ScatterLoop {
public:
  explicit ScatterLoop(scf::ForOp loop) : loop(loop), row(loop.getInductionVar()) {}

  linalg::GenericOp turnIntoNest() {
    if (!findParts() || !(slice ? matchSlice() : matchElement()) || !matchLimits() || !isApart())
      return {};
    return build();
  }

private:
  /// A loop of nothing but a condition, with nothing but one store or one nest.
  bool findParts() {
    if (!loop.getInitArgs().empty() || !isConstantIntValue(loop.getLowerBound(), 0) ||
        !isConstantIntValue(loop.getStep(), 1))
      return false;
    for (Operation &op : loop.getBody()->without_terminator())
      if (auto inner = dyn_cast<scf::IfOp>(op); inner && !choice)
        choice = inner;
      else if (choice || !(isArithmetic(op) || isa<memref::LoadOp>(op)))
        return false;
    if (!choice || choice.getNumResults() || choice.elseBlock())
      return false;
    for (Operation &op : choice.thenBlock()->without_terminator()) {
      auto nest = dyn_cast<linalg::GenericOp>(op);
      if (nest && isNothing(nest))
        continue;
      bool isMain = isa<memref::StoreOp>(op) || nest;
      if (isMain ? bool(store || slice) : !(isArithmetic(op) || isa<memref::LoadOp, memref::SubViewOp>(op)))
        return false;
      if (isMain) {
        store = dyn_cast<memref::StoreOp>(op);
        slice = nest;
      }
    }
    return store || slice;
  }

  /// Whether a nest copies memory to itself.
  static bool isNothing(linalg::GenericOp nest) {
    if (nest.getNumDpsInputs() != 1 || nest.getNumDpsInits() != 1 ||
        nest.getDpsInputs()[0] != nest.getDpsInits()[0])
      return false;
    SmallVector<AffineMap> maps = nest.getIndexingMapsArray();
    Value yielded = nest.getBody()->getTerminator()->getOperand(0);
    return maps[0] == maps[1] && yielded == nest.getBody()->getArgument(0);
  }

  bool isOutside(Value value) { return loop.isDefinedOutsideOfLoop(value); }

  /// The coordinates at the front of a place in the result, and the rank of what is behind.
  bool takeCoordinates(ArrayRef<OpFoldResult> place) {
    for (OpFoldResult at : place) {
      auto coordinate = dyn_cast<Value>(at);
      if (!coordinate)
        break;
      auto cast = coordinate.getDefiningOp<arith::IndexCastOp>();
      auto load = cast ? cast.getIn().getDefiningOp<memref::LoadOp>() : memref::LoadOp();
      if (!load || !isOutside(load.getMemRef()) || (indices && load.getMemRef() != indices))
        return false;
      indices = load.getMemRef();
      OperandRange where = load.getIndices();
      if (where.empty() || where.size() > 2 || where[0] != row)
        return false;
      if (where.size() == 2 ? !isConstantIntValue(where[1], coordinates.size()) : !coordinates.empty())
        return false;
      coordinates.push_back(coordinate);
      loads.insert(load);
    }
    return !coordinates.empty() && llvm::all_of(place.drop_front(coordinates.size()), isZeroInteger);
  }

  /// Of one element: what is stored is made of elements of that row, and of what was there.
  bool matchElement() {
    result = store.getMemRef();
    if (!isOutside(result) || !takeCoordinates(getAsOpFoldResult(store.getIndices())) ||
        size_t(coordinates.size()) != store.getIndices().size())
      return false;
    for (Block *block : {loop.getBody(), choice.thenBlock()})
      for (Operation &op : *block) {
        auto load = dyn_cast<memref::LoadOp>(op);
        if (!load || loads.contains(load))
          continue;
        bool isOld = load.getMemRef() == result && llvm::equal(load.getIndices(), store.getIndices());
        if (isOld) {
          old.push_back(load);
          continue;
        }
        if (!isOutside(load.getMemRef()) || load.getIndices().size() != 1 || load.getIndices()[0] != row)
          return false;
        updates.push_back({load.getMemRef(), AffineMap(), load});
      }
    return isKnown(store.getValue());
  }

  /// Whether a value is made of nothing but the old one, updates and what comes from outside.
  bool isKnown(Value value) {
    if (isOutside(value) || llvm::is_contained(old, value) ||
        llvm::any_of(updates, [&](const Update &update) { return update.element == value; }))
      return true;
    Operation *made = value.getDefiningOp();
    return made && isArithmetic(*made) &&
           llvm::all_of(made->getOperands(), [&](Value operand) { return isKnown(operand); });
  }

  /// Of several elements: a nest over rows of memory.
  bool matchSlice() {
    if (slice.getNumDpsInits() != 1 || slice.getNumParallelLoops() != slice.getNumLoops() ||
        !slice.getIndexingMapsArray().back().isIdentity() ||
        !llvm::all_of(slice.getBody()->without_terminator(), isArithmetic))
      return false;
    llvm::SetVector<Value> captured;
    getUsedValuesDefinedAbove(slice.getRegion(), captured);
    if (!llvm::all_of(captured, [&](Value value) { return isOutside(value); }))
      return false;
    auto target = slice.getDpsInits()[0].getDefiningOp<memref::SubViewOp>();
    if (!target || !isOutside(target.getSource()) || !takeCoordinates(target.getMixedOffsets()))
      return false;
    result = target.getSource();
    if (!isRowOf(target, coordinates.size()))
      return false;
    for (OpOperand *input : slice.getDpsInputOperands()) {
      AffineMap map = slice.getMatchingIndexingMap(input);
      auto view = input->get().getDefiningOp<memref::SubViewOp>();
      if (input->get() == slice.getDpsInits()[0]) {
        if (!map.isIdentity())
          return false;
        old.push_back(slice.getMatchingBlockArgument(input));
      } else if (isOutside(input->get())) {
        updates.push_back({input->get(), map, slice.getMatchingBlockArgument(input), /*isSame=*/true});
      } else if (view && isOutside(view.getSource()) && isOfThisRow(view)) {
        updates.push_back({view.getSource(), map, slice.getMatchingBlockArgument(input)});
      } else {
        return false;
      }
    }
    return true;
  }

  bool isOfThisRow(memref::SubViewOp view) {
    SmallVector<OpFoldResult> offsets = view.getMixedOffsets();
    return dyn_cast<Value>(offsets.front()) == row &&
           llvm::all_of(ArrayRef(offsets).drop_front(), isZeroInteger) && isRowOf(view, 1);
  }

  /// Whether a view has one element of the leading dimensions, which it drops, and all of the others.
  static bool isRowOf(memref::SubViewOp view, unsigned numLeading) {
    int64_t rank = view.getSourceType().getRank();
    if (view.getType().getRank() != rank - int64_t(numLeading) ||
        !llvm::all_of(view.getMixedStrides(), isOneInteger))
      return false;
    llvm::SmallBitVector dropped = view.getDroppedDims();
    for (auto [dim, size] : llvm::enumerate(view.getMixedSizes()))
      if (dim < numLeading ? !isOneInteger(size) || !dropped.test(dim) : !isWhole(view, dim, size))
        return false;
    return true;
  }
  static bool isWhole(memref::SubViewOp view, unsigned dim, OpFoldResult size) {
    int64_t known = view.getSourceType().getDimSize(dim);
    if (!ShapedType::isDynamic(known))
      return isConstantIntValue(size, known);
    auto value = dyn_cast<Value>(size);
    auto asked = value ? value.getDefiningOp<memref::DimOp>() : memref::DimOp();
    if (asked && asked.getSource() == view.getSource() && asked.getConstantIndex() == int64_t(dim))
      return true;
    // Or what its memory was made for.
    auto made = findRoot(view.getSource()) == view.getSource()
                    ? view.getSource().getDefiningOp<memref::AllocOp>()
                    : memref::AllocOp();
    return made && made.getDynamicSizes()[view.getSourceType().getDynamicDimIndex(dim)] == value;
  }

  /// The condition must be that all coordinates are below numbers from outside.
  bool matchLimits() {
    limits.resize(coordinates.size());
    SmallVector<Value> all = {choice.getCondition()};
    while (!all.empty()) {
      Value one = all.pop_back_val();
      if (auto both = one.getDefiningOp<arith::AndIOp>()) {
        all.append({both.getLhs(), both.getRhs()});
        continue;
      }
      auto test = one.getDefiningOp<arith::CmpIOp>();
      if (!test || test.getPredicate() != arith::CmpIPredicate::ult || !isOutside(test.getRhs()))
        return false;
      auto found = llvm::find(coordinates, test.getLhs());
      if (found == coordinates.end() || limits[found - coordinates.begin()])
        return false;
      limits[found - coordinates.begin()] = test.getRhs();
    }
    return llvm::all_of(limits, [](Value limit) { return bool(limit); });
  }

  /// Whether nothing that is read changes in the loop but what a row's coordinates name.
  bool isApart() {
    auto isWritten = [&](Value memory) {
      Value root = findRoot(memory), written = findRoot(result);
      auto one = root.getDefiningOp<rt::VariableOp>(), other = written.getDefiningOp<rt::VariableOp>();
      return root == written || (one && other && one.getIndex() == other.getIndex());
    };
    return !isWritten(indices) &&
           llvm::none_of(updates, [&](const Update &update) { return isWritten(update.memory); });
  }

  linalg::GenericOp build() {
    OpBuilder builder(loop);
    Location loc = slice ? slice.getLoc() : store.getLoc();
    MLIRContext *context = builder.getContext();
    unsigned depth = coordinates.size(), rank = cast<MemRefType>(result.getType()).getRank() - depth;
    AffineExpr first = builder.getAffineDimExpr(0), zero = builder.getAffineConstantExpr(0);
    SmallVector<Value> inputs = {firstRows(builder, indices)};
    SmallVector<AffineExpr> place = {first};
    if (cast<MemRefType>(indices.getType()).getRank() == 2)
      place.push_back(zero);
    SmallVector<AffineMap> maps = {AffineMap::get(rank + 1, 0, place, context)};
    for (const Update &update : updates) {
      inputs.push_back(update.memory);
      place.assign(update.isSame ? 0 : 1, first);
      if (update.map)
        for (AffineExpr expr : update.map.getResults())
          place.push_back(expr.shiftDims(rank, 1));
      maps.push_back(AffineMap::get(rank + 1, 0, place, context));
    }
    for (Value limit : limits) {
      inputs.push_back(limit);
      maps.push_back(AffineMap::get(rank + 1, 0, context));
    }
    place.assign(depth, zero);
    for (unsigned dim = 0; dim < rank; ++dim)
      place.push_back(builder.getAffineDimExpr(1 + dim));
    maps.push_back(AffineMap::get(rank + 1, 0, place, context));
    SmallVector<utils::IteratorType> loops(rank + 1, utils::IteratorType::parallel);
    loops[0] = utils::IteratorType::reduction;
    auto nest = linalg::GenericOp::create(builder, loc, inputs, result, maps, loops,
                                          [&](OpBuilder &inner, Location at, ValueRange elements) {
                                            linalg::YieldOp::create(inner, at, combine(inner, elements));
                                          });
    loop.erase();
    return nest;
  }

  /// As many rows of memory as the loop has.
  Value firstRows(OpBuilder &builder, Value memory) {
    auto type = cast<MemRefType>(memory.getType());
    OpFoldResult count = getAsOpFoldResult(loop.getUpperBound());
    if (!type.isDynamicDim(0) && isConstantIntValue(count, type.getDimSize(0)))
      return memory;
    SmallVector<OpFoldResult> offsets(type.getRank(), builder.getIndexAttr(0)),
        strides(type.getRank(), builder.getIndexAttr(1)),
        sizes = memref::getMixedSizes(builder, loop.getLoc(), memory);
    sizes.front() = count;
    return memref::SubViewOp::create(builder, loop.getLoc(), memory, offsets, sizes, strides);
  }

  /// What is stored, of a nest's elements.
  Value combine(OpBuilder &builder, ValueRange elements) {
    IRMapping mapping;
    for (auto [update, element] : llvm::zip(updates, elements.drop_front()))
      mapping.map(update.element, element);
    for (Value before : old)
      mapping.map(before, elements.back());
    if (slice) {
      mapping.map(slice.getBody()->getArguments().back(), elements.back());
      for (Operation &op : slice.getBody()->without_terminator())
        builder.clone(op, mapping);
      return mapping.lookupOrDefault(slice.getBody()->getTerminator()->getOperand(0));
    }
    for (Block *block : {loop.getBody(), choice.thenBlock()})
      for (Operation &op : block->without_terminator())
        if (isArithmetic(op) && llvm::all_of(op.getOperands(), [&](Value operand) {
              return mapping.contains(operand) || isOutside(operand);
            }))
          builder.clone(op, mapping);
    return mapping.lookupOrDefault(store.getValue());
  }

  struct Update {
    Value memory;
    /// Of an element in a row; none: the row is one element.
    AffineMap map;
    /// The element where it is used.
    Value element;
    /// All rows read the same.
    bool isSame = false;
  };

  scf::ForOp loop;
  Value row;
  scf::IfOp choice;
  memref::StoreOp store;
  linalg::GenericOp slice;
  Value indices, result;
  SmallVector<Value> coordinates, limits, old;
  SmallVector<Update> updates;
  llvm::SmallPtrSet<Operation *, 4> loads;
};

} // namespace

linalg::GenericOp turnScatterIntoNest(scf::ForOp loop) { return ScatterLoop(loop).turnIntoNest(); }

unsigned countCoordinates(linalg::GenericOp nest) {
  unsigned depth = 0;
  for (AffineExpr expr : nest.getIndexingMapsArray().back().getResults())
    depth += isa<AffineConstantExpr>(expr);
  return depth;
}

/// The part of memory that a place begins, with `numLeading` elements of its leading dimensions dropped.
static Value rowOf(OpBuilder &builder, Location loc, Value memory, ValueRange leading) {
  auto type = cast<MemRefType>(memory.getType());
  SmallVector<OpFoldResult> offsets = getAsOpFoldResult(leading),
                            sizes = memref::getMixedSizes(builder, loc, memory),
                            strides(type.getRank(), builder.getIndexAttr(1));
  offsets.resize(type.getRank(), builder.getIndexAttr(0));
  std::fill_n(sizes.begin(), leading.size(), builder.getIndexAttr(1));
  MemRefType row = memref::SubViewOp::inferRankReducedResultType(type.getShape().drop_front(leading.size()),
                                                                 type, offsets, sizes, strides);
  return memref::SubViewOp::create(builder, loc, row, memory, offsets, sizes, strides);
}

scf::ForOp turnIntoScatter(linalg::GenericOp nest) {
  OpBuilder builder(nest);
  Location loc = nest.getLoc();
  unsigned depth = countCoordinates(nest), rank = nest.getNumLoops() - 1;
  SmallVector<Value> inputs = nest.getDpsInputs();
  Value indices = inputs.front(), result = nest.getDpsInits()[0];
  ArrayRef<Value> updates = ArrayRef(inputs).drop_front().drop_back(depth),
                  limits = ArrayRef(inputs).take_back(depth);
  SmallVector<AffineMap> maps = nest.getIndexingMapsArray();
  Block &body = *nest.getBody();
  auto clone = [&](OpBuilder &inner, ValueRange elements, Value old) {
    IRMapping mapping;
    mapping.map(body.getArguments().drop_front().take_front(updates.size()), elements);
    mapping.map(body.getArguments().back(), old);
    for (Operation &op : body.without_terminator())
      inner.clone(op, mapping);
    return mapping.lookupOrDefault(body.getTerminator()->getOperand(0));
  };
  auto index = [&](int64_t number) { return arith::ConstantIndexOp::create(builder, loc, number); };
  Value zero = index(0), one = index(1), count = memref::DimOp::create(builder, loc, indices, 0);
  auto loop = scf::ForOp::create(builder, loc, zero, count, one);
  builder.setInsertionPointToStart(loop.getBody());
  Value row = loop.getInductionVar(), isInside;
  SmallVector<Value> coordinates;
  for (unsigned dim = 0; dim < depth; ++dim) {
    SmallVector<Value> place = {row};
    if (cast<MemRefType>(indices.getType()).getRank() == 2)
      place.push_back(index(dim));
    Value number = memref::LoadOp::create(builder, loc, indices, place);
    coordinates.push_back(arith::IndexCastOp::create(builder, loc, builder.getIndexType(), number));
    Value isBelow =
        arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, coordinates.back(), limits[dim]);
    isInside = isInside ? Value(arith::AndIOp::create(builder, loc, isInside, isBelow)) : isBelow;
  }
  auto choice = scf::IfOp::create(builder, loc, isInside, /*withElseRegion=*/false);
  builder.setInsertionPointToStart(choice.thenBlock());
  SmallVector<Value> rows;
  SmallVector<AffineMap> rowMaps;
  SmallVector<AffineExpr> ofRow = {builder.getAffineConstantExpr(0)};
  for (unsigned dim = 0; dim < rank; ++dim)
    ofRow.push_back(builder.getAffineDimExpr(dim));
  for (unsigned i = 0; i < updates.size(); ++i) {
    ArrayRef<AffineExpr> place = maps[1 + i].getResults();
    bool hasRow = !place.empty() && place.front() == builder.getAffineDimExpr(0);
    bool isElement = !rank && hasRow;
    rows.push_back(isElement ? memref::LoadOp::create(builder, loc, updates[i], row).getResult()
                   : hasRow  ? rowOf(builder, loc, updates[i], row)
                             : updates[i]);
    SmallVector<AffineExpr> inRow;
    for (AffineExpr expr : place.drop_front(hasRow))
      inRow.push_back(expr.replaceDims(ofRow));
    rowMaps.push_back(AffineMap::get(rank, 0, inRow, builder.getContext()));
  }
  if (!rank) {
    Value old = memref::LoadOp::create(builder, loc, result, coordinates);
    memref::StoreOp::create(builder, loc, clone(builder, rows, old), result, coordinates);
  } else {
    rowMaps.push_back(builder.getMultiDimIdentityMap(rank));
    SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
    linalg::GenericOp::create(builder, loc, rows, rowOf(builder, loc, result, coordinates), rowMaps, loops,
                              [&](OpBuilder &inner, Location at, ValueRange elements) {
                                linalg::YieldOp::create(inner, at,
                                                        clone(inner, elements.drop_back(), elements.back()));
                              });
  }
  return loop;
}

} // namespace tgc
