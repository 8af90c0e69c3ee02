//===- Plan.h - Which entries a script needs ----------------------------------===//
//
// A model is compiled once for a whole script: every distinct (feeds, fetches, targets) triple of its steps
// becomes an entry of one module, so that all steps share their variables. Against a module that is compiled
// already, each step looks for the entry that fits.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_TOOLS_TGC_RUN_PLAN_H
#define TGC_TOOLS_TGC_RUN_PLAN_H

#include "compiler/API/CompileInMemory.h"
#include "tools/npz/Npz.h"
#include "tools/tgc-run/Script.h"
#include <memory>

namespace tgc {

/// A step with the arrays that it feeds; steps that name the same file share them.
struct PlannedStep {
  Step step;
  std::shared_ptr<const NamedArrays> feeds; // null where nothing is fed
};

/// Reads the feeds of all steps.
llvm::Expected<std::vector<PlannedStep>> planSteps(llvm::ArrayRef<Step> steps);

/// The entries that the run steps need, named run0, run1, ...; each step gets the name of its entry. A step
/// that asks for nothing needs none. Feeds of different rank make different entries; a dimension that differs
/// between the runs of an entry is unknown. None where a step names its entry or leaves the fetches open:
/// those are the compiler's choice.
/// `Exact`: every combination of shapes is an entry of its own, in which all sizes are known. `Known`: so is
/// every combination of the few integers that are fed beside large arrays, as they may be axes or
/// permutations.
enum class EntryShapes { Open, Exact, Known };
std::vector<EntryRequest> requestEntries(llvm::MutableArrayRef<PlannedStep> steps,
                                         EntryShapes shapes = EntryShapes::Open);

/// Whether a step feeds what EntryShapes::Known makes entries for.
bool feedsIntegers(llvm::ArrayRef<PlannedStep> steps);

/// The entry of a compiled module that a step means: by name, else the one whose feeds and targets are the
/// step's and that has all its fetches, else the only one there is.
llvm::Expected<uint32_t> findEntry(const tgc_module_info_t &module, const PlannedStep &planned);

} // namespace tgc

#endif // TGC_TOOLS_TGC_RUN_PLAN_H
