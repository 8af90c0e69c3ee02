//===- TgHostOps.td - Checks and calls of hand-written code *- tablegen -*-===//
#ifndef TGC_DIALECTS_TG_IR_TGHOSTOPS_TD
#define TGC_DIALECTS_TG_IR_TGHOSTOPS_TD

include "dialects/Tg/IR/TgBase.td"

def Tg_CheckOp : Tg_Op<"check", [], [Tg_NoGradient<"no results">]> {
  let summary = "Ends the run with a status unless a condition holds";
  let description = [{
    `code` is a status code of the runtime ABI (3 is INVALID_ARGUMENT); each `%d` of `message` is replaced by the next of
    `values`. The location names the node.
  }];
  let arguments = (ins I1:$condition, I32Attr:$code, StrAttr:$message, Variadic<Index>:$values);
  let assemblyFormat = "$condition `,` $code `,` $message (`(` $values^ `)`)? attr-dict";
  let builders = [OpBuilder<(ins "mlir::Value":$condition, "StatusCode":$code, "const llvm::Twine &":$message,
                                 CArg<"mlir::ValueRange", "{}">:$values), [{
    build($_builder, $_state, condition, static_cast<int32_t>(code), $_builder.getStringAttr(message), values);
  }]>];
  let hasCanonicalizeMethod = 1;
}

def Tg_HostCallOp : Tg_Op<"host_call", [], [DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
                                            DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>, AttrSizedOperandSegments,
                                            Tg_Differentiable]> {
  let summary = "Calls a hand-written kernel of the runtime";
  let description = [{
    Tensors have the types of tg, or, once lowered, those without sign; strings are then pairs of words.
    `kernel` names a function of type tgc_host_kernel_fn (runtime/include/tgc/abi.h); `config` is the text it documents.
    `sizes` are those of the results' `?` dimensions, in order, unless `finds_sizes` is set: then the kernel finds out the
    dynamic sizes itself. `pure` calls may be dropped, shared and moved; others stay in order.
  }];
  let arguments = (ins Variadic<AnyRankedTensor>:$inputs, Variadic<Index>:$sizes, StrAttr:$kernel, DefaultValuedAttr<StrAttr, "\"\"">:$config,
                       UnitAttr:$pure, UnitAttr:$finds_sizes);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    $kernel `(` $inputs `)` (`[` $sizes^ `]`)? (`config` $config^)? (`pure` $pure^)? (`finds_sizes` $finds_sizes^)?
    attr-dict `:` functional-type($inputs, $results)
  }];
  let hasVerifier = 1;
}

#endif // TGC_DIALECTS_TG_IR_TGHOSTOPS_TD
