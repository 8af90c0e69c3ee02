//===- Variable.cpp - Signatures of variables and lookup tables ------------===//
//
// State: by reference, by handle, and as tables.
// Tables.h explains the notation.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/Signatures/Tables.h"

static constexpr tgc::signatures::Row kRows[] = {
    // By reference.
    {"VariableV2 Variable", "", "ref:&dtype", "shape:shape container='' shared_name=''"},
    {"TemporaryVariable", "", "ref:&dtype", "shape:shape var_name=''"},
    {"DestroyTemporaryVariable", "ref:&T", "value:T", "var_name:string"},
    {"IsVariableInitialized", "ref:&dtype", "is_initialized:bool", ""},
    {"Assign", "ref:&T value:T", "output_ref:&T", "validate_shape=true use_locking=true"},
    {"AssignAdd AssignSub", "ref:&T value:T", "output_ref:&T", "use_locking=false"},
    {"CountUpTo", "ref:&T", "output:T", "limit:int"},
    {"ScatterUpdate", "ref:&T indices:Tindices updates:T", "output_ref:&T", "use_locking=true"},
    {"ScatterAdd ScatterSub ScatterMul ScatterDiv ScatterMin ScatterMax", "ref:&T indices:Tindices updates:T",
     "output_ref:&T", "use_locking=false"},
    {"ScatterNdUpdate", "ref:&T indices:Tindices updates:T", "output_ref:&T",
     "use_locking=true bad_indices_policy=''"},
    {"ScatterNdAdd ScatterNdSub ScatterNdMin ScatterNdMax", "ref:&T indices:Tindices updates:T",
     "output_ref:&T", "use_locking=false bad_indices_policy=''"},
    {"StridedSliceAssign", "ref:&T begin:Index end:Index strides:Index value:T", "output_ref:&T",
     "begin_mask=0 end_mask=0 ellipsis_mask=0 new_axis_mask=0 shrink_axis_mask=0"},
    // By handle.
    {"VarHandleOp", "", "resource:resource",
     "container='' shared_name='' debug_name='' dtype:type shape:shape allowed_devices:list(string)=[]"},
    {"ReadVariableOp", "resource:resource", "value:dtype", ""},
    {"AssignVariableOp", "resource:resource value:dtype", "", "validate_shape=false"},
    {"AssignAddVariableOp AssignSubVariableOp", "resource:resource value:dtype", "", ""},
    {"VarIsInitializedOp", "resource:resource", "is_initialized:bool", ""},
    {"VariableShape", "input:resource", "output:out_type", "out_type=int32"},
    {"DestroyResourceOp", "resource:resource", "", "ignore_lookup_error=true"},
    {"DisableCopyOnRead", "resource:resource", "", ""},
    {"ResourceCountUpTo", "resource:resource", "output:T", "limit:int"},
    {"ResourceGather", "resource:resource indices:Tindices", "output:dtype",
     "batch_dims=0 validate_indices=true"},
    {"ResourceGatherNd", "resource:resource indices:Tindices", "output:dtype", ""},
    {"ResourceScatterUpdate ResourceScatterAdd ResourceScatterSub ResourceScatterMul "
     "ResourceScatterDiv ResourceScatterMin ResourceScatterMax",
     "resource:resource indices:Tindices updates:dtype", "", ""},
    {"ResourceScatterNdUpdate ResourceScatterNdAdd ResourceScatterNdSub ResourceScatterNdMin "
     "ResourceScatterNdMax",
     "ref:resource indices:Tindices updates:T", "", "use_locking=true bad_indices_policy=''"},
    {"ResourceStridedSliceAssign", "ref:resource begin:Index end:Index strides:Index value:T", "",
     "begin_mask=0 end_mask=0 ellipsis_mask=0 new_axis_mask=0 shrink_axis_mask=0"},
    // Tables.
    {"HashTable MutableHashTable", "", "table_handle:&string",
     "container='' shared_name='' use_node_name_sharing=false key_dtype:type value_dtype:type"},
    {"HashTableV2 MutableHashTableV2", "", "table_handle:resource",
     "container='' shared_name='' use_node_name_sharing=false key_dtype:type value_dtype:type"},
    {"MutableHashTableOfTensors", "", "table_handle:&string",
     "container='' shared_name='' use_node_name_sharing=false key_dtype:type value_dtype:type "
     "value_shape:shape=[]"},
    {"MutableHashTableOfTensorsV2", "", "table_handle:resource",
     "container='' shared_name='' use_node_name_sharing=false key_dtype:type value_dtype:type "
     "value_shape:shape=[]"},
    {"MutableDenseHashTable", "empty_key:key_dtype", "table_handle:&string",
     "container='' shared_name='' use_node_name_sharing=false value_dtype:type value_shape:shape=[] "
     "initial_num_buckets=131072 max_load_factor=0.8"},
    {"MutableDenseHashTableV2", "empty_key:key_dtype deleted_key:key_dtype", "table_handle:resource",
     "container='' shared_name='' use_node_name_sharing=false value_dtype:type value_shape:shape=[] "
     "initial_num_buckets=131072 max_load_factor=0.8"},
    {"LookupTableRemoveV2", "table_handle:resource keys:Tin", "", ""},
    {"InitializeTable", "table_handle:&string keys:Tkey values:Tval", "", ""},
    {"InitializeTableV2", "table_handle:resource keys:Tkey values:Tval", "", ""},
    {"InitializeTableFromTextFile", "table_handle:&string filename:string", "",
     "key_index:int value_index:int vocab_size=-1 delimiter='\t' offset=0"},
    {"InitializeTableFromTextFileV2", "table_handle:resource filename:string", "",
     "key_index:int value_index:int vocab_size=-1 delimiter='\t' offset=0"},
    {"LookupTableFind", "table_handle:&string keys:Tin default_value:Tout", "values:Tout", ""},
    {"LookupTableFindV2", "table_handle:resource keys:Tin default_value:Tout", "values:Tout", ""},
    {"LookupTableInsert LookupTableImport", "table_handle:&string keys:Tin values:Tout", "", ""},
    {"LookupTableInsertV2 LookupTableImportV2", "table_handle:resource keys:Tin values:Tout", "", ""},
    {"LookupTableExport", "table_handle:&string", "keys:Tkeys values:Tvalues", ""},
    {"LookupTableExportV2", "table_handle:resource", "keys:Tkeys values:Tvalues", ""},
    {"LookupTableSize", "table_handle:&string", "size:int64", ""},
    {"LookupTableSizeV2", "table_handle:resource", "size:int64", ""},
};

llvm::ArrayRef<tgc::signatures::Row> tgc::signatures::variableRows() { return kRows; }
