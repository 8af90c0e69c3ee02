//===- Trainer.h - One training: a session and its examples -----*- C++ -*-===//
#ifndef TGC_TOOLS_TGC_RUN_TRAINER_H
#define TGC_TOOLS_TGC_RUN_TRAINER_H

#include "tools/tgc-run/Execute.h"
#include "tools/tgc-run/Progress.h"
#include "tools/tgc-run/TrainOptions.h"
#include "tools/train/EventWriter.h"

namespace tgc {

/// An entry of the module and what is fed to it.
struct BoundEntry {
  uint32_t index = 0;
  const tgc_entry_info_t *info = nullptr;
  std::vector<std::pair<std::string, BoundFeed>> feeds;
};

/// What a step gave: numbers, and summaries for TensorBoard.
struct StepResult {
  std::vector<Metric> metrics;
  std::vector<std::string> summaries;
};

class Trainer {
public:
  Trainer(Session &session, const LoadedModule &module, const TrainOptions &options, llvm::raw_ostream &out)
      : session(session), module(module), options(options), out(out) {}

  /// Gives the entry its examples; called once for training, and once more if there is something to validate
  /// on.
  llvm::Error setTraining(uint32_t entry, const Dataset &data);
  llvm::Error setValidation(uint32_t entry, const Dataset &data);
  /// A GraphDef for TensorBoard.
  void setGraph(std::string bytes) { graph = std::move(bytes); }
  llvm::Error restore();
  /// False if it was interrupted.
  llvm::Expected<bool> run();

private:
  llvm::Expected<BoundEntry> bind(uint32_t entry, const Dataset &data, llvm::ArrayRef<Binding> bindings);
  llvm::Expected<StepResult> runStep(const BoundEntry &entry, const Batch &batch);
  llvm::Error checkNumerics(llvm::ArrayRef<Metric> metrics);
  llvm::Error openLogs();
  llvm::Error trainEpoch(int64_t epoch, Batches &batches, Progress &progress);
  llvm::Error endEpoch(int64_t epoch, Progress &progress);
  llvm::Expected<std::vector<Metric>> validate();
  llvm::Error logHistograms();
  llvm::Error save();
  /// Whether what is monitored has not become better for too long.
  llvm::Expected<bool> isStalled(llvm::ArrayRef<Metric> metrics);
  bool isDone() const;

  Session &session;
  const LoadedModule &module;
  const TrainOptions &options;
  llvm::raw_ostream &out;
  BoundEntry training, validation;
  int64_t numRows = 0, numValidationRows = 0;
  std::string graph;
  std::unique_ptr<EventWriter> log, validationLog;
  int64_t step = 0, lastSaved = -1, firstStep = 0;
  std::vector<Metric> epochMetrics; // means over the epoch that was trained last
  std::optional<double> best;
  int64_t numStalled = 0;
};

} // namespace tgc

#endif // TGC_TOOLS_TGC_RUN_TRAINER_H
