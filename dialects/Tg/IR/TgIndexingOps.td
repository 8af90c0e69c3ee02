//===- TgIndexingOps.td - Gather and scatter ---------------*- tablegen -*-===//
#ifndef TGC_DIALECTS_TG_IR_TGINDEXINGOPS_TD
#define TGC_DIALECTS_TG_IR_TGINDEXINGOPS_TD

include "dialects/Tg/IR/TgBase.td"

def Tg_GatherOp : Tg_ShapedOp<"gather", [], [InferTypeOpAdaptor, Tg_Differentiable]> {
  let summary = "Slices of a tensor along one dimension, chosen by indices";
  let description = [{
    The shape of the result is `params[:axis] + indices[batch_dims:] + params[axis+1:]`; the first `batch_dims` dimensions of
    `params` and `indices` agree (and `axis >= batch_dims`). An index out of range ends the run with INVALID_ARGUMENT
    (`bounds = error`), or gives zeros (`bounds = skip`).
  }];
  let arguments = (ins Tg_Tensor:$params, Tg_IndexTensor:$indices, I64Attr:$axis, DefaultValuedAttr<I64Attr, "0">:$batch_dims,
                       DefaultValuedAttr<Tg_BoundsModeEnum, "::tgc::tg::BoundsMode::Error">:$bounds);
  let results = (outs Tg_Tensor:$result);
  let assemblyFormat = "$params `,` $indices `axis` $axis (`batch_dims` $batch_dims^)? attr-dict `:` functional-type(operands, $result)";
  let hasVerifier = 1;
}

def Tg_GatherNdOp : Tg_ShapedOp<"gather_nd", [], [InferTypeOpAdaptor, Tg_Differentiable]> {
  let summary = "Elements or slices of a tensor at given coordinates";
  let description = [{
    The last dimension of `indices` (static, `n`) holds coordinates into the first `n` dimensions of `params` after its
    `batch_dims`. The shape of the result is `indices[:-1] + params[batch_dims+n:]`. Out of range as for `tg.gather`.
  }];
  let arguments = (ins Tg_Tensor:$params, Tg_IndexTensor:$indices, DefaultValuedAttr<I64Attr, "0">:$batch_dims,
                       DefaultValuedAttr<Tg_BoundsModeEnum, "::tgc::tg::BoundsMode::Error">:$bounds);
  let results = (outs Tg_Tensor:$result);
  let assemblyFormat = "$params `,` $indices (`batch_dims` $batch_dims^)? attr-dict `:` functional-type(operands, $result)";
  let hasVerifier = 1;
}

def Tg_ScatterOp : Tg_ShapedOp<"scatter", [], [Tg_Differentiable, AllTypesMatch<["x", "result"]>]> {
  let summary = "A tensor with updates at given coordinates";
  let description = [{
    The last dimension of `indices` (static, `n`) holds coordinates into the first `n` dimensions of `x`; `updates` has the
    shape `indices[:-1] + x[n:]`. Updates are applied in row-major order of `indices`, so the last of several wins with `update`.
    An index out of range ends the run with INVALID_ARGUMENT, or is left out (`bounds = skip`, also for negative ones).
  }];
  let arguments = (ins Tg_ScatterKindEnum:$kind, Tg_Tensor:$x, Tg_IndexTensor:$indices, Tg_Tensor:$updates,
                       DefaultValuedAttr<Tg_BoundsModeEnum, "::tgc::tg::BoundsMode::Error">:$bounds);
  let results = (outs Tg_Tensor:$result);
  let assemblyFormat = "$kind $x `,` $indices `,` $updates attr-dict `:` type($x) `,` type($indices) `,` type($updates)";
  let hasVerifier = 1;
}

def Tg_CountNonzeroOp : Tg_Op<"count_nonzero", [], [Pure, Tg_NoGradient<"a count">]> {
  let summary = "How many elements are not zero";
  let arguments = (ins Tg_Tensor:$x);
  let results = (outs Index:$count);
  let assemblyFormat = "$x attr-dict `:` type($x)";
}

def Tg_WhereOp : Tg_ShapedOp<"where", [], [Tg_NoGradient<"the results are indices">]> {
  let summary = "Coordinates of the elements that are not zero, in row-major order";
  let description = [{ `count` is their number (`tg.count_nonzero`); the result is `[count, rank]`. }];
  let arguments = (ins Tg_Tensor:$x, Index:$count);
  let results = (outs RankedTensorOf<[I64]>:$result);
  let assemblyFormat = "$x `,` $count attr-dict `:` type($x) `->` type($result)";
  let hasVerifier = 1;
}

#endif // TGC_DIALECTS_TG_IR_TGINDEXINGOPS_TD
