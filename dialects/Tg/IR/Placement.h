//===- Placement.h - Where the graph wants its nodes ------------*- C++ -*-===//
//
// A location names its node, inside of that the node's op, and inside of that the node's place, where that is
// not the program's first GPU: the CPU of a program that has a GPU, too, another GPU, or several that share
// the work. So it goes wherever the location goes: into gradients, loops and fused nests.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_DIALECTS_TG_IR_PLACEMENT_H
#define TGC_DIALECTS_TG_IR_PLACEMENT_H

#include "mlir/IR/Location.h"
#include "mlir/IR/Operation.h"
#include <optional>

namespace tgc {

/// On a module: the numbers of the GPUs that the graph names, each above the one before. Nodes without a
/// place are on the first.
inline constexpr const char kGpusAttribute[] = "tg.gpus";
/// On a module: for each of them the beginning of the error where there is no such GPU, if nothing else may
/// stand in for it.
inline constexpr const char kGpuDemandsAttribute[] = "tg.gpu_demands";
/// The most of them; as TGC_MOST_DEVICES of runtime/kernels/device/device.h.
inline constexpr unsigned kMostGpus = 16;

/// The location of a node and its op that is placed on the CPU, on a GPU.
mlir::Location placeOnHost(mlir::StringAttr node, mlir::StringAttr op);
mlir::Location placeOnGpu(mlir::StringAttr node, mlir::StringAttr op, int32_t number);
/// An elementwise reduction whose operands lie on GPUs, one on each.
struct SharedReduction {
  llvm::StringRef kind; ///< "sum", "prod", "max", "min"
  llvm::SmallVector<int32_t> gpus;
  /// Of the one GPU that is to have the result; none: all are.
  std::optional<int32_t> root;
};
/// The location of such a node: no other's is the same place.
mlir::Location placeOnAll(mlir::StringAttr node, mlir::StringAttr op, const SharedReduction &reduction);
std::optional<SharedReduction> getSharedReduction(mlir::Location loc);
/// What the location says: "CPU", "GPU:1", the GPUs of a shared reduction, or nothing.
llvm::StringRef getPlace(mlir::Location loc);
bool isPlacedOnHost(mlir::Location loc);
/// The number of the one GPU that the location names.
std::optional<int32_t> getGpuNumber(mlir::Location loc);
/// Of a program that uses `gpus`: the one that the location means, or the first of several, counted from 0.
unsigned getGpuOf(mlir::Location loc, llvm::ArrayRef<int32_t> gpus);

/// Takes the place of nodes on that GPU out of all locations.
void forgetPlaceOnGpu(mlir::Operation *program, int32_t number);

} // namespace tgc

#endif // TGC_DIALECTS_TG_IR_PLACEMENT_H
