//===- TgConstantOps.td - Ops that make tensors ------------*- tablegen -*-===//
#ifndef TGC_DIALECTS_TG_IR_TGCONSTANTOPS_TD
#define TGC_DIALECTS_TG_IR_TGCONSTANTOPS_TD

include "dialects/Tg/IR/TgBase.td"

def Tg_ConstantOp : Tg_Op<"constant", ["Const"], [Pure, Tg_NoGradient<"no operands">, ConstantLike, AllTypesMatch<["value", "result"]>]> {
  let summary = "A tensor known at compile time";
  let description = [{ `value` is dense; large ones are resources, which the text form leaves out. }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Tg_Tensor:$result);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
}

def Tg_StringConstantOp : Tg_Op<"string_constant", [], [Pure, Tg_NoGradient<"no operands">]> {
  let summary = "A string tensor known at compile time";
  let description = [{ `values` holds the elements in row-major order, or one for all. }];
  let arguments = (ins ArrayAttr:$values);
  let results = (outs RankedTensorOf<[Tg_StringType]>:$result);
  let assemblyFormat = "$values attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Tg_IotaOp : Tg_ShapedOp<"iota", [], [Tg_NoGradient<"no operands">]> {
  let summary = "The index along one dimension";
  let description = [{ Element `[i0, i1, ...]` is `i_dimension`, wrapped to the element type. }];
  let arguments = (ins Variadic<Index>:$sizes, I64Attr:$dimension);
  let results = (outs Tg_RealTensor:$result);
  let assemblyFormat = "(`[` $sizes^ `]`)? `dimension` $dimension attr-dict `:` type($result)";
  let hasVerifier = 1;
}

#endif // TGC_DIALECTS_TG_IR_TGCONSTANTOPS_TD
