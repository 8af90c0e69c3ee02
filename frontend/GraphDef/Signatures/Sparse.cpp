//===- Sparse.cpp - Signatures of sparse tensors ---------------------------===//
//
// A sparse tensor is three: indices, values, shape.
// Tables.h explains the notation.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/Signatures/Tables.h"

static constexpr tgc::signatures::Row kRows[] = {
    {"SparseAdd",
     "a_indices:int64 a_values:T a_shape:int64 b_indices:int64 b_values:T b_shape:int64 thresh:Treal",
     "sum_indices:int64 sum_values:T sum_shape:int64", ""},
    {"SparseAddGrad", "backprop_val_grad:T a_indices:int64 b_indices:int64 sum_indices:int64",
     "a_val_grad:T b_val_grad:T", ""},
    {"SparseConcat", "indices:N*int64 values:N*T shapes:N*int64",
     "output_indices:int64 output_values:T output_shape:int64", "concat_dim:int"},
    {"DenseCountSparseOutput", "values:T weights:output_type",
     "output_indices:int64 output_values:output_type output_dense_shape:int64",
     "minlength=-1 maxlength=-1 binary_output:bool"},
    {"RaggedCountSparseOutput", "splits:int64 values:T weights:output_type",
     "output_indices:int64 output_values:output_type output_dense_shape:int64",
     "minlength=-1 maxlength=-1 binary_output:bool"},
    {"SparseCountSparseOutput", "indices:int64 values:T dense_shape:int64 weights:output_type",
     "output_indices:int64 output_values:output_type output_dense_shape:int64",
     "minlength=-1 maxlength=-1 binary_output:bool"},
    {"SparseCross", "indices:N*int64 values:[sparse_types] shapes:N*int64 dense_inputs:[dense_types]",
     "output_indices:int64 output_values:out_type output_shape:int64",
     "hashed_output:bool num_buckets:int hash_key:int internal_type:type"},
    {"SparseCrossHashed",
     "indices:N*int64 values:[sparse_types] shapes:N*int64 dense_inputs:[dense_types] num_buckets:int64 "
     "strong_hash:bool salt:int64",
     "output_indices:int64 output_values:int64 output_shape:int64", ""},
    {"SparseCrossV2",
     "indices:N*int64 values:[sparse_types] shapes:N*int64 dense_inputs:[dense_types] sep:string",
     "output_indices:int64 output_values:string output_shape:int64", ""},
    {"SparseDenseCwiseAdd SparseDenseCwiseMul SparseDenseCwiseDiv",
     "sp_indices:int64 sp_values:T sp_shape:int64 dense:T", "output:T", ""},
    {"SparseFillEmptyRows", "indices:int64 values:T dense_shape:int64 default_value:T",
     "output_indices:int64 output_values:T empty_row_indicator:bool reverse_index_map:int64", ""},
    {"SparseFillEmptyRowsGrad", "reverse_index_map:int64 grad_values:T", "d_values:T d_default_value:T", ""},
    {"SparseReduceMax SparseReduceSum",
     "input_indices:int64 input_values:T input_shape:int64 reduction_axes:int32", "output:T",
     "keep_dims=false"},
    {"SparseReduceMaxSparse SparseReduceSumSparse",
     "input_indices:int64 input_values:T input_shape:int64 reduction_axes:int32",
     "output_indices:int64 output_values:T output_shape:int64", "keep_dims=false"},
    {"SparseReorder", "input_indices:int64 input_values:T input_shape:int64",
     "output_indices:int64 output_values:T", ""},
    {"SparseReshape", "input_indices:int64 input_shape:int64 new_shape:int64",
     "output_indices:int64 output_shape:int64", ""},
    {"SparseSlice", "indices:int64 values:T shape:int64 start:int64 size:int64",
     "output_indices:int64 output_values:T output_shape:int64", ""},
    {"SparseSliceGrad", "backprop_val_grad:T input_indices:int64 input_start:int64 output_indices:int64",
     "val_grad:T", ""},
    {"SparseSoftmax", "sp_indices:int64 sp_values:T sp_shape:int64", "output:T", ""},
    {"SparseSparseMaximum SparseSparseMinimum",
     "a_indices:int64 a_values:T a_shape:int64 b_indices:int64 b_values:T b_shape:int64",
     "output_indices:int64 output_values:T", ""},
    {"SparseSplit", "split_dim:int64 indices:int64 values:T shape:int64",
     "output_indices:num_split*int64 output_values:num_split*T output_shape:num_split*int64", ""},
    {"SparseTensorDenseAdd", "a_indices:Tindices a_values:T a_shape:Tindices b:T", "output:T", ""},
    {"SparseTensorDenseMatMul", "a_indices:Tindices a_values:T a_shape:int64 b:T", "product:T",
     "adjoint_a=false adjoint_b=false Tindices=int64"},
    {"SparseToDense", "sparse_indices:Tindices output_shape:Tindices sparse_values:T default_value:T",
     "dense:T", "validate_indices=true"},
};

llvm::ArrayRef<tgc::signatures::Row> tgc::signatures::sparseRows() { return kRows; }
