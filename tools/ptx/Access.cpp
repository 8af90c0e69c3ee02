//===- Access.cpp - Memory accesses of a launch, and what is wrong with them --===//
#include "tools/ptx/Launch.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace tgc::ptx;
using llvm::StringRef;
using llvm::Twine;

/// Of what waits in a deadlock so many are named.
static constexpr unsigned kMaxNamed = 12;

static std::string hex(uint64_t value) { return "0x" + llvm::utohexstr(value, true); }

std::string Launch::locationText(const Instr &in) const {
  auto [file, line] = kernel.locations[in.location];
  auto it = kernel.module->files.find(file);
  if (it == kernel.module->files.end())
    return "";
  // The compiler has ':' where a node's name has '/'.
  std::string name = it->second.str();
  llvm::replace(name, ':', '/');
  return name + ":" + std::to_string(line);
}

void Launch::report(Warp &warp, const Instr &in, int lane, const Twine &what) {
  if (failed)
    return;
  failed = true;
  const Dim3 &block = warp.cta->index;
  message = (kernel.module->file + ":" + Twine(in.line) + ": error: " + what + "\n  " + Twine(in.line) +
             " | " + kernel.module->lineText(in.line) + "\n  kernel '" + kernel.name + "', block (" +
             Twine(block.x) + "," + Twine(block.y) + "," + Twine(block.z) + "), warp " + Twine(warp.index))
                .str();
  if (lane >= 0)
    message += ", lane " + std::to_string(lane);
  if (std::string location = locationText(in); !location.empty())
    message += "\n  of " + location;
}

void Launch::reportDeadlock(Cluster &cluster, StringRef what) {
  Warp *first = nullptr;
  std::string waiting;
  unsigned numWaiting = 0;
  for (auto &cta : cluster.ctas)
    for (auto &warp : cta->warps)
      for (const Fragment &fragment : warp->fragments) {
        const Instr &in = kernel.code[std::min<size_t>(fragment.pc, kernel.code.size() - 1)];
        if (!first) {
          first = warp.get();
          warp->current = &fragment - warp->fragments.data();
        }
        if (++numWaiting <= kMaxNamed)
          waiting +=
              ("\n  block rank " + Twine(cta->rank) + ", warp " + Twine(warp->index) + ", lanes " +
               hex(fragment.mask) + ": line " + Twine(in.line) + " | " + kernel.module->lineText(in.line))
                  .str();
      }
  unsigned numBarriers = 0;
  for (auto &cta : cluster.ctas)
    for (auto &[offset, barrier] : cta->mbarriers)
      if (++numBarriers <= kMaxNamed)
        waiting += ("\n  mbarrier at " + hex(offset) + " of rank " + Twine(cta->rank) + " (line " +
                    Twine(barrier.line) + "): phase " + Twine(barrier.phase) + ", " + Twine(barrier.pending) +
                    " of " + Twine(barrier.expected) + " arrivals and " + Twine(barrier.transactions) +
                    " bytes missing")
                       .str();
  if (!first)
    return;
  const Instr &in = kernel.code[std::min<size_t>(first->fragment().pc, kernel.code.size() - 1)];
  report(*first, in, -1, what);
  message += waiting;
}

std::string Launch::whereIs(const Region &region, uint64_t offset) const {
  return ("byte " + Twine(offset) + " of " +
          (region.space == Space::Global ? "'" + region.name + "'" : region.name))
      .str();
}

/// Windows of the generic address space, as spaces.
static Space resolveGeneric(uint64_t &address) {
  if (address >= kGlobalBase)
    return Space::Global;
  if (address >= kParamWindow && address < kParamWindow + kSharedWindow) {
    address -= kParamWindow;
    return Space::Param;
  }
  if (address >= kLocalWindow) {
    address -= kLocalWindow;
    return Space::Local;
  }
  if (address >= kSharedWindow) {
    address -= kSharedWindow;
    return Space::SharedCluster;
  }
  return Space::Global;
}

