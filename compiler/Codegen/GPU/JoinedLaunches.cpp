//===- JoinedLaunches.cpp - Independent kernels as one launch -------------===//
//
// A launch costs the same whatever it does, so many small ones cost more than what they do: optimizers have a
// few for each variable. Launches wait here for others to be joined with, until something comes that they or
// it depend on.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/GPU/JoinedLaunches.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace tgc {
namespace {

/// Launches that wait, all of which can be done where the last of them stands.
class Window {
public:
  explicit Window(KernelJoiner &joiner) : joiner(joiner) {}

  /// Whether an op that reads or writes these must come after what waits.
  bool conflicts(ArrayRef<Value> read, ArrayRef<Value> written) const {
    return levelAfter(read, written) > 0;
  }

  void add(rt::LaunchOp launch, const LaunchUses &own) {
    members.push_back({launch, &own, levelAfter(own.read, own.written)});
  }

  /// Joins what waits: first all that depends on no other, then what depends on that, and so on.
  void close() {
    llvm::MapVector<std::pair<unsigned, Value>, SmallVector<rt::LaunchOp>> groups;
    unsigned numLevels = 0;
    for (Member &member : members) {
      groups[{member.level, member.launch.getDevice()}].push_back(member.launch);
      numLevels = std::max(numLevels, member.level + 1);
    }
    if (groups.size() < members.size()) {
      Operation *point = members.back().launch->getNextNode();
      for (unsigned level = 0; level < numLevels; ++level)
        for (const auto &[key, group] : groups)
          if (key.first == level)
            joiner.join(group, point);
    }
    members.clear();
  }

private:
  struct Member {
    rt::LaunchOp launch;
    const LaunchUses *uses;
    unsigned level;
  };

  /// One more than the largest level of members with which there is a conflict; 0: there is none.
  unsigned levelAfter(ArrayRef<Value> read, ArrayRef<Value> written) const {
    auto meet = [](ArrayRef<Value> some, ArrayRef<Value> others) {
      return llvm::any_of(some, [&](Value value) { return llvm::is_contained(others, value); });
    };
    unsigned level = 0;
    for (const Member &member : members) {
      const LaunchUses &other = *member.uses;
      if (meet(written, other.read) || meet(written, other.written) || meet(read, other.written))
        level = std::max(level, member.level + 1);
    }
    return level;
  }

  KernelJoiner &joiner;
  SmallVector<Member> members;
};

class LaunchJoiner {
public:
  LaunchJoiner(const LaunchUsesOf &uses, KernelJoiner &joiner, function_ref<Value(Value)> findBase)
      : uses(uses), joiner(joiner), findBase(findBase), updates(joiner), others(joiner) {}

  void run(Block &block) {
    for (Operation &op : llvm::make_early_inc_range(block)) {
      if (op.hasTrait<OpTrait::IsTerminator>())
        closeAll();
      else if (isPure(&op) || isa<memref::AllocOp, memref::AllocaOp, rt::BufferOp, rt::FeedOp, rt::VariableOp,
                                  rt::FetchOp, rt::OwnOp>(op))
        continue;
      else if (auto launch = dyn_cast<rt::LaunchOp>(op))
        visit(launch);
      else if (auto upload = dyn_cast<rt::UploadOp>(op))
        letPass(upload);
      else
        closeAll();
    }
  }

private:
  void closeAll() {
    others.close();
    updates.close();
  }

  /// Whether the launch is one of an optimizer.
  static bool isUpdate(const LaunchUses &own) {
    return !own.written.empty() &&
           llvm::all_of(own.written, [](Value base) { return base.getDefiningOp<rt::VariableOp>(); });
  }

  void visit(rt::LaunchOp launch) {
    const LaunchUses &own = uses.find(launch.getOperation())->second;
    bool canJoin = joiner.canJoin(launch), waitsLong = canJoin && isUpdate(own);
    Window &rest = waitsLong ? others : updates;
    if (rest.conflicts(own.read, own.written))
      rest.close();
    if (!canJoin)
      others.close();
    else
      (waitsLong ? updates : others).add(launch, own);
  }

  /// Values of the host, that kernels after this one look at.
  void letPass(rt::UploadOp upload) {
    others.close();
    Value base = findBase(upload.getMemory());
    if (updates.conflicts(base, base))
      updates.close();
  }

  const LaunchUsesOf &uses;
  KernelJoiner &joiner;
  function_ref<Value(Value)> findBase;
  /// The two touch nothing that the other one writes.
  Window updates, others;
};

} // namespace

void joinLaunches(func::FuncOp entry, const LaunchUsesOf &uses, KernelJoiner &joiner,
                  function_ref<Value(Value)> findBase) {
  SmallVector<Block *> blocks;
  entry.walk([&](Block *block) { blocks.push_back(block); });
  for (Block *block : blocks)
    LaunchJoiner(uses, joiner, findBase).run(*block);
}

} // namespace tgc
