//===- Passes.td - From tg to tg ---------------------------*- tablegen -*-===//
#ifndef TGC_COMPILER_GRAPH_PASSES_TD
#define TGC_COMPILER_GRAPH_PASSES_TD

include "mlir/Pass/PassBase.td"

def HoistProjectionsPass : Pass<"tgc-hoist-projections", "::mlir::ModuleOp"> {
  let summary = "Multiply all steps of a sequence with a weight before the loop over them";
  let description = [{
    In a `tg.while`, the product of `x[t]` and a weight, neither of which the loop changes, becomes a slice of one large
    product before the loop. A product of `concat(x[t], h)` is taken apart first: the rest of it stays in the loop.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
}

def HoistLoopInvariantsPass : Pass<"tgc-hoist-loop-invariants", "::mlir::ModuleOp"> {
  let summary = "Move what is the same in every iteration out of tg.while";
  let description = [{
    Only what is safe to compute although the loop may not run at all: ops on tensors of static sizes or on one tensor.
    Others rely on checks that stay in the loop.
  }];
}

def JoinProductSumsPass : Pass<"tgc-join-product-sums", "::mlir::ModuleOp"> {
  let summary = "Compute a sum of products as one product of longer sums";
  let description = [{
    Gradients of a weight that several steps multiply with are added up. Where a product is larger than its operands, these are put one
    behind the other instead, and what was added in memory is summed in registers.
  }];
}

def LimitIterationsPass : Pass<"tgc-limit-iterations", "::mlir::ModuleOp"> {
  let summary = "End runs whose loops go on for too long with an error";
  let options = [Option<"most", "most", "int64_t", "1000000", "The most iterations of a loop">];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def MakeDepthwisePass : Pass<"tgc-make-depthwise", "::mlir::ModuleOp"> {
  let summary = "Compute convolutions of groups with few outputs as depthwise ones";
  let description = [{
    Each output channel becomes a group, and the input channels of a group a dimension of the window, so that vectors run along
    all output channels: depthwise convolutions with several outputs per channel, both gradients of such, and convolutions of
    many small groups.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
}

def MoveTransposesPass : Pass<"tgc-move-transposes", "::mlir::ModuleOp"> {
  let summary = "Compute what lies between two transposes as if they were not there";
  let description = [{
    Elementwise ops, pads, windows and the like on operands that are transposed alike are computed on what these are before, and the result
    is transposed: until it meets the inverse, or a reduction. A net with channels first, between whose convolutions each layer was turned
    twice, is turned at its borders only.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
}

def SelectBranchesPass : Pass<"tgc-select-branches", "::mlir::ModuleOp"> {
  let summary = "Compute both branches of a tg.if where that costs less than the branch";
  let description = [{ Branches of a few ops on tensors of a few elements, without effects and safe to compute. }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
}

def SliceProductsPass : Pass<"tgc-slice-products", "::mlir::ModuleOp"> {
  let summary = "Compute only the rows and columns of a product that are read";
  let description = [{ Where a slice is all that reads a product of matrices, slices of its operands are multiplied. }];
}

def SplitSpreadConvolutionsPass : Pass<"tgc-split-spread-convolutions", "::mlir::ModuleOp"> {
  let summary = "Convolve what has zeros between its elements without the zeros";
  let description = [{
    Transposed convolutions and gradients of strided ones are a convolution of `tg.pad` with interior zeros. It becomes one of the operand
    itself that computes all phases of the result as channels, which are then dealt out to the pixels; or, where that is less work, one
    for each phase. Spatial sizes must be static.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
}

#endif // TGC_COMPILER_GRAPH_PASSES_TD