bool Launch::locate(Warp &warp, const Instr &in, int lane, Space space, uint64_t address, uint64_t size,
                    uint64_t align, Use use, Place &place) {
  const char *verb = use == Use::Read ? "reads" : use == Use::Write ? "writes" : "updates";
  uint64_t given = address;
  if (space == Space::Generic)
    space = resolveGeneric(address);
  if (address % align) {
    report(warp, in, lane,
           Twine(verb) + " " + Twine(size) + " bytes at the misaligned address " + hex(given) +
               ", a multiple of " + Twine(align) + " is needed");
    return false;
  }
  Region *region = nullptr;
  uint64_t offset = 0;
  switch (space) {
  case Space::Shared:
  case Space::SharedCluster: {
    if (address >= kSharedWindow && address < kLocalWindow)
      address -= kSharedWindow;
    Cta *cta = warp.cta;
    offset = address;
    if (address >> kRankShift) {
      uint64_t rank = (address >> kRankShift) - 1;
      if (rank >= cta->cluster->ctas.size()) {
        report(warp, in, lane,
               Twine(verb) + " " + Twine(size) + " bytes at " + hex(given) +
                   ", which is no shared memory of the cluster");
        return false;
      }
      if (space == Space::Shared && rank != cta->rank) {
        report(warp, in, lane,
               Twine(verb) + " shared memory of block rank " + Twine(rank) +
                   " of the cluster without .shared::cluster");
        return false;
      }
      cta = cta->cluster->ctas[rank].get();
      offset = address & ((uint64_t(1) << kRankShift) - 1);
    }
    region = &cta->shared;
    if (use != Use::Atomic && !cta->mbarriers.empty()) {
      auto it = cta->mbarriers.lower_bound(offset >= 7 ? offset - 7 : 0);
      if (it != cta->mbarriers.end() && it->first < offset + size) {
        report(warp, in, lane,
               Twine(verb) + " shared memory at " + hex(offset) + " that overlaps the mbarrier at " +
                   hex(it->first) + " (line " + Twine(it->second.line) + ")");
        return false;
      }
    }
    break;
  }
  case Space::Local:
    if (address >= kLocalWindow)
      address -= kLocalWindow;
    if (address + size <= kernel.localBytes && lane >= 0) {
      place = {warp.local.data() + size_t(kernel.localBytes) * lane + address, nullptr, address};
      return true;
    }
    report(warp, in, lane,
           Twine(verb) + " " + Twine(size) + " bytes at " + hex(address) + " of " + Twine(kernel.localBytes) +
               " bytes of local memory");
    return false;
  case Space::Param:
    if (use == Use::Read && address + size <= parameters.size()) {
      place = {parameters.data() + address, nullptr, address};
      return true;
    }
    report(warp, in, lane,
           Twine(verb) + " " + Twine(size) + " bytes at " + hex(address) + " of " +
               Twine(kernel.parameterBytes) + " bytes of parameters");
    return false;
  default:
    region = device.find(address);
    if (!region && address >= kModuleBase)
      for (auto &global : kernel.module->globals)
        if (address >= global->base && address - global->base < global->size)
          region = global.get();
    if (region)
      offset = address - region->base;
  }
  if (!region || offset > region->size || size > region->size - offset) {
    std::string text = (Twine(verb) + " " + Twine(size) + " bytes at " + hex(given)).str();
    const Region *near = region ? region : space == Space::Global ? device.nearest(address) : nullptr;
    if (near && near->space == Space::Global)
      text += (", " + Twine(int64_t(address + size - near->base - near->size)) + " bytes past the end of '" +
               near->name + "' (" + Twine(near->size) + " bytes)")
                  .str();
    else if (near)
      text += (", outside of the block's " + Twine(near->size) + " bytes of shared memory").str();
    else
      text += ", which is in no allocation";
    report(warp, in, lane, text);
    return false;
  }
  if (region->isReadOnly && use != Use::Read) {
    report(warp, in, lane, Twine(verb) + " " + whereIs(*region, offset) + ", which is read only");
    return false;
  }
  place = {region->bytes + offset, region, offset};
  if (use != Use::Read && size)
    note(*region, offset, size, Region::IsWritten);
  return true;
}

void Launch::note(Region &region, uint64_t offset, uint64_t size, Region::Known what) {
  if (reads != ReadChecks::Later || region.space != Space::Global)
    return;
  std::vector<uint8_t> &known = region.known();
  for (uint64_t i = offset / Region::kGranule; i <= (offset + size - 1) / Region::kGranule; ++i) {
    if (known[i] & what)
      continue;
    if (what == Region::IsWritten) {
      undone.push_back({&region, i, {}});
      uint64_t begin = i * Region::kGranule, end = std::min(begin + Region::kGranule, region.size);
      std::copy(region.bytes + begin, region.bytes + end, undone.back().bytes.begin());
    }
    isMixed |= known[i] != 0;
    known[i] |= what;
  }
}

void Launch::undo() {
  for (const Before &before : undone) {
    uint64_t begin = before.granule * Region::kGranule;
    std::copy_n(before.bytes.begin(), std::min(Region::kGranule, before.region->size - begin),
                before.region->bytes + begin);
  }
  undone.clear();
}

bool Launch::checksRead(const Place &place, uint64_t size) const {
  Region &region = *place.region;
  if (reads == ReadChecks::All || region.space != Space::Global)
    return true;
  if (reads == ReadChecks::Later)
    return false;
  std::vector<uint8_t> &known = region.known();
  for (uint64_t i = place.offset / Region::kGranule; i <= (place.offset + size - 1) / Region::kGranule; ++i)
    if (known[i] == (Region::IsRead | Region::IsWritten))
      return true;
  return false;
}

/// Calls `check` with the shadow of each piece of an access, and where the access has that; until one is a
/// conflict.
template <typename Check>
static std::optional<Conflict> checkPieces(const Place &place, uint64_t size, Check check) {
  for (uint64_t done = 0; done < size;) {
    uint64_t at = place.offset + done, within = at % Region::kPiece;
    uint64_t length = std::min(size - done, Region::kPiece - within);
    if (std::optional<Conflict> conflict = check(place.region->races(at), within, length, done)) {
      conflict->offset += at - within;
      return conflict;
    }
    done += length;
  }
  return std::nullopt;
}

