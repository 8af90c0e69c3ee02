//===- RtOps.td - What generated code asks of the runtime --*- tablegen -*-===//
#ifndef TGC_DIALECTS_RT_IR_RTOPS_TD
#define TGC_DIALECTS_RT_IR_RTOPS_TD

include "mlir/Dialect/LLVMIR/LLVMTypes.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Rt_Dialect : Dialect {
  let name = "rt";
  let cppNamespace = "::tgc::rt";
  let summary = "The runtime ABI on memrefs";
  let description = [{
    One op for each thing that an entry asks of its frame (runtime/include/tgc/abi.h). An entry is a function from the frame to a
    status. The ops work on memrefs with the identity layout, so that bufferization sees the tensors behind them as ordinary
    buffers; they become loads from the frame and calls of `tgc_rt_*` when the rest of the program becomes LLVM.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def Rt_Frame : Type<CPred<"::llvm::isa<::mlir::LLVM::LLVMPointerType>($_self)">, "pointer to a frame", "::mlir::LLVM::LLVMPointerType">,
               BuildableType<"::mlir::LLVM::LLVMPointerType::get($_builder.getContext())">;

class Rt_Op<string mnemonic, list<Trait> traits = []> : Op<Rt_Dialect, mnemonic, traits>;

def Rt_FeedOp : Rt_Op<"feed", [Pure]> {
  let summary = "The tensor that was fed";
  let arguments = (ins Rt_Frame:$frame, I64Attr:$index);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "$frame `[` $index `]` attr-dict `:` type($result)";
}

def Rt_VariableOp : Rt_Op<"variable"> {
  let summary = "The memory of a variable that has a value; the run fails if it has none";
  let description = [{
    With `unchecked` the run goes on with zeros: the program tests whether the variable has a value. With `resident` the memory
    may be without the value, which a device has.
  }];
  let arguments = (ins Rt_Frame:$frame, I64Attr:$index, UnitAttr:$unchecked, UnitAttr:$resident);
  let results = (outs AnyMemRef:$result);
  let builders = [OpBuilder<(ins "::mlir::Type":$result, "::mlir::Value":$frame, "int64_t":$index, "bool":$unchecked), [{
    build($_builder, $_state, result, frame, index, unchecked, /*resident=*/false);
  }]>];
  let assemblyFormat = "$frame `[` $index `]` (`unchecked` $unchecked^)? (`resident` $resident^)? attr-dict `:` type($result)";
}

def Rt_NewVariableOp : Rt_Op<"new_variable"> {
  let summary = "Memory for a new value of a variable";
  let description = [{ Memory that `rt.variable` gave for the same variable is no longer valid after it. }];
  let arguments = (ins Rt_Frame:$frame, I64Attr:$index, Variadic<Index>:$sizes);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "$frame `[` $index `]` `(` $sizes `)` attr-dict `:` type($result)";
}

def Rt_FetchOp : Rt_Op<"fetch"> {
  let summary = "Memory for a fetch; `sizes` are those of the dynamic dimensions";
  let arguments = (ins Rt_Frame:$frame, I64Attr:$index, Variadic<Index>:$sizes);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "$frame `[` $index `]` `(` $sizes `)` attr-dict `:` type($result)";
}

def Rt_WorkspaceOp : Rt_Op<"workspace"> {
  let summary = "The arena of the run; at most one in a function";
  let arguments = (ins Rt_Frame:$frame, Index:$bytes);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "$frame `,` $bytes attr-dict `:` type($result)";
}

def Rt_BufferOp : Rt_Op<"buffer"> {
  let summary = "Memory for a tensor whose size is known only during the run";
  let arguments = (ins Rt_Frame:$frame, I64Attr:$slot, Index:$bytes);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "$frame `[` $slot `]` `,` $bytes attr-dict `:` type($result)";
}

def Rt_WeightsOp : Rt_Op<"weights", [Pure]> {
  let summary = "A constant, `offset` bytes into the module's weights";
  let arguments = (ins I64Attr:$offset);
  let results = (outs AnyStaticShapeMemRef:$result);
  let assemblyFormat = "$offset attr-dict `:` type($result)";
}

def Rt_FailOp : Rt_Op<"fail"> {
  let summary = "Ends the run with a status; the location names the node";
  let arguments = (ins Rt_Frame:$frame, I32Attr:$code, StrAttr:$message, Variadic<Index>:$values);
  let assemblyFormat = "$frame `,` $code `,` $message `(` $values `)` attr-dict";
}

def Rt_ParallelForOp : Rt_Op<"parallel_for"> {
  let summary = "Calls a function for pieces of [0, count), on the session's threads";
  let description = [{
    `callee` takes `arguments` and then the begin and the end of a piece of `grain` iterations (the last may be shorter). Pieces do not depend
    on the number of threads. Arguments are memrefs and scalars of at most 8 bytes.
  }];
  let arguments = (ins Rt_Frame:$frame, FlatSymbolRefAttr:$callee, Index:$count, Index:$grain, Variadic<AnyType>:$arguments);
  let assemblyFormat = "$frame `,` $callee `(` $arguments `)` `count` $count `grain` $grain attr-dict `:` type($arguments)";
}

def Rt_MarkOp : Rt_Op<"mark"> {
  let summary = "Says which kernel has run since the mark before; none: a run begins";
  let arguments = (ins Rt_Frame:$frame, StrAttr:$kernel, StrAttr:$nodes);
  let assemblyFormat = "$frame `,` $kernel `,` $nodes attr-dict";
}

def Rt_AddressOp : Rt_Op<"address", [Pure]> {
  let summary = "Where a memref's memory begins, before its offset";
  let arguments = (ins AnyMemRef:$memref);
  let results = (outs LLVM_AnyPointer:$result);
  let assemblyFormat = "$memref attr-dict `:` type($memref) `->` type($result)";
}

def Rt_ViewOp : Rt_Op<"view", [Pure]> {
  let summary = "The memref over memory at an address";
  let description = [{
    `open` is what the type does not say: sizes, strides and the offset, in this order. Row-major strides follow from the sizes.
  }];
  let arguments = (ins LLVM_AnyPointer:$address, Variadic<Index>:$open);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "$address `(` $open `)` attr-dict `:` type($address) `->` type($result)";
}

def Rt_HostCallOp : Rt_Op<"host_call", [AttrSizedOperandSegments]> {
  let summary = "Calls a hand-written kernel";
  let description = [{
    `outputs` are written in place. Results, if any, are outputs whose dynamic sizes the kernel finds out: `slots` has the number of the
    runtime buffer of each, and they follow `outputs` in the kernel's list in the places that `found` names. `dtypes` holds the
    tgc_dtype_t of the inputs and then of the outputs. A kernel sees data == NULL and the slot in byte_size for an output whose size it finds.
  }];
  let arguments = (ins Rt_Frame:$frame, StrAttr:$kernel, StrAttr:$config, Variadic<AnyMemRef>:$inputs, Variadic<AnyMemRef>:$outputs,
                       DenseI32ArrayAttr:$dtypes, DenseI64ArrayAttr:$slots, DenseI64ArrayAttr:$found);
  let results = (outs Variadic<AnyMemRef>:$results);
  let assemblyFormat = [{
    $frame `,` $kernel `(` $config `)` `ins` `(` ($inputs^ `:` type($inputs))? `)` `outs` `(` ($outputs^ `:` type($outputs))? `)`
    `dtypes` $dtypes `slots` $slots `found` $found attr-dict (`->` type($results)^)?
  }];
}

def Rt_DeviceOp : Rt_Op<"device"> {
  let summary = "The GPU of the run's session; null if it has none and may run on the CPU";
  let arguments = (ins Rt_Frame:$frame);
  let results = (outs LLVM_AnyPointer:$result);
  let assemblyFormat = "$frame attr-dict `:` type($result)";
}

def Rt_MirrorOp : Rt_Op<"mirror"> {
  let summary = "Memory of the device for each byte of `memory`";
  let description = [{
    The result is how many bytes further on the device's byte lies, so all addresses that lead into `memory` have a device's address. `slot`
    numbers the mirrors of a module: one that is asked for again keeps its memory if that is large enough. `kind` says what it is for
    (0: a constant, which the runtime copies once; 1: the arena; 2: a buffer; 3: a feed; 4: a fetch; 5: a variable;
    6: what a loop, a condition or a selection hands on, whose mirror the run finds by address). `variable` is the number
    of a resident one.
  }];
  let arguments = (ins LLVM_AnyPointer:$device, I32Attr:$slot, I32Attr:$kind, AnyMemRef:$memory,
                       OptionalAttr<I32Attr>:$variable);
  let results = (outs Index:$distance);
  let assemblyFormat = "$device `[` $slot `]` `kind` $kind $memory (`variable` $variable^)? attr-dict `:` type($device) `,` type($memory)";
}

class Rt_TransferOp<string mnemonic> : Rt_Op<mnemonic> {
  let description = [{
    `memory` is whole memory, not a view with gaps. `distance` is that of its mirror. A resident variable has a `slot` and is copied only if
    the other side has its value.
  }];
  let arguments = (ins LLVM_AnyPointer:$device, AnyMemRef:$memory, Optional<Index>:$distance, OptionalAttr<I32Attr>:$slot);
  let assemblyFormat = "$device `,` $memory (`at` $distance^)? (`slot` $slot^)? attr-dict `:` type($device) `,` type($memory)";
}

def Rt_UploadOp : Rt_TransferOp<"upload"> { let summary = "Copies memory to its mirror"; }
def Rt_DownloadOp : Rt_TransferOp<"download"> { let summary = "Copies memory from its mirror, when all kernels before are done"; }

class Rt_OwnerOp<string mnemonic> : Rt_Op<mnemonic> {
  let arguments = (ins LLVM_AnyPointer:$device, AnyMemRef:$memory, OptionalAttr<I32Attr>:$slot);
  let assemblyFormat = "$device `,` $memory (`slot` $slot^)? attr-dict `:` type($device) `,` type($memory)";
}

def Rt_OwnOp : Rt_OwnerOp<"own"> { let summary = "The device is about to change a resident variable"; }
def Rt_DisownOp : Rt_OwnerOp<"disown"> { let summary = "The host is about to change a resident variable, whose value it has"; }

def Rt_LaunchOp : Rt_Op<"launch", [AttrSizedOperandSegments]> {
  let summary = "Starts a kernel of the module";
  let description = [{
    The kernel's parameters are the addresses of the mirrors of `memories` and then `numbers`. `distances` are those of the mirrors; until
    `tgc-mirror-buffers` there are none. No block: nothing is started.
  }];
  let arguments = (ins LLVM_AnyPointer:$device, I32Attr:$kernel, I32Attr:$threads, Index:$blocks, Variadic<AnyMemRef>:$memories,
                       Variadic<Index>:$distances, Variadic<I64>:$numbers);
  let assemblyFormat = [{
    $device `,` $kernel `threads` $threads `blocks` $blocks `(` ($memories^ `:` type($memories))? `)` `at` `(` $distances `)`
    `numbers` `(` $numbers `)` attr-dict `:` type($device)
  }];
}

#endif // TGC_DIALECTS_RT_IR_RTOPS_TD
