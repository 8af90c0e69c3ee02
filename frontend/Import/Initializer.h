//===- Initializer.h - What a model runs when it is loaded -----*- C++ -*-===//
//
// A SavedModel may name an op that fills its tables and sets variables that no checkpoint holds. It becomes
// an entry of its own, which every session runs once, when it is made.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_FRONTEND_IMPORT_INITIALIZER_H
#define TGC_FRONTEND_IMPORT_INITIALIZER_H

#include "frontend/Import/GraphImporter.h"

namespace tgc {

/// On a constant of the program that is the path of a file which comes with the model.
constexpr llvm::StringLiteral kAssetOpAttr = "tgc.asset";

class Initializer {
public:
  using ImportEntryFn = llvm::function_ref<llvm::Error(const EntrySpec &spec)>;

  explicit Initializer(ModuleImport &module);

  /// To be called before other entries are imported: they may use variables that only the initialiser sets.
  /// That it cannot be imported is no error yet.
  void import(ImportEntryFn importEntry);
  /// Whether variables that the checkpoint lacks are no error: the initialiser may set them, or, if it could
  /// not be imported, might have.
  bool mayLackValues() const { return importing || hasFailed; }
  /// To be called after them: an initialiser of which no entry sees anything goes; one that is missed is an
  /// error.
  llvm::Error finish(ImportEntryFn importEntry);

private:
  bool isNeeded();
  void dropOwnVariables();

  ModuleImport &module;
  EntrySpec spec;
  mlir::func::FuncOp function; ///< null: there is none, or it could not be imported
  std::vector<std::string> ownVariables;
  bool importing = false, hasFailed = false;
};

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_INITIALIZER_H
