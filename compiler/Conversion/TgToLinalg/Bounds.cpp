//===- Bounds.cpp - Checks of indices -------------------------------------===//

#include "compiler/Conversion/TgToLinalg/Bounds.h"
#include "compiler/Conversion/TgToLinalg/Patterns.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tgc::detail {

Value createZero(OpBuilder &builder, Location loc, Type element) {
  auto complex = dyn_cast<ComplexType>(element);
  if (!complex)
    return arith::ConstantOp::create(builder, loc, builder.getZeroAttr(element));
  Attribute zero = builder.getZeroAttr(complex.getElementType());
  return complex::ConstantOp::create(builder, loc, complex, builder.getArrayAttr({zero, zero}));
}

Value isInBounds(OpBuilder &builder, Location loc, ValueRange coordinates, ValueRange limits) {
  Value all;
  for (auto [coordinate, limit] : llvm::zip_equal(coordinates, limits)) {
    // Negative ones are larger than any limit in the unsigned order.
    Value isIn = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, coordinate, limit);
    all = all ? Value(arith::AndIOp::create(builder, loc, all, isIn)) : isIn;
  }
  return all ? all : Value(arith::ConstantOp::create(builder, loc, builder.getBoolAttr(true)));
}

/// The number of the first row with a coordinate out of bounds, INT64_MAX if there is none.
static Value findFirstOffender(OpBuilder &builder, Location loc, Value rows, ValueRange limits) {
  Type i64 = builder.getI64Type();
  Value none = arith::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(INT64_MAX));
  Value empty = tensor::EmptyOp::create(builder, loc, ArrayRef<int64_t>{}, i64);
  Value init = linalg::FillOp::create(builder, loc, none, empty).getResult(0);
  AffineMap maps[] = {builder.getMultiDimIdentityMap(2), AffineMap::get(2, 0, builder.getContext())};
  SmallVector<utils::IteratorType> iterators(2, utils::IteratorType::reduction);
  auto reduction = linalg::GenericOp::create(
      builder, loc, init.getType(), rows, init, maps, iterators,
      [&](OpBuilder &b, Location l, ValueRange args) {
        Value index = arith::IndexCastOp::create(b, l, b.getIndexType(), args[0]), limit = limits[0];
        for (auto [depth, other] : llvm::enumerate(limits.drop_front())) {
          Value wanted = arith::ConstantIndexOp::create(b, l, depth + 1);
          Value isOther =
              arith::CmpIOp::create(b, l, arith::CmpIPredicate::eq, linalg::IndexOp::create(b, l, 1), wanted);
          limit = arith::SelectOp::create(b, l, isOther, other, limit);
        }
        Value row = arith::IndexCastOp::create(b, l, i64, linalg::IndexOp::create(b, l, 0));
        Value candidate = arith::SelectOp::create(b, l, isInBounds(b, l, index, limit), none, row);
        linalg::YieldOp::create(b, l, Value(arith::MinSIOp::create(b, l, args[1], candidate)));
      });
  return tensor::ExtractOp::create(builder, loc, reduction.getResult(0), ValueRange{});
}

/// `%d` for each of `count` numbers.
static std::string getPlaceholders(size_t count, StringRef separator) {
  SmallVector<StringRef> parts(count, "%d");
  return llvm::join(parts, separator);
}

/// "indices[%d,%d] = %d is not in [0, %d)", or "indices[%d] = [%d, %d] does not index into param shape
/// [%d,%d,%d]".
static std::string getMessage(size_t rank, const IndexedTensor &target) {
  std::string where = rank ? "indices[" + getPlaceholders(rank, ",") + "]" : "indices";
  if (target.name.empty())
    return where + " = %d is not in [0, %d)";
  return where + " = [" + getPlaceholders(target.dimensions.size(), ", ") + "] does not index into " +
         target.name.str() + " [" + getPlaceholders(target.sizes.size(), ",") + "]";
}

void createBoundsCheck(OpBuilder &builder, Location loc, Value rows, ArrayRef<OpFoldResult> sizes,
                       const IndexedTensor &target) {
  if (target.dimensions.empty())
    return;
  SmallVector<Value> limits, values;
  for (int64_t dim : target.dimensions)
    limits.push_back(target.sizes[dim]);
  Value first = findFirstOffender(builder, loc, rows, limits);
  Value none = arith::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(INT64_MAX));
  Value isGood = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, first, none);
  // Where the offender stands and what it is; worked out only if there is one.
  size_t count = sizes.size() + limits.size();
  auto good = [&](OpBuilder &b, Location l) {
    Value zero = arith::ConstantIndexOp::create(b, l, 0);
    scf::YieldOp::create(b, l, SmallVector<Value>(count, zero));
  };
  auto bad = [&](OpBuilder &b, Location l) {
    Value row = arith::IndexCastOp::create(b, l, b.getIndexType(), first), rest = row;
    SmallVector<Value> found(sizes.size());
    for (size_t dim = sizes.size(); dim-- > 0;) {
      Value size = getValueOrCreateConstantIndexOp(b, l, sizes[dim]);
      found[dim] = arith::RemUIOp::create(b, l, rest, size);
      rest = arith::DivUIOp::create(b, l, rest, size);
    }
    for (size_t depth = 0; depth < limits.size(); ++depth) {
      Value column = arith::ConstantIndexOp::create(b, l, depth);
      Value number = tensor::ExtractOp::create(b, l, rows, ValueRange{row, column});
      found.push_back(arith::IndexCastOp::create(b, l, b.getIndexType(), number));
    }
    scf::YieldOp::create(b, l, found);
  };
  auto offender = scf::IfOp::create(builder, loc, isGood, good, bad);
  values.append(offender.result_begin(), offender.result_end());
  if (target.name.empty())
    values.append(limits);
  else
    values.append(target.sizes);
  tg::CheckOp::create(builder, loc, isGood, tg::StatusCode::InvalidArgument, getMessage(sizes.size(), target),
                      values);
}

} // namespace tgc::detail
