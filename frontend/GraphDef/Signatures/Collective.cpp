//===- Collective.cpp - Signatures of nodes that run together --------------===//
//
// Sums, copies and concatenations over several devices, by NCCL and by TensorFlow's own executor.
// Tables.h explains the notation.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/Signatures/Tables.h"

static constexpr tgc::signatures::Row kRows[] = {
    {"NcclAllReduce", "input:T", "data:T", "reduction{min|max|prod|sum} num_devices:int shared_name:string"},
    {"NcclReduce", "input:num_devices*T", "data:T", "reduction{min|max|prod|sum}"},
    {"NcclBroadcast", "input:T", "output:T", "shape:shape"},
    {"CollectiveReduce", "input:T", "data:T",
     "group_size:int group_key:int instance_key:int merge_op{Min|Max|Mul|Add} final_op{Id|Div} "
     "subdiv_offsets:list(int) wait_for:list(int)=[] communication_hint='auto' timeout_seconds=0.0"},
    {"CollectiveReduceV2",
     "input:T group_size:int32 group_key:int32 instance_key:int32 ordering_token:Nordering_token*resource",
     "data:T",
     "merge_op{Min|Max|Mul|Add} final_op{Id|Div} communication_hint='auto' timeout_seconds=0.0 "
     "is_stateless=false Nordering_token=0 max_subdivs_per_device=-1"},
    {"CollectiveGather", "input:T", "data:T",
     "group_size:int group_key:int instance_key:int shape:shape communication_hint='auto' "
     "timeout_seconds=0.0"},
    {"CollectiveGatherV2",
     "input:T group_size:int32 group_key:int32 instance_key:int32 ordering_token:Nordering_token*resource",
     "data:T", "communication_hint='auto' timeout_seconds=0.0 is_stateless=false Nordering_token=0"},
    {"CollectiveBcastSend", "input:T", "data:T",
     "group_size:int group_key:int instance_key:int shape:shape communication_hint='auto' "
     "timeout_seconds=0.0"},
    {"CollectiveBcastRecv", "", "data:T",
     "group_size:int group_key:int instance_key:int shape:shape communication_hint='auto' "
     "timeout_seconds=0.0"},
    {"CollectiveBcastSendV2", "input:T group_size:int32 group_key:int32 instance_key:int32", "data:T",
     "communication_hint='auto' timeout_seconds=0.0"},
    {"CollectiveBcastRecvV2", "group_size:int32 group_key:int32 instance_key:int32 shape:Tshape", "data:T",
     "Tshape=int32 communication_hint='auto' timeout_seconds=0.0"},
};

llvm::ArrayRef<tgc::signatures::Row> tgc::signatures::collectiveRows() { return kRows; }
