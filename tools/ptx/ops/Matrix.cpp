//===- Matrix.cpp - ldmatrix, stmatrix, movmatrix, mma.sync -------------------===//
#include "tools/ptx/ops/Families.h"
#include "tools/ptx/ops/Lanes.h"
#include "tools/ptx/ops/Tiles.h"

using namespace tgc::ptx;
using llvm::StringRef;
using llvm::Twine;

static constexpr uint32_t kTransposed = 1;

static bool isWhole(Warp &warp, const Instr &in, uint32_t mask) {
  if (mask == ~uint32_t(0))
    return true;
  warp.fail(in, -1, "all 32 lanes must run this together, here are " + Twine(llvm::popcount(mask)));
  return false;
}

/// Lanes 8i to 8i+7 give the addresses of the rows of matrix i; each lane holds two neighbours of a row.
template <bool IsLoad> static Step runMatrixMove(Warp &warp, const Instr &in, uint32_t mask) {
  if (!isWhole(warp, in, mask))
    return Step::Failed;
  Launch &launch = *warp.launch;
  Access access{launch.eventOf(warp, in), kAllLanes, &warp.knowledge};
  constexpr unsigned kRows = 8, kRowBytes = 16;
  bool isTransposed = in.flags & kTransposed;
  for (unsigned i = 0; i < in.count; ++i) {
    uint16_t matrix[kRows][kRows];
    uint32_t *row = warp.row<uint32_t>(warp.kernel->lists[in.list + i]);
    if (!IsLoad)
      for (unsigned lane = 0; lane < kWarpSize; ++lane)
        for (unsigned z = 0; z < 2; ++z) {
          unsigned r = lane / 4, c = lane % 4 * 2 + z;
          matrix[isTransposed ? c : r][isTransposed ? r : c] = row[lane] >> (16 * z);
        }
    for (unsigned r = 0; r < kRows; ++r) {
      unsigned lane = 8 * i + r;
      Place place;
      if (!launch.locate(warp, in, lane, in.space, warp.addressOf(in, lane), kRowBytes, kRowBytes,
                         IsLoad ? Use::Read : Use::Write, place))
        return Step::Failed;
      if (IsLoad) {
        if (!launch.noteRead(warp, in, kAllLanes, place, kRowBytes, access))
          return Step::Failed;
        std::memcpy(matrix[r], place.bytes, kRowBytes);
      } else {
        if (!launch.noteWrite(warp, in, kAllLanes, place, kRowBytes, access))
          return Step::Failed;
        std::memcpy(place.bytes, matrix[r], kRowBytes);
      }
    }
    if (IsLoad)
      for (unsigned lane = 0; lane < kWarpSize; ++lane) {
        unsigned r = lane / 4, c = lane % 4 * 2;
        uint16_t low = isTransposed ? matrix[c][r] : matrix[r][c];
        uint16_t high = isTransposed ? matrix[c + 1][r] : matrix[r][c + 1];
        warp.matrixRows[i][lane] = uint32_t(high) << 16 | low;
      }
  }
  // Results may overlay the addresses.
  if (IsLoad)
    for (unsigned i = 0; i < in.count; ++i)
      std::memcpy(warp.row<uint32_t>(warp.kernel->lists[in.list + i]), warp.matrixRows[i],
                  sizeof(warp.matrixRows[i]));
  ++warp.cta->cluster->progress;
  return Step::Next;
}

static void decodeMatrixMove(Decode &d, bool isLoad) {
  if (!d.take("sync") || !d.take("aligned") || !d.take("m8n8"))
    return d.fail("'" + d.statement.opcode + "' must be .sync.aligned.m8n8");
  int count = d.takeOneOf({"x1", "x2", "x4"});
  d.in.flags = d.take("trans") ? kTransposed : 0;
  d.in.space = d.takeSpace(Space::Generic);
  if (count < 0 || !d.take("b16"))
    return d.fail("'" + d.statement.opcode + "' needs .x1, .x2 or .x4, and .b16");
  if (!d.expectOperands(2))
    return;
  d.in.count = 1 << count;
  d.setAddress(0, d.operand(isLoad ? 1 : 0));
  d.in.list = d.frame.kernel.lists.size();
  d.in.listSize = d.rowsOf(d.operand(isLoad ? 0 : 1), Type::B32, isLoad);
  if (d.in.listSize != d.in.count)
    return d.fail("'" + d.statement.opcode + "' needs " + Twine(unsigned(d.in.count)) + " registers, got " +
                  Twine(d.in.listSize));
  d.in.flags |= isLoad ? kListIsWritten : 0;
  d.in.run = isLoad ? &runMatrixMove<true> : &runMatrixMove<false>;
}

