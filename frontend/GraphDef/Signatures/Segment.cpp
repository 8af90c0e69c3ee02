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
};

llvm::ArrayRef<tgc::signatures::Row> tgc::signatures::segmentRows() { return kRows; }
