//===- ComplexFunctions.cpp - Scalar code of complex functions ------------===//
//
// Hyperbolic functions by their real and imaginary parts (DLMF 4.35), the inverse ones by logarithms
// (DLMF 4.23, 4.37) in the forms of Kahan, "Branch cuts for complex elementary functions", which keep the
// side of a branch cut that the sign of a zero chooses. complex64 is computed in double precision: what the
// logarithms cancel is gone after rounding.
//
//===----------------------------------------------------------------------===//

#include "dialects/Tg/IR/ScalarBuilder.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace tgc::tg {
namespace {

struct ComplexFunctions {
  OpBuilder &b;
  Location loc;
  ScalarBuilder s;

  Value sinhReal(Value x) { return math::SinhOp::create(b, loc, x); }
  Value coshReal(Value x) { return math::CoshOp::create(b, loc, x); }
  Value product(Value x, Value y) { return arith::MulFOp::create(b, loc, x, y); }
  Value negative(Value x) { return arith::NegFOp::create(b, loc, x); }
  Value realConstant(double value) { return arith::ConstantOp::create(b, loc, b.getF64FloatAttr(value)); }

  /// i * z and -i * z without a multiplication, which would lose the signs of zeros.
  Value timesI(Value z) { return s.complex(negative(s.imag(z)), s.real(z)); }
  Value timesMinusI(Value z) { return s.complex(s.imag(z), negative(s.real(z))); }

  Value sinh(Value z) {
    Value re = s.real(z), im = s.imag(z);
    return s.complex(product(sinhReal(re), math::CosOp::create(b, loc, im)),
                     product(coshReal(re), math::SinOp::create(b, loc, im)));
  }

  Value cosh(Value z) {
    Value re = s.real(z), im = s.imag(z);
    return s.complex(product(coshReal(re), math::CosOp::create(b, loc, im)),
                     product(sinhReal(re), math::SinOp::create(b, loc, im)));
  }

  /// sqrt(z + shift), adding to the real part only: the sign of a zero imaginary part stays.
  Value rootOfShifted(Value z, double shift) {
    return s.sqrt(s.complex(arith::AddFOp::create(b, loc, s.real(z), realConstant(shift)), s.imag(z)));
  }

  /// z with the real part's sign removed, and the sign given back: an odd function needs the right half plane
  /// only.
  Value asinh(Value z) {
    Value re = s.real(z), im = s.imag(z);
    Value sign = math::CopySignOp::create(b, loc, realConstant(1), re);
    Value right = s.complex(product(sign, re), product(sign, im));
    Value result = s.log(s.add(right, rootOfShifted(s.mul(right, right), 1)));
    return s.complex(product(sign, s.real(result)), product(sign, s.imag(result)));
  }

  /// 2 log(sqrt((z + 1) / 2) + sqrt((z - 1) / 2))
  Value acosh(Value z) {
    Value half = s.constant(z.getType(), 0.70710678118654752440);
    Value sum = s.mul(half, s.add(rootOfShifted(z, 1), rootOfShifted(z, -1)));
    Value log = s.log(sum);
    return s.add(log, log);
  }

  /// The real part is log|1 + z|, half of log1p(2 re + re^2 + im^2); exact near zero.
  Value log1p(Value z) {
    Value re = s.real(z), im = s.imag(z);
    Value excess = arith::AddFOp::create(
        b, loc, product(re, arith::AddFOp::create(b, loc, re, realConstant(2))), product(im, im));
    ScalarBuilder r(b, loc, b.getF64Type());
    Value half = product(realConstant(0.5), r.log1p(excess));
    return s.complex(half, r.call("atan2", {im, arith::AddFOp::create(b, loc, re, realConstant(1))}));
  }

  /// (log(1 + z) - log(1 - z)) / 2
  Value atanh(Value z) {
    Value difference = s.sub(log1p(z), log1p(s.neg(z)));
    return s.mul(s.constant(z.getType(), 0.5), difference);
  }

  Value asin(Value z) { return timesMinusI(asinh(timesI(z))); }

  /// pi / 2 - asin(z)
  Value acos(Value z) {
    Value angle = asin(z);
    return s.complex(arith::SubFOp::create(b, loc, realConstant(1.57079632679489661923), s.real(angle)),
                     negative(s.imag(angle)));
  }

  Value atan(Value z) { return timesMinusI(atanh(timesI(z))); }
};

} // namespace

Value ScalarBuilder::complexUnary(StringRef function, Value x) {
  using Method = Value (ComplexFunctions::*)(Value);
  Method method = llvm::StringSwitch<Method>(function)
                      .Case("sinh", &ComplexFunctions::sinh)
                      .Case("cosh", &ComplexFunctions::cosh)
                      .Case("asinh", &ComplexFunctions::asinh)
                      .Case("acosh", &ComplexFunctions::acosh)
                      .Case("atanh", &ComplexFunctions::atanh)
                      .Case("log1p", &ComplexFunctions::log1p)
                      .Case("asin", &ComplexFunctions::asin)
                      .Case("acos", &ComplexFunctions::acos)
                      .Case("atan", &ComplexFunctions::atan);
  Type type = x.getType(), wide = ComplexType::get(b.getF64Type());
  ComplexFunctions functions{b, loc, ScalarBuilder(b, loc, wide)};
  return cast((functions.*method)(cast(x, type, wide, false)), wide, type, false);
}

} // namespace tgc::tg
