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

// Every op is one of these (TgOps.cpp checks it): its gradient stands beside it, or the reverse sweep differentiates its
// regions, or there is a reason why it has no gradient.
def Tg_Differentiable : DeclareOpInterfaceMethods<DifferentiableOpInterface>;
def Tg_RegionGradient : NativeOpTrait<"RegionGradient"> { let cppNamespace = "::tgc::tg"; }
class Tg_NoGradient<string reason>
    : NativeOpTrait<"NoGradient", [], "static constexpr ::llvm::StringLiteral kNoGradientReason = \"" # reason # "\";\n"> {
  let cppNamespace = "::tgc::tg";
}

// Elementwise ops. `scalar` is one C++ expression over the builder `s` (ScalarBuilder) and the operands by name. `gradient`
// lists one C++ expression per operand, over the builder `g` (GradientBuilder), the operands by name, the result `y` and
// its gradient `dy`; without one the traits say why.
class Tg_ElementwiseOp<string mnemonic, list<string> tfOps, code scalar, code gradient, code names, list<Trait> traits>
    : Tg_ShapedOp<mnemonic, tfOps, !listconcat([DeclareOpInterfaceMethods<ScalarOpInterface>, Elementwise],
                                               !if(!empty(gradient), []<Trait>, [Tg_Differentiable]<Trait>), traits)> {
  code gradientDefinition = !if(!empty(gradient), "", [{
    ::llvm::FailureOr<::llvm::SmallVector<::mlir::Value>>
    $cppClass::buildGradients(::tgc::tg::GradientBuilder &g, ::llvm::ArrayRef<::mlir::Value> gradients) {
      ::mlir::ValueRange args = (*this)->getOperands();
      ::mlir::Value y = (*this)->getResult(0), dy = gradients[0];
      (void)y; (void)dy;
      }] # names # [{
      return ::llvm::SmallVector<::mlir::Value>{ }] # gradient # [{ };
    }
  }]);
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
  let extraClassDefinition = scalarDefinition # gradientDefinition;
}

class Tg_UnaryOp<string mnemonic, list<string> tfOps, code scalar, code gradient, TypeConstraint type = Tg_FloatOrComplexTensor,
                 list<Trait> traits = []>
    : Tg_ElementwiseOp<mnemonic, tfOps, scalar, gradient, [{ ::mlir::Value x = args[0]; (void)x; }],
        !listconcat([AllTypesMatch<["x", "result"]>], traits)> {
  let arguments = (ins type:$x);
  let results = (outs type:$result);
  let assemblyFormat = "$x attr-dict `:` type($result)";
}

// An elementwise op whose result has another element type, computed by the C++ expression `elementType` over `x`.
class Tg_UnaryToOp<string mnemonic, list<string> tfOps, code scalar, code gradient, TypeConstraint from, TypeConstraint to,
                   string elementType, list<Trait> traits = []>
    : Tg_ElementwiseOp<mnemonic, tfOps, scalar, gradient, [{ ::mlir::Value x = args[0]; (void)x; }],
        !listconcat([TypesMatchWith<"result has the shape of x", "x", "result", elementType>], traits)> {
  let arguments = (ins from:$x);
  let results = (outs to:$result);
  let assemblyFormat = "$x attr-dict `:` type($x)";
}

class Tg_BinaryOp<string mnemonic, list<string> tfOps, code scalar, code gradient, TypeConstraint type = Tg_NumberTensor,
                  list<Trait> traits = []>
    : Tg_ElementwiseOp<mnemonic, tfOps, scalar, gradient, [{ ::mlir::Value lhs = args[0], rhs = args[1]; (void)lhs; (void)rhs; }],
        !listconcat([AllTypesMatch<["lhs", "rhs", "result"]>], traits)> {
  let arguments = (ins type:$lhs, type:$rhs);
  let results = (outs type:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($result)";
}

#endif // TGC_DIALECTS_TG_IR_TGBASE_TD
