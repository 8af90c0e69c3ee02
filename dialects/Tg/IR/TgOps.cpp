//===- TgOps.cpp - Generated definitions of the tg ops --------------------===//
//
// What is generated comes in here once; verifiers, type rules and folders stand in one file per family.
//
//===----------------------------------------------------------------------===//

#include "dialects/Tg/IR/TgOps.h"
#include "dialects/Tg/IR/ScalarBuilder.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

#define GET_OP_CLASSES
#include "dialects/Tg/IR/TgOps.cpp.inc"
