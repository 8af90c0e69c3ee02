//===- Bitcast.cpp - Lowering of tg.bitcast -------------------------------===//
//
// Elements are taken apart into integers and put together again, in the byte order of little-endian machines.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/TgToLinalg/Patterns.h"
#include "mlir/Dialect/Complex/IR/Complex.h"

using namespace mlir;

namespace tgc::detail {
namespace {

/// Bits of an element in memory; a boolean is a byte.
unsigned getBits(Type element) {
  if (auto complex = dyn_cast<ComplexType>(element))
    return 2 * getBits(complex.getElementType());
  return element.isInteger(1) ? 8 : element.getIntOrFloatBitWidth();
}

Value shift(OpBuilder &b, Location loc, Value bits, unsigned distance, bool toLeft) {
  if (distance == 0)
    return bits;
  Value amount = arith::ConstantOp::create(b, loc, b.getIntegerAttr(bits.getType(), distance));
  return toLeft ? Value(arith::ShLIOp::create(b, loc, bits, amount))
                : Value(arith::ShRUIOp::create(b, loc, bits, amount));
}

/// The bits of `value` as an integer.
Value toBits(OpBuilder &b, Location loc, Value value) {
  Type type = value.getType(), integer = b.getIntegerType(getBits(type));
  if (auto complex = dyn_cast<ComplexType>(type)) {
    Value re = arith::ExtUIOp::create(b, loc, integer, toBits(b, loc, complex::ReOp::create(b, loc, value)));
    Value im = arith::ExtUIOp::create(b, loc, integer, toBits(b, loc, complex::ImOp::create(b, loc, value)));
    return arith::OrIOp::create(b, loc, re, shift(b, loc, im, getBits(type) / 2, /*toLeft=*/true));
  }
  if (type.isInteger(1))
    return arith::ExtUIOp::create(b, loc, integer, value);
  return type == integer ? value : Value(arith::BitcastOp::create(b, loc, integer, value));
}

/// The element of type `type` with these bits.
Value fromBits(OpBuilder &b, Location loc, Value bits, Type type) {
  if (auto complex = dyn_cast<ComplexType>(type)) {
    unsigned half = getBits(type) / 2;
    Value re = arith::TruncIOp::create(b, loc, b.getIntegerType(half), bits);
    Value im =
        arith::TruncIOp::create(b, loc, b.getIntegerType(half), shift(b, loc, bits, half, /*toLeft=*/false));
    return complex::CreateOp::create(b, loc, complex, fromBits(b, loc, re, complex.getElementType()),
                                     fromBits(b, loc, im, complex.getElementType()));
  }
  if (type.isInteger(1)) {
    Value zero = arith::ConstantOp::create(b, loc, b.getIntegerAttr(bits.getType(), 0));
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, bits, zero);
  }
  return bits.getType() == type ? bits : Value(arith::BitcastOp::create(b, loc, type, bits));
}

struct LowerBitcast : OpConversionPattern<tg::BitcastOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tg::BitcastOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Value x = adaptor.getX(), init = createEmptyResult(rewriter, op);
    auto from = cast<RankedTensorType>(x.getType()), to = cast<RankedTensorType>(init.getType());
    unsigned fromBitCount = getBits(from.getElementType()), toBitCount = getBits(to.getElementType());
    int64_t rank = to.getRank();
    // One operand per piece of a wider result; one operand, repeated along the new last dimension, of a
    // narrower one.
    SmallVector<Value> inputs;
    SmallVector<AffineMap> maps;
    AffineMap identity = rewriter.getMultiDimIdentityMap(rank);
    unsigned pieces = std::max(1u, toBitCount / fromBitCount);
    for (unsigned piece = 0; piece < pieces; ++piece) {
      inputs.push_back(x);
      if (from.getRank() > rank)
        maps.push_back(identity.insertResult(rewriter.getAffineConstantExpr(piece), rank));
      else
        maps.push_back(from.getRank() < rank ? identity.dropResult(rank - 1) : identity);
    }
    rewriter.replaceOp(
        op, createParallelGeneric(
                rewriter, op.getLoc(), init, inputs, maps, [&](OpBuilder &b, Location l, ValueRange args) {
                  Type integer = b.getIntegerType(toBitCount);
                  Value bits = toBits(b, l, args[0]);
                  if (fromBitCount > toBitCount) {
                    Value piece = arith::IndexCastOp::create(b, l, b.getI64Type(),
                                                             linalg::IndexOp::create(b, l, rank - 1));
                    Value width = arith::ConstantOp::create(b, l, b.getI64IntegerAttr(toBitCount));
                    Value distance = arith::MulIOp::create(b, l, piece, width);
                    if (fromBitCount > 64)
                      distance = arith::ExtUIOp::create(b, l, bits.getType(), distance);
                    else if (fromBitCount < 64)
                      distance = arith::TruncIOp::create(b, l, bits.getType(), distance);
                    bits =
                        arith::TruncIOp::create(b, l, integer, arith::ShRUIOp::create(b, l, bits, distance));
                  } else if (fromBitCount < toBitCount) {
                    bits = arith::ExtUIOp::create(b, l, integer, bits);
                    for (unsigned piece = 1; piece < pieces; ++piece) {
                      Value high = arith::ExtUIOp::create(b, l, integer, toBits(b, l, args[piece]));
                      bits = arith::OrIOp::create(b, l, bits,
                                                  shift(b, l, high, piece * fromBitCount, /*toLeft=*/true));
                    }
                  }
                  return fromBits(b, l, bits, to.getElementType());
                }));
    return success();
  }
};

} // namespace

void populateBitcastPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerBitcast>(converter, patterns.getContext());
}

} // namespace tgc::detail
