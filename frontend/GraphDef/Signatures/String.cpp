//===- String.cpp - Signatures of strings and parsing ----------------------===//
//
// Text, encodings, records.
// Tables.h explains the notation.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/Signatures/Tables.h"

static constexpr tgc::signatures::Row kRows[] = {
    {"AsString", "input:T", "output:string", "precision=-1 scientific=false shortest=false width=-1 fill=''"},
    {"StringJoin", "inputs:N*string", "output:string", "separator=''"},
    {"ReduceJoin", "inputs:string reduction_indices:int32", "output:string", "keep_dims=false separator=''"},
    {"StringFormat", "inputs:[T]", "output:string", "template='%s' placeholder='%s' summarize=3"},
    {"StringLength", "input:string", "output:int32", "unit{BYTE|UTF8_CHAR}=BYTE"},
    {"StringLower StringUpper", "input:string", "output:string", "encoding=''"},
    {"StringStrip", "input:string", "output:string", ""},
    {"StringNGrams", "data:string data_splits:Tsplits", "ngrams:string ngrams_splits:Tsplits",
     "separator:string ngram_widths:list(int) left_pad:string right_pad:string pad_width:int "
     "preserve_short_sequences:bool Tsplits=int64"},
    {"StringSplit", "input:string delimiter:string", "indices:int64 values:string shape:int64",
     "skip_empty=true"},
    {"StringSplitV2", "input:string sep:string", "indices:int64 values:string shape:int64", "maxsplit=-1"},
    {"Substr", "input:string pos:T len:T", "output:string", "unit{BYTE|UTF8_CHAR}=BYTE"},
    {"StringToHashBucket", "string_tensor:string", "output:int64", "num_buckets:int"},
    {"StringToHashBucketFast", "input:string", "output:int64", "num_buckets:int"},
    {"StringToHashBucketStrong", "input:string", "output:int64", "num_buckets:int key:list(int)"},
    {"StringToNumber", "string_tensor:string", "output:out_type", "out_type=float32"},
    {"RegexFullMatch", "input:string pattern:string", "output:bool", ""},
    {"RegexReplace", "input:string pattern:string rewrite:string", "output:string", "replace_global=true"},
    {"StaticRegexFullMatch", "input:string", "output:bool", "pattern:string"},
    {"StaticRegexReplace", "input:string", "output:string",
     "pattern:string rewrite:string replace_global=true"},
    {"UnicodeDecode", "input:string", "row_splits:Tsplits char_values:int32",
     "input_encoding:string errors{strict|replace|ignore}=replace replacement_char=65533 "
     "replace_control_characters=false Tsplits=int64"},
    {"UnicodeDecodeWithOffsets", "input:string",
     "row_splits:Tsplits char_values:int32 char_to_byte_starts:int64",
     "input_encoding:string errors{strict|replace|ignore}=replace replacement_char=65533 "
     "replace_control_characters=false Tsplits=int64"},
    {"UnicodeEncode", "input_values:int32 input_splits:Tsplits", "output:string",
     "errors{ignore|replace|strict}=replace output_encoding:string replacement_char=65533 "
     "Tsplits=int64"},
    {"UnicodeTranscode", "input:string", "output:string",
     "input_encoding:string output_encoding:string errors{strict|replace|ignore}=replace "
     "replacement_char=65533 replace_control_characters=false"},
    // Encodings.
    {"EncodeBase64", "input:string", "output:string", "pad=false"},
    {"DecodeBase64", "input:string", "output:string", ""},
    {"DecodeCompressed", "bytes:string", "output:string", "compression_type=''"},
    {"DecodeRaw", "bytes:string", "output:out_type", "little_endian=true"},
    {"DecodePaddedRaw", "input_bytes:string fixed_length:int32", "output:out_type", "little_endian=true"},
    {"SerializeTensor", "tensor:T", "serialized:string", ""},
    {"ParseTensor", "serialized:string", "output:out_type", ""},
    // Records.
    {"DecodeCSV", "records:string record_defaults:[OUT_TYPE]", "output:[OUT_TYPE]",
     "field_delim=',' use_quote_delim=true na_value='' select_cols=[]"},
    {"DecodeJSONExample", "json_examples:string", "binary_examples:string", ""},
    {"DecodeProtoV2", "bytes:string", "sizes:int32 values:[output_types]",
     "message_type:string field_names:list(string) descriptor_source='local://' "
     "message_format='binary' sanitize=false"},
    {"ParseExample",
     "serialized:string names:string sparse_keys:Nsparse*string dense_keys:Ndense*string "
     "dense_defaults:[Tdense]",
     "sparse_indices:Nsparse*int64 sparse_values:[sparse_types] sparse_shapes:Nsparse*int64 "
     "dense_values:[Tdense]",
     "dense_shapes:list(shape)"},
    {"ParseExampleV2",
     "serialized:string names:string sparse_keys:string dense_keys:string ragged_keys:string "
     "dense_defaults:[Tdense]",
     "sparse_indices:num_sparse*int64 sparse_values:[sparse_types] sparse_shapes:num_sparse*int64 "
     "dense_values:[Tdense] ragged_values:[ragged_value_types] "
     "ragged_row_splits:[ragged_split_types]",
     "dense_shapes:list(shape)"},
    {"ParseSingleExample", "serialized:string dense_defaults:[Tdense]",
     "sparse_indices:num_sparse*int64 sparse_values:[sparse_types] sparse_shapes:num_sparse*int64 "
     "dense_values:[Tdense]",
     "sparse_keys:list(string) dense_keys:list(string) dense_shapes:list(shape)"},
    {"ParseSequenceExample", "serialized:string debug_name:string context_dense_defaults:[Tcontext_dense]",
     "context_sparse_indices:Ncontext_sparse*int64 context_sparse_values:[context_sparse_types] "
     "context_sparse_shapes:Ncontext_sparse*int64 context_dense_values:[Tcontext_dense] "
     "feature_list_sparse_indices:Nfeature_list_sparse*int64 "
     "feature_list_sparse_values:[feature_list_sparse_types] "
     "feature_list_sparse_shapes:Nfeature_list_sparse*int64 "
     "feature_list_dense_values:[feature_list_dense_types] "
     "feature_list_dense_lengths:Nfeature_list_dense*int64",
     "feature_list_dense_missing_assumed_empty:list(string) context_sparse_keys:list(string) "
     "context_dense_keys:list(string) feature_list_sparse_keys:list(string) "
     "feature_list_dense_keys:list(string) Ncontext_sparse=0 Nfeature_list_sparse=0 "
     "Nfeature_list_dense=0 context_sparse_types:list(type)=[] Tcontext_dense:list(type)=[] "
     "feature_list_dense_types:list(type)=[] feature_list_sparse_types:list(type)=[] "
     "context_dense_shapes:list(shape)=[] feature_list_dense_shapes:list(shape)=[]"},
    {"ParseSequenceExampleV2",
     "serialized:string debug_name:string context_sparse_keys:string context_dense_keys:string "
     "context_ragged_keys:string feature_list_sparse_keys:string feature_list_dense_keys:string "
     "feature_list_ragged_keys:string feature_list_dense_missing_assumed_empty:bool "
     "context_dense_defaults:[Tcontext_dense]",
     "context_sparse_indices:Ncontext_sparse*int64 context_sparse_values:[context_sparse_types] "
     "context_sparse_shapes:Ncontext_sparse*int64 context_dense_values:[Tcontext_dense] "
     "context_ragged_values:[context_ragged_value_types] "
     "context_ragged_row_splits:[context_ragged_split_types] "
     "feature_list_sparse_indices:Nfeature_list_sparse*int64 "
     "feature_list_sparse_values:[feature_list_sparse_types] "
     "feature_list_sparse_shapes:Nfeature_list_sparse*int64 "
     "feature_list_dense_values:[feature_list_dense_types] "
     "feature_list_dense_lengths:Nfeature_list_dense*int64 "
     "feature_list_ragged_values:[feature_list_ragged_value_types] "
     "feature_list_ragged_outer_splits:[feature_list_ragged_split_types] "
     "feature_list_ragged_inner_splits:[feature_list_ragged_split_types]",
     "Ncontext_sparse=0 Tcontext_dense:list(type)=[] context_sparse_types:list(type)=[] "
     "context_ragged_value_types:list(type)=[] context_ragged_split_types:list(type)=[] "
     "context_dense_shapes:list(shape)=[] Nfeature_list_sparse=0 Nfeature_list_dense=0 "
     "feature_list_dense_types:list(type)=[] feature_list_sparse_types:list(type)=[] "
     "feature_list_ragged_value_types:list(type)=[] feature_list_ragged_split_types:list(type)=[] "
     "feature_list_dense_shapes:list(shape)=[]"},
};

llvm::ArrayRef<tgc::signatures::Row> tgc::signatures::stringRows() { return kRows; }
