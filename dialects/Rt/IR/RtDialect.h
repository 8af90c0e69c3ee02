//===- RtDialect.h - What generated code asks of the runtime ---*- C++ -*-===//
#ifndef TGC_DIALECTS_RT_IR_RTDIALECT_H
#define TGC_DIALECTS_RT_IR_RTDIALECT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/Rt/IR/RtDialect.h.inc"
#define GET_OP_CLASSES
#include "dialects/Rt/IR/RtOps.h.inc"

#endif // TGC_DIALECTS_RT_IR_RTDIALECT_H
