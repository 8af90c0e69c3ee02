//===- Host.cpp - Signatures of saving, files, summaries and printing ------===//
//
// What a graph asks of its host.
// Tables.h explains the notation.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/Signatures/Tables.h"

static constexpr tgc::signatures::Row kRows[] = {
    // Checkpoints.
    {"SaveV2", "prefix:string tensor_names:string shape_and_slices:string tensors:[dtypes]", "", ""},
    {"RestoreV2", "prefix:string tensor_names:string shape_and_slices:string", "tensors:[dtypes]", ""},
    {"Save", "filename:string tensor_names:string data:[T]", "", ""},
    {"SaveSlices", "filename:string tensor_names:string shapes_and_slices:string data:[T]", "", ""},
    {"Restore", "file_pattern:string tensor_name:string", "tensor:dt", "preferred_shard=-1"},
    {"RestoreSlice", "file_pattern:string tensor_name:string shape_and_slice:string", "tensor:dt",
     "preferred_shard=-1"},
    {"MergeV2Checkpoints", "checkpoint_prefixes:string destination_prefix:string", "",
     "delete_old_dirs=true allow_missing_files=false"},
    {"ShardedFilename", "basename:string shard:int32 num_shards:int32", "filename:string", ""},
    {"ShardedFilespec", "basename:string num_shards:int32", "filename:string", ""},
    // Files.
    {"ReadFile", "filename:string", "contents:string", ""},
    {"WriteFile", "filename:string contents:string", "", ""},
    {"MatchingFiles", "pattern:string", "filenames:string", ""},
    // Summaries.
    {"ScalarSummary", "tags:string values:T", "summary:string", ""},
    {"HistogramSummary", "tag:string values:T", "summary:string", "T=float32"},
    {"ImageSummary", "tag:string tensor:T", "summary:string", "max_images=3 T=float32"},
    {"AudioSummary", "tag:string tensor:float32", "summary:string", "sample_rate:float max_outputs=3"},
    {"AudioSummaryV2", "tag:string tensor:float32 sample_rate:float32", "summary:string", "max_outputs=3"},
    {"TensorSummary", "tensor:T", "summary:string", "description='' labels:list(string)=[] display_name=''"},
    {"TensorSummaryV2", "tag:string tensor:T serialized_summary_metadata:string", "summary:string", ""},
    {"MergeSummary", "inputs:N*string", "summary:string", ""},
    // Printing and time.
    {"Print", "input:T data:[U]", "output:T", "message='' first_n=-1 summarize=3"},
    {"PrintV2", "input:string", "", "output_stream='stderr' end='\n'"},
    {"Timestamp", "", "ts:float64", ""},
};

llvm::ArrayRef<tgc::signatures::Row> tgc::signatures::hostRows() { return kRows; }
