//===- KernelOps.td - What the CPU has machine code for ----*- tablegen -*-===//
#ifndef TGC_DIALECTS_KERNEL_IR_KERNELOPS_TD
#define TGC_DIALECTS_KERNEL_IR_KERNELOPS_TD

include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Kernel_Dialect : Dialect {
  let name = "kernel";
  let cppNamespace = "::tgc::kernel";
  let summary = "Kernels that code is generated for as a whole";
  let description = [{
    Between `linalg`, which says what is computed loop by loop, and the loops themselves: an op here holds what one kernel computes,
    on tensors before bufferization and on memrefs after it, so that what belongs into registers is not parted into buffers.
  }];
}

def Kernel_PoolEnum : I32EnumAttr<"Pool", "what a pool makes of the elements of a window", [
    I32EnumAttrCase<"Maximum", 0, "maximum">, I32EnumAttrCase<"Sum", 1, "sum">]> {
  let cppNamespace = "::tgc::kernel";
}

class Kernel_Op<string mnemonic, list<Trait> traits = []> : Op<Kernel_Dialect, mnemonic, traits>;

def Kernel_ContractOp : Kernel_Op<"contract", [
    DestinationStyleOpInterface, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
    SingleBlock]> {
  let summary = "Sums of products, and what is computed of each sum";
  let description = [{
    `loop_sizes` names a loop per dimension (dynamic sizes are read off the operands). `indexing_maps` say which element of `lhs`,
    `rhs`, each of `extras` and `init` an iteration touches; those of `lhs` may be linear sums of loops (a convolution's), the others
    are projected permutations. Loops that `init` lacks are summed over: sum of lhs * rhs in the type of the region's first argument.
    The region computes the element of `init` from the sum and the elements of `extras`. With `accumulates` the sum starts with
    the element that `init` holds.

    With `panel_width` p, `rhs` is packed: one dimension of elements in the order [batch loops..., n / p, summed loops..., n % p], where n is the
    last loop of `init`. With `in_place` it is row-major and is not packed, however many rows it serves.

    With `winograd` a convolution with windows of up to 5 x 5, or of one row or column, is computed by tiles of some elements, with fewer
    multiplications and other roundings. With `panel_width` too, `rhs` is the filter, transformed and in the order of that kernel.

    With `pool` the elements of such a convolution are not stored: each window of 2 x 2 of them becomes one, whose row and column in `init`,
    of the dimensions [image, row, column, channel], are half of theirs. Behind the last row or column of an odd number of them windows have what
    there is.

    `zero_borders` holds [dimension, begin, end] of each dimension of `lhs` that is known to hold nothing but zeros outside of [begin, end): products
    with them may be left out, which changes results only where the other factor is infinite or NaN.

    `reversed_rhs` names loops, of known sizes, along which `rhs` is read from its last element to its first.
  }];
  let arguments = (ins AnyShaped:$lhs, AnyShaped:$rhs, Variadic<AnyShaped>:$extras, AnyShaped:$init,
                       AffineMapArrayAttr:$indexing_maps, DenseI64ArrayAttr:$loop_sizes, UnitAttr:$accumulates,
                       OptionalAttr<I64Attr>:$panel_width, UnitAttr:$in_place,
                       UnitAttr:$winograd, OptionalAttr<Kernel_PoolEnum>:$pool,
                       OptionalAttr<DenseI64ArrayAttr>:$zero_borders,
                       OptionalAttr<DenseI64ArrayAttr>:$reversed_rhs);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region SizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    `(` $lhs `,` $rhs `)` (`with` `(` $extras^ `)`)? `into` $init `sizes` $loop_sizes (`pool` $pool^)? attr-dict-with-keyword $epilogue
    `:` type($lhs) `,` type($rhs) (`with` type($extras)^)? `into` type($init) (`->` type($results)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
    ::mlir::AffineMap getMap(unsigned operand) {
      return ::llvm::cast<::mlir::AffineMapAttr>(getIndexingMaps()[operand]).getValue();
    }
    ::mlir::AffineMap getLhsMap() { return getMap(0); }
    ::mlir::AffineMap getRhsMap() { return getMap(1); }
    ::mlir::AffineMap getInitMap() { return getMap(getIndexingMaps().size() - 1); }
    ::mlir::Type getAccumulatorType() { return getEpilogue().front().getArgument(0).getType(); }
    /// The loop that runs along the last dimension of `init`.
    unsigned getColumnLoop() { return getInitMap().getDimPosition(getInitMap().getNumResults() - 1); }
    ::llvm::ArrayRef<int64_t> getReversedLoops() { return getReversedRhs().value_or(::llvm::ArrayRef<int64_t>()); }
  }];
}