uint32_t Launch::eventOf(Warp &warp, const Instr &in, uint8_t flags) {
  if (!config.checksRaces)
    return 0;
  uint32_t clock = warp.knowledge.order[warp.slot];
  if (uint32_t known = warp.events[in.number]) {
    const Event &event = races[known];
    if (event.clock == clock && event.epoch == warp.epoch && event.flags == flags)
      return known;
  }
  return warp.events[in.number] =
             races.add({warp.cta->cluster->number, clock, in.number, warp.epoch, uint16_t(warp.slot),
                        uint16_t(warp.index), uint16_t(warp.cta->rank), flags});
}

uint32_t Launch::engineEvent(Warp &warp, const Instr &in, uint32_t slot, uint32_t clock, uint8_t flags) {
  if (!config.checksRaces)
    return 0;
  return races.add({warp.cta->cluster->number, clock, in.number, warp.epoch, uint16_t(slot),
                    uint16_t(warp.index), uint16_t(warp.cta->rank), uint8_t(flags | Event::Engine)});
}

bool Launch::reportConflict(Warp &warp, const Instr &in, int lane, const Place &place,
                            const Conflict &conflict, bool isWrite, bool isAsync) {
  const Event &before = races[conflict.event];
  const Instr &other = kernel.code[before.instr];
  std::string where = whereIs(*place.region, conflict.offset);
  std::string who =
      before.cluster == warp.cta->cluster->number
          ? (before.rank == warp.cta->rank ? "" : "block rank " + std::to_string(before.rank) + ", ") +
                "warp " + std::to_string(before.warp)
          : "another block's warp " + std::to_string(before.warp);
  if (conflict.lane != kAllLanes && !(before.flags & Event::Engine))
    who += ", lane " + std::to_string(conflict.lane);
  std::string text;
  if (conflict.lacksProxyFence)
    text = (Twine("missing fence.proxy.async: this asynchronous copy or wgmma ") +
            (isWrite ? "writes " : "reads ") + where + ", which " + who +
            " wrote by an ordinary store at line " + Twine(other.line))
               .str();
  else
    text = (Twine("race: this ") + (isAsync ? "asynchronous " : "") + (isWrite ? "write of " : "read of ") +
            where + " and the " + (conflict.wasWrite ? "write" : "read") + " by " + who + " at line " +
            Twine(other.line) + " are not ordered")
               .str();
  report(warp, in, lane, text);
  message += ("\n  the other: " + Twine(other.line) + " | " + kernel.module->lineText(other.line)).str();
  if (std::string location = locationText(other); !location.empty())
    message += "\n  of " + location;
  return false;
}

/// Whether the access needs no clocks: it is not to shared memory, or it is in order by its block's phases,
/// or races are looked for by another run since one was not.
bool Launch::noteInPhase(Warp &warp, uint8_t lane, const Place &place, uint64_t size, const Access &access,
                         Use use) {
  if (!usesPhases || place.region->space != Space::Shared)
    return false;
  if (isMixed)
    return true;
  Cta &cta = *warp.cta;
  PhaseMark mark{cta.phase, warp.epoch, uint16_t(warp.index), lane};
  isMixed = races[access.event].flags || !(use == Use::Read ? cta.marks->read(place.offset, size, mark)
                                                            : cta.marks->write(place.offset, size, mark));
  return true;
}

bool Launch::noteRead(Warp &warp, const Instr &in, uint8_t lane, const Place &place, uint64_t size,
                      const Access &access) {
  if (!config.checksRaces || !place.region || place.region->isReadOnly || !size)
    return true;
  if (noteInPhase(warp, lane, place, size, access, Use::Read))
    return true;
  if (!checksRead(place, size)) {
    note(*place.region, place.offset, size, Region::IsRead);
    return true;
  }
  std::optional<Conflict> conflict =
      checkPieces(place, size, [&](Shadow &shadow, uint64_t offset, uint64_t length, uint64_t) {
        return races.read(shadow, offset, length, access);
      });
  if (!conflict)
    return true;
  bool isAsync = races[access.event].flags & Event::Engine;
  return reportConflict(warp, in, lane == kAllLanes ? -1 : lane, place, *conflict, false, isAsync);
}

bool Launch::noteWrite(Warp &warp, const Instr &in, uint8_t lane, const Place &place, uint64_t size,
                       const Access &access, const uint8_t *after) {
  if (!config.checksRaces || !place.region || noteInPhase(warp, lane, place, size, access, Use::Write))
    return true;
  std::optional<Conflict> conflict =
      checkPieces(place, size, [&](Shadow &shadow, uint64_t offset, uint64_t length, uint64_t done) {
        return races.write(shadow, offset, length, access, after ? place.bytes + done : nullptr,
                           after ? after + done : nullptr);
      });
  if (!conflict)
    return true;
  bool isAsync = races[access.event].flags & Event::Engine;
  return reportConflict(warp, in, lane == kAllLanes ? -1 : lane, place, *conflict, true, isAsync);
}
