//===- TgReductionOps.td - Reductions, scans, windows ------*- tablegen -*-===//
#ifndef TGC_DIALECTS_TG_IR_TGREDUCTIONOPS_TD
#define TGC_DIALECTS_TG_IR_TGREDUCTIONOPS_TD

include "dialects/Tg/IR/TgBase.td"

def Tg_ReduceOp : Tg_ShapedOp<"reduce", [], [InferTypeOpAdaptor, Tg_Differentiable]> {
  let summary = "Combines the elements along some dimensions, which disappear";
  let description = [{
    Of nothing: sum 0, product 1, maximum the lowest and minimum the highest value of the type (infinities for floats),
    all true, any false. A NaN makes maximum and minimum NaN. `dimensions` are ascending.

    ```mlir
    %s = tg.reduce sum %x dimensions [1] : tensor<?x10xf32> -> tensor<?xf32>
    ```
  }];
  let arguments = (ins Tg_ReductionKindEnum:$kind, Tg_Tensor:$x, DenseI64ArrayAttr:$dimensions);
  let results = (outs Tg_Tensor:$result);
  let assemblyFormat = "$kind $x `dimensions` $dimensions attr-dict `:` type($x) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Tg_ArgReduceOp : Tg_ShapedOp<"arg_reduce", [], [Tg_NoGradient<"the results are indices">]> {
  let summary = "Index of the largest or smallest element along one dimension, the first of equals";
  let description = [{ `kind` is max or min. As TensorFlow's CPU kernel, a NaN is never larger or smaller than anything. }];
  let arguments = (ins Tg_ReductionKindEnum:$kind, Tg_Tensor:$x, I64Attr:$dimension);
  let results = (outs Tg_Tensor:$result);
  let assemblyFormat = "$kind $x `dimension` $dimension attr-dict `:` type($x) `->` type($result)";
  let hasVerifier = 1;
}

def Tg_ScanOp : Tg_ShapedOp<"scan", [], [Tg_Differentiable, AllTypesMatch<["x", "result"]>]> {
  let summary = "Running sum or product along one dimension";
  let description = [{
    With `exclusive` the first element is the neutral one and each other leaves out its own; with `reverse` the scan runs from
    the far end.
  }];
  let arguments = (ins Tg_ReductionKindEnum:$kind, Tg_NumberTensor:$x, I64Attr:$dimension,
                       UnitAttr:$exclusive, UnitAttr:$reverse);
  let results = (outs Tg_NumberTensor:$result);
  let assemblyFormat = "$kind $x `dimension` $dimension (`exclusive` $exclusive^)? (`reverse` $reverse^)? attr-dict `:` type($x)";
  let hasVerifier = 1;
}

def Tg_ReduceWindowOp : Tg_ShapedOp<"reduce_window", [], [InferTypeOpAdaptor, Tg_Differentiable]> {
  let summary = "Combines the elements under a sliding window";
  let description = [{
    Nothing is padded: `tg.pad` comes before. One number of `window`, `strides` and `dilations` per dimension of `x`. Result size
    per dimension: floor((x - (window - 1) * dilation - 1) / stride) + 1, or 0 if the window does not fit.
  }];
  let arguments = (ins Tg_ReductionKindEnum:$kind, Tg_RealTensor:$x, DenseI64ArrayAttr:$window,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$dilations);
  let results = (outs Tg_RealTensor:$result);
  let assemblyFormat = "$kind $x `window` $window `strides` $strides `dilations` $dilations attr-dict `:` type($x) `->` type($result)";
  let hasVerifier = 1;
}

def Tg_TopKOp : Tg_ShapedOp<"top_k", [], [Tg_Differentiable]> {
  let summary = "The largest elements along the last dimension, in descending order, and where they were";
  let description = [{ Of equal elements the first comes first. `k` is the size of the last dimension of the results. }];
  let arguments = (ins Tg_RealTensor:$x, Index:$k);
  let results = (outs Tg_RealTensor:$values, Tg_IndexTensor:$indices);
  let assemblyFormat = "$x `,` $k attr-dict `:` type($x) `->` type($values) `,` type($indices)";
  let hasVerifier = 1;
}

#endif // TGC_DIALECTS_TG_IR_TGREDUCTIONOPS_TD
