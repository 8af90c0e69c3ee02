//===- AllowedTypes.cpp - Which types the ops' type attributes may hold ----===//
//
// A row names types and then the attributes that hold one of them, OP for its attribute T and OP.ATTR for
// others. Groups of types: integer, float, complex, real (integer and float), quantized, number (real,
// complex and quantized). What no row names may be any type.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/Signatures/Tables.h"

using namespace tgc::signatures;

static constexpr TypesRow kRows[] = {
    {"int32 int64",
     "BroadcastArgs BroadcastGradientArgs CountUpTo DataFormatDimMap DataFormatVecPermute "
     "HistogramFixedWidth.dtype InTopK InTopKV2 InvertPermutation LowerBound.out_type "
     "ParameterizedTruncatedNormal RandomGamma.S RandomPoisson.S RandomPoissonV2.S RandomStandardNormal "
     "RandomUniform RandomUniformInt RandomUniformInt.Tout ResourceCountUpTo Shape.out_type "
     "ShapeN.out_type Size.out_type StatefulRandomBinomial.S StatelessParameterizedTruncatedNormal.S "
     "StatelessRandomBinomial.S StatelessRandomGammaV2 StatelessRandomGammaV3.shape_dtype "
     "StatelessRandomNormal StatelessRandomPoisson StatelessRandomUniform StatelessRandomUniformFullInt "
     "StatelessRandomUniformInt StatelessRandomUniformInt.dtype StatelessTruncatedNormal Substr "
     "TruncatedNormal UpperBound.out_type VariableShape.out_type"},
    {"number",
     "AccumulateNV2 AccumulatorApplyGradient.dtype AccumulatorTakeGradient.dtype ApplyAdaMax ApplyAdadelta "
     "ApplyAdagrad ApplyAdagradDA ApplyAdagradV2 ApplyAdam ApplyAddSign ApplyCenteredRMSProp ApplyFtrl "
     "ApplyFtrlV2 ApplyGradientDescent ApplyMomentum ApplyPowerSign ApplyProximalAdagrad "
     "ApplyProximalGradientDescent ApplyRMSProp ApproximateEqual AssignAdd AssignSub "
     "BatchNormWithGlobalNormalization BatchNormWithGlobalNormalizationGrad BiasAdd BiasAddGrad BiasAddV1 "
     "Bitcast Bitcast.type ClipByValue ConditionalAccumulator.dtype Cumprod Cumsum EuclideanNorm Mean Prod "
     "ResourceAccumulatorApplyGradient.dtype ResourceAccumulatorTakeGradient.dtype ResourceApplyAdaMax "
     "ResourceApplyAdadelta ResourceApplyAdagrad ResourceApplyAdagradDA ResourceApplyAdagradV2 "
     "ResourceApplyAdam ResourceApplyAdamWithAmsgrad ResourceApplyAddSign ResourceApplyCenteredRMSProp "
     "ResourceApplyFtrl ResourceApplyFtrlV2 ResourceApplyGradientDescent ResourceApplyKerasMomentum "
     "ResourceApplyMomentum ResourceApplyPowerSign ResourceApplyProximalAdagrad "
     "ResourceApplyProximalGradientDescent ResourceApplyRMSProp ResourceConditionalAccumulator.dtype "
     "ResourceScatterAdd.dtype ResourceScatterDiv.dtype ResourceScatterMax.dtype ResourceScatterMin.dtype "
     "ResourceScatterMul.dtype ResourceScatterSub.dtype ResourceSparseApplyAdadelta "
     "ResourceSparseApplyAdagrad ResourceSparseApplyAdagradDA ResourceSparseApplyAdagradV2 "
     "ResourceSparseApplyCenteredRMSProp ResourceSparseApplyFtrl ResourceSparseApplyFtrlV2 "
     "ResourceSparseApplyKerasMomentum ResourceSparseApplyMomentum ResourceSparseApplyProximalAdagrad "
     "ResourceSparseApplyProximalGradientDescent ResourceSparseApplyRMSProp ScatterAdd ScatterDiv "
     "ScatterMul ScatterNdAdd ScatterNdMax ScatterNdMin ScatterNdSub ScatterSub SegmentMean SegmentProd "
     "SegmentProdV2 SegmentSum SegmentSumV2 SparseAccumulatorApplyGradient.dtype "
     "SparseAccumulatorTakeGradient.dtype SparseAdd SparseAddGrad SparseApplyAdadelta SparseApplyAdagrad "
     "SparseApplyAdagradDA SparseApplyAdagradV2 SparseApplyCenteredRMSProp SparseApplyFtrl "
     "SparseApplyFtrlV2 SparseApplyMomentum SparseApplyProximalAdagrad SparseApplyProximalGradientDescent "
     "SparseApplyRMSProp SparseConditionalAccumulator.dtype SparseDenseCwiseAdd SparseDenseCwiseDiv "
     "SparseDenseCwiseMul SparseReduceSum SparseReduceSumSparse SparseSliceGrad SparseSparseMinimum "
     "SparseTensorDenseAdd Sum UnsortedSegmentProd UnsortedSegmentSum"},
    {"float",
     "Atan2 AvgPool AvgPool3D AvgPool3DGrad AvgPoolGrad BesselI0 BesselI0e BesselI1 BesselI1e BesselJ0 "
     "BesselJ1 BesselK0 BesselK0e BesselK1 BesselK1e BesselY0 BesselY1 Ceil CheckNumerics CheckNumericsV2 "
     "Conv2DBackpropFilter Conv2DBackpropFilterV2 Conv3D Conv3DBackpropFilterV2 Conv3DBackpropInputV2 "
     "CumulativeLogsumexp Dawsn DepthwiseConv2dNative DepthwiseConv2dNativeBackpropFilter "
     "DepthwiseConv2dNativeBackpropInput Digamma Elu EluGrad Erf Erfc Erfinv Expint Floor FresnelCos "
     "FresnelSin HSVToRGB Igamma Igammac IsFinite IsInf IsNan L2Loss LeakyRelu LeakyReluGrad Lgamma "
     "LinSpace LogSoftmax Ndtri ParameterizedTruncatedNormal.dtype QuantizeAndDequantize "
     "QuantizeAndDequantizeV2 QuantizeAndDequantizeV3 QuantizeAndDequantizeV4 QuantizeAndDequantizeV4Grad "
     "RGBToHSV RandomStandardNormal.dtype RandomUniform.dtype ResizeBilinearGrad Rint Selu SeluGrad "
     "Softmax SoftmaxCrossEntropyWithLogits Softplus SoftplusGrad Softsign SoftsignGrad SparseSegmentMean "
     "SparseSegmentMeanGrad SparseSegmentMeanGradV2 SparseSegmentMeanWithNumSegments SparseSegmentSqrtN "
     "SparseSegmentSqrtNGrad SparseSegmentSqrtNGradV2 SparseSegmentSqrtNWithNumSegments "
     "SparseSegmentSumGrad SparseSegmentSumGradV2 SparseSoftmaxCrossEntropyWithLogits Spence "
     "StatelessRandomNormal.dtype StatelessRandomNormalV2.dtype StatelessRandomUniform.dtype "
     "StatelessRandomUniformV2.dtype StatelessTruncatedNormal.dtype StatelessTruncatedNormalV2.dtype "
     "StochasticCastToInt.Tin TruncatedNormal.dtype"},
    {"real",
     "Cross Dilation2D Dilation2DBackpropFilter Dilation2DBackpropInput ExtractVolumePatches FloorMod "
     "Greater GreaterEqual HistogramSummary Less LessEqual MaxPool3DGradGrad MaxPoolGrad MaxPoolGradGrad "
     "MaxPoolGradGradV2 MaxPoolGradGradWithArgmax MaxPoolGradV2 MaxPoolGradWithArgmax MaxPoolWithArgmax "
     "Maximum Minimum Multinomial NthElement Relu6 Relu6Grad ReluGrad ScalarSummary SegmentMax "
     "SegmentMaxV2 SegmentMin SegmentMinV2 SparseAdd.Treal SparseReduceMax SparseReduceMaxSparse "
     "SparseSegmentSum SparseSegmentSumWithNumSegments SparseSparseMaximum StatelessMultinomial TopK "
     "TopKV2 UnsortedSegmentMax UnsortedSegmentMin"},
    {"quantized",
     "Dequantize QuantizeDownAndShrinkRange.Tinput QuantizeDownAndShrinkRange.out_type QuantizeV2 "
     "QuantizedAdd.T1 QuantizedAdd.T2 QuantizedAdd.Toutput QuantizedAvgPool "
     "QuantizedBatchNormWithGlobalNormalization.Tinput QuantizedBatchNormWithGlobalNormalization.out_type "
     "QuantizedBiasAdd.T1 QuantizedBiasAdd.T2 QuantizedBiasAdd.out_type QuantizedConv2D.Tfilter "
     "QuantizedConv2D.Tinput QuantizedConv2D.out_type QuantizedDepthwiseConv2D.Tfilter "
     "QuantizedDepthwiseConv2D.Tinput QuantizedDepthwiseConv2D.out_type QuantizedInstanceNorm "
     "QuantizedMatMul.T1 QuantizedMatMul.T2 QuantizedMatMul.Tactivation QuantizedMatMul.Toutput "
     "QuantizedMaxPool QuantizedMul.T1 QuantizedMul.T2 QuantizedMul.Toutput QuantizedRelu.Tinput "
     "QuantizedRelu.out_type QuantizedRelu6.Tinput QuantizedRelu6.out_type QuantizedReluX.Tinput "
     "QuantizedReluX.out_type RequantizationRange.Tinput Requantize.Tinput Requantize.out_type"},
    {"float complex",
     "Acos Acosh Asin Asinh Atan Atanh Cos Cosh DivNoNan Exp Expm1 InvGrad Log Log1p MatrixTriangularSolve "
     "MulNoNan ReciprocalGrad Rsqrt RsqrtGrad Sigmoid SigmoidGrad Sin Sinh Sqrt SqrtGrad Tan Tanh TanhGrad "
     "Xdivy Xlog1py Xlogy"},
    {"float32 float64",
     "Angle.Tout BatchCholesky BatchMatrixInverse BatchMatrixSolve BatchMatrixSolveLs "
     "BatchMatrixTriangularSolve BatchSelfAdjointEig BatchSelfAdjointEigV2 Betainc CTCBeamSearchDecoder "
     "CTCGreedyDecoder CTCLoss Complex ComplexAbs.Tout IRFFT.Treal IRFFT2D.Treal IRFFT3D.Treal IgammaGradA "
     "Imag.Tout NextAfter Polygamma RFFT.Treal RFFT2D.Treal RFFT3D.Treal RandomGammaGrad Real.Tout "
     "ResizeBicubicGrad Zeta"},
    {"complex",
     "Angle Complex.Tout ComplexAbs Eig.Tout FFT.Tcomplex FFT2D.Tcomplex FFT3D.Tcomplex IFFT.Tcomplex "
     "IFFT2D.Tcomplex IFFT3D.Tcomplex IRFFT.Tcomplex IRFFT2D.Tcomplex IRFFT3D.Tcomplex Imag "
     "MatrixLogarithm RFFT.Tcomplex RFFT2D.Tcomplex RFFT3D.Tcomplex Real"},
    {"float16 float32 float64 int32 int64",
     "CollectiveGather CollectiveGatherV2 NcclAllReduce NcclBroadcast NcclReduce"},
    {"bfloat16 float16 float32 float64 int32 int64", "CollectiveReduce CollectiveReduceV2"},
    {"bool float16 float32 float64 int32 int64",
     "CollectiveBcastRecv CollectiveBcastRecvV2 CollectiveBcastSend CollectiveBcastSendV2"},
    {"float16 float32",
     "AdjustContrastv2 AdjustHue AdjustSaturation BlockLSTM BlockLSTMGrad BlockLSTMGradV2 BlockLSTMV2 "
     "DrawBoundingBoxes DrawBoundingBoxesV2 LSTMBlockCell LSTMBlockCellGrad NonMaxSuppressionV2 "
     "NonMaxSuppressionV2.T_threshold NonMaxSuppressionV3 NonMaxSuppressionV3.T_threshold "
     "NonMaxSuppressionV4 NonMaxSuppressionV4.T_threshold NonMaxSuppressionV5"},
    {"int64 float32 string",
     "ParseExample.Tdense ParseExample.sparse_types ParseExampleV2.Tdense "
     "ParseExampleV2.ragged_value_types ParseExampleV2.sparse_types ParseSequenceExample.Tcontext_dense "
     "ParseSequenceExample.context_sparse_types ParseSequenceExample.feature_list_dense_types "
     "ParseSequenceExample.feature_list_sparse_types ParseSequenceExampleV2.Tcontext_dense "
     "ParseSequenceExampleV2.context_ragged_value_types ParseSequenceExampleV2.context_sparse_types "
     "ParseSequenceExampleV2.feature_list_dense_types "
     "ParseSequenceExampleV2.feature_list_ragged_value_types "
     "ParseSequenceExampleV2.feature_list_sparse_types ParseSingleExample.Tdense "
     "ParseSingleExample.sparse_types"},
    {"complex float16 float32 float64",
     "BandedTriangularSolve Cholesky LogMatrixDeterminant Lu MatrixDeterminant MatrixExponential "
     "MatrixInverse MatrixSolve MatrixSolveLs MatrixSquareRoot Qr SelfAdjointEigV2 Svd"},
    {"float16 float32 float64",
     "CholeskyGrad Conv3DBackpropFilter Conv3DBackpropInput CropAndResizeGradImage RandomGamma "
     "RandomPoisson.dtype SelfAdjointEig SparseSoftmax StatelessParameterizedTruncatedNormal.dtype "
     "StatelessRandomGammaV2.dtype StatelessRandomGammaV3.dtype"},
    {"float16 bfloat16 float32",
     "ApproxTopK FusedBatchNormGradV2 FusedBatchNormGradV3 FusedBatchNormV2 FusedBatchNormV3 LRN LRNGrad "
     "MaxPool3D MaxPool3DGrad MaxPool3DGrad.TInput"},
    {"float32",
     "FusedBatchNorm FusedBatchNormGrad FusedBatchNormGradV2.U FusedBatchNormGradV3.U FusedBatchNormV2.U "
     "GRUBlockCell GRUBlockCellGrad ScaleAndTranslateGrad UniformDequantize.Tout UniformQuantize.Tin"},
    {"int32 int64 float32 float64",
     "Bincount Bucketize DenseBincount DenseCountSparseOutput.output_type FractionalAvgPool "
     "FractionalAvgPoolGrad FractionalMaxPool FractionalMaxPoolGrad HistogramFixedWidth RaggedBincount "
     "RaggedCountSparseOutput.output_type SparseCountSparseOutput.output_type"},
    {"int32 int64", "DenseCountSparseOutput RaggedCountSparseOutput SparseCountSparseOutput"},
    {"int16 int32 int64",
     "ArgMax.Tidx GatherNd.Tindices GatherV2.Tindices ScatterNd.Tindices StridedSlice.Index TopKV2.Tk "
     "TopKV2.index_type UnsortedSegmentSum.Tindices"},
    {"int32 int64 float16 float32 float64",
     "RandomPoissonV2.R RandomPoissonV2.dtype StatefulRandomBinomial StatefulRandomBinomial.dtype "
     "StatelessRandomBinomial StatelessRandomBinomial.dtype StatelessRandomPoisson.Rtype "
     "StatelessRandomPoisson.dtype"},
    {"real complex", "AddV2 Div FloorDiv Mul RealDiv Square Sub TruncateDiv"},
    {"integer", "BitwiseAnd BitwiseOr BitwiseXor Invert LeftShift PopulationCount RightShift"},
    {"float complex int8 int16 int32 int64", "Inv Neg Pow Reciprocal Round Sign"},
    {"float int8 uint8 int16 uint16 int32 int64",
     "DecodePaddedRaw.out_type ResizeArea ResizeBicubic ResizeBilinear ResizeNearestNeighbor "
     "ScaleAndTranslate"},
    {"complex float32 float64", "BatchMatrixDeterminant BatchSvd Eig TridiagonalMatMul TridiagonalSolve"},
    {"bfloat16 float32", "Dequantize.dtype FusedBatchNormV3.U SparseMatMul.Ta SparseMatMul.Tb"},
    {"float int32", "Conv Conv2D Conv2DBackpropInput Conv2DBackpropInputV2"},
    {"float int32 int64", "Mod ScatterMax ScatterMin TruncateMod"},
    {"float complex int32 int64", "BatchMatMul Diag DiagPart SquaredDifference"},
    {"int32 uint32 int64 uint64", "StatelessRandomUniformFullInt.Tseed StatelessRandomUniformFullInt.dtype "
                                  "StatelessRandomUniformFullIntV2.dtype StatelessRandomUniformIntV2.dtype"},
    {"int64 string",
     "SparseCross.dense_types SparseCross.internal_type SparseCross.out_type SparseCross.sparse_types "
     "SparseCrossHashed.dense_types SparseCrossHashed.sparse_types SparseCrossV2.dense_types "
     "SparseCrossV2.sparse_types"},
    {"qint32", "UniformQuantizedAdd UniformQuantizedClipByValue UniformQuantizedConvolution.Tout "
               "UniformQuantizedDot.Tout"},
    {"qint8 qint32",
     "UniformDequantize.Tin UniformQuantize.Tout UniformRequantize.Tin UniformRequantize.Tout"},
    {"real complex bool", "ExtractImagePatches OnesLike"},
    {"number bool", "ScatterNdNonAliasingAdd Where"},
    {"real complex bool string", "Reverse ReverseV2"},
    {"real quantized bool", "ArgMax ArgMin"},
    {"int16 uint16 int32 int64", "ArgMax.output_type TensorScatterUpdate.Tindices"},
    {"int8 uint8 int16 int32 int64", "SampleDistortedBoundingBox SampleDistortedBoundingBoxV2"},
    {"float complex int8 uint8 int16 int32 int64", "BatchMatMulV3.Ta BatchMatMulV3.Tb"},
    {"int8 uint8 int16 int32 int64 float32 float64", "AdjustContrast RandomCrop"},
    {"float int8 uint8 int16 uint16 int32 int64 qint8", "MaxPool MaxPoolV2"},
    {"int8 uint8 int16 uint16 int32 int64 float16 float32 float64", "CropAndResize CropAndResizeGradBoxes"},
    {"int8 uint8 int16 uint16 int32 int64 string", "DenseToDenseSetOperation SetSize"},
    {"real quantized", "Max Min"},
    {"qint8", "UniformQuantizedConvolution.Tin UniformQuantizedDot.Tin"},
    {"float uint8 int32 int64", "ImageProjectiveTransformV2.dtype ImageProjectiveTransformV3.dtype"},
    {"uint8 uint16", "DecodePng.dtype EncodePng"},
    {"float complex bool int8 uint8 int16 uint16 int32 int64", "DecodeRaw.out_type"},
    {"real complex bool string variant", "AsString"},
    {"complex variant", "Conj"},
    {"float32 quint8 qint32", "QuantizedResizeBilinear"},
    {"float complex int16 int32 int64", "BatchMatMulV3.Tout"},
    {"int32 int64 bfloat16 float32 float64", "RaggedRange"},
    {"int32 int64 float32 float64 string", "DecodeCSV.OUT_TYPE"},
    {"int32 uint32 int64 uint64 float32 float64", "StringToNumber.out_type"},
    {"int8 int16 int32", "StochasticCastToInt.Tout"},
    {"float int8 int16 int32 int64", "Abs"},
    {"float int8 int16 uint16 int32 uint32 int64", "Range.Tidx"},
    {"int8 int32 int64", "SplitV.Tlen"},
    {"float complex int8 uint8 int16 int32 int64 string", "Add"},
    {"number variant", "AddN"},
    {"real qint8", "Relu"},
    {"float int8 uint8 int32", "ResizeNearestNeighborGrad"},
    {"int8 uint8 int32 int64", "OneHot.TI"},
    {"uint8 float16 float32 float64", "ImageSummary"},
    {"float complex uint8 int16 uint16 int32 uint32 int64 uint64", "BatchMatMulV2"},
    {"uint8 uint16 float32", "DecodeImage.dtype"},
    {"float complex uint8 uint16 int32 uint32 int64 uint64", "MatMul"},
};

llvm::ArrayRef<TypesRow> tgc::signatures::typesRows() { return kRows; }

const char *tgc::signatures::indexAttrs() {
  return "Index Targmax Taxis Tblock_shape Tcrops Tdim Tidx Tindex Tindices Tlabels Tlen Tmultiples "
         "Tnumsegments Tpaddings Tperm Tseed Tsegmentids Tshape Tshift Tsplits context_ragged_split_types "
         "feature_list_ragged_split_types index_type out_idx output_dtype output_idx_type output_type "
         "ragged_split_types shape_type";
}
