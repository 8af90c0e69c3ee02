//===- BranchMerger.h - What a condition gives -----------------*- C++ -*-===//
#ifndef TGC_FRONTEND_IMPORT_BRANCHMERGER_H
#define TGC_FRONTEND_IMPORT_BRANCHMERGER_H

#include "frontend/Import/CompositeList.h"
#include "frontend/Import/ListRegions.h"
#include "frontend/Import/RegionImporter.h"

namespace tgc {

/// One branch as it was imported.
struct Branch {
  mlir::Block *block;
  RegionImporter::Values outputs;
  EntryImporter::State state;
  /// The sizes of outputs that are tensors, as they are known inside.
  llvm::DenseMap<mlir::Value, llvm::SmallVector<mlir::OpFoldResult>> sizes;
  llvm::SmallVector<mlir::Value> yielded;
};

/// Makes the results of a tg.if from what its branches give.
class BranchMerger {
public:
  BranchMerger(EntryImporter &entry, mlir::Location loc, llvm::MutableArrayRef<Branch> branches)
      : entry(entry), loc(loc), branches(branches) {}

  /// A value of the first branch and one of the second become one. `what` names it in messages.
  mlir::LogicalResult add(const ImportedValue &a, const ImportedValue &b, const llvm::Twine &what);

  /// Where the values of a branch lie in a variable's buffer if something holds in that branch: whether it
  /// has run and that holds is a result of the op.
  void addConditions();

  llvm::ArrayRef<mlir::Type> getTypes() const { return types; }

  /// What the outputs are, now that the op is there.
  RegionImporter::Values finish(mlir::ValueRange results);

private:
  struct Merged {
    ImportedValue result;
    llvm::SmallVector<std::pair<unsigned, unsigned>>
        elements;                                ///< element of the host tensor, number of the result
    std::optional<unsigned> tensor;              ///< number of the result
    llvm::SmallVector<mlir::OpFoldResult> sizes; ///< of the tensor, null where they are not known
    std::optional<MergedList> list;
    unsigned firstPart = 0; ///< list: number of its first result
    bool isOptional = false;
    mlir::Value isPresent;          ///< optional, if it is not a result
    std::vector<Merged> components; ///< optional, and a list of elements of different ranks
    std::vector<Merged> other;      ///< optional: at most one, the values of other types
    std::set<std::string> branches; ///< optional: in which its values were made
  };

  ImportedValue finish(Merged &value, mlir::ValueRange results);

  /// The value at the end of the branch.
  mlir::FailureOr<mlir::Value> getTensorIn(const Branch &branch, const ImportedValue &value);

  /// A result of the op: what each branch yields for it. Gives its number.
  unsigned addResult(mlir::Value a, mlir::Value b);

  unsigned addCondition(const BufferAlias &alias, unsigned branch);

  void addHost(const HostTensor &a, const HostTensor &b);

  bool isOutside(mlir::Value value);
  bool isOutside(mlir::OpFoldResult size) {
    return mlir::isa<mlir::Attribute>(size) || isOutside(mlir::cast<mlir::Value>(size));
  }

  /// A value that only branch `from` has: nobody uses it if the other runs, which gives zeros of the same
  /// type.
  mlir::LogicalResult addOneSided(const ImportedValue &given, unsigned from);

  /// The same for a list: an empty one in the other branch.
  mlir::LogicalResult addOneSidedList(const ImportedValue &given, unsigned from);

  /// Elements of different ranks, each a value of its own.
  mlir::LogicalResult addSpelled(const ImportedValue &a, const ImportedValue &b);

  mlir::LogicalResult addList(const ImportedValue &a, const ImportedValue &b);

  /// Values of the same types become one; those that one branch alone has are not there in the other.
  mlir::LogicalResult addOptional(const OptionalValue &a, const OptionalValue &b, const llvm::Twine &what);

  /// An optional that is empty in one branch has components all the same, which nobody uses.
  mlir::LogicalResult addSameTypes(const OptionalValue &a, const OptionalValue &b, const llvm::Twine &what);

  mlir::LogicalResult addTensor(const ImportedValue &a, const ImportedValue &b, const llvm::Twine &what);

  EntryImporter &entry;
  mlir::Location loc;
  llvm::MutableArrayRef<Branch> branches;
  std::vector<Merged> merged;
  llvm::SmallVector<mlir::Type> types;
  llvm::SmallVector<std::pair<BufferAlias *, unsigned>> conditions; ///< and the number of the result
};

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_BRANCHMERGER_H
