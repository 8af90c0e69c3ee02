//===- TgDialect.td - The tensor graph dialect -------------*- tablegen -*-===//
#ifndef TGC_DIALECTS_TG_IR_TGDIALECT_TD
#define TGC_DIALECTS_TG_IR_TGDIALECT_TD

include "mlir/IR/OpBase.td"

def Tg_Dialect : Dialect {
  let name = "tg";
  let cppNamespace = "::tgc::tg";
  let summary = "Tensor graphs: the small core that TensorFlow's operators are decomposed onto";
  let description = [{
    A `tg` program is a module of `func.func`s over ranked tensors. What holds everywhere:

    - **Values.** Operands and results are ranked tensors in TensorFlow's element types. Signed integers are signless
      (`i32`), unsigned ones are `ui8` ... `ui64`, booleans are `i1`, strings are `!tg.string`.
    - **No implicit broadcasting.** The operands of an elementwise op have one and the same type. Whoever builds the op
      inserts `tg.broadcast_to`, which takes its run-time sizes as `index` operands.
    - **Dynamic dimensions** are `?`. An op whose result sizes do not follow from its operands takes them as `index`
      operands, one for each `?` of the result type; all others can be asked through
      `ReifyRankedShapedTypeOpInterface`. Shape arithmetic is `arith` on `index`, never tensor ops.
    - **No side effects** but those of `tg.host_call` and `tg.check`, which stay in order. Variables are arguments and
      results of functions.
    - **Locations** are the names of TensorFlow's nodes.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect", "::mlir::complex::ComplexDialect",
                           "::mlir::math::MathDialect", "::mlir::scf::SCFDialect"];
  let useDefaultTypePrinterParser = 1;
  let hasConstantMaterializer = 1;
}

#endif // TGC_DIALECTS_TG_IR_TGDIALECT_TD
