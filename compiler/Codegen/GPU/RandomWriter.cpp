//===- RandomWriter.cpp - Random numbers, as the host makes them ----------===//

#include "compiler/Codegen/GPU/RandomWriter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace tgc {

Value RandomWriter::word(uint32_t value) {
  return arith::ConstantOp::create(builder, loc, builder.getI32IntegerAttr(int32_t(value)));
}
Value RandomWriter::wide(uint64_t value) {
  return arith::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(int64_t(value)));
}
Value RandomWriter::number(Type type, double value) {
  return arith::ConstantOp::create(builder, loc, builder.getFloatAttr(type, value));
}
Value RandomWriter::lowOf(Value value) {
  return arith::TruncIOp::create(builder, loc, builder.getI32Type(), value);
}
Value RandomWriter::highOf(Value value) {
  return lowOf(arith::ShRUIOp::create(builder, loc, value, wide(32)));
}
Value RandomWriter::widen(Value value) {
  return arith::ExtUIOp::create(builder, loc, builder.getI64Type(), value);
}
Value RandomWriter::widenFloat(Value value) {
  return arith::ExtFOp::create(builder, loc, builder.getF64Type(), value);
}
Value RandomWriter::toSingle(Value value) {
  return arith::TruncFOp::create(builder, loc, builder.getF32Type(), value);
}
Value RandomWriter::hasBit(Value bits, uint32_t bit) {
  Value kept = arith::AndIOp::create(builder, loc, bits, word(bit));
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, kept, word(0));
}
Value RandomWriter::multiply(Value a, Value b) {
  if (isa<FloatType>(a.getType()))
    return arith::MulFOp::create(builder, loc, a, b);
  return arith::MulIOp::create(builder, loc, a, b);
}
Value RandomWriter::add(Value a, Value b) {
  if (isa<FloatType>(a.getType()))
    return arith::AddFOp::create(builder, loc, a, b);
  return arith::AddIOp::create(builder, loc, a, b);
}

Value RandomWriter::join(Value low, Value high) {
  Value upper = arith::ShLIOp::create(builder, loc, widen(high), wide(32));
  return arith::OrIOp::create(builder, loc, upper, widen(low));
}

std::pair<Value, Value> RandomWriter::skip(Value low, Value high, Value steps) {
  Value sum = add(low, steps);
  Value wraps = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, sum, low);
  return {sum, add(high, arith::ExtUIOp::create(builder, loc, builder.getI64Type(), wraps))};
}

RandomWords RandomWriter::next(Value key, Value low, Value high) {
  auto exclusive = [&](Value a, Value b) { return arith::XOrIOp::create(builder, loc, a, b).getResult(); };
  Value key0 = lowOf(key), key1 = highOf(key);
  RandomWords x = {lowOf(low), highOf(low), lowOf(high), highOf(high)};
  for (int round = 0; round < 10; ++round) {
    Value product0 = multiply(wide(0xD2511F53u), widen(x[0]));
    Value product1 = multiply(wide(0xCD9E8D57u), widen(x[2]));
    x = {exclusive(exclusive(highOf(product1), x[1]), key0), lowOf(product1),
         exclusive(exclusive(highOf(product0), x[3]), key1), lowOf(product0)};
    key0 = add(key0, word(0x9E3779B9u));
    key1 = add(key1, word(0xBB67AE85u));
  }
  return x;
}

Value RandomWriter::uniform(Type type, Value first, Value second) {
  auto mask = [&](Value bits, uint32_t kept) {
    return arith::AndIOp::create(builder, loc, bits, word(kept)).getResult();
  };
  if (type.isF64()) {
    Value high = arith::OrIOp::create(builder, loc, mask(first, 0xfffffu), word(1023u << 20));
    Value bits = arith::BitcastOp::create(builder, loc, type, join(second, high));
    return arith::SubFOp::create(builder, loc, bits, number(type, 1));
  }
  Type single = builder.getF32Type();
  if (type.isF32()) {
    Value bits = arith::OrIOp::create(builder, loc, mask(first, 0x7fffffu), word(127u << 23));
    Value shifted = arith::BitcastOp::create(builder, loc, single, bits);
    return arith::SubFOp::create(builder, loc, shifted, number(single, 1));
  }
  // As many bits as the type's significand has.
  unsigned kept = cast<FloatType>(type).getFPMantissaWidth() - 1;
  Value count = arith::UIToFPOp::create(builder, loc, single, mask(first, (1u << kept) - 1));
  return roundTo(type, multiply(count, number(single, 1.0 / (1u << kept))));
}

Value RandomWriter::roundTo(Type type, Value value) {
  return type.isF32() ? value : Value(arith::TruncFOp::create(builder, loc, type, value));
}

Value RandomWriter::polynomial(Value x, ArrayRef<double> coefficients) {
  Value sum = number(x.getType(), coefficients.back());
  for (double coefficient : llvm::reverse(coefficients.drop_back()))
    sum = add(multiply(sum, x), number(x.getType(), coefficient));
  return sum;
}

Value RandomWriter::pick(Value place, ArrayRef<double> values) {
  SmallVector<Value> left =
      llvm::map_to_vector(values, [&](double value) { return number(builder.getF64Type(), value); });
  for (uint32_t bit = 1; left.size() > 1; bit *= 2) {
    Value isSet = hasBit(place, bit);
    for (size_t i = 0; i < left.size() / 2; ++i)
      left[i] = arith::SelectOp::create(builder, loc, isSet, left[2 * i + 1], left[2 * i]);
    left.truncate(left.size() / 2);
  }
  return left.front();
}

