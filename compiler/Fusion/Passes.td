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

def FormAttentionPass : Pass<"tgc-form-attention", "::mlir::ModuleOp"> {
  let summary = "Make one kernel of a softmax between two products of matrices";
  let description = [{
    Runs on tg ops, after gradients: `softmax(f(Q K^T)) V` becomes a `kernel.attention` if nothing else reads the scores or the
    weights, the last dimensions of Q and V are known and short, and there are some queries and keys. f is any function of a score
    and of what is repeated to the scores: a scale, a mask that is added or selected by. If the gradients of Q, K and V are all else that reads the
    weights, they become a `kernel.attention_grad`.
  }];
  let dependentDialects = ["::tgc::kernel::KernelDialect", "::mlir::tensor::TensorDialect", "::mlir::arith::ArithDialect"];
}

def RematerializePass : Pass<"tgc-rematerialize", "::mlir::ModuleOp"> {
  let summary = "Compute forward values again where gradients read them";
  let description = [{
    Runs on linalg ops on tensors, before they are fused. By default an elementwise value is computed again in the loops of the backward
    part that read it, if that is cheaper than memory and what it is computed from is in memory then anyway. With `recompute-all`
    all elementwise values are computed again, however much that costs, unless more would have to be kept for it.
  }];
  let options = [Option<"recomputesAll", "recompute-all", "bool", "false", "Whatever it costs">];
  let dependentDialects = ["::mlir::linalg::LinalgDialect"];
}

#endif // TGC_COMPILER_FUSION_PASSES_TD
