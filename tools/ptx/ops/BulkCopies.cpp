//===- BulkCopies.cpp - cp.async.bulk and tensor maps -------------------------===//
//
// Copies into shared memory are handed to the cluster, which lets them land when it likes. Copies out of
// shared memory read their source as late as the waits allow. What they may touch is settled when they are
// issued: from then on nobody may write what is read, and what will be written belongs to the mbarrier that
// counts the bytes.
//
//===----------------------------------------------------------------------===//
#include "tools/ptx/ops/Copies.h"
#include "tools/ptx/ops/Lanes.h"
#include "tools/ptx/ops/MBarriers.h"

using namespace tgc::ptx;
using llvm::StringRef;
using llvm::Twine;

namespace {
/// A stretch of a copy: its bytes in shared memory and in the other place. `valid` of them are in the tensor,
/// the rest is filled.
struct Piece {
  uint64_t shared, other;
  uint32_t size, valid;
};
using Pieces = std::vector<Piece>;

/// The operands of one copy, once they are known.
struct Bulk {
  Pieces pieces;
  uint64_t shared = 0, barrier = 0;
  uint32_t bytes = 0, ctaMask = 0;
  uint8_t fill = 0;
};
} // namespace

static constexpr uint32_t kTensor = 1, kStore = 2, kMulticast = 4, kFromShared = 8;
/// A chunk that swizzling leaves whole.
static constexpr uint32_t kChunk = 16;

/// Bits 4 and up of an address are crossed with the number of its row of 128 bytes.
static uint64_t swizzled(uint64_t address, unsigned span) {
  unsigned rows = span == 128 ? 7 : span == 64 ? 3 : span == 32 ? 1 : 0;
  return address ^ ((address >> 7 & rows) << 4);
}

/// The rows of a box, cut into chunks where it is swizzled.
static bool piecesOfBox(Warp &warp, const Instr &in, unsigned lane, const TensorMap &map,
                        llvm::ArrayRef<int32_t> start, Bulk &bulk) {
  unsigned span = map.swizzle;
  uint64_t align = span ? span * 8 : 128;
  if (bulk.shared % align) {
    warp.fail(in, lane,
              "the tile at " + Twine(bulk.shared) + " of shared memory must be a multiple of " +
                  Twine(align) + (span ? " for this swizzle" : ""));
    return false;
  }
  uint32_t inner = map.box[0] * map.elementSize;
  uint64_t numRows = 1;
  for (unsigned i = 1; i < map.rank; ++i)
    numRows *= map.box[i];
  int64_t first = std::max<int64_t>(0, -int64_t(start[0])),
          last = std::min<int64_t>(map.box[0], int64_t(map.dims[0]) - start[0]);
  for (uint64_t row = 0; row < numRows; ++row) {
    uint64_t address = map.address, rest = row;
    bool isInside = first < last;
    for (unsigned i = 1; i < map.rank; ++i) {
      int64_t index = int64_t(start[i]) + int64_t(rest % map.box[i]);
      rest /= map.box[i];
      isInside &= index >= 0 && index < int64_t(map.dims[i]);
      address += uint64_t(index) * map.strides[i - 1];
    }
    for (uint32_t at = 0; at < inner; at += kChunk) {
      uint64_t to = swizzled(bulk.shared + row * inner + at, span);
      int64_t element = int64_t(at) / map.elementSize, count = kChunk / map.elementSize;
      int64_t from = std::max(first, element), end = std::min(last, element + count);
      if (!isInside || from >= end) {
        bulk.pieces.push_back({to, 0, kChunk, 0});
        continue;
      }
      // Chunks that begin outside the tensor are two pieces: what is filled, and what is there.
      uint32_t before = (from - element) * map.elementSize, valid = (end - from) * map.elementSize;
      if (before)
        bulk.pieces.push_back({to, 0, before, 0});
      bulk.pieces.push_back(
          {to + before, address + uint64_t(start[0] + from) * map.elementSize, kChunk - before, valid});
    }
  }
  bulk.bytes = inner * numRows;
  return true;
}

