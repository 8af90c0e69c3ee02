//===- TgDialect.h - The tensor graph dialect ------------------*- C++ -*-===//
#ifndef TGC_DIALECTS_TG_IR_TGDIALECT_H
#define TGC_DIALECTS_TG_IR_TGDIALECT_H

#include "mlir/IR/BuiltinTypeInterfaces.h"
#include "mlir/IR/Dialect.h"

#include "dialects/Tg/IR/TgDialect.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/Tg/IR/TgTypes.h.inc"

#endif // TGC_DIALECTS_TG_IR_TGDIALECT_H
