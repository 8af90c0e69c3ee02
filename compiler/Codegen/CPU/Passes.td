//===- Passes.td - Kernels for CPUs ------------------------*- tablegen -*-===//
#ifndef TGC_COMPILER_CODEGEN_CPU_PASSES_TD
#define TGC_COMPILER_CODEGEN_CPU_PASSES_TD

include "mlir/Pass/PassBase.td"

class VectorUnitPass<string flag, list<Option> more = []> : Pass<flag, "::mlir::ModuleOp"> {
  let options = [
    Option<"vectorBytes", "vector-bytes", "unsigned", "32", "Bytes of a vector register">,
    Option<"vectorRegisters", "vector-registers", "unsigned", "16", "Number of vector registers">,
    Option<"panelBytes", "panel-bytes", "unsigned", "0", "Bytes of a row of a packed panel; 0: what suits the registers">,
    Option<"pairsBfloats", "pairs-bfloats", "bool", "false", "Whether the machine has AVX512-BF16">,
    Option<"dotsBytes", "dots-bytes", "bool", "false", "Whether the machine has AVX512-VNNI">,
    Option<"pairsShorts", "pairs-shorts", "bool", "false", "Whether the machine adds products of pairs of 16 bits">,
  ] # more;
}

def ExpandMathPass : Pass<"tgc-expand-math", "::mlir::ModuleOp"> {
  let summary = "Make polynomials of transcendental functions";
  let description = [{
    On scalars and vectors of f32, and exponentials, logarithms and hyperbolic tangents of f64; without branches, so that LLVM can
    vectorise the loops around them.
  }];
  let options = [Option<"scalesVectors", "scales-vectors", "bool", "false", "Whether the machine has AVX-512, which scales by powers of two">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect", "::mlir::math::MathDialect"];
}

def DescribeWorkPass : Pass<"tgc-describe-work", "::mlir::ModuleOp"> {
  let summary = "Write down the operations and the bytes of each kernel";
  let description = [{
    For `--profile`, after contractions were formed: into the location of the op, as sums of products of sizes of feeds. Kernels of
    other sizes get none.
  }];
}

def FormContractionsPass : VectorUnitPass<"tgc-form-contractions", [
    Option<"exact", "exact", "bool", "false", "Multiply what is summed, and nothing that is made of it">]> {
  let summary = "Make kernels of contractions and of what is computed from their results";
  let description = [{
    Runs on tensors. A `linalg.generic` that sums products becomes a `kernel.contract`; elementwise ops that are the only user of its
    result join it, and a constant right operand is packed. Products of few elements stay loops. Convolutions with windows of 3 x 3 are
    computed by tiles, with fewer products, where that takes less time and rounding is not to be `exact`.
  }];
  let dependentDialects = ["::tgc::kernel::KernelDialect"];
}

def LowerAttentionPass : VectorUnitPass<"tgc-lower-attention"> {
  let summary = "Make functions of attention that keep scores of a block of queries and keys only";
  let description = [{
    Runs on memrefs, before `tgc-lower-contractions`, which makes code of the contractions of blocks. Equal kernels call one
    function; all its memory is on the stack.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::func::FuncDialect", "::mlir::linalg::LinalgDialect", "::mlir::scf::SCFDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::mlir::vector::VectorDialect", "::tgc::rt::RtDialect"];
}

def LowerScanPass : Pass<"tgc-lower-scan", "::mlir::ModuleOp"> {
  let summary = "Make loops of running sums and products";
  let description = [{
    Runs on memrefs. Every element takes its predecessor from the result, so the innermost loop is free of dependences unless it is the
    scanned one; half precision rounds at every step, as TensorFlow's CPU kernel does.
  }];
  let dependentDialects = ["::mlir::scf::SCFDialect", "::mlir::memref::MemRefDialect", "::mlir::arith::ArithDialect"];
}

def LowerTopKPass : Pass<"tgc-lower-top-k", "::mlir::ModuleOp"> {
  let summary = "Make loops of searches for the largest elements of rows";
  let description = [{ Runs on memrefs. Rows are independent loops. }];
  let dependentDialects = ["::mlir::scf::SCFDialect", "::mlir::memref::MemRefDialect", "::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect", "::mlir::vector::VectorDialect"];
}

def LowerContractionsPass : VectorUnitPass<"tgc-lower-contractions"> {
  let summary = "Make functions of vector code of contractions";
  let description = [{
    Runs on memrefs, before `tgc-place-weights` and `tgc-plan-buffers`: memory to pack the right operand in is allocated here. Equal
    contractions call one function.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::func::FuncDialect", "::mlir::vector::VectorDialect", "::mlir::scf::SCFDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::arith::ArithDialect", "::tgc::rt::RtDialect"];
}

def TrimFillsPass : Pass<"tgc-trim-fills", "::mlir::ModuleOp"> {
  let summary = "Fill only what is not stored again before it is read";
  let description = [{
    A fill of a buffer, a part of which is what is stored next, becomes fills of the slabs around that part. Runs on buffers, before
    contractions are lowered: padding then costs its borders.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::memref::MemRefDialect"];
}

def VectorizeNestsPass : VectorUnitPass<"tgc-vectorize-nests"> {
  let summary = "Compute loop nests on vectors, with accumulators in registers";
  let description = [{
    Runs on `linalg.generic` on memrefs: vectors along a contiguous loop of the result with all summed loops inside, or along a
    contiguous summed loop where the order of combination is free.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::vector::VectorDialect", "::mlir::scf::SCFDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::arith::ArithDialect"];
}

def GroupNestsPass : VectorUnitPass<"tgc-group-nests", [
    Option<"products", "products", "bool", "false", "Group nests around a product, before products are lowered; else nests alone">]> {
  let summary = "Run loop nests over the same rows as one kernel, block by block of rows, on all threads";
  let description = [{
    Runs on memrefs, before `tgc-place-weights` and `tgc-plan-buffers`. Nests whose outer loops walk the same rows of what they share
    become one function: a block of rows passes through all of them while it is in the nearest cache, and buffers that only they
    use shrink to a block. Small groups stay as they are. With `products` a group has one `kernel.contract`, and others are left
    for later.
  }];
  let dependentDialects = ["::mlir::func::FuncDialect", "::mlir::scf::SCFDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::arith::ArithDialect", "::mlir::vector::VectorDialect",
                           "::tgc::rt::RtDialect"];
}

def GroupWindowsPass : VectorUnitPass<"tgc-group-windows"> {
  let summary = "Run pools with the products before them, block by block of rows";
  let description = [{
    Runs on memrefs, before `tgc-group-nests` and before products are lowered. A nest that reads windows of a product's rows of images,
    becomes one function with it: the rows of results that a few rows of the nest need lie on the stack, or, if something else reads
    them too, where they would have been stored.
  }];
  let dependentDialects = ["::mlir::func::FuncDialect", "::mlir::scf::SCFDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::arith::ArithDialect", "::mlir::vector::VectorDialect",
                           "::tgc::rt::RtDialect"];
}

def SplitNestsPass : Pass<"tgc-split-nests", "::mlir::ModuleOp"> {
  let summary = "Run large loop nests that walk their operands in other orders on all threads";
  let description = [{
    Runs on memrefs, after `tgc-group-nests` and before `tgc-plan-buffers`. Threads take parts of a parallel loop; of sums of few
    results, where the order is free, blocks of a summed loop, which are combined in order. How a nest is cut does not depend on
    the number of threads.
  }];
  let dependentDialects = ["::mlir::func::FuncDialect", "::mlir::scf::SCFDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::arith::ArithDialect", "::tgc::rt::RtDialect"];
}

def ParallelBranchesPass : Pass<"tgc-parallel-branches", "::mlir::ModuleOp"> {
  let summary = "Run chains of small kernels that do not depend on each other side by side";
  let description = [{
    Runs on memrefs, after `tgc-group-nests` and before `tgc-plan-buffers`, which must know that their buffers live at the same
    time. Each chain is a piece of one parallel region; kernels that are large enough for all threads stay alone. Where sizes are
    known in the run only, so is whether a region pays.
  }];
  let dependentDialects = ["::mlir::func::FuncDialect", "::mlir::scf::SCFDialect", "::mlir::arith::ArithDialect",
                           "::mlir::memref::MemRefDialect", "::tgc::rt::RtDialect"];
}

#endif // TGC_COMPILER_CODEGEN_CPU_PASSES_TD
