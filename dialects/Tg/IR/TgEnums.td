//===- TgEnums.td - Enumerations of tg ---------------------*- tablegen -*-===//
#ifndef TGC_DIALECTS_TG_IR_TGENUMS_TD
#define TGC_DIALECTS_TG_IR_TGENUMS_TD

include "mlir/IR/EnumAttr.td"

class Tg_Enum<string name, string summary, list<I32EnumAttrCase> cases> : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::tgc::tg";
}

def Tg_ComparisonDirectionEnum : Tg_Enum<"ComparisonDirection", "how two elements are compared", [
  I32EnumAttrCase<"EQ", 0, "eq">, I32EnumAttrCase<"NE", 1, "ne">, I32EnumAttrCase<"LT", 2, "lt">,
  I32EnumAttrCase<"LE", 3, "le">, I32EnumAttrCase<"GT", 4, "gt">, I32EnumAttrCase<"GE", 5, "ge">]>;

def Tg_ReductionKindEnum : Tg_Enum<"ReductionKind", "how elements are combined", [
  I32EnumAttrCase<"Sum", 0, "sum">, I32EnumAttrCase<"Prod", 1, "prod">, I32EnumAttrCase<"Max", 2, "max">,
  I32EnumAttrCase<"Min", 3, "min">, I32EnumAttrCase<"All", 4, "all">, I32EnumAttrCase<"Any", 5, "any">]>;

def Tg_ScatterKindEnum : Tg_Enum<"ScatterKind", "how an update meets the element it lands on", [
  I32EnumAttrCase<"Update", 0, "update">, I32EnumAttrCase<"Add", 1, "add">, I32EnumAttrCase<"Sub", 2, "sub">,
  I32EnumAttrCase<"Mul", 3, "mul">, I32EnumAttrCase<"Div", 4, "div">, I32EnumAttrCase<"Max", 5, "max">,
  I32EnumAttrCase<"Min", 6, "min">]>;

def Tg_BoundsModeEnum : Tg_Enum<"BoundsMode", "what an index out of range does", [
  I32EnumAttrCase<"Error", 0, "error">, I32EnumAttrCase<"Skip", 1, "skip">]>;

#endif // TGC_DIALECTS_TG_IR_TGENUMS_TD
