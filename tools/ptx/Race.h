//===- Race.h - Which accesses are ordered by synchronisation -------*- C++ -*-===//
//
// Happens-before by vector clocks, after FastTrack (Flanagan and Freund, PLDI 2009). A slot of a clock is a
// warp, one of its asynchronous engines (cp.async, bulk copies out of shared memory, wgmma) or an mbarrier,
// which stands for the bulk copies that complete on it. Each byte of memory remembers its last write and the
// reads since. Lanes of one warp are ordered by the warp's epoch: the number of bar.warp.sync and barriers it
// has passed.
//
// A second clock, `proxy`, holds what fence.proxy.async has made visible to the asynchronous proxy.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_TOOLS_PTX_RACE_H
#define TGC_TOOLS_PTX_RACE_H

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"
#include <cstdint>
#include <optional>
#include <vector>

namespace tgc::ptx {

class Clock {
public:
  uint32_t operator[](uint32_t slot) const { return slot < times.size() ? times[slot] : 0; }
  void set(uint32_t slot, uint32_t time) {
    if (slot >= times.size())
      times.resize(slot + 1, 0);
    times[slot] = time;
  }
  void join(const Clock &other) {
    if (other.times.size() > times.size())
      times.resize(other.times.size(), 0);
    for (size_t i = 0; i < other.times.size(); ++i)
      times[i] = std::max(times[i], other.times[i]);
  }

private:
  std::vector<uint32_t> times;
};

/// What a warp, a barrier or a synchronisation variable knows to have happened.
struct Knowledge {
  Clock order, proxy;
  void join(const Knowledge &other) {
    order.join(other.order);
    proxy.join(other.proxy);
  }
};

inline constexpr uint8_t kAllLanes = 255;

struct Event {
  enum Flag : uint8_t { AsyncProxy = 1, Atomic = 2, Engine = 4 };
  uint32_t cluster = 0; ///< which cluster of the launch, from 1
  uint32_t clock = 0;
  uint32_t instr = 0;
  uint32_t epoch = 0;
  uint16_t slot = 0;
  uint16_t warp = 0; ///< in its block
  uint16_t rank = 0; ///< of the block in its cluster
  uint8_t flags = 0;
};

/// One byte of each per byte of memory is remembered, by number of the event; 0 is none.
struct Shadow {
  explicit Shadow(size_t size) : write(size, 0), read(size, 0), writeLane(size, 0), readLane(size, 0) {}
  std::vector<uint32_t> write, read;
  std::vector<uint8_t> writeLane, readLane;
};

struct Access {
  uint32_t event = 0;
  uint8_t lane = 0;
  const Knowledge *knowledge = nullptr;
};

/// An earlier access that nothing orders before this one.
struct Conflict {
  uint32_t event = 0;
  uint8_t lane = 0;
  size_t offset = 0;
  bool wasWrite = false;
  /// Ordered, but written through the generic proxy without a fence.proxy.async after it.
  bool lacksProxyFence = false;
};

class RaceChecker {
public:
  RaceChecker() { events.push_back({}); }

  uint32_t add(const Event &event) {
    events.push_back(event);
    return events.size() - 1;
  }
  const Event &operator[](uint32_t event) const { return events[event]; }

  std::optional<Conflict> read(Shadow &shadow, size_t offset, size_t size, const Access &access);
  /// `unchanged`, if not null, says of bytes that they hold already what is written: lanes of one instruction
  /// may write such bytes together.
  std::optional<Conflict> write(Shadow &shadow, size_t offset, size_t size, const Access &access,
                                const uint8_t *before = nullptr, const uint8_t *after = nullptr);

  /// A block that has passed a fence of the whole device is taken to know what it does between blocks.
  void setFenced(uint32_t cluster) {
    if (fenced.size() <= cluster)
      fenced.resize(cluster + 1, false);
    fenced[cluster] = true;
  }

private:
  struct Reader {
    uint32_t event;
    uint8_t lane;
  };
  bool isOrdered(uint32_t event, uint8_t lane, const Access &access) const;
  bool isFenced(uint32_t cluster) const { return cluster < fenced.size() && fenced[cluster]; }
  std::optional<Conflict> checkWriter(uint32_t event, uint8_t lane, size_t offset,
                                      const Access &access) const;
  std::pair<uint32_t, uint8_t> addReader(uint32_t readers, uint8_t lane, const Access &access);
  template <typename Visit> void forEachReader(uint32_t readers, uint8_t lane, Visit visit) const;

  std::vector<Event> events;
  std::vector<llvm::SmallVector<Reader, 4>> sets;
  std::vector<bool> fenced;
};

} // namespace tgc::ptx

#endif // TGC_TOOLS_PTX_RACE_H
