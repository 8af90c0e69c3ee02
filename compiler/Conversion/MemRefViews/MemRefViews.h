//===- MemRefViews.h - Views that upstream lowerings leave out -*- C++ -*-===//
#ifndef TGC_COMPILER_CONVERSION_MEMREFVIEWS_MEMREFVIEWS_H
#define TGC_COMPILER_CONVERSION_MEMREFVIEWS_MEMREFVIEWS_H

#include "mlir/Pass/Pass.h"

namespace tgc {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Conversion/MemRefViews/Passes.h.inc"
} // namespace tgc

#endif // TGC_COMPILER_CONVERSION_MEMREFVIEWS_MEMREFVIEWS_H
