//===- Passes.td - Conversion of tg to linalg --------------*- tablegen -*-===//
#ifndef TGC_COMPILER_CONVERSION_TGTOLINALG_PASSES_TD
#define TGC_COMPILER_CONVERSION_TGTOLINALG_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertTgToLinalgPass : Pass<"convert-tg-to-linalg", "::mlir::ModuleOp"> {
  let summary = "Lower tg ops to linalg, tensor, scf and arith";
  let description = [{
    Each tg op becomes structured code on tensors in destination-passing form. Unsigned integers lose their sign, strings become
    pairs of pointer and length (`vector<2xi64>`). No tg op is left but `tg.host_call` and `tg.check`, which bufferization turns
    into calls of the runtime.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::complex::ComplexDialect", "::mlir::func::FuncDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::LLVM::LLVMDialect", "::mlir::math::MathDialect",
                           "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect", "::mlir::vector::VectorDialect",
                           "::tgc::kernel::KernelDialect"];
}

#endif // TGC_COMPILER_CONVERSION_TGTOLINALG_PASSES_TD
