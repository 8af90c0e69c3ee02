//===- Passes.td - Which ops share a kernel ----------------*- tablegen -*-===//
#ifndef TGC_COMPILER_FUSION_PASSES_TD
#define TGC_COMPILER_FUSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def FuseElementwisePass : Pass<"tgc-fuse-elementwise", "::mlir::ModuleOp"> {
  let summary = "Compute elementwise ops where their results are used";
  let description = [{
    Runs on linalg ops on tensors. `FusionCost` decides: nothing is computed again that costs more than memory would, and nothing but
    a change of shape goes into a contraction, whose operands are read many times.
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::linalg::LinalgDialect"];
}

#endif // TGC_COMPILER_FUSION_PASSES_TD
