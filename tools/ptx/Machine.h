//===- Machine.h - Warps, blocks and clusters while they run --------*- C++ -*-===//
//
// Lanes of a warp that part at a branch go on as fragments of their own, each with its place, and meet again
// at the branch's immediate post-dominator (a Join). Fragments take turns, as threads do on devices since
// Volta.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_TOOLS_PTX_MACHINE_H
#define TGC_TOOLS_PTX_MACHINE_H

#include "tools/ptx/Phases.h"
#include "tools/ptx/Program.h"
#include "tools/ptx/Race.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/Twine.h"
#include <array>
#include <functional>
#include <list>
#include <map>

namespace tgc::ptx {

struct Cta;
struct Cluster;
class Launch;

struct Fragment {
  uint32_t pc = 0;
  uint32_t mask = 0;
  int32_t join = -1;
  /// Of an instruction that waits: what it has noted for when it is tried again. Cleared when the fragment
  /// moves.
  uint32_t waitState = 0;
  uint64_t waitValue = 0;
};

/// Where fragments meet.
struct Join {
  uint32_t pc = kNone;
  uint32_t arrived = 0, expected = 0;
  int32_t parent = -1;
  bool inUse = false;
};

/// A copy that cp.async has begun, of one lane.
struct LaneCopy {
  uint64_t source, destination;
  uint32_t size, filled, group, event;
  uint8_t lane;
  const Instr *instr;
  std::shared_ptr<Knowledge> knowledge;
};

/// Something an engine of a warp has begun and a wait_group ends.
struct GroupedWork {
  uint32_t group, clock;
  const Instr *instr;
  std::function<bool()> run;
};

struct Warp {
  Cta *cta = nullptr;
  Launch *launch = nullptr;
  const Kernel *kernel = nullptr;
  uint32_t index = 0;
  uint32_t initial = 0, live = 0;
  std::vector<uint8_t> rows, local;
  std::vector<Fragment> fragments;
  size_t current = 0;
  std::vector<Join> joins;
  uint32_t clusterGeneration = 0; ///< of barrier.cluster, when this warp arrived
  uint32_t carry = 0;             ///< of .cc instructions, a bit per lane
  uint64_t executed = 0;
  uint32_t matrixRows[4][kWarpSize]; ///< what an ldmatrix gathers

  Knowledge knowledge, fenced, pendingAcquire;
  uint32_t slot = 0, epoch = 1;
  /// The last event of each instruction, which serves again while clock and epoch stand still.
  std::vector<uint32_t> events;

  /// cp.async: the lanes' open groups, and copies that have not landed.
  std::array<uint32_t, kWarpSize> copyGroup{};
  std::vector<LaneCopy> copies;
  uint32_t copyClock = 0;
  /// Bulk copies out of shared memory.
  uint32_t bulkGroup = 0, bulkClock = 0;
  std::list<GroupedWork> bulk;
  /// wgmma: groups, and for each row of registers what is known of it.
  static constexpr uint32_t kNoFence = 1;
  uint32_t wgmmaGroup = 0, wgmmaClock = 0, wgmmaFence = kNoFence;
  std::list<GroupedWork> wgmma;
  struct RowState {
    uint32_t writtenAtFence = 1; ///< the number of wgmma.fence passed when another instruction last wrote it
    uint32_t pending = 0;        ///< wgmma that have not been waited for
    uint32_t accumulatorShape = 0;
  };
  /// Two rows that wgmma may name are at least so far apart.
  static constexpr uint32_t kRowUnit = 64;
  std::vector<RowState> rowStates;
  uint32_t numPendingRows = 0;
  std::vector<double> wgmmaScratch;

  template <typename T> T *row(uint32_t offset) { return reinterpret_cast<T *>(rows.data() + offset); }
  uint32_t &mask(uint32_t offset) { return *row<uint32_t>(offset); }
  Fragment &fragment() { return fragments[current]; }
  uint64_t addressOf(const Instr &in, unsigned lane, unsigned source = 0) {
    uint64_t base =
        in.addressWidth == 8 ? row<uint64_t>(in.src[source])[lane] : row<uint32_t>(in.src[source])[lane];
    return base + in.imm;
  }
  uint64_t addressOf(const AddressOperand &address, unsigned lane) {
    uint64_t base = address.width == 8 ? row<uint64_t>(address.row)[lane] : row<uint32_t>(address.row)[lane];
    return base + address.offset;
  }
  RowState &stateOf(uint32_t row) { return rowStates[row / kRowUnit]; }

  bool isFinished() const { return fragments.empty(); }
  /// Runs up to `quantum` instructions; true if one was.
  bool run(unsigned quantum);
  /// Ends lanes.
  void exit(uint32_t lanes);
  /// Sends lanes of the current fragment to `target`, the others on; they meet at `join`.
  void branch(uint32_t taken, uint32_t target, uint32_t join);
  /// A new time for what this warp does after telling others what it did before.
  void tick() { knowledge.order.set(slot, knowledge.order[slot] + 1); }
  Step fail(const Instr &in, int lane, const llvm::Twine &message);

private:
  Step step(Fragment &fragment);
  bool settle();
  void arriveAtJoin(int32_t join, uint32_t lanes);
  void release(int32_t join);
  bool checkRows(const Instr &in);
};

/// barrier.sync and its kin.
struct Barrier {
  uint32_t arrived = 0, expected = 0, generation = 0;
  Knowledge gathered, released;
  uint32_t reduction = 0, reductionResult = 0;
  bool hasReduction = false;
};

/// An mbarrier object: 8 bytes of shared memory.
struct MBarrier {
  uint32_t expected = 0, pending = 0;
  int64_t transactions = 0;
  uint64_t phase = 0;
  uint32_t slot = 0, clock = 0;
  uint32_t line = 0;
  Knowledge gathered, released;
};

struct Cta {
  Launch *launch = nullptr;
  Cluster *cluster = nullptr;
  uint32_t rank = 0;
  Dim3 index{0, 0, 0};
  Region shared;
  std::vector<std::unique_ptr<Warp>> warps;
  std::array<Barrier, 16> barriers;
  std::map<uint32_t, MBarrier> mbarriers;
  /// Of a launch that looks quickly at shared memory.
  std::unique_ptr<PhaseMarks> marks;
  uint32_t phase = 0;
};

/// A bulk copy that is under way.
struct AsyncCopy {
  std::function<bool()> run;
  Warp *warp;
  const Instr *instr;
};

struct Cluster {
  uint32_t number = 0; ///< in the launch, from 1
  Dim3 index{0, 0, 0};
  std::vector<std::unique_ptr<Cta>> ctas;
  std::vector<AsyncCopy> pending;
  Barrier barrier;
  uint32_t numSlots = 0;
  uint64_t progress = 0, lastProgress = 0, idleSteps = 0;
};

} // namespace tgc::ptx

#endif // TGC_TOOLS_PTX_MACHINE_H
