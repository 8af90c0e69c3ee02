//===- Passes.td - Entries and the module descriptor -------*- tablegen -*-===//
#ifndef TGC_COMPILER_ABI_PASSES_TD
#define TGC_COMPILER_ABI_PASSES_TD

include "mlir/Pass/PassBase.td"

def DescribeModulePass : Pass<"tgc-describe-module", "::mlir::ModuleOp"> {
  let summary = "Record what the module's descriptor says before lowering forgets it";
  let description = [{
    Lowering to linalg drops the sign of integers and the names of feeds. This pass writes them down: `rt.variables` on the module
    takes the place of the `tg.variable` ops, `rt.feeds`, `rt.fetches` and `rt.targets` on each entry hold names, dtypes
    (tgc_dtype_t) and sizes, `rt.dtypes` on each `tg.host_call` those of its operands and results.
  }];
  let dependentDialects = ["::tgc::rt::RtDialect"];
}

def ExpandEntriesPass : Pass<"tgc-expand-entries", "::mlir::ModuleOp"> {
  let summary = "Turn entries from functions of tensors into functions of a frame";
  let description = [{
    Arguments become `rt.feed` and `rt.variable`, results `rt.fetch` and new values of variables, checks `rt.fail`; an entry is then
    a function from `!llvm.ptr` to `i32`. It is done on tensors so that bufferization computes results in the fetches' memory and
    updates variables in place. What is not safe to do in place is copied after the last read.
    Functions that are no entries are left as they are; those with checks have been inlined.
  }];
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect", "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
                           "::tgc::rt::RtDialect", "::mlir::LLVM::LLVMDialect"];
}

def HoistDestinationsPass : Pass<"tgc-hoist-destinations", "::mlir::ModuleOp"> {
  let summary = "Ask for the memory of fetches before the computation that fills it";
  let description = [{
    An `rt.fetch` whose sizes follow from the feeds moves to the top of the entry, with the arithmetic that it needs, so that the
    empty tensor that a result is computed in can become the fetch's memory. Others stay: their results are copied.
  }];
  let dependentDialects = ["::tgc::rt::RtDialect"];
}

#endif // TGC_COMPILER_ABI_PASSES_TD
