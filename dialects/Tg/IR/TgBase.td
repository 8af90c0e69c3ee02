//===- TgBase.td - Base classes of the tg ops --------------*- tablegen -*-===//
#ifndef TGC_DIALECTS_TG_IR_TGBASE_TD
#define TGC_DIALECTS_TG_IR_TGBASE_TD

include "dialects/Tg/IR/TgEnums.td"
include "dialects/Tg/IR/TgInterfaces.td"
include "dialects/Tg/IR/TgTypes.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

// Every op names the TensorFlow ops that import onto it one to one; the importer's table is a fold over these names.
// Ops that TensorFlow has no single name for leave the list empty.
class Tg_Op<string mnemonic, list<string> tfOps = [], list<Trait> traits = []> : Op<Tg_Dialect, mnemonic, traits> {
  code tfOpNamesDeclaration = "static ::llvm::ArrayRef<::llvm::StringLiteral> getTfOpNames() {\n" #
    !if(!empty(tfOps), "return {};\n",
        "static constexpr ::llvm::StringLiteral names[] = {\"" # !interleave(tfOps, "\", \"") # "\"};\nreturn names;\n") # "}\n";
  let extraClassDeclaration = tfOpNamesDeclaration;
}

// Ops whose result sizes follow from the operands.
class Tg_ShapedOp<string mnemonic, list<string> tfOps = [], list<Trait> traits = []>
    : Tg_Op<mnemonic, tfOps, !listconcat([Pure, DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>], traits)>;

// Elementwise ops. `scalar` is one C++ expression over the builder `s` (ScalarBuilder) and the operands by name.
class Tg_ElementwiseOp<string mnemonic, list<string> tfOps, code scalar, code names, list<Trait> traits>
    : Tg_ShapedOp<mnemonic, tfOps, !listconcat([DeclareOpInterfaceMethods<ScalarOpInterface>, Elementwise], traits)> {
  code scalarDefinition = [{
    ::mlir::Value $cppClass::buildScalar(::mlir::OpBuilder &builder, ::mlir::Location loc, ::mlir::ValueRange args) {
      ::tgc::tg::ScalarBuilder s(builder, loc, ::mlir::getElementTypeOrSelf((*this)->getOperand(0).getType()));
      }] # names # [{
      return }] # scalar # [{;
    }
    ::llvm::LogicalResult $cppClass::reifyResultShapes(::mlir::OpBuilder &builder,
                                                       ::mlir::ReifiedRankedShapedTypeDims &dims) {
      return ::tgc::tg::reifyShapeOfOperand(builder, *this, 0, dims);
    }
  }];
  let extraClassDefinition = scalarDefinition;
}

class Tg_UnaryOp<string mnemonic, list<string> tfOps, code scalar, TypeConstraint type = Tg_FloatOrComplexTensor>
    : Tg_ElementwiseOp<mnemonic, tfOps, scalar, [{ ::mlir::Value x = args[0]; (void)x; }], [AllTypesMatch<["x", "result"]>]> {
  let arguments = (ins type:$x);
  let results = (outs type:$result);
  let assemblyFormat = "$x attr-dict `:` type($result)";
}

// An elementwise op whose result has another element type, computed by the C++ expression `elementType` over `x`.
class Tg_UnaryToOp<string mnemonic, list<string> tfOps, code scalar, TypeConstraint from, TypeConstraint to, string elementType>
    : Tg_ElementwiseOp<mnemonic, tfOps, scalar, [{ ::mlir::Value x = args[0]; (void)x; }],
        [TypesMatchWith<"result has the shape of x", "x", "result", elementType>]> {
  let arguments = (ins from:$x);
  let results = (outs to:$result);
  let assemblyFormat = "$x attr-dict `:` type($x)";
}

class Tg_BinaryOp<string mnemonic, list<string> tfOps, code scalar, TypeConstraint type = Tg_NumberTensor, list<Trait> traits = []>
    : Tg_ElementwiseOp<mnemonic, tfOps, scalar, [{ ::mlir::Value lhs = args[0], rhs = args[1]; (void)lhs; (void)rhs; }],
        !listconcat([AllTypesMatch<["lhs", "rhs", "result"]>], traits)> {
  let arguments = (ins type:$lhs, type:$rhs);
  let results = (outs type:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($result)";
}

#endif // TGC_DIALECTS_TG_IR_TGBASE_TD
