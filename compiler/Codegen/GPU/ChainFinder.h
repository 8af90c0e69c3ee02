//===- ChainFinder.h - The search for nests that share a kernel -*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_GPU_CHAINFINDER_H
#define TGC_COMPILER_CODEGEN_GPU_CHAINFINDER_H

#include "compiler/Codegen/GPU/NestAccess.h"
#include "compiler/Codegen/GPU/NestChains.h"

namespace tgc {

class ChainFinder {
public:
  explicit ChainFinder(mlir::func::FuncOp entry) : entry(entry), memory(entry) {}

  std::vector<NestChain> run();

private:
  /// A kernel of more nests than this compiles slowly and helps no more.
  static constexpr size_t kMostMembers = 16;
  /// Nests that a follower is moved across at most.
  static constexpr size_t kMostPassed = 8;

  void runBlock(mlir::Block &block);
  /// Nests between which nothing has effects.
  void runNests();
  bool canJoin(mlir::linalg::GenericOp op);
  mlir::Value baseOf(mlir::Value value);
  /// How an operand is walked through, if it is all of its memory.
  std::optional<Walk> walkOf(mlir::linalg::GenericOp op, mlir::OpOperand &operand);
  /// All memory of a nest, and whether it is written.
  Effects effectsOf(mlir::linalg::GenericOp op);
  bool isSeenByMembersOnly(mlir::Value base, const NestChain &chain);
  /// Puts members side by side, from the place `at` on, and returns that of the last one. They are in order.
  size_t gather(llvm::ArrayRef<size_t> members, size_t at);
  void add(NestChain chain);

  static bool isParallel(mlir::linalg::GenericOp op) { return op.getNumParallelLoops() == op.getNumLoops(); }
  /// Whether the old value of an output is looked at.
  static bool readsOld(mlir::linalg::GenericOp op, mlir::OpOperand &output) {
    return !op.getMatchingBlockArgument(&output).use_empty();
  }
  /// The sizes of a nest's real loops.
  static llvm::SmallVector<NestSize> getSpace(mlir::linalg::GenericOp op);

  //===--------------------------------------------------------------------===//
  // Contractions (ContractionChains.cpp)
  //===--------------------------------------------------------------------===//

  /// Where elements of memory that a contraction's chain writes are, by loops of the contraction.
  struct Place {
    llvm::SmallVector<NestSize> sizes;
    llvm::SmallVector<int> loops;
  };
  using Places = llvm::DenseMap<mlir::Value, Place>;

  /// Returns where the contraction stands after its chain was put together.
  size_t followContraction(size_t at);
  /// The nest that fills the results before a reduction, if nothing else touches them in between.
  std::optional<size_t> findStart(size_t at, mlir::Value result);
  /// Whether each iteration of an elementwise nest can be done where the elements of the contraction are that
  /// it takes. Memory whose old values it needs is `old`.
  bool follows(mlir::linalg::GenericOp op, Places &places, const Effects &touched,
               llvm::SmallPtrSetImpl<mlir::Value> &old);
  /// Whether an iteration touches the element that lies at the same iteration of the contraction.
  bool isAt(mlir::linalg::GenericOp op, mlir::OpOperand &operand, const Place &place,
            llvm::ArrayRef<int> loops);
  /// The contraction's loop for each loop of a nest; nothing unless all memory of the chain says the same.
  std::optional<llvm::SmallVector<int>> findLoops(mlir::linalg::GenericOp op, const Places &places);

  //===--------------------------------------------------------------------===//
  // Rows (RowChains.cpp)
  //===--------------------------------------------------------------------===//

  /// What the members do to memory.
  struct RowAccess {
    /// How many of the space's loops walk through it: all of them, or those of rows.
    std::optional<size_t> depth;
    bool isMixed = false, isWritten = false, readsOld = false, isCombined = false;
    size_t members = 0;
    mlir::Type type;
  };

  static bool isReduction(mlir::linalg::GenericOp op);
  /// Nests that fill what a reduction adds to stand before it.
  void bringStarts(size_t at);
  void growRows(size_t at);
  /// Whether the nests walk through the same rows. Fills `accesses`.
  bool isInStep(size_t first, size_t end);
  /// All threads of a row read what one of them writes: only a single sum may keep what was there.
  bool isSound() const;
  /// Whether a member shares no memory with others.
  bool isApart(mlir::linalg::GenericOp op);
  bool takeMember(mlir::linalg::GenericOp op);
  /// Elements of a row, if that is known.
  std::optional<int64_t> getColumns() const;
  /// Whether rows are so many, and so short, that a nest may be done a row at a time as well.
  bool canWalkThrough() const;
  /// Which rows wait in shared memory, and how many threads have one.
  void planRows(NestChain &chain);

  //===--------------------------------------------------------------------===//
  // Elements (FlatChains.cpp)
  //===--------------------------------------------------------------------===//

  /// What the members do to memory.
  struct ElementAccess {
    bool isElsewhere = false, isWritten = false, readsOld = false;
  };
  using ElementAccesses = llvm::MapVector<mlir::Value, ElementAccess>;

  /// Returns where the last member stands.
  size_t growElements(size_t at);
  ElementAccesses findAccesses(mlir::linalg::GenericOp op);
  /// Whether a nest touches elements that others do, and of what either writes these only.
  static bool goesAlong(const ElementAccesses &some, const ElementAccesses &others);

  mlir::func::FuncOp entry;
  DeviceMemory memory;
  llvm::SmallVector<mlir::linalg::GenericOp> nests;
  /// What stands between the nests and may stand before them.
  llvm::SmallVector<mlir::Operation *> others;
  llvm::SmallPtrSet<mlir::Operation *, 16> taken;
  std::vector<NestChain> chains;
  /// Of the rows that are looked at: the sizes of loops, and how many of them are rows.
  llvm::SmallVector<NestSize> space;
  size_t rows = 0;
  llvm::MapVector<mlir::Value, RowAccess> accesses;
};

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_CHAINFINDER_H