/// tgc_logf of runtime/kernels/random/distributions.h.
Value RandomWriter::logarithm(Value x) {
  Type integer = builder.getI32Type(), wideType = builder.getF64Type();
  Value bits = arith::BitcastOp::create(builder, loc, integer, x);
  Value shifted = arith::SubIOp::create(builder, loc, bits, word(0x3f330000u));
  Value part = arith::ShRUIOp::create(builder, loc, shifted, word(19));
  Value exponent = arith::ShRSIOp::create(builder, loc, shifted, word(23));
  Value ofExponent = arith::ShLIOp::create(builder, loc, exponent, word(23));
  Value significand = arith::BitcastOp::create(builder, loc, x.getType(),
                                               arith::SubIOp::create(builder, loc, bits, ofExponent));
  Value inverse =
      pick(part, {0x1.661ec79f8f3bep+0, 0x1.571ed4aaf883dp+0, 0x1.49539f0f010bp+0, 0x1.3c995b0b80385p+0,
                  0x1.30d190c8864a5p+0, 0x1.25e227b0b8eap+0, 0x1.1bb4a4a1a343fp+0, 0x1.12358f08ae5bap+0,
                  0x1.0953f419900a7p+0, 1.0, 0x1.e608cfd9a47acp-1, 0x1.ca4b31f026aap-1, 0x1.b2036576afce6p-1,
                  0x1.9c2d163a1aa2dp-1, 0x1.886e6037841edp-1, 0x1.767dcf5534862p-1});
  Value ofPart =
      pick(part, {-0x1.57bf7808caadep-2, -0x1.2bef0a7c06ddbp-2, -0x1.01eae7f513a67p-2, -0x1.b31d8a68224e9p-3,
                  -0x1.6574f0ac07758p-3, -0x1.1aa2bc79c81p-3, -0x1.a4e76ce8c0e5ep-4, -0x1.1973c5a611cccp-4,
                  -0x1.252f438e10c1ep-5, 0.0, 0x1.aa5aa5df25984p-5, 0x1.c5e53aa362eb4p-4,
                  0x1.526e57720db08p-3, 0x1.bc2860d22477p-3, 0x1.1058bc8a07ee1p-2, 0x1.4043057b6ee09p-2});
  Value r = add(multiply(widenFloat(significand), inverse), number(wideType, -1));
  Value z = multiply(r, r);
  Value series = polynomial(r, {-0x1.ffffef20a4123p-2, 0x1.5575b0be00b6ap-2});
  series = add(multiply(z, number(wideType, -0x1.00ea348b88334p-2)), series);
  Value scaled = multiply(arith::SIToFPOp::create(builder, loc, wideType, exponent),
                          number(wideType, 0x1.62e42fefa39efp-1));
  return toSingle(add(multiply(series, z), add(add(ofPart, scaled), r)));
}

/// tgc_sin_cosf of runtime/kernels/random/distributions.h.
std::pair<Value, Value> RandomWriter::sineAndCosine(Value angle) {
  Value x = widenFloat(angle);
  Type type = x.getType(), integer = builder.getI32Type();
  Value turns = add(multiply(x, number(type, 0x1.45f306dc9c883p-1)), number(type, 0.5));
  Value quadrant = arith::FPToSIOp::create(builder, loc, integer, turns);
  Value count = arith::SIToFPOp::create(builder, loc, type, quadrant);
  Value r = arith::SubFOp::create(builder, loc, x, multiply(count, number(type, 0x1.921fb54442d18p+0)));
  Value z = multiply(r, r), cube = multiply(r, z), square = multiply(z, z);
  Value sine =
      add(add(r, multiply(cube, number(type, -0x1.555545995a603p-3))),
          multiply(multiply(cube, z), polynomial(z, {0x1.1107605230bc4p-7, -0x1.994eb3774cf24p-13})));
  Value cosine = add(
      add(polynomial(z, {1.0, -0x1.ffffffd0c621cp-2}), multiply(square, number(type, 0x1.55553e1068f19p-5))),
      multiply(multiply(square, z), polynomial(z, {-0x1.6c087e89a359dp-10, 0x1.99343027bf8c3p-16})));
  auto select = [&](Value condition, Value yes, Value no) {
    return arith::SelectOp::create(builder, loc, condition, yes, no).getResult();
  };
  auto negateIf = [&](Value condition, Value value) {
    return select(condition, arith::NegFOp::create(builder, loc, value), value);
  };
  Value isOdd = hasBit(quadrant, 1);
  return {toSingle(negateIf(hasBit(quadrant, 2), select(isOdd, cosine, sine))),
          toSingle(negateIf(hasBit(add(quadrant, word(1)), 2), select(isOdd, sine, cosine)))};
}

std::pair<Value, Value> RandomWriter::normals(Value first, Value second) {
  Type single = builder.getF32Type(), wideType = builder.getF64Type();
  Value u1 = uniform(single, first, Value()), least = number(single, 1.0e-7f);
  Value isLess = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OLT, u1, least);
  u1 = arith::SelectOp::create(builder, loc, isLess, least, u1);
  Value u2 = widenFloat(uniform(single, second, Value()));
  Value angle = toSingle(multiply(number(wideType, 2 * 3.14159265358979323846), u2));
  Value radius = math::SqrtOp::create(builder, loc, multiply(number(single, -2), logarithm(u1)));
  auto [sine, cosine] = sineAndCosine(angle);
  return {multiply(sine, radius), multiply(cosine, radius)};
}

} // namespace tgc
