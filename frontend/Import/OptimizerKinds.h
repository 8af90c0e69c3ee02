//===- OptimizerKinds.h - The optimizers that --minimize knows -*- C++ -*-===//
//
// What TensorFlow's optimizer classes add to their ops: names and defaults of the hyperparameters, the slots
// of each variable with their names in checkpoints and initial values.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_FRONTEND_IMPORT_OPTIMIZERKINDS_H
#define TGC_FRONTEND_IMPORT_OPTIMIZERKINDS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace tgc {

/// A number of the optimizer. Its value is text: a number, or the name of a tensor of the graph.
struct Hyperparameter {
  llvm::StringRef key;          ///< as --optimizer takes it: "learning_rate"
  llvm::StringRef input;        ///< of the op: "lr"; empty: only a slot's initial value
  llvm::StringRef defaultValue; ///< empty: must be given
};

/// A variable beside each trained one.
struct Slot {
  llvm::StringRef input;   ///< of the op: "accum"
  llvm::StringRef initial; ///< a number, or the key of a hyperparameter
};

/// A scalar variable that starts as a hyperparameter and is multiplied by it after each step.
struct Power {
  llvm::StringRef name; ///< of the variable and of the op's input: "beta1_power"
  llvm::StringRef key;
};

struct OptimizerKind {
  llvm::StringRef name;     ///< as --optimizer takes it: "adam"
  llvm::StringRef slotName; ///< "Adam": slots are `v/Adam`, `v/Adam_1` ...
  llvm::StringRef op;       ///< "Adam": ResourceApplyAdam
  llvm::ArrayRef<Hyperparameter> hyperparameters;
  llvm::ArrayRef<Slot> slots; ///< in the order in which TensorFlow numbers them
  llvm::ArrayRef<Power> powers;
  bool usesNesterov = false;
  bool needsGlobalStep = false;
};

/// An optimizer with the values that were given to it.
struct OptimizerChoice {
  const OptimizerKind *kind = nullptr;
  llvm::StringMap<std::string> values; ///< of all hyperparameters
  /// Beside hyperparameters every kind takes these.
  double clipValue = 0;    ///< elements of gradients are clipped to [-x, x]; 0: not
  double clipEachNorm = 0; ///< the norm of each gradient is clipped to x; 0: not
  double weightDecay =
      0; ///< of each variable, times the learning rate, before the step (decoupled, as in AdamW)
  double maxNorm =
      0; ///< the norm that matrices and filters are clipped to after the step, along maxNormAxis; 0: not
  int64_t maxNormAxis = 0;
  double averageDecay = 0;     ///< of moving averages of the variables; 0: there are none
  bool countsAverages = false; ///< averages of few steps have less of a decay
  std::string globalStep; ///< the counter that each step increments; empty: `global_step`, if there is one
};

/// Reads "adam:learning_rate=1e-3,beta1=0.9".
llvm::Expected<OptimizerChoice> parseOptimizer(llvm::StringRef text);

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_OPTIMIZERKINDS_H
