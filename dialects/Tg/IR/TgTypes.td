//===- TgTypes.td - Types and type constraints of tg -------*- tablegen -*-===//
#ifndef TGC_DIALECTS_TG_IR_TGTYPES_TD
#define TGC_DIALECTS_TG_IR_TGTYPES_TD

include "dialects/Tg/IR/TgDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinTypeInterfaces.td"

def Tg_StringType : TypeDef<Tg_Dialect, "String", [VectorElementTypeInterface]> {
  let mnemonic = "string";
  let summary = "Element of a string tensor: a run of bytes";
}

def Tg_Float : AnyTypeOf<[F16, BF16, F32, F64]>;
def Tg_SignedInt : AnyTypeOf<[I8, I16, I32, I64]>;
def Tg_UnsignedInt : AnyTypeOf<[UI8, UI16, UI32, UI64]>;
def Tg_Int : AnyTypeOf<[Tg_SignedInt, Tg_UnsignedInt]>;
def Tg_Bool : TypeAlias<I1, "boolean">;
def Tg_Complex : AnyTypeOf<[Complex<F32>, Complex<F64>]>;
def Tg_Real : AnyTypeOf<[Tg_Float, Tg_Int]>;
def Tg_Number : AnyTypeOf<[Tg_Float, Tg_Int, Tg_Complex]>;
def Tg_Element : AnyTypeOf<[Tg_Float, Tg_Int, Tg_Bool, Tg_Complex, Tg_StringType]>;

def Tg_FloatTensor : RankedTensorOf<[Tg_Float]>;
def Tg_FloatOrComplexTensor : RankedTensorOf<[Tg_Float, Tg_Complex]>;
def Tg_RealTensor : RankedTensorOf<[Tg_Real]>;
def Tg_NumberTensor : RankedTensorOf<[Tg_Number]>;
def Tg_IntTensor : RankedTensorOf<[Tg_Int]>;
def Tg_IntOrBoolTensor : RankedTensorOf<[Tg_Int, Tg_Bool]>;
def Tg_BoolTensor : RankedTensorOf<[Tg_Bool]>;
def Tg_ComplexTensor : RankedTensorOf<[Tg_Complex]>;
def Tg_IndexTensor : RankedTensorOf<[I32, I64]>;
def Tg_Tensor : RankedTensorOf<[Tg_Element]>;

#endif // TGC_DIALECTS_TG_IR_TGTYPES_TD
