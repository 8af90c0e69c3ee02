//===- Wgmma.cpp - Products of a warpgroup ------------------------------------===//
//
// Each warp computes its 16 of the 64 rows when it issues. That nobody can tell the difference from later is
// checked: shared operands may not be written before the wait (the warp's wgmma engine has read them),
// registers not touched (Warp::checkRows), and a wgmma.fence must stand between ordinary writes to registers
// and the first wgmma.
//
//===----------------------------------------------------------------------===//
#include "tools/ptx/ops/Families.h"
#include "tools/ptx/ops/Lanes.h"
#include "tools/ptx/ops/Tiles.h"

using namespace tgc::ptx;
using llvm::StringRef;
using llvm::Twine;

static constexpr uint32_t kAInRegisters = 1, kTransposeA = 2, kTransposeB = 4, kNegateA = 8, kNegateB = 16;
static constexpr unsigned kRows = 16, kMaxDepth = 32, kMaxColumns = 256;
static constexpr uint32_t kWholeWarp = ~uint32_t(0);

namespace {
/// What a 64-bit matrix descriptor says: addresses in units of 16 bytes.
struct Descriptor {
  explicit Descriptor(uint64_t bits)
      : start((bits & 0x3FFF) << 4), leading((bits >> 16 & 0x3FFF) << 4), stride((bits >> 32 & 0x3FFF) << 4),
        baseOffset(bits >> 49 & 7), mode(bits >> 62) {}
  uint32_t start, leading, stride, baseOffset, mode;
  unsigned span() const { return mode == 1 ? 128 : mode == 2 ? 64 : mode == 3 ? 32 : 0; }

  /// The place of element k of row i; `isMajor` says that rows, not k, run along memory.
  uint32_t at(unsigned i, unsigned k, unsigned size, bool isMajor) const {
    unsigned width = span();
    uint32_t address;
    if (isMajor) {
      unsigned perRow = width / size;
      address = start + i / perRow * leading + k / 8 * stride + k % 8 * width + i % perRow * size;
    } else if (width) {
      address = start + i / 8 * stride + i % 8 * width + k * size;
    } else {
      // Core matrices of 8 rows of 16 bytes each.
      unsigned byte = k * size;
      return start + i / 8 * stride + byte / 16 * leading + i % 8 * 16 + byte % 16;
    }
    unsigned rows = width == 128 ? 7 : width == 64 ? 3 : 1;
    return address ^ ((address >> 7 & rows) << 4);
  }
};

/// One operand in shared memory: rows x depth numbers, k first.
struct SharedOperand {
  ElementType type;
  uint64_t descriptor;
  unsigned firstRow, rows, depth;
  bool isMajor;
};
} // namespace

static bool readShared(Warp &warp, const Instr &in, const SharedOperand &operand, const Access &access,
                       double *to, unsigned pitch) {
  Launch &launch = *warp.launch;
  Descriptor descriptor(operand.descriptor);
  unsigned size = bytesOf(operand.type);
  if (descriptor.baseOffset) {
    warp.fail(in, -1, "descriptors with a base offset are not supported");
    return false;
  }
  if (operand.isMajor && (!descriptor.span() || size != 2)) {
    warp.fail(in, -1, "transposed operands are 16-bit and swizzled here");
    return false;
  }
  unsigned perChunk = 16 / size;
  unsigned outer = operand.isMajor ? operand.depth : operand.rows,
           inner = operand.isMajor ? operand.rows : operand.depth;
  for (unsigned o = 0; o < outer; ++o)
    for (unsigned c = 0; c < inner; c += perChunk) {
      unsigned i = operand.isMajor ? c : o, k = operand.isMajor ? o : c;
      Place place;
      uint32_t address = descriptor.at(i + operand.firstRow, k, size, operand.isMajor);
      if (!launch.locate(warp, in, -1, Space::Shared, address, 16, 16, Use::Read, place) ||
          !launch.noteRead(warp, in, kAllLanes, place, 16, access))
        return false;
      for (unsigned z = 0; z < perChunk; ++z) {
        unsigned row = i + (operand.isMajor ? z : 0), column = k + (operand.isMajor ? 0 : z);
        to[column * pitch + row] = readElement(operand.type, place.bytes + z * size);
      }
    }
  return true;
}

