//===- Segment.cpp - Signatures of reductions by segment -------------------===//
//
// Rows with equal numbers are reduced to one.
// Tables.h explains the notation.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/Signatures/Tables.h"

static constexpr tgc::signatures::Row kRows[] = {
    {"SegmentSum SegmentMean SegmentProd SegmentMin SegmentMax", "data:T segment_ids:Tindices", "output:T",
     ""},
    {"SegmentSumV2 SegmentProdV2 SegmentMinV2 SegmentMaxV2",
     "data:T segment_ids:Tindices num_segments:Tnumsegments", "output:T", "Tnumsegments=int32"},
    {"UnsortedSegmentSum UnsortedSegmentProd UnsortedSegmentMin UnsortedSegmentMax",
     "data:T segment_ids:Tindices num_segments:Tnumsegments", "output:T", "Tnumsegments=int32"},
    {"UnsortedSegmentJoin", "inputs:string segment_ids:Tindices num_segments:Tnumsegments", "output:string",
     "separator='' Tnumsegments=int32"},
    {"SparseSegmentSum SparseSegmentMean SparseSegmentSqrtN", "data:T indices:Tidx segment_ids:Tsegmentids",
     "output:T", "Tidx=int32 Tsegmentids=int32 sparse_gradient=false"},
    {"SparseSegmentSumWithNumSegments SparseSegmentMeanWithNumSegments "
     "SparseSegmentSqrtNWithNumSegments",
     "data:T indices:Tidx segment_ids:Tsegmentids num_segments:Tnumsegments", "output:T",
     "Tnumsegments=int32 Tidx=int32 Tsegmentids=int32 sparse_gradient=false"},
    {"SparseSegmentSumGrad SparseSegmentMeanGrad SparseSegmentSqrtNGrad",
     "grad:T indices:Tidx segment_ids:Tsegmentids output_dim0:int32", "output:T",
     "Tidx=int32 Tsegmentids=int32"},
    {"SparseSegmentSumGradV2 SparseSegmentMeanGradV2 SparseSegmentSqrtNGradV2",
     "grad:T indices:Tidx segment_ids:Tsegmentids dense_output_dim0:int32",
     "output:T sorted_unique_indices:Tidx", "Tidx=int32 Tsegmentids=int32"},
    // Rows of different lengths.
    {"RaggedTensorToTensor",
     "shape:Tshape values:T default_value:T row_partition_tensors:num_row_partition_tensors*Tindex",
     "result:T", "row_partition_types:list(string)"},
    {"RaggedRange", "starts:T limits:T deltas:T", "rt_nested_splits:Tsplits rt_dense_values:T",
     "T=int32 Tsplits=int64"},
    {"RaggedGather",
     "params_nested_splits:PARAMS_RAGGED_RANK*Tsplits params_dense_values:Tvalues indices:Tindices",
     "output_nested_splits:OUTPUT_RAGGED_RANK*Tsplits output_dense_values:Tvalues", "Tsplits=int64"},
    {"RaggedTensorToVariant", "rt_nested_splits:RAGGED_RANK*Tsplits rt_dense_values:Tvalues",
     "encoded_ragged:variant", "batched_input:bool Tsplits=int64"},
    {"RaggedTensorFromVariant", "encoded_ragged:variant",
     "output_nested_splits:output_ragged_rank*Tsplits output_dense_values:Tvalues",
     "input_ragged_rank:int Tsplits=int64"},
    {"RaggedTensorToSparse", "rt_nested_splits:RAGGED_RANK*Tsplits rt_dense_values:T",
     "sparse_indices:int64 sparse_values:T sparse_dense_shape:int64", "Tsplits=int64"},
};

llvm::ArrayRef<tgc::signatures::Row> tgc::signatures::segmentRows() { return kRows; }
