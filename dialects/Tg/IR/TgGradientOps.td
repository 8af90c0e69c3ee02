//===- TgGradientOps.td - Gradients as values --------------*- tablegen -*-===//
//
// These ops live between import and the gradient phase: tgc-expand-gradients leaves none of them.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_DIALECTS_TG_IR_TGGRADIENTOPS_TD
#define TGC_DIALECTS_TG_IR_TGGRADIENTOPS_TD

include "dialects/Tg/IR/TgBase.td"

def Tg_GradientOp : Tg_Op<"gradient", [], [Pure, AttrSizedOperandSegments, InferTypeOpAdaptor, Tg_NoGradient<"it is expanded first">,
                                           DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>]> {
  let summary = "Gradients of a sum of tensors with respect to others";
  let description = [{
    The derivative of `sum(seeds * ys)` with respect to each of `xs`, through the ops that lead from them to `ys`; the seeds are
    ones where none are given. Each x must reach a y over differentiable ops. A gradient is a value like any other, so the
    gradient of a gradient is the second derivative.

    The last `by_rows` of `xs` are read by gathers of rows. Their gradients are those of the rows that were read, in the order
    of the way back, and the indices of these rows, which may repeat; what flows to such an x otherwise is one of all rows.

    ```mlir
    %dw, %db = tg.gradient (%loss : tensor<f32>) wrt (%w, %b : tensor<784x10xf32>, tensor<10xf32>)
    %rows, %indices = tg.gradient (%loss : tensor<f32>) wrt (%table : tensor<100x8xf32>) by_rows 1
    ```
  }];
  let arguments = (ins Variadic<Tg_FloatOrComplexTensor>:$ys, Variadic<Tg_FloatOrComplexTensor>:$seeds, Variadic<Tg_FloatOrComplexTensor>:$xs,
                       DefaultValuedAttr<I64Attr, "0">:$by_rows);
  let results = (outs Variadic<Tg_Tensor>:$gradients);
  let assemblyFormat = [{
    `(` $ys `:` type($ys) `)` (`seeds` `(` $seeds^ `:` type($seeds) `)`)? `wrt` `(` $xs `:` type($xs) `)`
    (`by_rows` $by_rows^)? attr-dict
  }];
  let extraClassDeclaration = [{
    /// Those of `xs` whose gradients are as large as they are, and those whose gradients are rows and indices.
    ::mlir::OperandRange getWholeXs() { return getXs().drop_back(getByRows()); }
    ::mlir::OperandRange getRowXs() { return getXs().take_back(getByRows()); }
  }];
  let hasVerifier = 1;
}

class Tg_PassThroughOp<string mnemonic, list<Trait> traits> : Tg_ShapedOp<mnemonic, [], !listconcat([AllTypesMatch<["x", "result"]>], traits)> {
  let results = (outs Tg_Tensor:$result);
}

def Tg_WatchOp : Tg_PassThroughOp<"watch", [Tg_Differentiable]> {
  let summary = "The same tensor, as a value of its own";
  let description = [{
    A tensor to differentiate with respect to: what uses the watched value counts, what uses `x` does not. Without it, a tensor
    and another that forwards it would be one.
  }];
  let arguments = (ins Tg_Tensor:$x);
  let assemblyFormat = "$x attr-dict `:` type($x)";
}

def Tg_StopGradientOp : Tg_PassThroughOp<"stop_gradient", [Tg_NoGradient<"it says so">]> {
  let summary = "The same tensor, a constant to gradients";
  let arguments = (ins Tg_Tensor:$x);
  let assemblyFormat = "$x attr-dict `:` type($x)";
}

def Tg_PreventGradientOp : Tg_PassThroughOp<"prevent_gradient", [Tg_Differentiable]> {
  let summary = "The same tensor; to differentiate through it is an error";
  let arguments = (ins Tg_Tensor:$x, StrAttr:$message);
  let assemblyFormat = "$x `,` $message attr-dict `:` type($x)";
}

def Tg_WithPartialsOp : Tg_ShapedOp<"with_partials", [], [AttrSizedOperandSegments, Tg_Differentiable, AllTypesMatch<["y", "result"]>]> {
  let summary = "The same tensor, with derivatives that are stated";
  let description = [{
    The result is `y`. Its gradient with respect to each of `xs` is what flows back times the partial of that x, whose leading
    dimensions are those of y; nothing flows to `y`. For what TensorFlow differentiates otherwise than its formula says.
  }];
  let arguments = (ins Tg_FloatTensor:$y, Variadic<Tg_FloatTensor>:$xs, Variadic<Tg_FloatTensor>:$partials);
  let results = (outs Tg_FloatTensor:$result);
  let assemblyFormat = [{
    $y `wrt` `(` $xs `:` type($xs) `)` `partials` `(` $partials `:` type($partials) `)` attr-dict `:` type($y)
  }];
  let hasVerifier = 1;
}

#endif // TGC_DIALECTS_TG_IR_TGGRADIENTOPS_TD
