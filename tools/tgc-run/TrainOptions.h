//===- TrainOptions.h - What a training is told -----------------*- C++ -*-===//
#ifndef TGC_TOOLS_TGC_RUN_TRAINOPTIONS_H
#define TGC_TOOLS_TGC_RUN_TRAINOPTIONS_H

#include "tools/tgc-run/Restore.h"
#include "tools/train/Batches.h"

namespace tgc {

struct TrainOptions {
  std::vector<DataSpec> data, validation;
  std::vector<Binding> bindings, validationBindings; // the latter override the former
  BatchOptions batch;
  int64_t epochs = 1;
  int64_t maxSteps = 0; // 0: as many as the epochs have
  std::string validationEntry, initEntry;
  std::string savePrefix, restore, logFolder;
  RestoreSelection selection; // of --restore, and of --checkpoint for a library
  int64_t saveEvery = 0;      // steps; 0: at the end of each epoch
  uint32_t maxToKeep = 5;
  double keepEverySeconds = 0;
  int64_t logEvery = 100; // steps between lines
  bool logsHistograms = false;
  int64_t patience = 0; // epochs without getting better; 0: no early stopping
  std::string monitor;  // empty: the first fetch
  bool maximizes = false;
  bool checksNumerics = false;
};

/// The flags of training, which register themselves; one object per process.
class TrainFlags {
public:
  TrainFlags();
  ~TrainFlags();
  /// Whether --data is given: then tgc-run trains.
  bool areUsed() const;
  /// An error if flags of training are given without --data.
  llvm::Expected<TrainOptions> read(uint64_t seed) const;

private:
  struct Flags;
  std::unique_ptr<Flags> flags;
};

} // namespace tgc

#endif // TGC_TOOLS_TGC_RUN_TRAINOPTIONS_H