/// movmatrix: the transpose of a matrix that lies in registers.
static Step runTranspose(Warp &warp, const Instr &in, uint32_t mask) {
  if (!isWhole(warp, in, mask))
    return Step::Failed;
  uint16_t matrix[8][8];
  const uint32_t *from = warp.row<uint32_t>(in.src[0]);
  for (unsigned lane = 0; lane < kWarpSize; ++lane)
    for (unsigned z = 0; z < 2; ++z)
      matrix[lane % 4 * 2 + z][lane / 4] = from[lane] >> (16 * z);
  for (unsigned lane = 0; lane < kWarpSize; ++lane)
    warp.row<uint32_t>(in.dst)[lane] =
        uint32_t(matrix[lane / 4][lane % 4 * 2 + 1]) << 16 | matrix[lane / 4][lane % 4 * 2];
  return Step::Next;
}

static void decodeTranspose(Decode &d) {
  if (!d.take("sync") || !d.take("aligned") || !d.take("m8n8") || !d.take("trans") || !d.take("b16"))
    return d.fail("'movmatrix' must be .sync.aligned.m8n8.trans.b16");
  if (!d.setOperands(Type::B32, {Type::B32}))
    return;
  d.in.run = &runTranspose;
}

/// The fragments of mma.sync: in.imm is K, in.type the type of a and b, in.detail that of c and d; lists hold
/// d, a, b, c. Rows are m16 (m8 for f64 m8n8k4), columns n8.
static Step runMma(Warp &warp, const Instr &in, uint32_t mask) {
  if (!isWhole(warp, in, mask))
    return Step::Failed;
  ElementType a = ElementType(in.flags & 0xFF), b = ElementType(in.flags >> 8 & 0xFF);
  ElementType result = ElementType(in.flags >> 16 & 0xFF);
  unsigned depth = in.imm, rows = in.count;
  const uint32_t *lists = warp.kernel->lists.data() + in.list;
  unsigned registerBytes = a == ElementType::F64 ? 8 : 4;
  unsigned perRegister = registerBytes / bytesOf(a);
  unsigned numA = rows * depth / (kWarpSize * perRegister), numB = 8 * depth / (kWarpSize * perRegister);
  unsigned numC = in.width;
  double left[16][32], right[32][8], sum[16][8];
  for (unsigned i = 0; i < numA; ++i)
    for (unsigned lane = 0; lane < kWarpSize; ++lane)
      for (unsigned z = 0; z < perRegister; ++z) {
        unsigned r = lane / 4 + (rows == 16 ? 8 * (i & 1) : 0);
        unsigned k = lane % 4 * perRegister + z + 4 * perRegister * (rows == 16 ? i >> 1 : i);
        left[r][k] =
            readElement(a, warp.row<uint8_t>(lists[numC + i]) + lane * registerBytes + z * bytesOf(a));
      }
  for (unsigned i = 0; i < numB; ++i)
    for (unsigned lane = 0; lane < kWarpSize; ++lane)
      for (unsigned z = 0; z < perRegister; ++z)
        right[lane % 4 * perRegister + z + 4 * perRegister * i][lane / 4] =
            readElement(b, warp.row<uint8_t>(lists[numC + numA + i]) + lane * registerBytes + z * bytesOf(b));
  for (unsigned r = 0; r < rows; ++r)
    for (unsigned n = 0; n < 8; ++n) {
      sum[r][n] = 0;
      for (unsigned k = 0; k < depth; ++k)
        sum[r][n] += left[r][k] * right[k][n];
    }
  unsigned width = bytesOf(result), perC = result == ElementType::F64 ? 1 : 4 / width;
  unsigned cBytes = width * perC;
  for (unsigned i = 0; i < numC; ++i)
    for (unsigned lane = 0; lane < kWarpSize; ++lane)
      for (unsigned z = 0; z < perC; ++z) {
        unsigned element = i * perC + z;
        unsigned r = lane / 4 + 8 * (element >> 1), n = lane % 4 * 2 + (element & 1);
        const uint8_t *from = warp.row<uint8_t>(lists[numC + numA + numB + i]) + lane * cBytes + z * width;
        uint8_t *to = warp.row<uint8_t>(lists[i]) + lane * cBytes + z * width;
        writeSum(result, sum[r][n], from, to, in.detail);
      }
  return Step::Next;
}

