//===- Recurrent.cpp - Signatures of recurrent cells and sequence losses ---===//
//
// Whole cells and layers, CTC, edit distance.
// Tables.h explains the notation.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/Signatures/Tables.h"

static constexpr tgc::signatures::Row kRows[] = {
    {"BlockLSTM", "seq_len_max:int64 x:T cs_prev:T h_prev:T w:T wci:T wcf:T wco:T b:T",
     "i:T cs:T f:T o:T ci:T co:T h:T", "forget_bias=1.0 cell_clip=3.0 use_peephole=false"},
    {"BlockLSTMV2", "seq_len_max:int64 x:T cs_prev:T h_prev:T w:T wci:T wcf:T wco:T b:T",
     "i:T cs:T f:T o:T ci:T co:T h:T", "cell_clip=0.0 use_peephole=false"},
    {"BlockLSTMGrad BlockLSTMGradV2",
     "seq_len_max:int64 x:T cs_prev:T h_prev:T w:T wci:T wcf:T wco:T b:T i:T cs:T f:T o:T ci:T "
     "co:T h:T cs_grad:T h_grad:T",
     "x_grad:T cs_prev_grad:T h_prev_grad:T w_grad:T wci_grad:T wcf_grad:T wco_grad:T b_grad:T",
     "use_peephole:bool"},
    {"LSTMBlockCell", "x:T cs_prev:T h_prev:T w:T wci:T wcf:T wco:T b:T", "i:T cs:T f:T o:T ci:T co:T h:T",
     "forget_bias=1.0 cell_clip=3.0 use_peephole=false"},
    {"LSTMBlockCellGrad",
     "x:T cs_prev:T h_prev:T w:T wci:T wcf:T wco:T b:T i:T cs:T f:T o:T ci:T co:T cs_grad:T h_grad:T",
     "cs_prev_grad:T dicfo:T wci_grad:T wcf_grad:T wco_grad:T", "use_peephole:bool"},
    {"GRUBlockCell", "x:T h_prev:T w_ru:T w_c:T b_ru:T b_c:T", "r:T u:T c:T h:T", ""},
    {"GRUBlockCellGrad", "x:T h_prev:T w_ru:T w_c:T b_ru:T b_c:T r:T u:T c:T d_h:T",
     "d_x:T d_h_prev:T d_c_bar:T d_r_bar_u_bar:T", ""},
    // The layers of cuDNN.
    {"CudnnRNN", "input:T input_h:T input_c:T params:T", "output:T output_h:T output_c:T reserve_space:T",
     "rnn_mode{rnn_relu|rnn_tanh|lstm|gru}=lstm "
     "input_mode{linear_input|skip_input|auto_select}=linear_input "
     "direction{unidirectional|bidirectional}=unidirectional dropout=0.0 seed=0 seed2=0 "
     "is_training=true"},
    {"CudnnRNNV2", "input:T input_h:T input_c:T params:T",
     "output:T output_h:T output_c:T reserve_space:T host_reserved:int8",
     "rnn_mode{rnn_relu|rnn_tanh|lstm|gru}=lstm "
     "input_mode{linear_input|skip_input|auto_select}=linear_input "
     "direction{unidirectional|bidirectional}=unidirectional dropout=0.0 seed=0 seed2=0 "
     "is_training=true"},
    {"CudnnRNNV3", "input:T input_h:T input_c:T params:T sequence_lengths:int32",
     "output:T output_h:T output_c:T reserve_space:T host_reserved:int8",
     "rnn_mode{rnn_relu|rnn_tanh|lstm|gru}=lstm "
     "input_mode{linear_input|skip_input|auto_select}=linear_input "
     "direction{unidirectional|bidirectional}=unidirectional dropout=0.0 seed=0 seed2=0 num_proj=0 "
     "is_training=true time_major=true"},
    {"CudnnRNNBackprop",
     "input:T input_h:T input_c:T params:T output:T output_h:T output_c:T output_backprop:T "
     "output_h_backprop:T output_c_backprop:T reserve_space:T",
     "input_backprop:T input_h_backprop:T input_c_backprop:T params_backprop:T",
     "rnn_mode{rnn_relu|rnn_tanh|lstm|gru}=lstm "
     "input_mode{linear_input|skip_input|auto_select}=linear_input "
     "direction{unidirectional|bidirectional}=unidirectional dropout=0.0 seed=0 seed2=0"},
    {"CudnnRNNBackpropV2",
     "input:T input_h:T input_c:T params:T output:T output_h:T output_c:T output_backprop:T "
     "output_h_backprop:T output_c_backprop:T reserve_space:T host_reserved:int8",
     "input_backprop:T input_h_backprop:T input_c_backprop:T params_backprop:T",
     "rnn_mode{rnn_relu|rnn_tanh|lstm|gru}=lstm "
     "input_mode{linear_input|skip_input|auto_select}=linear_input "
     "direction{unidirectional|bidirectional}=unidirectional dropout=0.0 seed=0 seed2=0"},
    {"CudnnRNNBackpropV3",
     "input:T input_h:T input_c:T params:T sequence_lengths:int32 output:T output_h:T output_c:T "
     "output_backprop:T output_h_backprop:T output_c_backprop:T reserve_space:T host_reserved:int8",
     "input_backprop:T input_h_backprop:T input_c_backprop:T params_backprop:T",
     "rnn_mode{rnn_relu|rnn_tanh|lstm|gru}=lstm "
     "input_mode{linear_input|skip_input|auto_select}=linear_input "
     "direction{unidirectional|bidirectional}=unidirectional dropout=0.0 seed=0 seed2=0 num_proj=0 "
     "time_major=true"},
    {"CudnnRNNParamsSize", "num_layers:int32 num_units:int32 input_size:int32", "params_size:S",
     "T:type rnn_mode{rnn_relu|rnn_tanh|lstm|gru}=lstm "
     "input_mode{linear_input|skip_input|auto_select}=linear_input "
     "direction{unidirectional|bidirectional}=unidirectional dropout=0.0 seed=0 seed2=0 num_proj=0"},
    {"CudnnRNNCanonicalToParams",
     "num_layers:int32 num_units:int32 input_size:int32 weights:num_params*T biases:num_params*T", "params:T",
     "rnn_mode{rnn_relu|rnn_tanh|lstm|gru}=lstm "
     "input_mode{linear_input|skip_input|auto_select}=linear_input "
     "direction{unidirectional|bidirectional}=unidirectional dropout=0.0 seed=0 seed2=0"},
    {"CudnnRNNCanonicalToParamsV2",
     "num_layers:int32 num_units:int32 input_size:int32 weights:num_params_weights*T "
     "biases:num_params_biases*T",
     "params:T",
     "rnn_mode{rnn_relu|rnn_tanh|lstm|gru}=lstm "
     "input_mode{linear_input|skip_input|auto_select}=linear_input "
     "direction{unidirectional|bidirectional}=unidirectional dropout=0.0 seed=0 seed2=0 num_proj=0"},
    {"CudnnRNNParamsToCanonical", "num_layers:int32 num_units:int32 input_size:int32 params:T",
     "weights:num_params*T biases:num_params*T",
     "rnn_mode{rnn_relu|rnn_tanh|lstm|gru}=lstm "
     "input_mode{linear_input|skip_input|auto_select}=linear_input "
     "direction{unidirectional|bidirectional}=unidirectional dropout=0.0 seed=0 seed2=0"},
    {"CudnnRNNParamsToCanonicalV2", "num_layers:int32 num_units:int32 input_size:int32 params:T",
     "weights:num_params_weights*T biases:num_params_biases*T",
     "rnn_mode{rnn_relu|rnn_tanh|lstm|gru}=lstm "
     "input_mode{linear_input|skip_input|auto_select}=linear_input "
     "direction{unidirectional|bidirectional}=unidirectional dropout=0.0 seed=0 seed2=0 num_proj=0"},
    // Losses and decoders of label sequences.
    {"CTCLoss", "inputs:T labels_indices:int64 labels_values:int32 sequence_length:int32",
     "loss:T gradient:T",
     "preprocess_collapse_repeated=false ctc_merge_repeated=true "
     "ignore_longer_outputs_than_inputs=false T=float32"},
    {"CTCLossV2", "inputs:float32 labels_indices:int64 labels_values:int32 sequence_length:int32",
     "loss:float32 gradient:float32",
     "preprocess_collapse_repeated=false ctc_merge_repeated=true "
     "ignore_longer_outputs_than_inputs=false"},
    {"CTCGreedyDecoder", "inputs:T sequence_length:int32",
     "decoded_indices:int64 decoded_values:int64 decoded_shape:int64 log_probability:T",
     "merge_repeated=false blank_index=-1 T=float32"},
    {"CTCBeamSearchDecoder", "inputs:T sequence_length:int32",
     "decoded_indices:top_paths*int64 decoded_values:top_paths*int64 decoded_shape:top_paths*int64 "
     "log_probability:T",
     "beam_width:int merge_repeated=true T=float32"},
    {"EditDistance",
     "hypothesis_indices:int64 hypothesis_values:T hypothesis_shape:int64 truth_indices:int64 "
     "truth_values:T truth_shape:int64",
     "output:float32", "normalize=true"},
};

llvm::ArrayRef<tgc::signatures::Row> tgc::signatures::recurrentRows() { return kRows; }