/// Marks a register as belonging to the wgmma that is issued; it must have passed a fence since it was
/// written.
static bool claim(Warp &warp, const Instr &in, uint32_t row, uint32_t shape) {
  Warp::RowState &state = warp.stateOf(row);
  bool isFirst = warp.wgmmaFence == Warp::kNoFence;
  if (isFirst || state.writtenAtFence == warp.wgmmaFence) {
    warp.fail(in, -1, "missing wgmma.fence: a register of this wgmma was written after the last one");
    return false;
  }
  if (state.pending && (!shape || state.accumulatorShape != shape)) {
    warp.fail(in, -1, "a register of a wgmma that is under way is used by one of another shape");
    return false;
  }
  state.accumulatorShape = shape;
  warp.numPendingRows += state.pending++ == 0;
  return true;
}

static Step runMma(Warp &warp, const Instr &in, uint32_t mask) {
  if (mask != kWholeWarp)
    return warp.fail(in, -1, "wgmma in divergent code");
  if (warp.index / 4 * 4 + 4 > warp.cta->warps.size())
    return warp.fail(in, -1, "wgmma needs a warpgroup of four warps");
  Launch &launch = *warp.launch;
  ElementType a = ElementType(in.width), b = ElementType(in.registerWidth), result = ElementType(in.count);
  unsigned columns = in.detail & 0xFFFF, depth = in.detail >> 16;
  const uint32_t *lists = warp.kernel->lists.data() + in.list;
  unsigned numA = in.flags & kAInRegisters ? 4 : 0, numD = in.listSize - numA;
  uint32_t slot = warp.slot + 3,
           event = launch.engineEvent(warp, in, slot, ++warp.wgmmaClock, Event::AsyncProxy);
  Access access{event, kAllLanes, &warp.knowledge};
  double left[kMaxDepth * kRows];
  std::vector<double> &right = warp.wgmmaScratch;
  right.resize(kMaxDepth * kMaxColumns);

  if (numA) {
    unsigned perRegister = 4 / bytesOf(a);
    for (unsigned i = 0; i < numA; ++i)
      for (unsigned lane = 0; lane < kWarpSize; ++lane)
        for (unsigned z = 0; z < perRegister; ++z)
          left[(lane % 4 * perRegister + z + 4 * perRegister * (i >> 1)) * kRows + lane / 4 + 8 * (i & 1)] =
              readElement(a, warp.row<uint8_t>(lists[numD + i]) + lane * 4 + z * bytesOf(a));
  } else if (!readShared(warp, in,
                         {a, warp.row<uint64_t>(in.src[0])[0], warp.index % 4 * kRows, kRows, depth,
                          bool(in.flags & kTransposeA)},
                         access, left, kRows)) {
    return Step::Failed;
  }
  if (!readShared(warp, in,
                  {b, warp.row<uint64_t>(in.src[1])[0], 0, columns, depth, bool(in.flags & kTransposeB)},
                  access, right.data(), columns))
    return Step::Failed;
  bool adds = warp.mask(in.src[2]) & 1;
  double sign = bool(in.flags & kNegateA) != bool(in.flags & kNegateB) ? -1 : 1;

  unsigned perD = result == ElementType::F16 ? 2 : 1, width = 4 / perD;
  double sum[kMaxColumns];
  for (unsigned r = 0; r < kRows; ++r) {
    std::fill(sum, sum + columns, 0.0);
    for (unsigned k = 0; k < depth; ++k) {
      double factor = sign * left[k * kRows + r];
      const double *from = right.data() + k * columns;
      for (unsigned n = 0; n < columns; ++n)
        sum[n] += factor * from[n];
    }
    for (unsigned n = 0; n < columns; ++n) {
      unsigned lane = r % 8 * 4 + n % 8 / 2, element = n / 8 * 4 + r / 8 * 2 + n % 2;
      uint8_t *to = warp.row<uint8_t>(lists[element / perD]) + lane * 4 + element % perD * width;
      writeSum(result, sum[n], adds ? to : nullptr, to, false);
    }
  }
  for (unsigned i = 0; i < in.listSize; ++i)
    if (!claim(warp, in, lists[i], i < numD ? columns : 0))
      return Step::Failed;
  warp.wgmma.push_back({warp.wgmmaGroup, warp.wgmmaClock, &in, [&warp, &in] {
                          for (unsigned i = 0; i < in.listSize; ++i) {
                            Warp::RowState &state = warp.stateOf(warp.kernel->lists[in.list + i]);
                            warp.numPendingRows -= --state.pending == 0;
                          }
                          return true;
                        }});
  return Step::Next;
}

static Step runFence(Warp &warp, const Instr &in, uint32_t mask) {
  if (mask != kWholeWarp)
    return warp.fail(in, -1, "wgmma.fence in divergent code");
  ++warp.wgmmaFence;
  return Step::Next;
}

static Step runCommit(Warp &warp, const Instr &, uint32_t) {
  ++warp.wgmmaGroup;
  return Step::Next;
}