static void decodeMma(Decode &d) {
  if (!d.take("sync") || !d.take("aligned"))
    return d.fail("'" + d.statement.opcode + "' must be .sync.aligned");
  StringRef shape = d.peekModifier();
  unsigned rows, columns, depth;
  if (!shape.consume_front("m") || shape.consumeInteger(10, rows) || !shape.consume_front("n") ||
      shape.consumeInteger(10, columns) || !shape.consume_front("k") || shape.consumeInteger(10, depth))
    return d.fail("'" + d.statement.opcode + "' names no shape");
  d.dropModifier();
  if (!d.take("row") || !d.take("col"))
    return d.fail("'" + d.statement.opcode + "' must be .row.col");
  d.in.detail = d.take("satfinite");
  std::optional<ElementType> types[4];
  for (std::optional<ElementType> &type : types) {
    type = elementTypeOf(d.peekModifier());
    if (!type)
      return d.fail("'." + d.peekModifier() + "' of '" + d.statement.opcode + "' is not supported");
    d.dropModifier();
  }
  auto [result, a, b, c] = std::tuple(*types[0], *types[1], *types[2], *types[3]);
  bool isDouble = a == ElementType::F64;
  unsigned unit = bytesOf(a) * 8;
  bool fits =
      columns == 8 && result == c && bytesOf(a) == bytesOf(b) &&
      (isDouble ? result == a &&
                      ((rows == 8 && depth == 4) || (rows == 16 && (depth == 4 || depth == 8 || depth == 16)))
                : rows == 16 && (depth * unit == 128 || depth * unit == 256) && isAccumulatorOf(result, a));
  if (!fits)
    return d.fail("'" + d.statement.opcode + "' has a shape and types that are not supported");
  if (!d.expectOperands(4))
    return;
  unsigned perRegister = isDouble ? 1 : 4 / bytesOf(a);
  unsigned numA = rows * depth / (32 * perRegister), numB = 8 * depth / (32 * perRegister);
  unsigned numC = rows * 8 / 32 / (result == ElementType::F16 ? 2 : 1);
  Type part = isDouble ? Type::B64 : Type::B32;
  d.in.list = d.frame.kernel.lists.size();
  unsigned counts[] = {d.rowsOf(d.operand(0), part, true), d.rowsOf(d.operand(1), part, false),
                       d.rowsOf(d.operand(2), part, false), d.rowsOf(d.operand(3), part, false)};
  unsigned needed[] = {numC, numA, numB, numC};
  for (unsigned i = 0; i < 4; ++i)
    if (counts[i] != needed[i])
      return d.fail("operand " + Twine(i + 1) + " of '" + d.statement.opcode + "' has " + Twine(needed[i]) +
                    " registers, got " + Twine(counts[i]));
  d.in.width = numC;
  d.in.imm = depth;
  d.in.count = rows;
  d.in.flags = unsigned(a) | unsigned(b) << 8 | unsigned(result) << 16;
  d.in.run = &runMma;
}

DecodeFunction tgc::ptx::matrixDecoderOf(StringRef opcode) {
  return llvm::StringSwitch<DecodeFunction>(opcode)
      .Case("ldmatrix", [](Decode &d) { decodeMatrixMove(d, true); })
      .Case("stmatrix", [](Decode &d) { decodeMatrixMove(d, false); })
      .Case("movmatrix", decodeTranspose)
      .Case("mma", decodeMma)
      .Default(nullptr);
}
