//===- ControlFlow.cpp - Signatures of branches, loops and calls -----------===//
//
// Dead tensors and frames of the first version, functions of the second.
// Tables.h explains the notation.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/Signatures/Tables.h"

static constexpr tgc::signatures::Row kRows[] = {
    {"NoOp ControlTrigger", "", "", ""},
    {"Abort", "", "", "error_msg='' exit_without_error=false"},
    {"Assert", "condition:bool data:[T]", "", "summarize=3"},
    {"ToBool", "input:T", "output:bool", ""},
    {"DeviceIndex", "", "index:int32", "device_names:list(string)"},
    {"FakeParam", "", "output:dtype", "shape:shape"},
    // Version 1.
    {"Switch", "data:T pred:bool", "output_false:T output_true:T", ""},
    {"_SwitchN", "data:T output_index:int32", "outputs:num_outs*T", ""},
    {"RefSwitch", "data:&T pred:bool", "output_false:&T output_true:&T", ""},
    {"Merge", "inputs:N*T", "output:T value_index:int32", ""},
    {"RefMerge", "inputs:&N*T", "output:&T value_index:int32", ""},
    {"Enter", "data:T", "output:T", "frame_name:string is_constant=false parallel_iterations=10"},
    {"RefEnter", "data:&T", "output:&T", "frame_name:string is_constant=false parallel_iterations=10"},
    {"Exit NextIteration", "data:T", "output:T", ""},
    {"RefExit RefNextIteration", "data:&T", "output:&T", ""},
    {"LoopCond", "input:bool", "output:bool", ""},
    {"RefSelect", "index:int32 inputs:&N*T", "output:&T", ""},
    {"RefIdentity", "input:&T", "output:&T", ""},
    // Version 2.
    {"If StatelessIf", "cond:Tcond input:[Tin]", "output:[Tout]",
     "then_branch:func else_branch:func output_shapes:list(shape)=[]"},
    {"Case StatelessCase", "branch_index:int32 input:[Tin]", "output:[Tout]",
     "branches:list(func) output_shapes:list(shape)=[]"},
    {"While StatelessWhile", "input:[T]", "output:[T]",
     "cond:func body:func output_shapes:list(shape)=[] parallel_iterations=10"},
    {"PartitionedCall StatefulPartitionedCall", "args:[Tin]", "output:[Tout]",
     "f:func config='' config_proto='' executor_type=''"},
    {"SymbolicGradient", "input:[Tin]", "output:[Tout]", "f:func"},
    // Values that may be absent: how gradients of a version 2 branch see the other one.
    {"OptionalFromValue", "components:[Toutput_types]", "optional:variant", ""},
    {"OptionalGetValue", "optional:variant", "components:[output_types]", "output_shapes:list(shape)"},
    {"OptionalNone", "", "optional:variant", ""},
    {"OptionalHasValue", "optional:variant", "has_value:bool", ""},
};

llvm::ArrayRef<tgc::signatures::Row> tgc::signatures::controlFlowRows() { return kRows; }
