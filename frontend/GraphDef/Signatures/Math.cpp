//===- Math.cpp - Signatures of elementwise ops and reductions -------------===//
//
// Arithmetic, comparisons, special functions, reductions, scans.
// Tables.h explains the notation.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/Signatures/Tables.h"

static constexpr tgc::signatures::Row kRows[] = {
    // One tensor in, one of the same type out.
    {"Abs Neg Sign Inv Reciprocal Square Sqrt Rsqrt Exp Expm1 Log Log1p Sin Cos Tan Sinh Cosh Tanh "
     "Asin Acos Atan Asinh Acosh Atanh",
     "x:T", "y:T", ""},
    {"Floor Ceil Round Rint Sigmoid Erf Erfc Erfinv Ndtri Lgamma Digamma Invert", "x:T", "y:T", ""},
    {"BesselI0 BesselI0e BesselI1 BesselI1e BesselJ0 BesselJ1 BesselK0 BesselK0e BesselK1 "
     "BesselK1e BesselY0 BesselY1",
     "x:T", "y:T", ""},
    {"Dawsn Expint FresnelCos FresnelSin Spence", "x:T", "y:T", ""},
    {"TanhGrad SigmoidGrad InvGrad ReciprocalGrad SqrtGrad RsqrtGrad", "y:T dy:T", "z:T", ""},
    {"IsNan IsInf IsFinite", "x:T", "y:bool", ""},
    {"PopulationCount", "x:T", "y:uint8", ""},
    {"LogicalNot", "x:bool", "y:bool", ""},
    // Two tensors in, broadcast against each other.
    {"Add AddV2 Sub Mul MulNoNan Div DivNoNan RealDiv FloorDiv TruncateDiv FloorMod TruncateMod "
     "Mod Maximum Minimum Pow",
     "x:T y:T", "z:T", ""},
    {"SquaredDifference Xlogy Xlog1py Xdivy BitwiseAnd BitwiseOr BitwiseXor LeftShift RightShift", "x:T y:T",
     "z:T", ""},
    {"Atan2", "y:T x:T", "z:T", ""},
    {"NextAfter", "x1:T x2:T", "output:T", "T=float32"},
    {"Igamma Igammac IgammaGradA Polygamma", "a:T x:T", "z:T", ""},
    {"Zeta", "x:T q:T", "z:T", ""},
    {"Betainc", "a:T b:T x:T", "z:T", ""},
    {"Less LessEqual Greater GreaterEqual", "x:T y:T", "z:bool", ""},
    {"Equal NotEqual", "x:T y:T", "z:bool", "incompatible_shape_error=true"},
    {"ApproximateEqual", "x:T y:T", "z:bool", "tolerance=1e-05"},
    {"LogicalAnd LogicalOr", "x:bool y:bool", "z:bool", ""},
    // Types and complex numbers.
    {"Cast", "x:SrcT", "y:DstT", "Truncate=false"},
    {"Bitcast", "input:T", "output:type", ""},
    {"StochasticCastToInt", "input:Tin key:uint64 counter:uint64 alg:int32", "output:Tout", ""},
    {"Complex", "real:T imag:T", "out:Tout", "T=float32 Tout=complex64"},
    {"ComplexAbs", "x:T", "y:Tout", "T=complex64 Tout=float32"},
    {"Real Imag Angle", "input:T", "output:Tout", "T=complex64 Tout=float32"},
    {"Conj", "input:T", "output:T", "T=complex64"},
    // Choice and clipping.
    {"Select SelectV2", "condition:bool t:T e:T", "output:T", ""},
    {"ClipByValue", "t:T clip_value_min:T clip_value_max:T", "output:T", ""},
    // Reductions and scans.
    {"AddN AccumulateNV2", "inputs:N*T", "sum:T", ""},
    {"Sum Prod Mean Max Min EuclideanNorm", "input:T reduction_indices:Tidx", "output:T",
     "keep_dims=false Tidx=int32"},
    {"All Any", "input:bool reduction_indices:Tidx", "output:bool", "keep_dims=false Tidx=int32"},
    {"ArgMax ArgMin", "input:T dimension:Tidx", "output:output_type", "Tidx=int32 output_type=int64"},
    {"Cumsum Cumprod CumulativeLogsumexp", "x:T axis:Tidx", "out:T",
     "exclusive=false reverse=false Tidx=int32"},
    // Sequences, products, counting.
    {"Range", "start:Tidx limit:Tidx delta:Tidx", "output:Tidx", "Tidx=int32"},
    {"LinSpace", "start:T stop:T num:Tidx", "output:T", "Tidx=int32"},
    {"Cross", "a:T b:T", "product:T", ""},
    {"Bincount", "arr:int32 size:int32 weights:T", "bins:T", ""},
    {"DenseBincount", "input:Tidx size:Tidx weights:T", "output:T", "binary_output=false"},
    {"RaggedBincount", "splits:int64 values:Tidx size:Tidx weights:T", "output:T", "binary_output=false"},
    {"Bucketize", "input:T", "output:int32", "boundaries:list(float)"},
    {"HistogramFixedWidth", "values:T value_range:T nbins:int32", "out:dtype", "dtype=int32"},
};

llvm::ArrayRef<tgc::signatures::Row> tgc::signatures::mathRows() { return kRows; }
