//===- RtDialect.cpp - What generated code asks of the runtime ------------===//

#include "dialects/Rt/IR/RtDialect.h"

#include "dialects/Rt/IR/RtDialect.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/Rt/IR/RtOps.cpp.inc"

void tgc::rt::RtDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/Rt/IR/RtOps.cpp.inc"
      >();
}
