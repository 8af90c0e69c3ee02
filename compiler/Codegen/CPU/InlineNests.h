//===- InlineNests.h - Nests computed where they are read ------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_CPU_INLINENESTS_H
#define TGC_COMPILER_CODEGEN_CPU_INLINENESTS_H

#include "compiler/Codegen/CPU/RowForms.h"

namespace tgc {

/// Computes short elementwise nests of a group where the others read what they make, and erases them with
/// their buffers.
void inlineShortNests(NestGroup &group, RowForms &forms, GroupKind kind);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_INLINENESTS_H
