//===- TgElementwiseOps.td - Elementwise ops ---------------*- tablegen -*-===//
#ifndef TGC_DIALECTS_TG_IR_TGELEMENTWISEOPS_TD
#define TGC_DIALECTS_TG_IR_TGELEMENTWISEOPS_TD

include "dialects/Tg/IR/TgBase.td"

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

def Tg_AddOp : Tg_BinaryOp<"add", ["Add", "AddV2"], [{ s.add(lhs, rhs) }],
    [{ dy, dy }], Tg_NumberTensor, [Commutative]> {
  let summary = "Elementwise sum; integers wrap";
  let hasFolder = 1;
}
def Tg_SubOp : Tg_BinaryOp<"sub", ["Sub"], [{ s.sub(lhs, rhs) }],
    [{ dy, g.neg(dy) }]> {
  let summary = "Elementwise difference; integers wrap";
  let hasFolder = 1;
}
def Tg_MulOp : Tg_BinaryOp<"mul", ["Mul"], [{ s.mul(lhs, rhs) }],
    [{ g.mul(dy, g.conj(rhs)), g.mul(dy, g.conj(lhs)) }], Tg_NumberTensor, [Commutative]> {
  let summary = "Elementwise product; integers wrap";
  let hasFolder = 1;
}
def Tg_DivOp : Tg_BinaryOp<"div", ["Div", "RealDiv", "TruncateDiv"], [{ s.div(lhs, rhs) }],
    [{ g.div(dy, g.conj(rhs)), g.mul(dy, g.conj(g.div(g.div(g.neg(lhs), rhs), rhs))) }]> {
  let summary = "Elementwise quotient; integers truncate towards zero";
  let description = [{
    An integer divided by zero gives 0, here and in the remainders, without a trap: whoever builds the op reports the error
    that TensorFlow reports.
  }];
  let hasFolder = 1;
}
def Tg_FloorDivOp : Tg_BinaryOp<"floor_div", ["FloorDiv"], [{ s.floorDiv(lhs, rhs) }], [{}], Tg_RealTensor, [Tg_NoGradient<"a quotient of whole numbers is constant between jumps">]> {
  let summary = "Elementwise quotient, rounded towards minus infinity";
}
def Tg_FloorModOp : Tg_BinaryOp<"floor_mod", ["FloorMod"], [{ s.floorMod(lhs, rhs) }],
    [{ dy, g.neg(g.mul(dy, g.binary<FloorDivOp>(lhs, rhs))) }], Tg_RealTensor> {
  let summary = "Elementwise remainder with the sign of the divisor";
}
def Tg_TruncModOp : Tg_BinaryOp<"trunc_mod", ["Mod", "TruncateMod"], [{ s.truncMod(lhs, rhs) }],
    [{ dy, g.neg(g.mul(dy, g.truncate(g.div(lhs, rhs)))) }], Tg_RealTensor> {
  let summary = "Elementwise remainder with the sign of the dividend, as C's fmod";
}
def Tg_PowOp : Tg_BinaryOp<"pow", ["Pow"], [{ s.pow(lhs, rhs) }],
    [{ g.powerBase(lhs, rhs, dy), g.powerExponent(lhs, y, dy) }]> {
  let summary = "Elementwise power";
  let description = [{ An integer to a negative power is undefined here; TensorFlow reports an error. }];
}
def Tg_MaximumOp : Tg_BinaryOp<"maximum", ["Maximum"], [{ s.maximum(lhs, rhs) }],
    [{ g.where(ComparisonDirection::GE, lhs, rhs, dy), g.unless(ComparisonDirection::GE, lhs, rhs, dy) }], Tg_RealTensor, [Commutative]> {
  let summary = "The larger of two elements; NaN if either is NaN";
}
def Tg_MinimumOp : Tg_BinaryOp<"minimum", ["Minimum"], [{ s.minimum(lhs, rhs) }],
    [{ g.where(ComparisonDirection::LE, lhs, rhs, dy), g.unless(ComparisonDirection::LE, lhs, rhs, dy) }], Tg_RealTensor, [Commutative]> {
  let summary = "The smaller of two elements; NaN if either is NaN";
}
def Tg_Atan2Op : Tg_BinaryOp<"atan2", ["Atan2"], [{ s.call("atan2", {lhs, rhs}) }],
    [{ g.mul(rhs, g.div(dy, g.add(g.square(lhs), g.square(rhs)))), g.neg(g.mul(lhs, g.div(dy, g.add(g.square(lhs), g.square(rhs))))) }], Tg_FloatTensor> {
  let summary = "Angle of the point (rhs, lhs)";
}
def Tg_NextAfterOp : Tg_BinaryOp<"next_after", ["NextAfter"], [{ s.call("nextafter", {lhs, rhs}) }],
    [{ dy, g.number(dy, 0) }], Tg_FloatTensor> {
  let summary = "The next representable number after lhs towards rhs";
}
def Tg_NegOp : Tg_UnaryOp<"neg", ["Neg"], [{ s.neg(x) }],
    [{ g.neg(dy) }], Tg_NumberTensor> { let summary = "Elementwise negation"; }
