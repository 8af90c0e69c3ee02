//===- Independent.h - Loops whose iterations need no order ----*- C++ -*-===//
#ifndef TGC_DIALECTS_KERNEL_IR_INDEPENDENT_H
#define TGC_DIALECTS_KERNEL_IR_INDEPENDENT_H

#include "llvm/ADT/StringRef.h"

namespace tgc::kernel {

/// On an scf.for: its iterations write parts of memory of their own and read none that another one writes, so
/// they may run at the same time.
inline constexpr llvm::StringLiteral kIndependentAttr = "kernel.independent";

} // namespace tgc::kernel

#endif // TGC_DIALECTS_KERNEL_IR_INDEPENDENT_H
