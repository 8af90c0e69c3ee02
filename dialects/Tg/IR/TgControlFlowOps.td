//===- TgControlFlowOps.td - Conditions and loops ----------*- tablegen -*-===//
#ifndef TGC_DIALECTS_TG_IR_TGCONTROLFLOWOPS_TD
#define TGC_DIALECTS_TG_IR_TGCONTROLFLOWOPS_TD

include "dialects/Tg/IR/TgBase.td"

// What regions give back and loops carry: tensors, sizes and single booleans.
def Tg_Carried : AnyTypeOf<[Tg_Tensor, Index, I1], "a ranked tensor, an index or an i1">;

def Tg_IfOp : Tg_Op<"if", [], [Tg_RegionGradient, RecursiveMemoryEffects, RecursivelySpeculatable, NoRegionArguments,
                               SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "Runs one of two regions";
  let description = [{
    The regions use values from outside freely. Both yield values of exactly the result types.

    ```mlir
    %r:2 = tg.if %p -> (tensor<?x4xf32>, index) {
      tg.yield %a, %i : tensor<?x4xf32>, index
    } else {
      tg.yield %b, %j : tensor<?x4xf32>, index
    }
    ```
  }];
  let arguments = (ins I1:$condition);
  let results = (outs Variadic<Tg_Carried>:$results);
  let regions = (region SizedRegion<1>:$thenRegion, SizedRegion<1>:$elseRegion);
  let assemblyFormat = "$condition (`->` `(` type($results)^ `)`)? $thenRegion `else` $elseRegion attr-dict";
  let extraClassDeclaration = tfOpNamesDeclaration # [{
    ::tgc::tg::YieldOp getThenYield();
    ::tgc::tg::YieldOp getElseYield();
  }];
  let hasRegionVerifier = 1;
  let hasCanonicalizer = 1;
}

def Tg_WhileOp : Tg_Op<"while", [], [Tg_RegionGradient, RecursiveMemoryEffects, SingleBlockImplicitTerminator<"YieldOp">,
                                     AllTypesMatch<["inits", "results"]>]> {
  let summary = "Runs a region as long as a condition holds";
  let description = [{
    The carried values are arguments of both regions. The first yields an `i1`: whether the second runs (once
    more); it changes no state. The second yields the next carried values. The results are the carried values for
    which the condition did not hold. The regions use values from outside freely. Types of carried values do not
    change: sizes that differ between iterations are `?`.

    ```mlir
    %r:2 = tg.while (%x = %x0, %i = %i0) : (tensor<?x4xf32>, index) cond {
      %c = arith.cmpi slt, %i, %n : index
      tg.yield %c : i1
    } do {
      ...
      tg.yield %x1, %i1 : tensor<?x4xf32>, index
    }
    ```
    The second region may name its arguments anew: `do (%x2, %i2) {`.
  }];
  let arguments = (ins Variadic<Tg_Carried>:$inits);
  let results = (outs Variadic<Tg_Carried>:$results);
  let regions = (region SizedRegion<1>:$condRegion, SizedRegion<1>:$bodyRegion);
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = tfOpNamesDeclaration # [{
    ::mlir::Block *getCond() { return &getCondRegion().front(); }
    ::mlir::Block *getBody() { return &getBodyRegion().front(); }
    ::tgc::tg::YieldOp getCondYield();
    ::tgc::tg::YieldOp getBodyYield();
  }];
  let hasRegionVerifier = 1;
  let hasCanonicalizer = 1;
}

def Tg_YieldOp : Tg_Op<"yield", [], [Pure, Terminator, Tg_NoGradient<"it ends a region">, ParentOneOf<["IfOp", "WhileOp"]>]> {
  let summary = "Gives values back from a region";
  let arguments = (ins Variadic<Tg_Carried>:$values);
  let builders = [OpBuilder<(ins), [{ build($_builder, $_state, ::mlir::ValueRange()); }]>];
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

#endif // TGC_DIALECTS_TG_IR_TGCONTROLFLOWOPS_TD
