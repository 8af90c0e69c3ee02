//===- Passes.td - Kernels for CPUs ------------------------*- tablegen -*-===//
#ifndef TGC_COMPILER_CODEGEN_CPU_PASSES_TD
#define TGC_COMPILER_CODEGEN_CPU_PASSES_TD

include "mlir/Pass/PassBase.td"

class VectorUnitPass<string flag> : Pass<flag, "::mlir::ModuleOp"> {
  let options = [
    Option<"vectorBytes", "vector-bytes", "unsigned", "32", "Bytes of a vector register">,
    Option<"vectorRegisters", "vector-registers", "unsigned", "16", "Number of vector registers">,
  ];
}

def ExpandMathPass : Pass<"tgc-expand-math", "::mlir::ModuleOp"> {
  let summary = "Make polynomials of transcendental functions of f32";
  let description = [{ On scalars and vectors; without branches, so that LLVM can vectorise the loops around them. }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
}

def FormContractionsPass : VectorUnitPass<"tgc-form-contractions"> {
  let summary = "Make kernels of contractions and of what is computed from their results";
  let description = [{
    Runs on tensors. A `linalg.generic` that sums products becomes a `kernel.contract`; elementwise ops that are the only user of its
    result join it, and a constant right operand is packed. Products of few elements stay loops.
  }];
  let dependentDialects = ["::tgc::kernel::KernelDialect"];
}

def LowerContractionsPass : VectorUnitPass<"tgc-lower-contractions"> {
  let summary = "Make functions of vector code of contractions";
  let description = [{
    Runs on memrefs, before `tgc-place-weights` and `tgc-plan-buffers`: memory to pack the right operand in is allocated here. Equal
    contractions call one function.
  }];
  let dependentDialects = ["::mlir::func::FuncDialect", "::mlir::vector::VectorDialect", "::mlir::scf::SCFDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::arith::ArithDialect", "::tgc::rt::RtDialect"];
}

#endif // TGC_COMPILER_CODEGEN_CPU_PASSES_TD
