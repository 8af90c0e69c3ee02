//===- Passes.td - Views that upstream lowerings leave out -*- tablegen -*-===//
#ifndef TGC_COMPILER_CONVERSION_MEMREFVIEWS_PASSES_TD
#define TGC_COMPILER_CONVERSION_MEMREFVIEWS_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertDynamicExpandShapePass : Pass<"convert-dynamic-expand-shape"> {
  let summary = "Lower memref.expand_shape with several dynamic sizes in one group to memref.reinterpret_cast";
  let description = [{
    Runs before expand-strided-metadata, which takes the one dynamic size of a group to be the quotient of the others and
    fails on more than one. The sizes that the op carries are used instead.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect"];
}

#endif // TGC_COMPILER_CONVERSION_MEMREFVIEWS_PASSES_TD