/// Into shared memory of one block, and the mbarrier that counts it.
static bool landIn(Warp &warp, const Instr &in, int lane, Cta &cta, const Bulk &bulk, Space source,
                   uint32_t event, const Knowledge &knowledge) {
  Launch &launch = *warp.launch;
  Access access{event, kAllLanes, &knowledge};
  uint64_t window = (uint64_t(cta.rank) + 1) << kRankShift;
  for (const Piece &piece : bulk.pieces) {
    Place from, to;
    if (piece.valid &&
        (!launch.locate(warp, in, lane, source, piece.other, piece.valid, 1, Use::Read, from) ||
         !launch.noteRead(warp, in, kAllLanes, from, piece.valid, access)))
      return false;
    if (!launch.locate(warp, in, lane, Space::SharedCluster, window | piece.shared, piece.size, 1, Use::Write,
                       to) ||
        !launch.noteWrite(warp, in, kAllLanes, to, piece.size, access))
      return false;
    if (piece.valid)
      std::memcpy(to.bytes, from.bytes, piece.valid);
    std::memset(to.bytes + piece.valid, bulk.fill, piece.size - piece.valid);
  }
  FoundMBarrier found = findMBarrier(warp, in, -1, Space::SharedCluster,
                                     window | (bulk.barrier & ((1 << kRankShift) - 1)), true);
  if (!found.barrier)
    return false;
  found.barrier->gathered.order.set(found.barrier->slot, ++found.barrier->clock);
  return arriveAt(warp, in, lane, *found.barrier, 0, -int64_t(bulk.bytes));
}

static Step issueLoad(Warp &warp, const Instr &in, unsigned lane, Bulk bulk, uint64_t destination) {
  Cluster &cluster = *warp.cta->cluster;
  uint32_t targets = bulk.ctaMask;
  uint64_t rank = destination >> kRankShift & 0xFF;
  if (!(in.flags & kMulticast))
    targets = uint32_t(1) << (rank ? rank - 1 : warp.cta->rank);
  if (targets >> cluster.ctas.size())
    return warp.fail(in, lane,
                     "this copy goes to blocks that the cluster of " + Twine(cluster.ctas.size()) +
                         " does not have (mask " + Twine(targets) + ")");
  auto knowledge = std::make_shared<Knowledge>(warp.knowledge);
  Space source = in.flags & kFromShared ? Space::SharedCluster : Space::Global;
  auto shared = std::make_shared<Bulk>(std::move(bulk));
  for (auto &cta : cluster.ctas) {
    if (!(targets >> cta->rank & 1))
      continue;
    uint64_t barrierAddress =
        (uint64_t(cta->rank) + 1) << kRankShift | (shared->barrier & ((1 << kRankShift) - 1));
    // The issuing thread must know of the initialisation in its own block.
    FoundMBarrier found = findMBarrier(warp, in, cta.get() == warp.cta ? int(lane) : -1, Space::SharedCluster,
                                       barrierAddress, true);
    if (!found.barrier)
      return Step::Failed;
    // The copy's event has the time at which its bytes will be counted.
    Cta *target = cta.get();
    cluster.pending.push_back({[&warp, &in, lane, target, shared, source, knowledge] {
                                 FoundMBarrier at =
                                     findMBarrier(warp, in, -1, Space::SharedCluster,
                                                  (uint64_t(target->rank) + 1) << kRankShift |
                                                      (shared->barrier & ((1 << kRankShift) - 1)),
                                                  true);
                                 if (!at.barrier)
                                   return false;
                                 uint32_t event = warp.launch->engineEvent(
                                     warp, in, at.barrier->slot, at.barrier->clock + 1, Event::AsyncProxy);
                                 return landIn(warp, in, lane, *target, *shared, source, event, *knowledge);
                               },
                               &warp, &in});
  }
  return Step::Next;
}