def Kernel_AttentionOp : Kernel_Op<"attention", [
    DestinationStyleOpInterface, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
    SingleBlock, AttrSizedOperandSegments]> {
  let summary = "Rows of values, averaged with weights that are the softmax of scores";
  let description = [{
    init[b, i, e] = sum over j of softmax over j (score[b, i, j]) * values[b, j, e], where the region computes a score from the sum
    over d of queries[b, i, d] * keys[b, j, d] and from elements of `extras`. No score is kept in memory. Operands are f32, f16 or bf16; sums, scores and extras are f32.

    `indexing_maps` say where an operand has the loops [batches..., i, j, d, e]; they are projected permutations. A dimension of
    size one of `queries`, `keys`, `values` and `extras` is repeated as often as its loop runs, except d and e, and j of `values`.

    `statistics` are none, or two results more, of f32 and [batches..., i], for `kernel.attention_grad`: the largest score of each query, and the sum
    of exp of what each of its scores is less.
  }];
  let arguments = (ins AnyShaped:$queries, AnyShaped:$keys, AnyShaped:$values, Variadic<AnyShaped>:$extras, AnyShaped:$init,
                       Variadic<AnyShaped>:$statistics, AffineMapArrayAttr:$indexing_maps);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region SizedRegion<1>:$scores);
  let assemblyFormat = [{
    `(` $queries `,` $keys `,` $values `)` (`with` `(` $extras^ `)`)? `into` $init (`statistics` `(` $statistics^ `)`)?
    attr-dict-with-keyword $scores
    `:` type($queries) `,` type($keys) `,` type($values) (`with` type($extras)^)? `into` type($init) (`statistics` type($statistics)^)?
    (`->` type($results)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The init and the statistics.
    ::mlir::MutableOperandRange getDpsInitsMutable() {
      return ::mlir::MutableOperandRange(getOperation(), getInitNumber(), getNumOperands() - getInitNumber());
    }
    unsigned getInitNumber() { return 3 + getExtras().size(); }
    ::mlir::AffineMap getMap(unsigned operand) {
      return ::llvm::cast<::mlir::AffineMapAttr>(getIndexingMaps()[operand]).getValue();
    }
    unsigned getNumBatches() { return getMap(0).getNumDims() - 4; }
    unsigned getQueryLoop() { return getNumBatches(); }
    unsigned getKeyLoop() { return getNumBatches() + 1; }
    unsigned getDepthLoop() { return getNumBatches() + 2; }
    unsigned getValueLoop() { return getNumBatches() + 3; }
    /// The size that an operand (a tensor or a memref) has along a loop.
    int64_t getStaticSize(unsigned operand, unsigned loop);
  }];
}

