//===- ListRegions.h - Lists that branches and loops change ----*- C++ -*-===//
//
// A list crosses a region as its parts: the buffer as a tensor, the length as an index. What else is known of
// it is found by the trials of the loop (LoopImporter.cpp): that the length does not change, that each
// iteration appends so many elements and the room for all of them can be made before the loop, that all
// elements are one value, which sizes the first write in the body gives to elements.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_FRONTEND_IMPORT_LISTREGIONS_H
#define TGC_FRONTEND_IMPORT_LISTREGIONS_H

#include "frontend/Import/ListValue.h"

namespace tgc {

/// Whether two lists are known to be one.
bool isSameList(const ListValue &a, const ListValue &b);

/// Whether the value was made in a region of the op, and whether nothing of the element was.
bool isInside(mlir::Operation *region, mlir::Value value);
bool isOutside(mlir::Operation *region, const ImportedValue &element);

/// A list that a loop carries, and what is assumed of it in all iterations.
class CarriedList {
public:
  using Value = mlir::Value;
  using Size = mlir::OpFoldResult;
  enum class Fit { Fits, Weakened, Fails };

  CarriedList(EntryImporter &entry, mlir::Location loc, const ListValue &init);

  /// Builds before the loop what the last trial has found to be missing, now that nothing of it is left.
  void prepare();
  /// Builds before the loop what it starts with.
  void addInits(llvm::SmallVectorImpl<Value> &inits);
  /// How many arguments that are.
  unsigned getNumArguments() const;
  /// The list inside the loop: appends arguments to the block.
  ListValue enter(mlir::Block *block);
  /// Whether the list after an iteration fits the assumptions; weakens them otherwise, builds what is yielded
  /// where it does.
  Fit compare(tg::WhileOp loop, const ListValue &next, llvm::SmallVectorImpl<Value> &yielded);
  /// Whether there is room for what the finished loop appends; makes it, or gives the assumption up, where
  /// there is not. `trips`: how often the loop runs at most. Builds before the loop.
  Fit checkRoom(std::optional<Size> trips);
  /// The list after the loop, whose results from number `result` on are its parts. `trips`: how often exactly
  /// the loop ran.
  ListValue finish(tg::WhileOp loop, unsigned &result, std::optional<Size> trips);

private:
  mlir::RankedTensorType getBufferType() const;
  Size setBufferSizes(Value buffer) const;
  Fit learnElementSizes(tg::WhileOp loop, const ListValue &next);
  Fit compareUniform(tg::WhileOp loop, const ListValue &next);
  Fit becomeRagged(llvm::ArrayRef<Size> elementSizes);
  Fit becomeNested(std::shared_ptr<const ElementForm> form);
  void restart();

  EntryImporter &entry;
  mlir::Location loc;
  ListValue init;
  ListValue inside;               ///< as the last trial's body began with it
  std::vector<CarriedList> parts; ///< of a list that is not dense; nothing else is carried then
  unsigned formChanges = 0;
  PartialSizes raggedSizes;                      ///< the list becomes ragged
  std::shared_ptr<const ElementForm> nestedForm; ///< the list becomes nested
  bool needsBuffer;                              ///< elements are written before the loop or in it
  bool needsBufferInside = false, changesLengthInside = false; ///< the same in the trial that goes on
  bool changesLength = false;
  bool changesCapacity = false; ///< the body makes room itself
  bool hasMadeRoom = false;
  std::optional<ImportedValue> uniformElement; ///< of the lists that iterations leave
  std::optional<int64_t> appended;             ///< by each iteration
  std::optional<ListValue::Room> room;
};

/// Two lists as one, whose parts are results of a tg.if.
class MergedList {
public:
  /// Builds at the ends of the branches.
  static mlir::FailureOr<MergedList> create(EntryImporter &entry, mlir::Location loc,
                                            llvm::ArrayRef<ListValue> lists,
                                            llvm::ArrayRef<mlir::Block *> blocks);
  /// What branch `k` yields.
  llvm::ArrayRef<mlir::Value> getYielded(unsigned k) const { return yielded[k]; }
  ListValue finish(mlir::ValueRange results);

private:
  MergedList(EntryImporter &entry, mlir::Location loc) : entry(&entry), loc(loc) {}

  EntryImporter *entry;
  mlir::Location loc;
  ListValue result;
  std::vector<MergedList> parts; ///< of lists that are not dense; they have all the results
  bool hasBuffer = false, changesLength = false, changesCapacity = false;
  llvm::SmallVector<mlir::OpFoldResult> sizes; ///< of the buffer; null where the branches differ
  llvm::SmallVector<int64_t> shape;
  llvm::SmallVector<mlir::Value, 3> yielded[2];
};

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_LISTREGIONS_H
