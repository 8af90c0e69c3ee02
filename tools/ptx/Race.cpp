//===- Race.cpp - Which accesses are ordered by synchronisation ---------------===//
#include "tools/ptx/Race.h"

using namespace tgc::ptx;

/// A number of readers with this bit is an index into the sets, one without it an event.
static constexpr uint32_t kSetBit = uint32_t(1) << 31;
/// Of bytes that more warps read, the last ones are remembered.
static constexpr size_t kMaxReaders = 40;

bool RaceChecker::isOrdered(uint32_t number, uint8_t lane, const Access &access) const {
  const Event &before = events[number], &now = events[access.event];
  if (before.flags & now.flags & Event::Atomic)
    return true;
  if (before.cluster != now.cluster)
    return isFenced(before.cluster) && isFenced(now.cluster);
  if (before.slot == now.slot && !(now.flags & Event::Engine))
    return (lane == access.lane && lane != kAllLanes) || before.epoch < now.epoch ||
           (number == access.event && lane == kAllLanes && access.lane == kAllLanes);
  return before.clock <= access.knowledge->order[before.slot];
}

std::optional<Conflict> RaceChecker::checkWriter(uint32_t event, uint8_t lane, size_t offset,
                                                 const Access &access) const {
  if (!event)
    return std::nullopt;
  if (!isOrdered(event, lane, access))
    return Conflict{event, lane, offset, true, false};
  const Event &before = events[event], &now = events[access.event];
  bool crosses = (now.flags & Event::AsyncProxy) && !(before.flags & Event::AsyncProxy);
  if (crosses && before.cluster == now.cluster && before.clock > access.knowledge->proxy[before.slot])
    return Conflict{event, lane, offset, true, true};
  return std::nullopt;
}

template <typename Visit> void RaceChecker::forEachReader(uint32_t readers, uint8_t lane, Visit visit) const {
  if (!(readers & kSetBit)) {
    if (readers)
      visit(readers, lane);
    return;
  }
  for (const Reader &reader : sets[readers & ~kSetBit])
    visit(reader.event, reader.lane);
}

/// The readers of a byte after one more: those before it that are ordered need not be remembered, since what
/// comes after this read comes after them.
std::pair<uint32_t, uint8_t> RaceChecker::addReader(uint32_t readers, uint8_t lane, const Access &access) {
  if (!readers)
    return {access.event, access.lane};
  if (readers == access.event)
    return {readers, lane == access.lane ? lane : kAllLanes};
  llvm::SmallVector<Reader, 8> left;
  bool isThere = false;
  const Event &now = events[access.event];
  forEachReader(readers, lane, [&](uint32_t event, uint8_t other) {
    if (event == access.event) {
      left.push_back({event, other == access.lane ? other : kAllLanes});
      isThere = true;
    } else if (events[event].flags != now.flags || !isOrdered(event, other, access)) {
      left.push_back({event, other});
    }
  });
  if (!isThere)
    left.push_back({access.event, access.lane});
  if (left.size() == 1)
    return {left[0].event, left[0].lane};
  if (left.size() > kMaxReaders)
    left.erase(left.begin());
  sets.emplace_back(left.begin(), left.end());
  return {uint32_t(sets.size() - 1) | kSetBit, 0};
}

std::optional<Conflict> RaceChecker::read(Shadow &shadow, size_t offset, size_t size, const Access &access) {
  size_t end = offset + size;
  for (size_t i = offset; i < end;) {
    uint32_t write = shadow.write[i], readers = shadow.read[i];
    uint8_t writeLane = shadow.writeLane[i], readLane = shadow.readLane[i];
    if (std::optional<Conflict> conflict = checkWriter(write, writeLane, i, access))
      return conflict;
    auto [next, nextLane] = addReader(readers, readLane, access);
    for (; i < end && shadow.write[i] == write && shadow.read[i] == readers &&
           shadow.writeLane[i] == writeLane && shadow.readLane[i] == readLane;
         ++i) {
      shadow.read[i] = next;
      shadow.readLane[i] = nextLane;
    }
  }
  return std::nullopt;
}

std::optional<Conflict> RaceChecker::write(Shadow &shadow, size_t offset, size_t size, const Access &access,
                                           const uint8_t *before, const uint8_t *after) {
  size_t end = offset + size;
  for (size_t i = offset; i < end;) {
    uint32_t write = shadow.write[i], readers = shadow.read[i];
    uint8_t writeLane = shadow.writeLane[i], readLane = shadow.readLane[i];
    if (write == access.event && writeLane != access.lane && before &&
        before[i - offset] == after[i - offset]) {
      ++i;
      continue;
    }
    if (std::optional<Conflict> conflict = checkWriter(write, writeLane, i, access))
      return conflict;
    std::optional<Conflict> conflict;
    forEachReader(readers, readLane, [&](uint32_t event, uint8_t lane) {
      if (!conflict && !isOrdered(event, lane, access))
        conflict = Conflict{event, lane, i, false, false};
    });
    if (conflict)
      return conflict;
    for (; i < end && shadow.write[i] == write && shadow.read[i] == readers &&
           shadow.writeLane[i] == writeLane && shadow.readLane[i] == readLane;
         ++i) {
      shadow.write[i] = access.event;
      shadow.writeLane[i] = access.lane;
      shadow.read[i] = 0;
      shadow.readLane[i] = 0;
    }
  }
  return std::nullopt;
}
