//===- Explain.h - What was compiled ----------------------------*- C++ -*-===//
#ifndef TGC_TOOLS_TGC_EXPLAIN_H
#define TGC_TOOLS_TGC_EXPLAIN_H

#include "compiler/Codegen/CPU/KernelFacts.h"
#include "compiler/Codegen/CPU/Roofline.h"
#include "compiler/Codegen/Common/KernelUses.h"
#include "compiler/Pipelines/Phases.h"
#include "mlir/IR/BuiltinOps.h"

namespace tgc {

struct DeviceCode;

/// What a profile has a line of, by the same name.
struct KernelLine {
  std::string name;
  /// Sizes are of its only part, or of the last nest of a group.
  KernelFacts facts;
  /// Whether anything is known of its work.
  bool isKnown = false;
  /// If it has several that run one after the other: branches.
  std::vector<KernelFacts> parts;
};

struct EntryFacts {
  std::string name;
  /// What kernels are made of, by the numbers of their works, and the names of sizes.
  std::map<int64_t, KernelFacts> parts;
  SizeNames names;
  /// What the symbols in sizes stand for: ("n", "x:0[0]").
  std::vector<std::pair<std::string, std::string>> symbols;
  std::vector<KernelLine> kernels;
  std::vector<std::string> hostCalls;
  int64_t workspace = 0; // bytes of the arena
  bool isWorkspaceStatic = true;
  /// The most bytes of static size that live at one time.
  int64_t liveBytes = 0;
  int64_t numBuffers = 0; // of sizes that show only during a run
};

/// Collects facts while the phases run.
class Explanation {
public:
  /// Of code for a machine with such vectors.
  explicit Explanation(VectorUnit unit) : roofline(unit) {}

  void observe(Phase phase, mlir::ModuleOp module);
  /// After the phases: what a GPU does of the program. It outlives this.
  void observeDevice(const DeviceCode &code) { device = &code; }
  void print(llvm::raw_ostream &stream, bool asJson) const;

private:
  void observeParts(mlir::ModuleOp module);
  void observeKernels(mlir::ModuleOp module);
  void observeMemory(mlir::ModuleOp module);
  EntryFacts *find(llvm::StringRef name);

  Roofline roofline;
  const DeviceCode *device = nullptr;
  std::vector<EntryFacts> entries;
  int64_t weightBytes = 0, numVariables = 0, numParts = 0;
};

} // namespace tgc

#endif // TGC_TOOLS_TGC_EXPLAIN_H
