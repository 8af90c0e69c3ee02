//===- TgShapeOps.td - Ops that move elements --------------*- tablegen -*-===//
#ifndef TGC_DIALECTS_TG_IR_TGSHAPEOPS_TD
#define TGC_DIALECTS_TG_IR_TGSHAPEOPS_TD

include "dialects/Tg/IR/TgBase.td"

def Tg_ReshapeOp : Tg_ShapedOp<"reshape", [], [Tg_Differentiable]> {
  let summary = "The same elements in row-major order under other sizes";
  let description = [{ `sizes` are those of the result's `?` dimensions; the product of all sizes is the number of elements. }];
  let arguments = (ins Tg_Tensor:$x, Variadic<Index>:$sizes);
  let results = (outs Tg_Tensor:$result);
  let assemblyFormat = "$x (`[` $sizes^ `]`)? attr-dict `:` type($x) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Tg_BroadcastToOp : Tg_ShapedOp<"broadcast_to", [], [Tg_Differentiable]> {
  let summary = "Repeats a tensor along dimensions of size one and new leading ones";
  let description = [{
    Dimensions are matched from the last. A dimension of `x` that is `?` where the result's is `?` may be one (and is repeated)
    or equal, which the code finds out at run time; those listed in `equal_dimensions` (of the result) are known to be equal.
  }];
  let arguments = (ins Tg_Tensor:$x, Variadic<Index>:$sizes, DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$equal_dimensions);
  let results = (outs Tg_Tensor:$result);
  let assemblyFormat = "$x (`[` $sizes^ `]`)? (`equal` $equal_dimensions^)? attr-dict `:` type($x) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Tg_TransposeOp : Tg_ShapedOp<"transpose", [], [InferTypeOpAdaptor, Tg_Differentiable]> {
  let summary = "Permutes the dimensions: dimension `i` of the result is dimension `permutation[i]` of `x`";
  let arguments = (ins Tg_Tensor:$x, DenseI64ArrayAttr:$permutation);
  let results = (outs Tg_Tensor:$result);
  let assemblyFormat = "$x $permutation attr-dict `:` type($x) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Tg_ReverseOp : Tg_ShapedOp<"reverse", [], [Tg_Differentiable, AllTypesMatch<["x", "result"]>]> {
  let summary = "Turns some dimensions around";
  let arguments = (ins Tg_Tensor:$x, DenseI64ArrayAttr:$dimensions);
  let results = (outs Tg_Tensor:$result);
  let assemblyFormat = "$x `dimensions` $dimensions attr-dict `:` type($x)";
  let hasVerifier = 1;
}

def Tg_ConcatOp : Tg_ShapedOp<"concat", [], [InferTypeOpAdaptor, Tg_Differentiable]> {
  let summary = "Tensors one behind the other along one dimension";
  let arguments = (ins Variadic<Tg_Tensor>:$inputs, I64Attr:$dimension);
  let results = (outs Tg_Tensor:$result);
  let assemblyFormat = "$inputs `dimension` $dimension attr-dict `:` functional-type($inputs, $result)";
  let hasVerifier = 1;
}

def Tg_SliceOp : Tg_ShapedOp<"slice", [], [AttrSizedOperandSegments, Tg_Differentiable]> {
  let summary = "A regular part of a tensor";
  let description = [{
    Element `[i...]` of the result is element `[offset + i * stride ...]` of `x`. Strides are constants other than zero and may
    be negative. A dynamic offset or size is ShapedType::kDynamic in the static list and the next of the operands. Everything
    read lies inside `x`: whoever builds the op has checked or clamped.
  }];
  let arguments = (ins Tg_Tensor:$x, Variadic<Index>:$offsets, Variadic<Index>:$sizes, DenseI64ArrayAttr:$static_offsets,
                       DenseI64ArrayAttr:$static_sizes, DenseI64ArrayAttr:$strides);
  let results = (outs Tg_Tensor:$result);
  let assemblyFormat = [{
    $x custom<DynamicIndexList>($offsets, $static_offsets) custom<DynamicIndexList>($sizes, $static_sizes) $strides
    attr-dict `:` type($x) `->` type($result)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$x, "::llvm::ArrayRef<::mlir::OpFoldResult>":$offsets,
                                 "::llvm::ArrayRef<::mlir::OpFoldResult>":$sizes, "::llvm::ArrayRef<int64_t>":$strides)>];
  let extraClassDeclaration = tfOpNamesDeclaration # [{
    ::llvm::SmallVector<::mlir::OpFoldResult> getMixedOffsets();
    ::llvm::SmallVector<::mlir::OpFoldResult> getMixedSizes();
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Tg_InsertSliceOp : Tg_ShapedOp<"insert_slice", [], [Tg_Differentiable, AllTypesMatch<["x", "result"]>]> {
  let summary = "A tensor with a part of it replaced";
  let description = [{
    Element `[offset + i...]` of the result is element `[i...]` of `part`, the others are those of `x`. Dimensions are matched
    from the last; those that `part` lacks have size one. A dynamic offset is ShapedType::kDynamic in the static list and the
    next of the operands. Everything written lies inside `x`: whoever builds the op has checked or clamped. Bufferization
    writes in place where nobody reads `x` later.
  }];
  let arguments = (ins Tg_Tensor:$part, Tg_Tensor:$x, Variadic<Index>:$offsets, DenseI64ArrayAttr:$static_offsets);
  let results = (outs Tg_Tensor:$result);
  let assemblyFormat = [{
    $part `into` $x custom<DynamicIndexList>($offsets, $static_offsets) attr-dict `:` type($part) `into` type($x)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$part, "::mlir::Value":$x, "::llvm::ArrayRef<::mlir::OpFoldResult>":$offsets)>];
  let extraClassDeclaration = tfOpNamesDeclaration # [{
    ::llvm::SmallVector<::mlir::OpFoldResult> getMixedOffsets();
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Tg_PadOp : Tg_ShapedOp<"pad", [], [AttrSizedOperandSegments, Tg_Differentiable]> {
  let summary = "A tensor with `value` around and between its elements";
  let description = [{
    Per dimension: `low` before the first element, `high` after the last, `interior` between neighbours. `low` and `high` may be
    negative, which cuts off. Dynamic ones are ShapedType::kDynamic in the static list and the next of the operands. Result
    size: low + high + x + max(x - 1, 0) * interior.
  }];
  let arguments = (ins Tg_Tensor:$x, Tg_Tensor:$value, Variadic<Index>:$low, Variadic<Index>:$high, DenseI64ArrayAttr:$static_low,
                       DenseI64ArrayAttr:$static_high, DenseI64ArrayAttr:$interior);
  let results = (outs Tg_Tensor:$result);
  let assemblyFormat = [{
    $x `,` $value `low` custom<DynamicIndexList>($low, $static_low) `high` custom<DynamicIndexList>($high, $static_high)
    `interior` $interior attr-dict `:` type($x) `,` type($value) `->` type($result)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$x, "::mlir::Value":$value, "::llvm::ArrayRef<::mlir::OpFoldResult>":$low,
                                 "::llvm::ArrayRef<::mlir::OpFoldResult>":$high, CArg<"::llvm::ArrayRef<int64_t>", "{}">:$interior)>];
  let extraClassDeclaration = tfOpNamesDeclaration # [{
    ::llvm::SmallVector<::mlir::OpFoldResult> getMixedLow();
    ::llvm::SmallVector<::mlir::OpFoldResult> getMixedHigh();
  }];
  let hasVerifier = 1;
}

def Tg_BitcastOp : Tg_ShapedOp<"bitcast", [], [Tg_NoGradient<"bits">]> {
  let summary = "The same bytes under another element type";
  let description = [{
    As TensorFlow's Bitcast: a narrower type adds a last dimension, a wider one takes it away, an equally wide one keeps the
    shape.
  }];
  let arguments = (ins Tg_Tensor:$x);
  let results = (outs Tg_Tensor:$result);
  let assemblyFormat = "$x attr-dict `:` type($x) `to` type($result)";
  let hasVerifier = 1;
}

#endif // TGC_DIALECTS_TG_IR_TGSHAPEOPS_TD