static Step issueStore(Warp &warp, const Instr &in, unsigned lane, Bulk bulk) {
  Launch &launch = *warp.launch;
  uint32_t event = launch.engineEvent(warp, in, warp.slot + 2, ++warp.bulkClock, Event::AsyncProxy);
  Access access{event, kAllLanes, &warp.knowledge};
  for (const Piece &piece : bulk.pieces) {
    Place from, to;
    if (!piece.valid)
      continue;
    if (!launch.locate(warp, in, lane, Space::Shared, piece.shared, piece.valid, 1, Use::Read, from) ||
        !launch.noteRead(warp, in, kAllLanes, from, piece.valid, access) ||
        !launch.locate(warp, in, lane, Space::Global, piece.other, piece.valid, 1, Use::Write, to) ||
        !launch.noteWrite(warp, in, kAllLanes, to, piece.valid, access))
      return Step::Failed;
  }
  auto shared = std::make_shared<Bulk>(std::move(bulk));
  warp.bulk.push_back(
      {warp.bulkGroup, warp.bulkClock, &in, [&warp, &in, lane, shared] {
         for (const Piece &piece : shared->pieces) {
           Place from, to;
           if (!piece.valid)
             continue;
           Launch &launch = *warp.launch;
           if (!launch.locate(warp, in, lane, Space::Shared, piece.shared, piece.valid, 1, Use::Read, from) ||
               !launch.locate(warp, in, lane, Space::Global, piece.other, piece.valid, 1, Use::Write, to))
             return false;
           std::memcpy(to.bytes, from.bytes, piece.valid);
         }
         return true;
       }});
  return Step::Next;
}

/// The 16-byte granules of a plain bulk copy.
static bool piecesOfBytes(Warp &warp, const Instr &in, unsigned lane, uint64_t other, uint64_t size,
                          Bulk &bulk) {
  if (!size || size % kChunk || bulk.shared % kChunk || other % kChunk) {
    warp.fail(in, lane,
              "bulk copies have addresses and sizes that are multiples of 16: " + Twine(bulk.shared) + ", " +
                  Twine(other) + ", " + Twine(size) + " bytes");
    return false;
  }
  bulk.pieces.push_back({bulk.shared, other, uint32_t(size), uint32_t(size)});
  bulk.bytes = size;
  return true;
}

/// Addresses in Kernel::addresses: shared memory, the other place (or the map), the mbarrier.
static Step runBulk(Warp &warp, const Instr &in, uint32_t mask) {
  if (mask & (mask - 1))
    return warp.fail(
        in, -1, Twine(llvm::popcount(mask)) + " lanes issue this bulk copy, each of them one; elect a lane");
  unsigned lane = llvm::countr_zero(mask);
  Launch &launch = *warp.launch;
  const AddressOperand *addresses = warp.kernel->addresses.data() + in.detail;
  uint64_t shared = warp.addressOf(addresses[0], lane), other = warp.addressOf(addresses[1], lane);
  auto toWindow = [](uint64_t address) {
    return address >= kSharedWindow ? address - kSharedWindow : address;
  };
  Bulk bulk;
  shared = toWindow(shared);
  bulk.shared = shared & ((1 << kRankShift) - 1);
  if (!(in.flags & kStore))
    bulk.barrier = toWindow(warp.addressOf(addresses[2], lane));
  if (in.flags & kMulticast)
    bulk.ctaMask = warp.row<uint16_t>(in.src[1])[lane];
  if (in.flags & kTensor) {
    Place place;
    if (!launch.locate(warp, in, lane, Space::Generic, other, sizeof(TensorMap), 64, Use::Read, place))
      return Step::Failed;
    TensorMap map;
    std::memcpy(&map, place.bytes, sizeof(map));
    if (!isEncoded(map))
      return warp.fail(in, lane, "there is no tensor map at this address");
    if (map.rank != in.count)
      return warp.fail(in, lane,
                       "the tensor map has rank " + Twine(unsigned(map.rank)) + ", the copy " +
                           Twine(unsigned(in.count)));
    int32_t start[TensorMap::kMaxRank];
    for (unsigned i = 0; i < map.rank; ++i)
      start[i] = warp.row<int32_t>(warp.kernel->lists[in.list + i])[lane];
    bulk.fill = map.fillsNaN ? 0xFF : 0;
    if (!piecesOfBox(warp, in, lane, map, {start, map.rank}, bulk))
      return Step::Failed;
  } else {
    if (in.flags & kFromShared)
      other = toWindow(other) |
              (toWindow(other) >> kRankShift ? 0 : (uint64_t(warp.cta->rank) + 1) << kRankShift);
    if (!piecesOfBytes(warp, in, lane, other, warp.row<uint32_t>(in.src[0])[lane], bulk))
      return Step::Failed;
  }
  ++warp.cta->cluster->progress;
  return in.flags & kStore ? issueStore(warp, in, lane, std::move(bulk))
                           : issueLoad(warp, in, lane, std::move(bulk), shared);
}

