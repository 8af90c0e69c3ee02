//===- ScatterOrder.h - What a scatter does with elements that have no order -*- C++ -*-===//
#ifndef TGC_DIALECTS_TG_IR_SCATTERORDER_H
#define TGC_DIALECTS_TG_IR_SCATTERORDER_H

#include "llvm/ADT/StringRef.h"

namespace tgc::tg {

/// A unit attribute of a tg.scatter of maxima or minima: of an element and an update one of which is NaN the
/// update stays. Without it the element does.
constexpr llvm::StringLiteral kKeepsUpdates = "tg.keeps_updates";

} // namespace tgc::tg

#endif // TGC_DIALECTS_TG_IR_SCATTERORDER_H
