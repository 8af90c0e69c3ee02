//===- ListValue.h - Lists of tensors as dense buffers ---------*- C++ -*-===//
//
// TensorList, TensorArray and Stack are one thing here: a buffer [capacity, element...] that updates write in
// place once it is memory, and a length. The sizes of an element are those that the graph states, or those of
// the first write. Elements that were never written are zeros. Elements of different shapes, and elements
// that are lists themselves, are kept in several such lists (CompositeList.h).
//
//===----------------------------------------------------------------------===//
#ifndef TGC_FRONTEND_IMPORT_LISTVALUE_H
#define TGC_FRONTEND_IMPORT_LISTVALUE_H

#include "frontend/Import/NodeImporter.h"

#include <set>

namespace tgc {

class EntryImporter;

/// Sizes of a tensor of known rank; a null one is not known (yet). None: not even the rank is.
using PartialSizes = std::optional<llvm::SmallVector<mlir::OpFoldResult>>;

struct ElementForm;

struct ListValue {
  using Value = mlir::Value;
  using Size = mlir::OpFoldResult;
  enum Kind { Dense, Ragged, Nested, Spelled };

  Kind kind = Dense;
  std::vector<ListValue> parts;            ///< of a list that is not dense (CompositeList.h); else empty
  std::shared_ptr<const ElementForm> form; ///< nested: what an element is
  std::vector<ImportedValue> elements;     ///< spelled: each of them; null: never written
  /// Elements whose sizes are not known to be equal may differ; otherwise they are checked to be equal.
  bool mayDiffer = false;
  bool isVector = false;      ///< no list but a vector of variants, kept as a list of them is
  mlir::Type elementType;     ///< null: variants
  PartialSizes declaredSizes; ///< as the graph states them: what TensorListElementShape gives
  PartialSizes elementSizes;  ///< what is known of them
  Size length;
  Size capacity; ///< rows of the buffer, at least `length`
  Size limit;    ///< the largest length that is allowed; null: any
  Value buffer;  ///< null until the first write; then all `elementSizes` are known
  /// What was written into the list while all other elements are zeros; `buffer` is null then. A list with
  /// one element set that is added to another need not become memory.
  std::optional<std::pair<Size, Value>> onlyElement;
  /// A list that is only pushed to and popped from may hold one value many times, above all a shape: it stays
  /// known as sizes.
  bool mayBeUniform = false;
  std::optional<ImportedValue> uniformElement;

  /// Inside a loop that made room for what its iterations append: how much one of them does.
  struct Room {
    Size begin;     ///< the length at the begin of the iteration
    int64_t needed; ///< beyond it
    bool isUnknown; ///< more than can be told
  };
  std::optional<Room> room;
  bool isCarried = false; ///< it comes from the iteration before

