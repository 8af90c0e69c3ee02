//===- ArrayAccesses.h - Who has read and written elements -----*- C++ -*-===//
//
// A tensor array of TensorFlow 1 takes each element once and, unless it was told otherwise, gives each once:
// a second write, a write after a read and a second read are errors of the run. Which elements were touched
// is kept as ranges of sizes, so that most checks fold at import and the others compare indices. Where ranges
// do not tell (data gives the indices, a counter takes larger steps, a branch may not run), an array has
// flags from there on (ArrayFlags.cpp): a number per element, in a list that branches and loops carry like
// any other.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_FRONTEND_IMPORT_ARRAYACCESSES_H
#define TGC_FRONTEND_IMPORT_ARRAYACCESSES_H

#include "dialects/Tg/IR/TgOps.h"
#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/ListValue.h"

namespace tgc {

/// Ends the run if what the node does is one access too many, and remembers it. `index`: null for all
/// elements.
void noteArrayAccess(NodeImporter &n, ListObject &array, bool isWrite, mlir::OpFoldResult index);
/// The same for the elements that a vector of indices names, as far as they are known.
void noteArrayAccesses(NodeImporter &n, ListObject &array, bool isWrite, size_t indicesInput);

/// What the run says of an access that comes after one it must not follow; with %d for the index.
std::string getConflictMessage(const ListObject &array, bool isWrite, bool wasWritten);

/// Whether an array has flags, and what goes with them: those of what was touched so far; the check and the
/// note that a node touches an element, all of them (`index` is null), or those that a vector names.
bool hasFlags(const EntryImporter &entry, llvm::StringRef array);
void createFlags(EntryImporter &entry, mlir::Location loc, const std::string &array);
/// An array of that name is made anew: it has none.
void dropFlags(EntryImporter &entry, llvm::StringRef array);
/// Makes those of all arrays that were found to need them; whether there was one without.
bool createFlags(EntryImporter &entry, mlir::Location loc);
/// The arrays that a branch touches need flags: it may not run.
void flagTouchedArrays(EntryImporter &entry, const EntryImporter::State &before,
                       const EntryImporter::State &after);
void touchElement(NodeImporter &n, const ListObject &array, bool isWrite, mlir::OpFoldResult index);
void touchElements(NodeImporter &n, const ListObject &array, bool isWrite, mlir::Value indices);

/// An iteration of a loop that is unrolled has ended; `before`: the state before the loop.
void endIteration(EntryImporter &entry, const EntryImporter::State &before);

/// What the iterations of a loop touch, found by the import of its body.
class LoopAccesses {
public:
  /// At the end of the body: what `before`, the state at its begin, does not have.
  void collect(const EntryImporter &entry, const EntryImporter::State &before);
  /// Names the arrays of which the finished loop touches elements that data names; the loop is imported again
  /// if `before` has one of them without flags.
  bool needFlags(EntryImporter &entry, tg::WhileOp loop, const EntryImporter::State &before) const;
  /// Behind the finished loop: ends the run where one iteration touched what another one had, and adds all
  /// that was touched to the arrays.
  void finish(EntryImporter &entry, tg::WhileOp loop) const;

private:
  std::vector<std::pair<std::string, ArrayAccess>> accesses; ///< by key of the array
};

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_ARRAYACCESSES_H
