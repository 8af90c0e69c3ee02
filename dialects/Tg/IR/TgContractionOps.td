//===- TgContractionOps.td - Matrix products, convolutions -*- tablegen -*-===//
#ifndef TGC_DIALECTS_TG_IR_TGCONTRACTIONOPS_TD
#define TGC_DIALECTS_TG_IR_TGCONTRACTIONOPS_TD

include "dialects/Tg/IR/TgBase.td"

def Tg_MatMulOp : Tg_ShapedOp<"matmul", [], [InferTypeOpAdaptor, Tg_Differentiable]> {
  let summary = "Product of (batches of) matrices";
  let description = [{
    `lhs` is `[batch..., m, k]` (`[batch..., k, m]` with `transpose_lhs`), `rhs` is `[batch..., k, n]` (`[batch..., n, k]` with
    `transpose_rhs`), the result `[batch..., m, n]`. Batch dimensions agree. Half precision accumulates in f32; integers wrap.
  }];
  let arguments = (ins Tg_NumberTensor:$lhs, Tg_NumberTensor:$rhs, UnitAttr:$transpose_lhs, UnitAttr:$transpose_rhs);
  let results = (outs Tg_NumberTensor:$result);
  let assemblyFormat = [{
    $lhs (`transposed` $transpose_lhs^)? `,` $rhs (`transposed` $transpose_rhs^)? attr-dict `:` functional-type(operands, $result)
  }];
  let hasVerifier = 1;
}

def Tg_ConvOp : Tg_ShapedOp<"conv", [], [InferTypeOpAdaptor, Tg_Differentiable]> {
  let summary = "Convolution (cross-correlation) over any number of spatial dimensions";
  let description = [{
    `input` is `[batch, spatial..., groups * c]`, `filter` is `[spatial..., c, groups * f]`, the result `[batch, spatial...,
    groups * f]`: output channel `g * f + i` reads input channels `[g * c, (g + 1) * c)`. Nothing is padded: `tg.pad` comes
    before (with interior padding for transposed convolutions). Result size per spatial dimension: floor((input - (filter - 1) *
    dilation - 1) / stride) + 1, or 0 if the window does not fit. Half precision accumulates in f32.
  }];
  let arguments = (ins Tg_NumberTensor:$input, Tg_NumberTensor:$filter, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$dilations,
                       DefaultValuedAttr<I64Attr, "1">:$groups);
  let results = (outs Tg_NumberTensor:$result);
  let assemblyFormat = [{
    $input `,` $filter `strides` $strides `dilations` $dilations (`groups` $groups^)? attr-dict `:` functional-type(operands, $result)
  }];
  let hasVerifier = 1;
}

#endif // TGC_DIALECTS_TG_IR_TGCONTRACTIONOPS_TD