def Kernel_AttentionGradOp : Kernel_Op<"attention_grad", [
    DestinationStyleOpInterface, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
    SingleBlock]> {
  let summary = "The gradients of attention by its queries, keys and values";
  let description = [{
    Of the results o of `kernel.attention` with the same queries, keys, values, extras and region `scores`, whose own gradients are g. Weights w are
    computed again from the scores s, the `largest` and the `sums` of the statistics:

        w[b, i, j] = exp(s[b, i, j] - largest[b, i]) / sums[b, i]
        p[b, i, j] = f(w[b, i, j] * (sum over e of g[b, i, e] * values[b, j, e] - sum over e of g[b, i, e] * o[b, i, e]))

        query_gradients[b, i, d] = sum over j of p[b, i, j] * keys[b, j, d]
        key_gradients[b, j, d] = sum over i of p[b, i, j] * queries[b, i, d]
        value_gradients[b, j, e] = sum over i of w[b, i, j] * g[b, i, e]

    where the region `gradient` is f: it computes the gradient of a product of queries and keys from that of its score and from elements of `extras`.
    Operands are f32, f16 or bf16, statistics, extras and sums f32; maps are those of `kernel.attention`, and what is repeated has a gradient of each repetition.
  }];
  let arguments = (ins AnyShaped:$queries, AnyShaped:$keys, AnyShaped:$values, AnyShaped:$attended, AnyShaped:$gradients,
                       AnyShaped:$largest, AnyShaped:$sums, Variadic<AnyShaped>:$extras,
                       AnyShaped:$query_gradients, AnyShaped:$key_gradients, AnyShaped:$value_gradients,
                       AffineMapArrayAttr:$indexing_maps);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region SizedRegion<1>:$scores, SizedRegion<1>:$gradient);
  let assemblyFormat = [{
    `(` $queries `,` $keys `,` $values `,` $attended `,` $gradients `,` $largest `,` $sums `)` (`with` `(` $extras^ `)`)?
    `into` `(` $query_gradients `,` $key_gradients `,` $value_gradients `)` attr-dict-with-keyword `scores` $scores `gradient` $gradient
    `:` type($queries) `,` type($keys) `,` type($values) `,` type($attended) `,` type($gradients) `,` type($largest) `,` type($sums)
    (`with` type($extras)^)? `into` type($query_gradients) `,` type($key_gradients) `,` type($value_gradients) (`->` type($results)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Where operands stand.
    enum : unsigned { kQueries, kKeys, kValues, kAttended, kGradients, kLargest, kSums, kExtras };
    ::mlir::MutableOperandRange getDpsInitsMutable() {
      return ::mlir::MutableOperandRange(getOperation(), getInitNumber(), 3);
    }
    /// Of the gradients of queries; those of keys and values follow.
    unsigned getInitNumber() { return kExtras + getExtras().size(); }
    ::mlir::AffineMap getMap(unsigned operand) {
      return ::llvm::cast<::mlir::AffineMapAttr>(getIndexingMaps()[operand]).getValue();
    }
    unsigned getNumBatches() { return getMap(0).getNumDims() - 4; }
    unsigned getQueryLoop() { return getNumBatches(); }
    unsigned getKeyLoop() { return getNumBatches() + 1; }
    unsigned getDepthLoop() { return getNumBatches() + 2; }
    unsigned getValueLoop() { return getNumBatches() + 3; }
    int64_t getStaticSize(unsigned operand, unsigned loop);
  }];
}

def Kernel_ScanOp : Kernel_Op<"scan", [
    DestinationStyleOpInterface, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
    SingleBlock]> {
  let summary = "Running sums, or other combinations, along one dimension";
  let description = [{
    The region combines the elements so far, its first argument, with the next one. Without `exclusive` the first result is the first element;
    with it results leave out their own element, and the first one is `start`, the neutral element. With `reverse` the scan runs from the far end.
  }];
  let arguments = (ins AnyShaped:$x, AnyType:$start, AnyShaped:$init, I64Attr:$dimension, UnitAttr:$exclusive, UnitAttr:$reverse);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region SizedRegion<1>:$combination);
  let assemblyFormat = [{
    `(` $x `)` `into` $init `start` $start `dimension` $dimension (`exclusive` $exclusive^)? (`reverse` $reverse^)? attr-dict-with-keyword $combination
    `:` type($x) `into` type($init) `start` type($start) (`->` type($results)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
  }];
}

def Kernel_TopKOp : Kernel_Op<"top_k", [
    DestinationStyleOpInterface, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "The largest elements of each row, the last dimension, in descending order, and where they were";
  let description = [{
    As many as the last dimensions of `values` and `indices` hold. Of equal elements the first comes first; a NaN is larger than all numbers.
    Integers have no sign with `is_unsigned`.
  }];
  let arguments = (ins AnyShaped:$x, AnyShaped:$values, AnyShaped:$indices, UnitAttr:$is_unsigned);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    `(` $x `)` `into` `(` $values `,` $indices `)` (`unsigned` $is_unsigned^)? attr-dict
    `:` type($x) `into` type($values) `,` type($indices) (`->` type($results)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return ::mlir::MutableOperandRange(getOperation(), 1, 2); }
  }];
}

def Kernel_YieldOp : Kernel_Op<"yield", [Pure, Terminator, ParentOneOf<["ContractOp", "AttentionOp", "AttentionGradOp", "ScanOp"]>]> {
  let summary = "The element that the region computes";
  let arguments = (ins AnyType:$value);
  let assemblyFormat = "$value `:` type($value) attr-dict";
}

#endif // TGC_DIALECTS_KERNEL_IR_KERNELOPS_TD