static Step runCommit(Warp &warp, const Instr &, uint32_t) {
  ++warp.bulkGroup;
  return Step::Next;
}

static Step runWait(Warp &warp, const Instr &in, uint32_t) {
  uint32_t clock = 0;
  while (!warp.bulk.empty() && warp.bulk.front().group + in.imm < warp.bulkGroup) {
    GroupedWork work = std::move(warp.bulk.front());
    warp.bulk.pop_front();
    clock = work.clock;
    if (!work.run())
      return Step::Failed;
  }
  uint32_t slot = warp.slot + 2;
  if (clock > warp.knowledge.order[slot])
    warp.knowledge.order.set(slot, clock);
  return Step::Next;
}

static Step runNothing(Warp &, const Instr &, uint32_t) { return Step::Next; }

/// [map, {x, y}]
static bool decodeTensor(Decode &d, const Operand &operand) {
  if (operand.kind != Operand::Kind::Address || operand.parts.size() != 2 ||
      operand.parts[1].kind != Operand::Kind::Vector) {
    d.fail("'" + d.statement.opcode + "' needs [map, {coordinates}]");
    return false;
  }
  if (operand.parts[1].parts.size() != d.in.count) {
    d.fail("'" + d.statement.opcode + "' needs " + Twine(unsigned(d.in.count)) + " coordinates");
    return false;
  }
  d.in.list = d.frame.kernel.lists.size();
  d.in.listSize = d.rowsOf(operand.parts[1], Type::S32, false);
  return true;
}

void tgc::ptx::decodeBulkCopy(Decode &d) {
  if (d.take("commit_group")) {
    d.in.run = &runCommit;
    return;
  }
  if (d.take("wait_group")) {
    d.take("read");
    d.in.imm = d.needInteger(0);
    d.in.run = &runWait;
    return;
  }
  if (d.take("prefetch")) {
    while (!d.peekModifier().empty())
      d.dropModifier();
    d.in.run = &runNothing;
    return;
  }
  uint32_t flags = d.take("tensor") ? kTensor : 0;
  if (flags) {
    int rank = d.takeOneOf({"1d", "2d", "3d", "4d", "5d"});
    if (rank < 0)
      return d.fail("'" + d.statement.opcode + "' names no rank");
    d.in.count = rank + 1;
    d.take("tile");
    if (d.take("im2col"))
      return d.fail("'.im2col' is not supported");
  }
  // The destination stands first; a store names global before shared.
  StringRef rest = d.statement.opcode;
  flags |= rest.find(".global") < rest.find(".shared") ? kStore : 0;
  bool hasCluster = d.take("shared::cluster"), hasCta = d.take("shared::cta") || d.take("shared");
  bool hasGlobal = d.take("global");
  if (hasCluster && hasCta && !hasGlobal)
    flags |= kFromShared;
  else if (!hasGlobal || hasCluster == hasCta)
    if (!(hasGlobal && (hasCluster || hasCta)))
      return d.fail("'" + d.statement.opcode + "' names no two spaces");
  bool counts = d.take("mbarrier::complete_tx::bytes"), grouped = d.take("bulk_group");
  if (flags & kStore ? !grouped : !counts)
    return d.fail("'" + d.statement.opcode + "' says neither .mbarrier::complete_tx::bytes nor .bulk_group");
  flags |= d.take("multicast::cluster") ? kMulticast : 0;
  bool hasPolicy = d.take("L2::cache_hint");
  bool isTensor = flags & kTensor, isStore = flags & kStore;
  size_t n = (isTensor ? 2 : 3) + (isStore ? 0 : 1) + (flags & kMulticast ? 1 : 0) + (hasPolicy ? 1 : 0);
  if (!d.expectOperands(n))
    return;
  const Operand &shared = d.operand(isStore ? 1 : 0), &other = d.operand(isStore ? 0 : 1);
  if (isTensor && !decodeTensor(d, other))
    return;
  d.in.detail = d.addAddress(shared);
  d.addAddress(other);
  size_t at = 2;
  if (!isTensor)
    d.setSource(0, at++, Type::B32);
  if (!isStore)
    d.addAddress(d.operand(at++));
  if (flags & kMulticast)
    d.setSource(1, at++, Type::B16);
  d.in.flags = flags;
  d.in.run = &runBulk;
}
