//===- Options.h - What a compilation can be told --------------*- C++ -*-===//
//
// The one struct of options. Tools fill it from their command lines; pipelines and emitters read it and
// nothing else, so a library user gets exactly what the command line offers.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_PIPELINES_OPTIONS_H
#define TGC_COMPILER_PIPELINES_OPTIONS_H

#include "compiler/Codegen/CPU/SelectTiling.h"
#include "compiler/Codegen/GPU/GpuF32.h"
#include "compiler/Pipelines/Phases.h"
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace tgc {

/// The gradients of the sum of `ys` with respect to `xs`; a later request may differentiate the gradients of
/// one before it.
struct GradientOptions {
  std::vector<std::string> ys, xs;
};

/// A training step that minimises `loss`; none if that is empty.
struct TrainingOptions {
  std::string loss;
  /// "adam:learning_rate=1e-3,beta1=0.9"
  std::string optimizer;
  /// What the names of the variables to train begin with, a regular expression; empty: all that the loss
  /// depends on.
  std::string trainable;
  /// The global norm that gradients are clipped to; 0: they are not.
  double clipNorm = 0;
};

/// What gradients read of the forward part.
enum class Remat {
  None, ///< is kept in memory
  Auto, ///< is computed again where that is cheaper than memory
  Max,  ///< is computed again wherever fewer values are kept then
};

struct CompileOptions {
  /// The signature of a SavedModel to take the entries from; empty: all.
  std::string signature;
  /// Prefix of the checkpoint whose values the variables start with; empty: those of the model, if it has
  /// some.
  std::string checkpoint;
  /// Shapes that refine or override those of the graph's feeds, by tensor name; -1 is unknown.
  std::vector<std::pair<std::string, std::vector<int64_t>>> feedShapes;
  /// Variables become constants.
  bool freeze = false;
  /// Adds the tensors `gradients/<x>`, `gradients_1/<x>` ..., which entries can fetch, and the entry
  /// `gradients` of all of them if none does.
  std::vector<GradientOptions> gradients;
  /// Adds the target `train`, which entries can run, and the entry `train` if none does.
  TrainingOptions training;
  Remat remat = Remat::Auto;
  /// Bytes that the intermediate values of an entry may take; with Remat::Auto values are computed again to
  /// keep to it. 0: any.
  int64_t memoryBudget = 0;
  /// Values of tensors that become constants (of placeholders, above all), by tensor name.
  std::vector<std::pair<std::string, std::string>> constants;
  /// Assert and CheckNumerics are left out.
  bool stripAsserts = false;
  /// A loop that goes on for longer ends the run with an error; 0: it may go on.
  int64_t maxIterations = 0;
  /// Convolutions sum the products that they are defined by, and no others that are fewer.
  bool exact = false;
  /// Every node that makes a NaN ends the run.
  bool checkNumerics = false;
  /// "cpu", or "cpu:" and an LLVM CPU name or "native". In-memory code is always for the host.
  std::string target = "cpu";
  /// The GPU that the code also runs on: "sm_80", a chip that LLVM names; empty: none.
  std::string device;
  GpuF32 gpuF32 = GpuF32::IEEE;
  /// Runs fail where there is no such GPU; otherwise they use the CPU there.
  bool requiresDevice = false;
  /// Nodes that name a device that is not there are placed elsewhere; otherwise each is an error.
  bool allowSoftPlacement = true;
  /// Where to write the device of each node; null: nowhere.
  llvm::raw_ostream *placementLog = nullptr;
  /// The vector registers of `target`; Compilation sets them.
  VectorUnit vectors;
  /// Seconds to measure tiles of contractions in, for target cpu:native; 0: none are measured.
  double tuneSeconds = 0;
  /// Where compiled code and measured tiles are kept for the next time; empty: nowhere.
  std::string cacheDirectory;
  /// 0 to 3; of LLVM's middle end and code generator.
  unsigned optimizationLevel = 2;
  /// The last phase to run.
  Phase compileTo = Phase::LLVM;
  /// Prints the module after each pass to stderr.
  bool printIRAfterAll = false;
  /// Where to write the time of each phase; null: nowhere.
  llvm::raw_ostream *timing = nullptr;
  /// The code has hooks that tell a session's host how long its kernels take.
  bool profile = false;
  /// Keeps symbol names and line tables in objects and libraries.
  bool debugInfo = false;
  /// The weights lie in a file of this name beside the library; empty: in the library.
  std::string weightsFile;
  /// The function of an object that returns its descriptor; empty: tgc_module_query.
  std::string querySymbol;
};

} // namespace tgc

#endif // TGC_COMPILER_PIPELINES_OPTIONS_H
