//===- Passes.td - Buffers and LLVM, for every target ------*- tablegen -*-===//
#ifndef TGC_COMPILER_CODEGEN_COMMON_PASSES_TD
#define TGC_COMPILER_CODEGEN_COMMON_PASSES_TD

include "mlir/Pass/PassBase.td"

def AnnotateAliasesPass : Pass<"tgc-annotate-aliases", "::mlir::ModuleOp"> {
  let summary = "Tell LLVM that feeds, fetches, variables and the arena do not overlap";
  let description = [{ Runs on the LLVM dialect; loads and stores get alias scopes. }];
}

def ConvertToLLVMPass : Pass<"tgc-convert-to-llvm", "::mlir::ModuleOp"> {
  let summary = "Convert everything that is left to the LLVM dialect";
  let description = [{
    One conversion for all dialects instead of a walk for each. Booleans in memory are bytes: LLVM would pack vectors of `i1`.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::func::FuncDialect"];
}

def ExpandSplatsPass : Pass<"tgc-expand-splats", "::mlir::ModuleOp"> {
  let summary = "Make fills of constants that repeat one value";
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def KeepRoundingPass : Pass<"tgc-keep-rounding", "::mlir::ModuleOp"> {
  let summary = "Let no conversion between float types vanish";
  let description = [{ Runs where operations on bf16 have become operations on f32 between conversions. }];
}

def LowerCopiesPass : Pass<"tgc-lower-copies", "::mlir::ModuleOp"> {
  let summary = "Make loops of copies from or to strided memory";
  let description = [{ What is contiguous on both sides stays a `memref.copy`, which becomes a memcpy. }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect"];
}

def MarkKernelsPass : Pass<"tgc-mark-kernels", "::mlir::ModuleOp"> {
  let summary = "Put hooks that measure time behind the kernels of entries";
  let description = [{ Runs on buffers, last, for `--profile`. A mark names the kernel before it, what
    `tgc-describe-work` has found of it, and the nodes that it computes. }];
  let dependentDialects = ["::tgc::rt::RtDialect"];
}

def NarrowCallsPass : Pass<"tgc-narrow-calls", "::mlir::ModuleOp"> {
  let summary = "Pass memrefs to kernels as an address and what their types leave open";
  let description = [{
    As descriptors they are three values and two for each dimension, most of them known: entries of many kernels would consist of
    stores of them, and regions of many kernels would pass a thousand.
  }];
  let dependentDialects = ["::tgc::rt::RtDialect", "::mlir::memref::MemRefDialect"];
}

def OutlineKernelsPass : Pass<"tgc-outline-kernels", "::mlir::ModuleOp"> {
  let summary = "Give the loop nests of large entries functions of their own";
  let description = [{ Runs on linalg ops on buffers. Equal nests share one function, which LLVM does not inline. }];
  let dependentDialects = ["::mlir::func::FuncDialect"];
}

def OutlineDeepRegionsPass : Pass<"tgc-outline-deep-regions", "::mlir::ModuleOp"> {
  let summary = "Give branches and loops that lie deep in others functions of their own";
  let description = [{
    Every few levels of `scf.if`, `scf.while` and `scf.for`. Runs before bufferization, whose analysis compares each write with each
    read of a function and walks up the regions around them; the inliner puts them back afterwards.
  }];
  let dependentDialects = ["::mlir::func::FuncDialect"];
}

def OutlineLongChainsPass : Pass<"tgc-outline-long-chains", "::mlir::ModuleOp"> {
  let summary = "Give parts of a long row of updates of one tensor functions of their own";
  let description = [{ As tgc-outline-deep-regions, for elements that many nodes write one after the other. }];
  let dependentDialects = ["::mlir::func::FuncDialect"];
}

def PlaceResultsPass : Pass<"tgc-place-results", "::mlir::ModuleOp"> {
  let summary = "Compute results in the memory that they are copied to";
  let description = [{ The elimination of empty tensors, for values that nothing else updates in place. }];
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect", "::mlir::tensor::TensorDialect"];
}

def PlaceWeightsPass : Pass<"tgc-place-weights", "::mlir::ModuleOp"> {
  let summary = "Collect constants in one blob that the code addresses by offset";
  let description = [{
    Constants above 64 bytes and initial values of variables leave the program for `rt.weights_data`, a resource on the module in
    which each starts at a multiple of 64 bytes. Equal constants are stored once. What is smaller stays with the code, where LLVM can
    look into it.
  }];
  let dependentDialects = ["::tgc::rt::RtDialect"];
}

def PlanBuffersPass : Pass<"tgc-plan-buffers", "::mlir::ModuleOp"> {
  let summary = "Replace allocations of entries by places in the arena";
  let description = [{
    A buffer whose size follows from the feeds gets a place in the session's arena, which is asked for once at the top of the entry.
    Buffers that are not in use at the same time share memory. Those whose size is known only during the run get a numbered
    buffer of the session; `rt.num_buffers` on the entry says how many there are.
  }];
  let dependentDialects = ["::tgc::rt::RtDialect", "::mlir::arith::ArithDialect"];
}

def RotateLoopBuffersPass : Pass<"tgc-rotate-loop-buffers", "::mlir::ModuleOp"> {
  let summary = "Give loop-carried buffers two places that take turns";
  let description = [{
    Runs before `tgc-plan-buffers`, which gives each allocation one place however often it runs. Carried values whose size is not
    static live in numbered buffers of the session, which grow.
  }];
  let dependentDialects = ["::tgc::rt::RtDialect", "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect"];
}

def ScheduleKernelsPass : Pass<"tgc-schedule-kernels", "::mlir::ModuleOp"> {
  let summary = "Put kernels in an order that needs less memory at one time";
  let description = [{
    Runs before `tgc-plan-buffers`, when kernels are final. Each block of an entry gets the best of a few orders that keep what depends
    on what; the given one stays if the arena would not be smaller.
  }];
}

def SeparateDestinationsPass : Pass<"tgc-separate-destinations", "::mlir::ModuleOp"> {
  let summary = "Give each use of a fill or an empty tensor one of its own";
  let description = [{ Runs before bufferization, after the last elimination of common subexpressions. }];
}

#endif // TGC_COMPILER_CODEGEN_COMMON_PASSES_TD
