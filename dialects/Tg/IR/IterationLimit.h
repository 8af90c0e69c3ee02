//===- IterationLimit.h - The most turns of a loop -------------*- C++ -*-===//
#ifndef TGC_DIALECTS_TG_IR_ITERATIONLIMIT_H
#define TGC_DIALECTS_TG_IR_ITERATIONLIMIT_H

#include "mlir/IR/Builders.h"

namespace tgc::tg {
/// Ends the run of a loop that goes on after `count` turns (an index) if --max-iterations allows `most`.
void createIterationLimit(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value count, int64_t most);
} // namespace tgc::tg

#endif // TGC_DIALECTS_TG_IR_ITERATIONLIMIT_H
