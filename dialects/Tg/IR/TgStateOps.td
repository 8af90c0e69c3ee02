//===- TgStateOps.td - Variables ---------------------------*- tablegen -*-===//
#ifndef TGC_DIALECTS_TG_IR_TGSTATEOPS_TD
#define TGC_DIALECTS_TG_IR_TGSTATEOPS_TD

include "dialects/Tg/IR/TgBase.td"
include "mlir/IR/SymbolInterfaces.td"

def Tg_VariableOp : Tg_Op<"variable", [], [Symbol, Tg_NoGradient<"no operands">, HasParent<"::mlir::ModuleOp">]> {
  let summary = "A variable of the module";
  let description = [{
    `sym_name` is the name under which checkpoints hold it. Entries do not read or write it by name: an argument with the attribute
    `tg.variable` is its value before the run, a result with that attribute its value after. `type` may have `?` sizes (a variable
    whose shape is not fixed). `initial_value` is what a session starts with; without one it is uninitialised.

    ```mlir
    tg.variable @"dense/kernel" : tensor<784x10xf32> trainable
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<Tg_Tensor>:$type, UnitAttr:$trainable, OptionalAttr<ElementsAttr>:$initial_value);
  let assemblyFormat = "$sym_name `:` $type (`trainable` $trainable^)? (`=` $initial_value^)? attr-dict";
}

#endif // TGC_DIALECTS_TG_IR_TGSTATEOPS_TD