def Tg_AbsOp : Tg_UnaryOp<"abs", ["Abs"], [{ s.abs(x) }],
    [{ g.mul(dy, g.unary<SignOp>(x)) }], Tg_RealTensor> { let summary = "Elementwise absolute value"; }
def Tg_SignOp : Tg_UnaryOp<"sign", ["Sign"], [{ s.sign(x) }],
    [{ g.number(dy, 0) }], Tg_NumberTensor> {
  let summary = "-1, 0 or 1; NaN for NaN; z/|z| for complex numbers";
}

//===----------------------------------------------------------------------===//
// Rounding
//===----------------------------------------------------------------------===//

def Tg_FloorOp : Tg_UnaryOp<"floor", ["Floor"], [{ s.floor(x) }], [{}], Tg_FloatTensor, [Tg_NoGradient<"constant between integers">]> { let summary = "Rounds towards minus infinity"; }
def Tg_CeilOp : Tg_UnaryOp<"ceil", ["Ceil"], [{ s.ceil(x) }], [{}], Tg_FloatTensor, [Tg_NoGradient<"constant between integers">]> { let summary = "Rounds towards plus infinity"; }
def Tg_RoundEvenOp : Tg_UnaryOp<"round_even", ["Rint"], [{ s.roundEven(x) }],
    [{ g.number(dy, 0) }], Tg_FloatTensor> {
  let summary = "Rounds to the nearest integer, halves to the even one";
}

//===----------------------------------------------------------------------===//
// Exponentials and powers
//===----------------------------------------------------------------------===//

def Tg_ExpOp : Tg_UnaryOp<"exp", ["Exp"], [{ s.exp(x) }],
    [{ g.mul(dy, g.conj(y)) }]> { let summary = "e to the x"; }
def Tg_Expm1Op : Tg_UnaryOp<"expm1", ["Expm1"], [{ s.expm1(x) }],
    [{ g.mul(dy, g.conj(g.unary<ExpOp>(x))) }]> { let summary = "e to the x, less one, exact near zero"; }
def Tg_LogOp : Tg_UnaryOp<"log", ["Log"], [{ s.log(x) }],
    [{ g.div(dy, g.conj(x)) }]> { let summary = "Natural logarithm"; }
def Tg_Log1pOp : Tg_UnaryOp<"log1p", ["Log1p"], [{ s.log1p(x) }],
    [{ g.div(dy, g.conj(g.add(x, 1))) }]> { let summary = "log(1 + x), exact near zero"; }
def Tg_SqrtOp : Tg_UnaryOp<"sqrt", ["Sqrt"], [{ s.sqrt(x) }],
    [{ g.div(g.mul(dy, 0.5), g.conj(g.guardRoot(dy, y, /*isReciprocal=*/false))) }]> { let summary = "Square root"; }
def Tg_RsqrtOp : Tg_UnaryOp<"rsqrt", ["Rsqrt"], [{ s.rsqrt(x) }],
    [{ g.mul(g.mul(dy, -0.5), g.cube(g.conj(g.guardRoot(dy, y, /*isReciprocal=*/true)))) }]> { let summary = "One over the square root"; }

//===----------------------------------------------------------------------===//
// Trigonometric and hyperbolic functions
//===----------------------------------------------------------------------===//

def Tg_SinOp : Tg_UnaryOp<"sin", ["Sin"], [{ s.sin(x) }],
    [{ g.mul(dy, g.conj(g.unary<CosOp>(x))) }]> { let summary = "Sine"; }
def Tg_CosOp : Tg_UnaryOp<"cos", ["Cos"], [{ s.cos(x) }],
    [{ g.neg(g.mul(dy, g.conj(g.unary<SinOp>(x)))) }]> { let summary = "Cosine"; }
