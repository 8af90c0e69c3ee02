//===- Passes.td - Automatic differentiation ---------------*- tablegen -*-===//
#ifndef TGC_COMPILER_AUTODIFF_PASSES_TD
#define TGC_COMPILER_AUTODIFF_PASSES_TD

include "mlir/Pass/PassBase.td"

def ExpandGradientsPass : Pass<"tgc-expand-gradients", "::mlir::ModuleOp"> {
  let summary = "Replace tg.gradient by the ops that compute it";
  let description = [{
    Each gradient is expanded where it stands, in the order of the program, so that a gradient of a gradient finds the inner one
    expanded: from the differentiated tensors back over the ops that lead to them, every op's own rule builds what flows to its
    operands, and what meets at one value is summed. Forward values are used as they are; nothing is computed twice once common
    subexpressions are shared. `tg.watch`, `tg.stop_gradient` and `tg.prevent_gradient` disappear too.
  }];
  let dependentDialects = ["::tgc::tg::TgDialect"];
}

#endif // TGC_COMPILER_AUTODIFF_PASSES_TD
