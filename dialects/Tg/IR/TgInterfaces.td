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

def DifferentiableOpInterface : OpInterface<"DifferentiableOpInterface"> {
  let cppNamespace = "::tgc::tg";
  let description = [{
    An op that knows its gradient: of a sum over its results, weighted by given tensors, with respect to each operand. Where a
    function has no derivative the rule takes TensorFlow's choice.
  }];
  let methods = [InterfaceMethod<[{
      Builds the gradient of each operand from those of the results, which have the results' types and are null where
      nothing is known to flow back. A null value says that an operand gets no gradient. Fails with a diagnostic where
      no rule is known.
    }], "::llvm::FailureOr<::llvm::SmallVector<::mlir::Value>>", "buildGradients",
    (ins "::tgc::tg::GradientBuilder &":$g, "::llvm::ArrayRef<::mlir::Value>":$gradients)>];
}

#endif // TGC_DIALECTS_TG_IR_TGINTERFACES_TD
