//===- InitAll.h - Registration of everything ------------------*- C++ -*-===//
#ifndef TGC_COMPILER_INITALL_H
#define TGC_COMPILER_INITALL_H

#include "mlir/IR/DialectRegistry.h"

namespace tgc {
/// The dialects that a tgc program can hold in any phase, with the external models that passes need.
void registerAllDialects(mlir::DialectRegistry &registry);
/// tgc's passes and pipelines, and the upstream ones that they use.
void registerAllPasses();
} // namespace tgc

#endif // TGC_COMPILER_INITALL_H
