//===- Quantization.cpp - Signatures of quantised arithmetic ---------------===//
//
// Fake quantisation, ranges beside values, and scales beside zero points.
// Tables.h explains the notation.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/Signatures/Tables.h"

static constexpr tgc::signatures::Row kRows[] = {
    {"FakeQuantWithMinMaxArgs", "inputs:float32", "outputs:float32",
     "min=-6.0 max=6.0 num_bits=8 narrow_range=false"},
    {"FakeQuantWithMinMaxArgsGradient", "gradients:float32 inputs:float32", "backprops:float32",
     "min=-6.0 max=6.0 num_bits=8 narrow_range=false"},
    {"FakeQuantWithMinMaxVars FakeQuantWithMinMaxVarsPerChannel", "inputs:float32 min:float32 max:float32",
     "outputs:float32", "num_bits=8 narrow_range=false"},
    {"FakeQuantWithMinMaxVarsGradient FakeQuantWithMinMaxVarsPerChannelGradient",
     "gradients:float32 inputs:float32 min:float32 max:float32",
     "backprops_wrt_input:float32 backprop_wrt_min:float32 backprop_wrt_max:float32",
     "num_bits=8 narrow_range=false"},
    {"QuantizeAndDequantize", "input:T", "output:T",
     "signed_input=true num_bits=8 range_given=false input_min=0.0 input_max=0.0"},
    {"QuantizeAndDequantizeV2 QuantizeAndDequantizeV4", "input:T input_min:T input_max:T", "output:T",
     "signed_input=true num_bits=8 range_given=false round_mode{HALF_TO_EVEN|HALF_UP}=HALF_TO_EVEN "
     "narrow_range=false axis=-1"},
    {"QuantizeAndDequantizeV3", "input:T input_min:T input_max:T num_bits:int32", "output:T",
     "signed_input=true range_given=true narrow_range=false axis=-1"},
    {"QuantizeAndDequantizeV4Grad", "gradients:T input:T input_min:T input_max:T",
     "input_backprop:T input_min_backprop:T input_max_backprop:T", "axis=-1"},
    // A range travels beside each quantised tensor.
    {"QuantizeV2", "input:float32 min_range:float32 max_range:float32",
     "output:T output_min:float32 output_max:float32",
     "mode{MIN_COMBINED|MIN_FIRST|SCALED}=MIN_COMBINED "
     "round_mode{HALF_AWAY_FROM_ZERO|HALF_TO_EVEN}=HALF_AWAY_FROM_ZERO narrow_range=false axis=-1 "
     "ensure_minimum_range=0.01"},
    {"Dequantize", "input:T min_range:float32 max_range:float32", "output:dtype",
     "mode{MIN_COMBINED|MIN_FIRST|SCALED}=MIN_COMBINED narrow_range=false axis=-1 dtype=float32"},
    {"QuantizeDownAndShrinkRange", "input:Tinput input_min:float32 input_max:float32",
     "output:out_type output_min:float32 output_max:float32", ""},
    {"RequantizationRange", "input:Tinput input_min:float32 input_max:float32",
     "output_min:float32 output_max:float32", ""},
    {"Requantize",
     "input:Tinput input_min:float32 input_max:float32 requested_output_min:float32 "
     "requested_output_max:float32",
     "output:out_type output_min:float32 output_max:float32", ""},
    {"QuantizedAdd QuantizedMul", "x:T1 y:T2 min_x:float32 max_x:float32 min_y:float32 max_y:float32",
     "z:Toutput min_z:float32 max_z:float32", "Toutput=qint32"},
    {"QuantizedBiasAdd",
     "input:T1 bias:T2 min_input:float32 max_input:float32 min_bias:float32 max_bias:float32",
     "output:out_type min_out:float32 max_out:float32", ""},
    {"QuantizedConcat", "concat_dim:int32 values:N*T input_mins:N*float32 input_maxes:N*float32",
     "output:T output_min:float32 output_max:float32", ""},
    {"QuantizedConv2D QuantizedDepthwiseConv2D",
     "input:Tinput filter:Tfilter min_input:float32 max_input:float32 min_filter:float32 "
     "max_filter:float32",
     "output:out_type min_output:float32 max_output:float32",
     "out_type=qint32 strides:list(int) padding{SAME|VALID} dilations=[1,1,1,1]"},
    {"QuantizedMatMul", "a:T1 b:T2 min_a:float32 max_a:float32 min_b:float32 max_b:float32",
     "out:Toutput min_out:float32 max_out:float32",
     "Toutput=qint32 transpose_a=false transpose_b=false Tactivation=quint8"},
    {"QuantizedRelu QuantizedRelu6", "features:Tinput min_features:float32 max_features:float32",
     "activations:out_type min_activations:float32 max_activations:float32", "out_type=quint8"},
    {"QuantizedReluX", "features:Tinput max_value:float32 min_features:float32 max_features:float32",
     "activations:out_type min_activations:float32 max_activations:float32", "out_type=quint8"},
    {"QuantizedReshape", "tensor:T shape:Tshape input_min:float32 input_max:float32",
     "output:T output_min:float32 output_max:float32", "Tshape=int32"},
    {"QuantizedAvgPool QuantizedMaxPool", "input:T min_input:float32 max_input:float32",
     "output:T min_output:float32 max_output:float32",
     "ksize:list(int) strides:list(int) padding{SAME|VALID}"},
    {"QuantizedResizeBilinear", "images:T size:int32 min:float32 max:float32",
     "resized_images:T out_min:float32 out_max:float32", "align_corners=false half_pixel_centers=false"},
    {"QuantizedInstanceNorm", "x:T x_min:float32 x_max:float32", "y:T y_min:float32 y_max:float32",
     "output_range_given=false given_y_min=0.0 given_y_max=0.0 variance_epsilon=1e-05 "
     "min_separation=0.001"},
    {"QuantizedBatchNormWithGlobalNormalization",
     "t:Tinput t_min:float32 t_max:float32 m:Tinput m_min:float32 m_max:float32 v:Tinput "
     "v_min:float32 v_max:float32 beta:Tinput beta_min:float32 beta_max:float32 gamma:Tinput "
     "gamma_min:float32 gamma_max:float32",
     "result:out_type result_min:float32 result_max:float32",
     "variance_epsilon:float scale_after_normalization:bool"},
    // Scales and zero points.
    {"UniformQuantize", "input:Tin scales:float32 zero_points:int32", "output:Tout",
     "quantization_axis=-1 quantization_min_val:int quantization_max_val:int"},
    {"UniformDequantize", "input:Tin scales:float32 zero_points:int32", "output:Tout",
     "quantization_axis=-1 quantization_min_val:int quantization_max_val:int"},
    {"UniformRequantize",
     "input:Tin input_scales:float32 input_zero_points:int32 output_scales:float32 "
     "output_zero_points:int32",
     "output:Tout",
     "input_quantization_axis=-1 input_quantization_min_val:int input_quantization_max_val:int "
     "output_quantization_axis=-1 output_quantization_min_val:int output_quantization_max_val:int"},
    {"UniformQuantizedAdd",
     "lhs:T rhs:T lhs_scales:float32 lhs_zero_points:int32 rhs_scales:float32 "
     "rhs_zero_points:int32 output_scales:float32 output_zero_points:int32",
     "output:T",
     "lhs_quantization_axis=-1 lhs_quantization_min_val:int lhs_quantization_max_val:int "
     "rhs_quantization_axis=-1 rhs_quantization_min_val:int rhs_quantization_max_val:int "
     "output_quantization_axis=-1 output_quantization_min_val:int output_quantization_max_val:int"},
    {"UniformQuantizedClipByValue", "operand:T min:T max:T scales:float32 zero_points:int32", "output:T",
     "quantization_axis=-1 quantization_min_val:int quantization_max_val:int"},
    {"UniformQuantizedDot",
     "lhs:Tin rhs:Tin lhs_scales:float32 lhs_zero_points:int32 rhs_scales:float32 "
     "rhs_zero_points:int32 output_scales:float32 output_zero_points:int32",
     "output:Tout",
     "lhs_quantization_axis=-1 lhs_quantization_min_val:int lhs_quantization_max_val:int "
     "rhs_quantization_axis=-1 rhs_quantization_min_val:int rhs_quantization_max_val:int "
     "output_quantization_axis=-1 output_quantization_min_val:int output_quantization_max_val:int"},
    {"UniformQuantizedConvolution",
     "lhs:Tin rhs:Tin lhs_scales:float32 lhs_zero_points:int32 rhs_scales:float32 "
     "rhs_zero_points:int32 output_scales:float32 output_zero_points:int32",
     "output:Tout",
     "window_strides=[] padding:string explicit_padding=[] lhs_dilation=[] rhs_dilation=[] "
     "batch_group_count=1 feature_group_count=1 dimension_numbers='' lhs_quantization_axis=-1 "
     "lhs_quantization_min_val:int lhs_quantization_max_val:int rhs_quantization_axis=-1 "
     "rhs_quantization_min_val:int rhs_quantization_max_val:int output_quantization_axis=-1 "
     "output_quantization_min_val:int output_quantization_max_val:int"},
};

llvm::ArrayRef<tgc::signatures::Row> tgc::signatures::quantizationRows() { return kRows; }