def Tg_TanOp : Tg_UnaryOp<"tan", ["Tan"], [{ s.tan(x) }],
    [{ g.div(dy, g.conj(g.square(g.unary<CosOp>(x)))) }]> { let summary = "Tangent"; }
def Tg_AsinOp : Tg_UnaryOp<"asin", ["Asin"], [{ s.unary("asin", x) }],
    [{ g.div(dy, g.conj(g.unary<SqrtOp>(g.sub(1, g.square(x))))) }]> { let summary = "Arc sine"; }
def Tg_AcosOp : Tg_UnaryOp<"acos", ["Acos"], [{ s.unary("acos", x) }],
    [{ g.neg(g.div(dy, g.conj(g.unary<SqrtOp>(g.sub(1, g.square(x)))))) }]> { let summary = "Arc cosine"; }
def Tg_AtanOp : Tg_UnaryOp<"atan", ["Atan"], [{ s.unary("atan", x) }],
    [{ g.div(dy, g.conj(g.add(g.square(x), 1))) }]> { let summary = "Arc tangent"; }
def Tg_SinhOp : Tg_UnaryOp<"sinh", ["Sinh"], [{ s.unary("sinh", x) }],
    [{ g.mul(dy, g.conj(g.unary<CoshOp>(x))) }]> { let summary = "Hyperbolic sine"; }
def Tg_CoshOp : Tg_UnaryOp<"cosh", ["Cosh"], [{ s.unary("cosh", x) }],
    [{ g.mul(dy, g.conj(g.unary<SinhOp>(x))) }]> { let summary = "Hyperbolic cosine"; }
def Tg_TanhOp : Tg_UnaryOp<"tanh", ["Tanh"], [{ s.tanh(x) }],
    [{ g.mul(dy, g.conj(g.sub(1, g.square(y)))) }]> { let summary = "Hyperbolic tangent"; }
def Tg_AsinhOp : Tg_UnaryOp<"asinh", ["Asinh"], [{ s.unary("asinh", x) }],
    [{ g.div(dy, g.conj(g.unary<CoshOp>(y))) }]> { let summary = "Inverse hyperbolic sine"; }
def Tg_AcoshOp : Tg_UnaryOp<"acosh", ["Acosh"], [{ s.unary("acosh", x) }],
    [{ g.div(dy, g.conj(g.unary<SinhOp>(y))) }]> { let summary = "Inverse hyperbolic cosine"; }
def Tg_AtanhOp : Tg_UnaryOp<"atanh", ["Atanh"], [{ s.unary("atanh", x) }],
    [{ g.div(dy, g.conj(g.sub(1, g.square(x)))) }]> { let summary = "Inverse hyperbolic tangent"; }

//===----------------------------------------------------------------------===//
// Activations and special functions
//===----------------------------------------------------------------------===//

def Tg_SigmoidOp : Tg_UnaryOp<"sigmoid", ["Sigmoid"], [{ s.sigmoid(x) }],
    [{ g.mul(dy, g.conj(g.mul(y, g.sub(1, y)))) }]> { let summary = "1 / (1 + exp(-x))"; }
def Tg_ReluOp : Tg_UnaryOp<"relu", ["Relu"], [{ s.relu(x) }],
    [{ g.where(ComparisonDirection::GT, y, g.number(y, 0), dy) }], Tg_RealTensor> { let summary = "x where it is positive or NaN, else zero"; }
def Tg_ErfOp : Tg_UnaryOp<"erf", ["Erf"], [{ s.erf(x) }],
    [{ g.mul(g.mul(dy, 2 * std::numbers::inv_sqrtpi), g.unary<ExpOp>(g.neg(g.square(x)))) }], Tg_FloatTensor> { let summary = "Error function"; }
def Tg_ErfcOp : Tg_UnaryOp<"erfc", ["Erfc"], [{ s.call("erfc", {x}) }],
    [{ g.mul(g.mul(dy, -2 * std::numbers::inv_sqrtpi), g.unary<ExpOp>(g.neg(g.square(x)))) }], Tg_FloatTensor> { let summary = "1 - erf(x), exact in the tail"; }