  bool hasKnownElements() const;
  bool isWritten() const { return buffer || onlyElement || kind != Dense; }
};

/// A larger constant bound on a length is not taken for the length to expect.
constexpr int64_t kMaxReservedElements = 1 << 16;

/// A variant that holds tensors or nothing. What branches leave in one place may have different types; who
/// takes it out is in the branch of the same name of the condition's gradient.
struct OptionalValue {
  mlir::Value isPresent; ///< an i1: there are values of these types
  llvm::SmallVector<ImportedValue> components;
  std::shared_ptr<const OptionalValue> other = nullptr; ///< the values of other types, if there are such
  std::set<std::string> branches = {};                  ///< in which the values were made ("then", "branch2")
};

/// Whether the components of two optionals can be one value; those of an empty optional can be anything.
bool haveSameTypes(const OptionalValue &a, const OptionalValue &b);

/// Elements [begin, end) of an array that a node has read or written (ArrayAccesses.h).
struct ArrayAccess {
  bool isWrite;
  mlir::Location loc; ///< of the node
  mlir::OpFoldResult begin;
  mlir::OpFoldResult end; ///< null: one element
  bool isOver = false;    ///< in an earlier iteration of a loop that is unrolled
};

/// A tensor array or a stack: what its handle names.
struct ListObject {
  ListValue list;
  std::string name; ///< for messages: what TensorFlow would call it
  bool isStack = false;
  bool isDynamic = false;            ///< writes behind the end make it longer
  bool hasIdenticalElements = false; ///< elements must have one shape, as TensorFlow sees it
  bool isGradient = false;           ///< writes add up
  bool clearsAfterRead = false;      ///< no element can be read twice
  std::vector<ArrayAccess> accesses; ///< so far, where they are known
  bool isShell = false;              ///< its elements are not there: gradients of it can be made, and no more
  bool isClosed = false;
};

/// The object that input 0 names, as it stands; an error if it is none or closed. `isStack`: what it must be.
/// `typeAttr`: the attribute that states the type of its elements, or empty.
mlir::FailureOr<ListObject> getListObject(NodeImporter &n, bool isStack, llvm::StringRef typeAttr);
/// The element type that an attribute states, null for variants.
mlir::FailureOr<mlir::Type> getListElementType(NodeImporter &n, llvm::StringRef typeAttr);
/// An error unless the elements have the type that an attribute of the node states.
mlir::LogicalResult requireElementType(NodeImporter &n, const ListValue &list, llvm::StringRef typeAttr);
/// Makes a new object for the node, which all its outputs name.
void createListObject(NodeImporter &n, ListObject object);
/// The object that input 0 names becomes `object`.
void setListObject(NodeImporter &n, ListObject object);

/// An array that is known by its handle alone, which was on a stack: nobody has it behind the iteration.
constexpr llvm::StringLiteral kPoppedSuffix = "/popped";

/// What is known of an array outside of the region that it is in, for its gradients: a list of that length,
/// none of whose elements is written.
ListValue getShell(const ListValue &list);

/// The gradient of an array that was asked for under this name, all zeros; null if the array is not there.
std::shared_ptr<const ListObject> createGradientArray(const EntryImporter &entry, llvm::StringRef name);

/// An element shape operand (a scalar -1, or a vector with -1 for unknown sizes) or attribute.
mlir::FailureOr<PartialSizes> getElementShapeOperand(NodeImporter &n, size_t i);
PartialSizes getElementShapeAttr(NodeImporter &n, llvm::StringRef name);

/// A list of `length` zeros.
ListValue createList(NodeImporter &n, mlir::Type elementType, PartialSizes elementSizes,
                     mlir::OpFoldResult length);
/// The list whose elements are the rows of `rows`.
mlir::FailureOr<ListValue> createListOfRows(NodeImporter &n, mlir::Value rows,
                                            const PartialSizes &elementSizes);

/// What else is known of the sizes of an element: checked against what was known, at run time where need be.
/// `message` takes two sizes.
mlir::LogicalResult mergeElementSizes(NodeImporter &n, ListValue &list, const PartialSizes &sizes,
                                      const llvm::Twine &message);
/// An error unless the sizes of an element are known, so that elements which were never written can be zeros.
mlir::LogicalResult requireElementSizes(NodeImporter &n, const ListValue &list, const llvm::Twine &what);

/// Ends the run unless 0 <= index < length; the message takes index and length. False: it certainly does.
bool checkListIndex(NodeImporter &n, mlir::OpFoldResult index, mlir::OpFoldResult length,
                    const llvm::Twine &message);
/// Ends the run if the list is empty. False: it certainly is.
bool checkNotEmpty(NodeImporter &n, const ListValue &list, const llvm::Twine &message);
/// The message ends with %d.
mlir::LogicalResult requireNonNegative(NodeImporter &n, mlir::OpFoldResult size, const llvm::Twine &message);

/// A tensor of zeros.
mlir::Value createZeros(EntryImporter &entry, mlir::Location loc, llvm::ArrayRef<mlir::OpFoldResult> sizes,
                        mlir::Type element);
/// The buffer, made of zeros if there is none yet.
mlir::Value getListBuffer(EntryImporter &entry, mlir::Location loc, ListValue &list);
/// The first `length` rows of the buffer.
mlir::Value getListRows(NodeImporter &n, ListValue &list);
/// Element `index`, which has been checked.
mlir::Value readListElement(NodeImporter &n, ListValue &list, mlir::OpFoldResult index);
/// Overwrites element `index`, which has been checked; `addTo` adds to it. `message` is for elements of
/// another shape, and takes two sizes.
mlir::LogicalResult writeListElement(NodeImporter &n, ListValue &list, mlir::OpFoldResult index,
                                     mlir::Value element, const llvm::Twine &message, bool addTo = false);
/// The rows of `rows` at `indices` (a vector), which have been checked.
mlir::LogicalResult scatterListElements(NodeImporter &n, ListValue &list, mlir::Value indices,
                                        mlir::Value rows, bool addTo = false);
mlir::FailureOr<mlir::Value> gatherListElements(NodeImporter &n, ListValue &list, mlir::Value indices);

/// Makes room for `needed` elements: twice what there is, if that does not do; or `exactly` that.
void reserveList(EntryImporter &entry, mlir::Location loc, ListValue &list, mlir::OpFoldResult needed,
                 bool exactly = false);
/// The length becomes `length`, at least what it was; new elements are zeros.
void growList(NodeImporter &n, ListValue &list, mlir::OpFoldResult length);
/// The length becomes `length`, and the buffer no longer than that.
void resizeList(NodeImporter &n, ListValue &list, mlir::OpFoldResult length);
/// Element `index`, which has been checked, whatever it is.
ImportedValue getListElement(NodeImporter &n, ListValue &list, mlir::OpFoldResult index);
/// Overwrites it.
mlir::LogicalResult setListElement(NodeImporter &n, ListValue &list, mlir::OpFoldResult index,
                                   const ImportedValue &element, const llvm::Twine &message,
                                   bool addTo = false);
/// Appends an element, or takes the last one off (the list is not empty).
mlir::LogicalResult pushListElement(NodeImporter &n, ListValue &list, size_t input);
mlir::LogicalResult appendListElement(NodeImporter &n, ListValue &list, const ImportedValue &element);
ImportedValue popListElement(NodeImporter &n, ListValue &list);

/// Whether a vector of indices is known to be 0, 1, ..., `count` - 1.
bool isWholeRange(NodeImporter &n, size_t input, mlir::OpFoldResult count);

/// `rows` cut along its first dimension into elements of `lengths` rows (input `lengthsInput`).
mlir::FailureOr<ListValue> splitIntoList(NodeImporter &n, mlir::Value rows, size_t lengthsInput,
                                         const PartialSizes &elementSizes, bool mayDiffer);
/// All elements one behind the other along their first dimension, and how many rows each has (i64).
mlir::FailureOr<std::pair<mlir::Value, mlir::Value>> concatList(NodeImporter &n, ListValue &list);

/// Input `i` of an op of TensorLists, and output 0.
mlir::FailureOr<ListValue> getList(NodeImporter &n, size_t i);
void setList(NodeImporter &n, ListValue list);

/// AddN, ZerosLike and TensorListConcatLists (ListArithmetic.cpp).
mlir::LogicalResult importListSum(NodeImporter &n);
mlir::LogicalResult importListZeros(NodeImporter &n);
mlir::LogicalResult importListConcat(NodeImporter &n);
/// Writes the rows of `rows` at `indices`, which have been checked, one after the other.
mlir::LogicalResult scatterOneByOne(NodeImporter &n, ListValue &list, mlir::Value indices, mlir::Value rows,
                                    bool addTo);

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_LISTVALUE_H
