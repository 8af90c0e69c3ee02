//===- Placement.h - Where the graph wants its nodes ------------*- C++ -*-===//
//
// A location names its node, inside of that the node's op, and inside of that, where the graph places the
// node on the CPU of a program that has a GPU too, the CPU. So it goes wherever the location goes: into
// gradients, loops and fused nests.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_DIALECTS_TG_IR_PLACEMENT_H
#define TGC_DIALECTS_TG_IR_PLACEMENT_H

#include "mlir/IR/Location.h"

namespace tgc {

/// On a module: the number of the GPU that the graph names.
inline constexpr const char kGpuAttribute[] = "tg.gpu";
/// On a module: the beginning of the error where there is no GPU of that number, which nothing else may stand
/// in for.
inline constexpr const char kGpuDemandAttribute[] = "tg.gpu_demand";

/// The location of a node and its op that is placed on the CPU.
mlir::Location placeOnHost(mlir::StringAttr node, mlir::StringAttr op);
bool isPlacedOnHost(mlir::Location loc);

} // namespace tgc

#endif // TGC_DIALECTS_TG_IR_PLACEMENT_H
