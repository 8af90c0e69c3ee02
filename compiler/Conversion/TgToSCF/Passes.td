//===- Passes.td - Conversion of control flow to scf -------*- tablegen -*-===//
#ifndef TGC_COMPILER_CONVERSION_TGTOSCF_PASSES_TD
#define TGC_COMPILER_CONVERSION_TGTOSCF_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertTgToSCFPass : Pass<"convert-tg-to-scf", "::mlir::ModuleOp"> {
  let summary = "Lower tg.if and tg.while to scf";
  let description = [{
    The bodies stay as they are. Loops become `scf.while`, never `scf.for`, whose canonicalization takes carried
    tensors for tensors of one size.
  }];
  let dependentDialects = ["::mlir::scf::SCFDialect"];
}

#endif // TGC_COMPILER_CONVERSION_TGTOSCF_PASSES_TD
