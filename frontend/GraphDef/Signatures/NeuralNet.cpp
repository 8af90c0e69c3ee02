//===- NeuralNet.cpp - Signatures of activations, losses and normalisation -===//
//
// What stands between convolutions and matrix products in a network.
// Tables.h explains the notation.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/Signatures/Tables.h"

static constexpr tgc::signatures::Row kRows[] = {
    {"BiasAdd", "value:T bias:T", "output:T", "data_format{NHWC|NCHW}=NHWC"},
    {"BiasAddV1", "value:T bias:T", "output:T", ""},
    {"BiasAddGrad", "out_backprop:T", "output:T", "data_format{NHWC|NCHW}=NHWC"},
    // Activations.
    {"Relu Relu6 Elu Selu Softplus Softsign", "features:T", "activations:T", ""},
    {"LeakyRelu", "features:T", "activations:T", "alpha=0.2 T=float32"},
    {"ReluGrad Relu6Grad SoftplusGrad SoftsignGrad", "gradients:T features:T", "backprops:T", ""},
    {"EluGrad SeluGrad", "gradients:T outputs:T", "backprops:T", ""},
    {"LeakyReluGrad", "gradients:T features:T", "backprops:T", "alpha=0.2 T=float32"},
    {"Softmax", "logits:T", "softmax:T", ""},
    {"LogSoftmax", "logits:T", "logsoftmax:T", ""},
    // Losses.
    {"SoftmaxCrossEntropyWithLogits", "features:T labels:T", "loss:T backprop:T", ""},
    {"SparseSoftmaxCrossEntropyWithLogits", "features:T labels:Tlabels", "loss:T backprop:T",
     "Tlabels=int64"},
    {"L2Loss", "t:T", "output:T", ""},
    // Normalisation.
    {"LRN", "input:T", "output:T", "depth_radius=5 bias=1.0 alpha=1.0 beta=0.5 T=float32"},
    {"LRNGrad", "input_grads:T input_image:T output_image:T", "output:T",
     "depth_radius=5 bias=1.0 alpha=1.0 beta=0.5 T=float32"},
    {"FusedBatchNorm", "x:T scale:T offset:T mean:T variance:T",
     "y:T batch_mean:T batch_variance:T reserve_space_1:T reserve_space_2:T",
     "epsilon=0.0001 exponential_avg_factor=1.0 data_format{NHWC|NCHW}=NHWC is_training=true"},
    {"FusedBatchNormV2", "x:T scale:U offset:U mean:U variance:U",
     "y:T batch_mean:U batch_variance:U reserve_space_1:U reserve_space_2:U",
     "epsilon=0.0001 exponential_avg_factor=1.0 data_format{NHWC|NCHW}=NHWC is_training=true"},
    {"FusedBatchNormV3", "x:T scale:U offset:U mean:U variance:U",
     "y:T batch_mean:U batch_variance:U reserve_space_1:U reserve_space_2:U reserve_space_3:U",
     "epsilon=0.0001 exponential_avg_factor=1.0 data_format{NHWC|NCHW|NDHWC|NCDHW}=NHWC "
     "is_training=true"},
    {"FusedBatchNormGrad", "y_backprop:T x:T scale:T reserve_space_1:T reserve_space_2:T",
     "x_backprop:T scale_backprop:T offset_backprop:T reserve_space_3:T reserve_space_4:T",
     "epsilon=0.0001 data_format{NHWC|NCHW}=NHWC is_training=true"},
    {"FusedBatchNormGradV2", "y_backprop:T x:T scale:float32 reserve_space_1:U reserve_space_2:U",
     "x_backprop:T scale_backprop:U offset_backprop:U reserve_space_3:U reserve_space_4:U",
     "epsilon=0.0001 data_format{NHWC|NCHW}=NHWC is_training=true"},
    {"FusedBatchNormGradV3",
     "y_backprop:T x:T scale:float32 reserve_space_1:U reserve_space_2:U reserve_space_3:U",
     "x_backprop:T scale_backprop:U offset_backprop:U reserve_space_4:U reserve_space_5:U",
     "epsilon=0.0001 data_format{NHWC|NCHW|NDHWC|NCDHW}=NHWC is_training=true"},
    {"BatchNormWithGlobalNormalization", "t:T m:T v:T beta:T gamma:T", "result:T",
     "variance_epsilon:float scale_after_normalization:bool"},
    {"BatchNormWithGlobalNormalizationGrad", "t:T m:T v:T gamma:T backprop:T", "dx:T dm:T dv:T db:T dg:T",
     "variance_epsilon:float scale_after_normalization:bool"},
};

llvm::ArrayRef<tgc::signatures::Row> tgc::signatures::neuralNetRows() { return kRows; }
