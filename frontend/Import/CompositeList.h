//===- CompositeList.h - Lists of unlike elements --------------*- C++ -*-===//
//
// A list whose elements are not tensors of one shape is made of dense lists, its parts, which branches and
// loops carry like any other.
//
// Ragged: elements of one rank and different sizes. Part 0 is a table with a row per element: where it
// begins, plus one (zero: it was never written), and its sizes. Part 1 has the elements of all of them as
// scalars. A new element is written behind the others, or over the old one if that has room.
//
// Nested: elements that are lists or optionals. Such an element is a number of tensors (of a dense list its
// rows), and there is one part for each of them; what does not change from element to element is the form.
//
// Spelled: elements of different ranks, each a value of its own; there are no parts.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_FRONTEND_IMPORT_COMPOSITELIST_H
#define TGC_FRONTEND_IMPORT_COMPOSITELIST_H

#include "frontend/Import/ListValue.h"

namespace tgc {

/// An element of a nested list, without its tensors.
struct ElementForm {
  enum Kind { Tensor, List, Optional };
  Kind kind = Tensor;
  ListValue list;           ///< without buffers
  bool isUnwritten = false; ///< the list has no element that was ever written: only its length is kept
  std::vector<ElementForm> components; ///< of an optional
  std::set<std::string> branches;      ///< of an optional
  std::vector<ElementForm> other;      ///< of an optional: at most one, the values of other types
};

bool isSameForm(const ElementForm &a, const ElementForm &b);

/// The length is that of the parts.
void syncLength(ListValue &list);
/// Adds a list of the same length to `sum`, element by element (ListArithmetic.cpp).
mlir::LogicalResult addList(NodeImporter &n, ListValue &sum, ListValue other);
/// Calls `change` with the parts that have a row per element, whose lengths it changes.
void forEachRowOfParts(ListValue &list, llvm::function_ref<void(ListValue &)> change);
ImportedValue asValue(ListValue list);
/// Calls `change` with the list and each index below `count`, in a loop that carries the list.
mlir::LogicalResult
forEachIndex(NodeImporter &n, ListValue &list, mlir::OpFoldResult count,
             llvm::function_ref<mlir::LogicalResult(ListValue &, mlir::OpFoldResult)> change);
/// Row `index` of a tensor, which has one.
mlir::Value getRow(NodeImporter &n, mlir::Value rows, mlir::OpFoldResult index);
/// The list with nothing in it and nothing known of elements that is not known everywhere.
ListValue createEmptyLike(EntryImporter &entry, const ListValue &list,
                          llvm::function_ref<bool(mlir::OpFoldResult)> isKnown);

//===--- Ragged ---===//

/// A dense list becomes ragged. What is constant in `sizes`, those of another element, and in the list's own
/// stays known. Builds where the entry's builder stands.
void makeRagged(EntryImporter &entry, mlir::Location loc, ListValue &list,
                llvm::ArrayRef<mlir::OpFoldResult> sizes);
/// Forgets what does not hold for `sizes`, but for what the graph states; whether there was anything.
bool weakenElementSizes(ListValue &list, llvm::ArrayRef<mlir::OpFoldResult> sizes);
/// Whether element `index` was ever written.
mlir::Value isWrittenRagged(NodeImporter &n, ListValue &list, mlir::OpFoldResult index);
/// `mayLack`: an element that was never written is empty; otherwise it ends the run.
mlir::Value readRagged(NodeImporter &n, ListValue &list, mlir::OpFoldResult index, bool mayLack = false);
mlir::LogicalResult writeRagged(NodeImporter &n, ListValue &list, mlir::OpFoldResult index,
                                mlir::Value element, const llvm::Twine &message, bool addTo);
mlir::LogicalResult appendRagged(NodeImporter &n, ListValue &list, mlir::Value element);
/// All elements, or those at `indices`, as one tensor; they must have one shape then.
mlir::Value stackRagged(NodeImporter &n, ListValue &list, mlir::Value indices = {});
/// All elements one behind the other along their first dimension, and how many rows each has.
mlir::FailureOr<std::pair<mlir::Value, mlir::Value>> concatRagged(NodeImporter &n, ListValue &list);
/// The other way round. `wrongSum` takes two sizes.
mlir::FailureOr<ListValue> splitRagged(NodeImporter &n, mlir::Value rows, mlir::Value lengths,
                                       const PartialSizes &elementSizes, const llvm::Twine &wrongSum);

//===--- Nested ---===//

/// A list that has no elements yet, or none that were written, becomes one of elements of that form.
void makeNested(EntryImporter &entry, ListValue &list, std::shared_ptr<const ElementForm> form);
ImportedValue readNested(NodeImporter &n, ListValue &list, mlir::OpFoldResult index);
mlir::LogicalResult writeNested(NodeImporter &n, ListValue &list, mlir::OpFoldResult index,
                                const ImportedValue &element);
mlir::LogicalResult appendNested(NodeImporter &n, ListValue &list, const ImportedValue &element);

//===--- Vectors of variants (HandleVectorOps.cpp) ---===//

/// One without elements; they are appended as to a list.
ListValue createHandleVector(NodeImporter &n);
/// Output 0 is the vector of the elements of a list of variants.
void setHandleVector(NodeImporter &n, ListValue vector);
/// The elements at the indices that an input gives.
mlir::FailureOr<ListValue> gatherHandles(NodeImporter &n, const ListValue &source, size_t indicesInput);

//===--- Spelled ---===//

/// Whether the element has another rank than those of the list, which may hold such.
bool hasOtherRank(const ListValue &list, mlir::Value element);
/// The list becomes one whose elements are values of their own; an error unless its length is known.
mlir::LogicalResult spellList(NodeImporter &n, ListValue &list);
void resizeSpelled(IndexBuilder &sizes, ListValue &list, size_t length);
/// An error if the list is spelled and does not know element `index`.
mlir::LogicalResult requireSpelled(NodeImporter &n, const ListValue &list, mlir::OpFoldResult index);
mlir::LogicalResult writeSpelled(NodeImporter &n, ListValue &list, mlir::OpFoldResult index,
                                 mlir::Value element, bool addTo);

/// The values that a loop carries, with the elements of spelled lists in the place of these.
class SpelledLoop {
public:
  using Values = llvm::SmallVector<ImportedValue>;

  /// `isInvariant`: by value, whether iterations hand it on as it is.
  SpelledLoop(llvm::ArrayRef<ImportedValue> inits, llvm::ArrayRef<bool> isInvariant);
  bool hasLists() const { return llvm::is_contained(isSpread, true); }
  /// How many values stand for value `i`.
  size_t getWidth(size_t i) const { return isSpread[i] ? inits[i].list->elements.size() : 1; }
  Values spread(llvm::ArrayRef<ImportedValue> values) const;
  /// The same after an iteration; an error if a list has other elements now.
  mlir::FailureOr<Values> spreadNext(mlir::Location loc, llvm::ArrayRef<ImportedValue> values) const;
  Values gather(llvm::ArrayRef<ImportedValue> values) const;

private:
  llvm::ArrayRef<ImportedValue> inits;
  llvm::SmallVector<bool> isSpread;
};

/// Takes the last element off a list that is not dense.
void dropLast(NodeImporter &n, ListValue &list);

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_COMPOSITELIST_H
