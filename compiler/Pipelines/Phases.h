//===- Phases.h - The phases of a compilation ------------------*- C++ -*-===//
#ifndef TGC_COMPILER_PIPELINES_PHASES_H
#define TGC_COMPILER_PIPELINES_PHASES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <optional>

namespace tgc {

/// In the order in which they run. What holds after each is said in PhaseInfo::description.
enum class Phase { Import, Graph, Gradient, Fusion, Linalg, Tiled, Buffers, LLVM };

struct PhaseInfo {
  Phase phase;
  /// As `--compile-to` takes it.
  llvm::StringLiteral name;
  llvm::StringLiteral description;
};

inline constexpr PhaseInfo kPhases[] = {
    {Phase::Import, "import", "one function per entry, tg ops named after the nodes of the graph"},
    {Phase::Graph, "graph", "shapes as static as can be known, shape arithmetic on index values"},
    {Phase::Gradient, "gradient", "gradients and optimizers are tg ops like all others"},
    {Phase::Fusion, "fusion", "ops that share a kernel stand in one region"},
    {Phase::Linalg, "linalg", "no tg left but checks and host calls; entries read and write the frame"},
    {Phase::Tiled, "tiled", "linalg as vector kernels"},
    {Phase::Buffers, "buffers", "no tensor left, no allocation in an entry"},
    {Phase::LLVM, "llvm", "the LLVM dialect only, with the module's descriptor"},
};

/// The phase of that name, if there is one.
inline std::optional<Phase> findPhase(llvm::StringRef name) {
  for (const PhaseInfo &info : kPhases)
    if (info.name == name)
      return info.phase;
  return std::nullopt;
}

} // namespace tgc

#endif // TGC_COMPILER_PIPELINES_PHASES_H
