//===- TgInterfaces.td - What passes ask of tg ops ---------*- tablegen -*-===//
#ifndef TGC_DIALECTS_TG_IR_TGINTERFACES_TD
#define TGC_DIALECTS_TG_IR_TGINTERFACES_TD

include "mlir/IR/OpBase.td"

def ScalarOpInterface : OpInterface<"ScalarOpInterface"> {
  let cppNamespace = "::tgc::tg";
  let description = [{
    An elementwise op: all operands and the result have one shape, and each result element is a function of the operands'
    elements at the same place. One lowering, one fusion rule and one constant folder serve all of them.
  }];
  let methods = [InterfaceMethod<[{
      Builds the computation of one element. `args` are scalars of the operands' element types in lowered form: unsigned
      integers are signless there, so the op looks at its own operand types for the sign. Returns a scalar of the result's
      lowered element type.
    }], "::mlir::Value", "buildScalar",
    (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc, "::mlir::ValueRange":$args)>];
}

#endif // TGC_DIALECTS_TG_IR_TGINTERFACES_TD