def Tg_SpecialOp : Tg_ShapedOp<"special", [], [DeclareOpInterfaceMethods<ScalarOpInterface>, Elementwise, Tg_Differentiable]> {
  let summary = "A special function of real numbers, by name";
  let description = [{
    `function` is one of the functions of runtime/kernels/special: `lgamma`, `digamma`, `erfinv`, `ndtri`, `zeta`, `polygamma`,
    `igamma`, `igammac`, `betainc` and so on. Each exists as `tgc_special_<function>_f32` and `_f64`; half precision goes
    through f32.
  }];
  let arguments = (ins Variadic<Tg_FloatTensor>:$operands, StrAttr:$function);
  let results = (outs Tg_FloatTensor:$result);
  let assemblyFormat = "$function `(` $operands `)` attr-dict `:` functional-type($operands, $result)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Logic and bits
//===----------------------------------------------------------------------===//

def Tg_AndOp : Tg_BinaryOp<"and", ["LogicalAnd", "BitwiseAnd"], [{ s.bitAnd(lhs, rhs) }], [{}], Tg_IntOrBoolTensor, [Commutative, Tg_NoGradient<"bits">]> {
  let summary = "Bitwise or logical and";
}
def Tg_OrOp : Tg_BinaryOp<"or", ["LogicalOr", "BitwiseOr"], [{ s.bitOr(lhs, rhs) }], [{}], Tg_IntOrBoolTensor, [Commutative, Tg_NoGradient<"bits">]> {
  let summary = "Bitwise or logical or";
}
def Tg_XorOp : Tg_BinaryOp<"xor", ["BitwiseXor"], [{ s.bitXor(lhs, rhs) }], [{}], Tg_IntOrBoolTensor, [Commutative, Tg_NoGradient<"bits">]> {
  let summary = "Bitwise or logical exclusive or";
}
def Tg_NotOp : Tg_UnaryOp<"not", ["LogicalNot", "Invert"], [{ s.bitNot(x) }], [{}], Tg_IntOrBoolTensor, [Tg_NoGradient<"bits">]> { let summary = "All bits flipped"; }
def Tg_ShiftLeftOp : Tg_BinaryOp<"shift_left", ["LeftShift"], [{ s.shiftLeft(lhs, rhs) }], [{}], Tg_IntTensor, [Tg_NoGradient<"bits">]> {
  let summary = "Bits moved left; the distance is clamped to the element's width less one";
}
def Tg_ShiftRightOp : Tg_BinaryOp<"shift_right", ["RightShift"], [{ s.shiftRight(lhs, rhs) }], [{}], Tg_IntTensor, [Tg_NoGradient<"bits">]> {
  let summary = "Bits moved right, the sign kept; the distance is clamped to the element's width less one";
}
def Tg_PopulationCountOp : Tg_UnaryToOp<"population_count", ["PopulationCount"], [{ s.populationCount(x) }], [{}],
    Tg_IntTensor, Tg_Tensor, "::tgc::tg::withElementType($_self, ::mlir::IntegerType::get($_self.getContext(), 8, ::mlir::IntegerType::Unsigned))",
    [Tg_NoGradient<"bits">]> {
  let summary = "Number of bits that are set";
}

//===----------------------------------------------------------------------===//
// Comparison, selection, classification
//===----------------------------------------------------------------------===//

def Tg_CompareOp : Tg_ElementwiseOp<"compare", [], [{ s.compare(getDirection(), lhs, rhs) }], [{}],
    [{ ::mlir::Value lhs = args[0], rhs = args[1]; }],
    [Tg_NoGradient<"the result is boolean">, AllTypesMatch<["lhs", "rhs"]>,
     TypesMatchWith<"result is boolean, of the operands' shape", "lhs", "result", "::tgc::tg::withBoolElement($_self)">]> {
  let summary = "Elementwise comparison; a NaN differs from everything, itself included";
  let arguments = (ins Tg_ComparisonDirectionEnum:$direction, Tg_Tensor:$lhs, Tg_Tensor:$rhs);
  let results = (outs Tg_BoolTensor:$result);
  let assemblyFormat = "$direction $lhs `,` $rhs attr-dict `:` type($lhs)";
}
def Tg_SelectOp : Tg_ElementwiseOp<"select", [], [{ s.select(args[0], args[1], args[2]) }],
    [{ {}, g.select(args[0], dy, g.number(dy, 0)), g.select(args[0], g.number(dy, 0), dy) }], [{}],
    [AllTypesMatch<["on_true", "on_false", "result"]>,
     TypesMatchWith<"condition is boolean, of the result's shape", "result", "condition", "::tgc::tg::withBoolElement($_self)">]> {
  let summary = "Elements of one of two tensors, chosen by a third";
  let arguments = (ins Tg_BoolTensor:$condition, Tg_Tensor:$on_true, Tg_Tensor:$on_false);
  let results = (outs Tg_Tensor:$result);
  let assemblyFormat = "$condition `,` $on_true `,` $on_false attr-dict `:` type($result)";
  let hasFolder = 1;
}
class Tg_ClassifyOp<string mnemonic, list<string> tfOps, code scalar>
    : Tg_UnaryToOp<mnemonic, tfOps, scalar, [{}], Tg_FloatTensor, Tg_BoolTensor, "::tgc::tg::withBoolElement($_self)",
        [Tg_NoGradient<"the result is boolean">]>;
def Tg_IsNanOp : Tg_ClassifyOp<"is_nan", ["IsNan"], [{ s.isNan(x) }]> { let summary = "Whether an element is NaN"; }
def Tg_IsInfOp : Tg_ClassifyOp<"is_inf", ["IsInf"], [{ s.isInf(x) }]> { let summary = "Whether an element is infinite"; }
def Tg_IsFiniteOp : Tg_ClassifyOp<"is_finite", ["IsFinite"], [{ s.isFinite(x) }]> { let summary = "Whether an element is neither NaN nor infinite"; }

//===----------------------------------------------------------------------===//
// Conversions
//===----------------------------------------------------------------------===//

def Tg_CastOp : Tg_ElementwiseOp<"cast", [], [{ s.cast(args[0], getX().getType().getElementType(), getType().getElementType(), getTruncate()) }],
    [{ g.cast(dy, args[0].getType()) }], [{}], [SameOperandsAndResultShape]> {
  let summary = "Conversion of the element type";
  let description = [{
    As TensorFlow's CPU kernel: numbers to booleans compare with zero; floats to integers truncate towards zero (what lies out
    of range gives what the machine's conversion gives); between integers the low bits are kept; a complex number loses its
    imaginary part. Floats to narrower floats round to nearest even, or drop the bits with `truncate`.
  }];
  let arguments = (ins Tg_Tensor:$x, DefaultValuedAttr<BoolAttr, "false">:$truncate);
  let results = (outs Tg_Tensor:$result);
  let assemblyFormat = "$x attr-dict `:` type($x) `to` type($result)";
  let hasFolder = 1;
  let hasVerifier = 1;
}
def Tg_ComplexOp : Tg_ElementwiseOp<"complex", [], [{ s.complex(args[0], args[1]) }],
    [{ g.unary<RealOp>(dy, args[0].getType()), g.unary<ImagOp>(dy, args[1].getType()) }], [{}],
    [AllTypesMatch<["real", "imag"]>, TypesMatchWith<"result is complex, of the operands' shape", "real", "result", "::tgc::tg::withComplexElement($_self)">]> {
  let summary = "Complex numbers from their parts";
  let arguments = (ins Tg_FloatTensor:$real, Tg_FloatTensor:$imag);
  let results = (outs Tg_ComplexTensor:$result);
  let assemblyFormat = "$real `,` $imag attr-dict `:` type($real)";
}
class Tg_ComplexPartOp<string mnemonic, code scalar, code gradient>
    : Tg_UnaryToOp<mnemonic, [], scalar, gradient, Tg_ComplexTensor, Tg_FloatTensor, "::tgc::tg::withRealElement($_self)">;
def Tg_RealOp : Tg_ComplexPartOp<"real", [{ s.real(x) }], [{ g.complex(dy, g.number(dy, 0)) }]> { let summary = "Real part"; }
def Tg_ImagOp : Tg_ComplexPartOp<"imag", [{ s.imag(x) }], [{ g.complex(g.number(dy, 0), dy) }]> { let summary = "Imaginary part"; }
def Tg_ComplexAbsOp : Tg_ComplexPartOp<"complex_abs", [{ s.complexAbs(x) }],
    [{ g.mul(g.complex(dy, g.number(dy, 0)), g.unary<SignOp>(x)) }]> { let summary = "Absolute value of a complex number"; }
def Tg_ConjOp : Tg_UnaryOp<"conj", [], [{ s.conj(x) }],
    [{ g.unary<ConjOp>(dy) }], Tg_ComplexTensor> { let summary = "Complex conjugate"; }

#endif // TGC_DIALECTS_TG_IR_TGELEMENTWISEOPS_TD