static Step runWait(Warp &warp, const Instr &in, uint32_t) {
  uint32_t clock = 0;
  while (!warp.wgmma.empty() && warp.wgmma.front().group + in.imm < warp.wgmmaGroup) {
    clock = warp.wgmma.front().clock;
    warp.wgmma.front().run();
    warp.wgmma.pop_front();
  }
  uint32_t slot = warp.slot + 3;
  if (clock > warp.knowledge.order[slot])
    warp.knowledge.order.set(slot, clock);
  return Step::Next;
}

static void decodeMma(Decode &d) {
  StringRef shape = d.peekModifier();
  unsigned columns, depth;
  if (!shape.consume_front("m64n") || shape.consumeInteger(10, columns) || !shape.consume_front("k") ||
      shape.consumeInteger(10, depth) || columns % 8 || columns < 8 || columns > kMaxColumns)
    return d.fail("'" + d.statement.opcode + "' names no shape m64n..k..");
  d.dropModifier();
  std::optional<ElementType> types[3];
  for (std::optional<ElementType> &type : types) {
    type = elementTypeOf(d.peekModifier());
    if (!type)
      return d.fail("'." + d.peekModifier() + "' of '" + d.statement.opcode + "' is not supported");
    d.dropModifier();
  }
  ElementType result = *types[0], a = *types[1], b = *types[2];
  if (bytesOf(a) != bytesOf(b) || depth * bytesOf(a) != 32 || !isAccumulatorOf(result, a))
    return d.fail("'" + d.statement.opcode + "' has a depth and types that are not supported");
  d.take("satfinite");
  bool isInteger = a == ElementType::S8 || a == ElementType::U8, isHalf = bytesOf(a) == 2;
  if (!d.expectOperands(4, 8))
    return;
  bool aInRegisters = d.operand(1).kind == Operand::Kind::Vector;
  size_t n = isInteger ? 4 : isHalf ? (aInRegisters ? 7 : 8) : 6;
  if (!d.expectOperands(n))
    return;
  d.in.list = d.frame.kernel.lists.size();
  unsigned numD = columns / 2 / (result == ElementType::F16 ? 2 : 1);
  d.in.listSize = d.rowsOf(d.operand(0), Type::B32, true);
  if (d.in.listSize != numD)
    return d.fail("'" + d.statement.opcode + "' has " + Twine(numD) + " registers of results, got " +
                  Twine(d.in.listSize));
  if (aInRegisters) {
    unsigned numA = d.rowsOf(d.operand(1), Type::B32, false);
    if (numA != 4)
      return d.fail("'" + d.statement.opcode + "' has 4 registers of a, got " + Twine(numA));
    d.in.listSize += numA;
  } else {
    d.setSource(0, 1, Type::B64);
  }
  d.setSource(1, 2, Type::B64);
  d.setSource(2, 3, Type::Pred);
  uint32_t flags = kIsWgmma | (aInRegisters ? kAInRegisters : 0);
  if (!isInteger) {
    flags |= (d.needInteger(4) < 0 ? kNegateA : 0) | (d.needInteger(5) < 0 ? kNegateB : 0);
    if (isHalf) {
      if (!aInRegisters)
        flags |= d.needInteger(6) ? kTransposeA : 0;
      flags |= d.needInteger(aInRegisters ? 6 : 7) ? kTransposeB : 0;
    }
  }
  d.in.flags = flags;
  d.in.detail = columns | depth << 16;
  d.in.width = uint8_t(a);
  d.in.registerWidth = uint8_t(b);
  d.in.count = uint8_t(result);
  d.in.run = &runMma;
}

static void decodeWgmma(Decode &d) {
  d.frame.kernel.usesWgmma = true;
  d.frame.kernel.needsClocks = true;
  d.in.flags = kIsWgmma;
  bool isMma = d.take("mma_async"), isFence = d.take("fence"), isCommit = d.take("commit_group");
  bool isWait = d.take("wait_group");
  if (!d.take("sync") || !d.take("aligned"))
    return d.fail("'" + d.statement.opcode + "' must be .sync.aligned");
  if (isMma)
    return decodeMma(d);
  d.in.run = isFence ? &runFence : isCommit ? &runCommit : nullptr;
  if (isWait) {
    if (!d.expectOperands(1))
      return;
    d.in.imm = d.needInteger(0);
    d.in.run = &runWait;
  }
}

DecodeFunction tgc::ptx::wgmmaDecoderOf(StringRef opcode) {
  return opcode == "wgmma" ? decodeWgmma : nullptr;
}
