//===- Convolution.cpp - Signatures of convolutions and pooling ------------===//
//
// Sliding windows in two and three dimensions, and their gradients.
// Tables.h explains the notation.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/Signatures/Tables.h"

static constexpr tgc::signatures::Row kRows[] = {
    {"Conv", "input:T filter:T", "output:T",
     "strides:list(int) padding{SAME|VALID|EXPLICIT} explicit_paddings=[] "
     "data_format{CHANNELS_FIRST|CHANNELS_LAST}=CHANNELS_LAST dilations=[] batch_dims=1 groups=1"},
    {"Conv2D", "input:T filter:T", "output:T",
     "strides:list(int) use_cudnn_on_gpu=true padding{SAME|VALID|EXPLICIT} explicit_paddings=[] "
     "data_format{NHWC|NCHW}=NHWC dilations=[1,1,1,1]"},
    {"Conv2DBackpropFilter", "input:T filter_sizes:int32 out_backprop:T", "output:T",
     "strides:list(int) use_cudnn_on_gpu=true padding{SAME|VALID|EXPLICIT} explicit_paddings=[] "
     "data_format{NHWC|NCHW}=NHWC dilations=[1,1,1,1]"},
    {"Conv2DBackpropInput", "input_sizes:int32 filter:T out_backprop:T", "output:T",
     "strides:list(int) use_cudnn_on_gpu=true padding{SAME|VALID|EXPLICIT} explicit_paddings=[] "
     "data_format{NHWC|NCHW}=NHWC dilations=[1,1,1,1]"},
    {"Conv2DBackpropFilterV2 Conv2DBackpropInputV2", "input:T filter:T out_backprop:T", "output:T",
     "strides:list(int) use_cudnn_on_gpu=true padding{SAME|VALID|EXPLICIT} explicit_paddings=[] "
     "data_format{NHWC|NCHW}=NHWC dilations=[1,1,1,1]"},
    {"Conv3DBackpropFilter Conv3DBackpropInput", "input:T filter:T out_backprop:T", "output:T",
     "strides:list(int) padding{SAME|VALID} dilations=[1,1,1,1,1]"},
    {"Conv3D", "input:T filter:T", "output:T",
     "strides:list(int) padding{SAME|VALID} data_format{NDHWC|NCDHW}=NDHWC dilations=[1,1,1,1,1]"},
    {"Conv3DBackpropFilterV2", "input:T filter_sizes:int32 out_backprop:T", "output:T",
     "strides:list(int) padding{SAME|VALID} data_format{NDHWC|NCDHW}=NDHWC dilations=[1,1,1,1,1]"},
    {"Conv3DBackpropInputV2", "input_sizes:Tshape filter:T out_backprop:T", "output:T",
     "strides:list(int) padding{SAME|VALID} data_format{NDHWC|NCDHW}=NDHWC dilations=[1,1,1,1,1] "
     "Tshape=int32"},
    {"DepthwiseConv2dNative", "input:T filter:T", "output:T",
     "strides:list(int) padding{SAME|VALID|EXPLICIT} explicit_paddings=[] "
     "data_format{NHWC|NCHW}=NHWC dilations=[1,1,1,1]"},
    {"DepthwiseConv2dNativeBackpropFilter", "input:T filter_sizes:int32 out_backprop:T", "output:T",
     "strides:list(int) padding{SAME|VALID|EXPLICIT} explicit_paddings=[] "
     "data_format{NHWC|NCHW}=NHWC dilations=[1,1,1,1]"},
    {"DepthwiseConv2dNativeBackpropInput", "input_sizes:int32 filter:T out_backprop:T", "output:T",
     "strides:list(int) padding{SAME|VALID|EXPLICIT} explicit_paddings=[] "
     "data_format{NHWC|NCHW}=NHWC dilations=[1,1,1,1]"},
    {"Dilation2D", "input:T filter:T", "output:T", "strides:list(int) rates:list(int) padding{SAME|VALID}"},
    {"Dilation2DBackpropInput", "input:T filter:T out_backprop:T", "in_backprop:T",
     "strides:list(int) rates:list(int) padding{SAME|VALID}"},
    {"Dilation2DBackpropFilter", "input:T filter:T out_backprop:T", "filter_backprop:T",
     "strides:list(int) rates:list(int) padding{SAME|VALID}"},
    // Pooling.
    {"AvgPool", "value:T", "output:T",
     "ksize:list(int) strides:list(int) padding{SAME|VALID} data_format{NHWC|NCHW}=NHWC"},
    {"AvgPoolGrad", "orig_input_shape:int32 grad:T", "output:T",
     "ksize:list(int) strides:list(int) padding{SAME|VALID} data_format{NHWC|NCHW}=NHWC"},
    {"AvgPool3D", "input:T", "output:T",
     "ksize:list(int) strides:list(int) padding{SAME|VALID} data_format{NDHWC|NCDHW}=NDHWC"},
    {"AvgPool3DGrad", "orig_input_shape:int32 grad:T", "output:T",
     "ksize:list(int) strides:list(int) padding{SAME|VALID} data_format{NDHWC|NCDHW}=NDHWC"},
    {"MaxPool", "input:T", "output:T",
     "ksize:list(int) strides:list(int) padding{SAME|VALID|EXPLICIT} explicit_paddings=[] "
     "data_format{NHWC|NCHW|NCHW_VECT_C}=NHWC T=float32"},
    {"MaxPoolV2", "input:T ksize:int32 strides:int32", "output:T",
     "padding{SAME|VALID} data_format{NHWC|NCHW|NCHW_VECT_C}=NHWC T=float32"},
    {"MaxPoolGrad", "orig_input:T orig_output:T grad:T", "output:T",
     "ksize:list(int) strides:list(int) padding{SAME|VALID|EXPLICIT} explicit_paddings=[] "
     "data_format{NHWC|NCHW}=NHWC T=float32"},
    {"MaxPoolGradV2 MaxPoolGradGradV2", "orig_input:T orig_output:T grad:T ksize:int32 strides:int32",
     "output:T", "padding{SAME|VALID} data_format{NHWC|NCHW}=NHWC T=float32"},
    {"MaxPoolGradGrad", "orig_input:T orig_output:T grad:T", "output:T",
     "ksize:list(int) strides:list(int) padding{SAME|VALID} data_format{NHWC|NCHW}=NHWC"},
    {"MaxPool3D", "input:T", "output:T",
     "ksize:list(int) strides:list(int) padding{SAME|VALID} data_format{NDHWC|NCDHW}=NDHWC"},
    {"MaxPool3DGrad", "orig_input:TInput orig_output:TInput grad:T", "output:T",
     "ksize:list(int) strides:list(int) padding{SAME|VALID} data_format{NDHWC|NCDHW}=NDHWC "
     "T=float32 TInput=float32"},
    {"MaxPool3DGradGrad", "orig_input:T orig_output:T grad:T", "output:T",
     "ksize:list(int) strides:list(int) padding{SAME|VALID} data_format{NDHWC|NCDHW}=NDHWC"},
    {"MaxPoolWithArgmax", "input:T", "output:T argmax:Targmax",
     "ksize:list(int) strides:list(int) Targmax=int64 padding{SAME|VALID} include_batch_in_index=false"},
    {"MaxPoolGradWithArgmax MaxPoolGradGradWithArgmax", "input:T grad:T argmax:Targmax", "output:T",
     "ksize:list(int) strides:list(int) padding{SAME|VALID} include_batch_in_index=false"},
    {"FractionalMaxPool FractionalAvgPool", "value:T",
     "output:T row_pooling_sequence:int64 col_pooling_sequence:int64",
     "pooling_ratio:list(float) pseudo_random=false overlapping=false deterministic=false seed=0 "
     "seed2=0"},
    {"FractionalMaxPoolGrad",
     "orig_input:T orig_output:T out_backprop:T row_pooling_sequence:int64 col_pooling_sequence:int64",
     "output:T", "overlapping=false"},
    {"FractionalAvgPoolGrad",
     "orig_input_tensor_shape:int64 out_backprop:T row_pooling_sequence:int64 "
     "col_pooling_sequence:int64",
     "output:T", "overlapping=false"},
};

llvm::ArrayRef<tgc::signatures::Row> tgc::signatures::convolutionRows() { return kRows; }
