//===- WgmmaKernels.cpp - Matrix products of warpgroups -------------------===//
//
// For sm_90a, and operands that bulk copies can take as they lie: f16, bf16 and tf32 with sums in f32, bytes
// with sums of 32 bits. One thread of a producing warpgroup has the copy engine fill a ring of stages; two
// consuming warpgroups of 64 rows each multiply them by `wgmma` and leave the sums in registers. Results go
// through shared memory, some columns at a time, so that neighbouring threads store neighbours; meanwhile the
// ring fills for the next tile.
//
// Numbers are those of the instruction set's manual for tiles whose lines of 128 bytes are swizzled: a
// descriptor has the address, the distance of groups along the side (of 64 elements, where these run along
// memory) and that of groups of eight lines, in units of 16 bytes; register 4j + 2h + q of a lane is row
// 16 * warp + lane / 4 + 8h and column 8j + 2 * (lane % 4) + q.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/GPU/WgmmaWriter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tgc {

void WgmmaWriter::write() {
  record.threads = (kConsumers + 1) * kGroupThreads;
  record.cluster = blocksOfCluster();
  record.sharedBytes = bytesOfRing() + bytesBetween + kConsumers * kStagingBytes + bytesOfBarriers();
  addMaps();
  beginTiles();
  Value thread = special("tid.x");
  // Equal in all lanes, which the assembler must see.
  Value warp = toIndex(assemble("shfl.sync.idx.b32 $0, $1, 0, 31, 0xffffffff;", "=r,r",
                                toWord(divide(thread, kWarp)), builder.getI32Type()));
  startRing(thread);
  Value isProducer = isBelow(warp, constant(kGroupThreads / kWarp));
  auto choice = scf::IfOp::create(builder, loc, isProducer, /*withElseRegion=*/true);
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(choice.thenBlock());
    assemble("setmaxnreg.dec.sync.aligned.u32 40;", "", {});
    ifThen(isEqual(warp, 0), [&] {
      Value elected = assemble("{ .reg .pred p; elect.sync _|p, 0xffffffff; selp.b32 $0, 1, 0, p; }", "=r",
                               {}, builder.getI32Type());
      ifThen(isEqual(toIndex(elected), 1), [&] { produce(); });
    });
    builder.setInsertionPointToStart(choice.elseBlock());
    assemble("setmaxnreg.inc.sync.aligned.u32 232;", "", {});
    consume(remainder(thread, kGroupThreads), warp);
  }
  endRing();
  finish();
}

/// Two, where rows are so many that a tile more costs little. Sums that are shared have few tiles.
unsigned WgmmaWriter::blocksOfCluster() {
  constexpr int64_t kManyTiles = 8;
  int64_t down = llvm::divideCeil(countUsual(op, loops.rows), tile.rows);
  return !record.parts && (down % 2 == 0 || down >= kManyTiles) ? 2 : 1;
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

Type WgmmaWriter::sumType() { return getElementTypeOrSelf(op.getDpsInits()[0].getType()); }

Value WgmmaWriter::describe(unsigned operand, Value byte) {
  Value address = arith::ExtUIOp::create(builder, loc, builder.getI64Type(), addressOfShared(byte));
  auto number = [&](uint64_t bits) {
    return arith::ConstantIntOp::create(builder, loc, static_cast<int64_t>(bits), 64);
  };
  // The first distance counts only where lines run along the side.
  uint64_t leading = runsAlongSum(operand) ? 16 : kBlockBytes, groups = 8 * kLineBytes;
  uint64_t fixed = uint64_t(1) << 62 | groups >> 4 << 32 | leading >> 4 << 16;
  address = arith::ShRUIOp::create(builder, loc, address, number(4));
  address = arith::AndIOp::create(builder, loc, address, number(0x3fff));
  return arith::OrIOp::create(builder, loc, address, number(fixed));
}

/// An instruction that all sums pass through, so that nothing that looks at them can be moved across it.
SmallVector<Value> WgmmaWriter::passThrough(StringRef text, ArrayRef<Value> sums, ArrayRef<Value> others) {
  std::string constraints;
  llvm::raw_string_ostream out(constraints);
  char kind = sumType().isInteger() ? 'r' : 'f';
  for (size_t i = 0; i < sums.size(); ++i)
    out << (i ? ",=" : "=") << kind;
  for (size_t i = 0; i < sums.size(); ++i)
    out << ',' << i;
  for (size_t i = 0; i < others.size(); ++i)
    out << ",l";
  SmallVector<Value> operands(sums);
  llvm::append_range(operands, others);
  auto all = LLVM::LLVMStructType::getLiteral(op.getContext(), SmallVector<Type>(sums.size(), sumType()));
  Value together = assemble(text, constraints, operands, all);
  SmallVector<Value> results;
  for (size_t i = 0; i < sums.size(); ++i)
    results.push_back(LLVM::ExtractValueOp::create(builder, loc, together, i));
  return results;
}

/// What an instruction calls an operand's elements.
StringRef WgmmaWriter::nameOf(unsigned operand) {
  Type type = elementType();
  return type.isInteger() ? nameOfBytes(op, operand) : type.isF16() ? "f16" : type.isBF16() ? "bf16" : "tf32";
}

/// The text of one product of 64 rows and 32 bytes of steps.
std::string WgmmaWriter::textOfProduct(size_t numSums) {
  std::string text;
  llvm::raw_string_ostream out(text);
  out << "{ .reg .pred adds; setp.eq.u32 adds, 0, 0; wgmma.mma_async.sync.aligned.m64n" << tile.columns << 'k'
      << 32 / elementBytes() << (sumType().isInteger() ? ".s32." : ".f32.") << nameOf(0) << '.' << nameOf(1)
      << " {";
  for (size_t i = 0; i < numSums; ++i)
    out << (i ? ", $" : "$") << i;
  out << "}, $" << 2 * numSums << ", $" << 2 * numSums + 1 << ", adds";
  if (!sumType().isInteger())
    out << ", 1, 1";
  if (elementBytes() == 2)
    out << ", " << !runsAlongSum(0) << ", " << !runsAlongSum(1);
  out << "; }";
  return text;
}

WgmmaWriter::Factors WgmmaWriter::factorsAt(Value leftStage, Value rightStage, const Stage &stage) {
  Value rows = multiply(stage.consumer, constant(kBlockBytes));
  return {add(leftStage, rows), add(rightStage, constant(tile.rows * kLineBytes))};
}

SmallVector<Value> WgmmaWriter::startProducts(ArrayRef<Factors> all, ArrayRef<Value> sums) {
  SmallVector<std::pair<Value, Value>> descriptors;
  for (const Factors &factors : all)
    descriptors.emplace_back(describe(0, factors.left), describe(1, factors.right));
  assemble("wgmma.fence.sync.aligned;", "", {});
  SmallVector<Value> results(sums);
  std::string text = textOfProduct(sums.size());
  constexpr unsigned kStepBytes = 32;
  for (unsigned i = 0; i < kLineBytes / kStepBytes; ++i) {
    // Steps lie in a line, or in lines of their own.
    auto moved = [&](unsigned operand, Value descriptor) {
      unsigned bytes = runsAlongSum(operand) ? kStepBytes : kStepBytes / elementBytes() * kLineBytes;
      Value distance = arith::ConstantIntOp::create(builder, loc, i * bytes >> 4, 64);
      return arith::AddIOp::create(builder, loc, descriptor, distance).getResult();
    };
    for (auto [left, right] : descriptors)
      results = passThrough(text, results, {moved(0, left), moved(1, right)});
  }
  assemble("wgmma.commit_group.sync.aligned;", "", {});
  return results;
}

SmallVector<Value> WgmmaWriter::waitForProducts(unsigned count, ArrayRef<Value> sums) {
  return passThrough("wgmma.wait_group.sync.aligned " + std::to_string(count) + ";", sums);
}

SmallVector<Value> WgmmaWriter::multiplyStage(const Stage &stage, ArrayRef<Value> sums,
                                              function_ref<void()> releaseBefore) {
  Value bytes = stageOf(stage.slot, 0);
  SmallVector<Value> results = startProducts(factorsAt(bytes, bytes, stage), sums);
  results = waitForProducts(1, results);
  releaseBefore();
  return results;
}

void WgmmaWriter::consume(Value thread, Value warp) {
  Value consumer = arith::SubIOp::create(builder, loc, divide(warp, kGroupThreads / kWarp), constant(1));
  Value isFirst = isEqual(remainder(thread, kWarp), 0);
  forEachTile({constant(0), constant(0)}, [&](ArrayRef<Value> batch, ValueRange ring) {
    Value zero = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(sumType()));
    SmallVector<Value> carried = {ring[0], ring[1], constant(0)};
    carried.append(tile.columns / 2, zero);
    Value stages = countStages();
    carried = forEach(constant(0), stages, constant(1), carried, [&](Value number, ValueRange at) {
      waitUntilFull(at[0], at[1]);
      SmallVector<Value> sums =
          multiplyStage({at[0], number, consumer, thread}, llvm::to_vector(at.drop_front(3)), [&] {
            Value hasBefore = isBelow(constant(0), number);
            release(at[2], arith::AndIOp::create(builder, loc, hasBefore, isFirst));
          });
      auto [slot, phase] = follow(at[0], at[1]);
      SmallVector<Value> results = {slot, phase, at[0]};
      results.append(sums);
      return results;
    });
    SmallVector<Value> sums = waitForProducts(0, ArrayRef(carried).drop_front(3));
    Value hasLast = isBelow(constant(0), stages);
    release(carried[2], arith::AndIOp::create(builder, loc, hasLast, isFirst));
    Group group = {thread, consumer, toWord(add(consumer, constant(1))), kGroupThreads, kConsumers};
    finishTile(sums, group, [&](ArrayRef<Value> all) {
      for (unsigned column = 0; column < tile.columns; column += kColumnsAtOnce) {
        waitForGroup(consumer);
        shareResults(all, column, thread, consumer);
        waitForGroup(consumer);
        finishResults(batch, column, thread, consumer);
      }
    });
    return SmallVector<Value>{carried[0], carried[1]};
  });
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

/// Barrier 0 is all threads'.
void WgmmaWriter::waitForGroup(Value consumer) {
  assemble("bar.sync $0, " + Twine(kGroupThreads) + ";", "r", toWord(add(consumer, constant(1))));
}

Value WgmmaWriter::staged(Value consumer, Value row, Value column) {
  Value number = add(multiply(row, constant(kColumnsAtOnce + kGap)), column);
  Value byte = add(multiply(number, constant(4)), multiply(consumer, constant(kStagingBytes)));
  return elementOf(shared, builder.getI8Type(), add(byte, constant(bytesOfRing() + bytesBetween)));
}

void WgmmaWriter::shareResults(ArrayRef<Value> sums, unsigned first, Value thread, Value consumer) {
  constexpr unsigned kRowsOfWarp = 16, kColumns = 8;
  Value lane = remainder(thread, kWarp);
  Value row = add(multiply(divide(thread, kWarp), constant(kRowsOfWarp)), divide(lane, 4));
  Value column = multiply(remainder(lane, 4), constant(2));
  for (unsigned i = 0; i < kColumnsAtOnce / 2; ++i) {
    Value place =
        staged(consumer, add(row, constant(i % 4 / 2 * 8)), add(column, constant(i / 4 * kColumns + i % 2)));
    LLVM::StoreOp::create(builder, loc, sums[first / 2 + i], place);
  }
}

void WgmmaWriter::finishResults(ArrayRef<Value> batch, unsigned first, Value thread, Value consumer) {
  unsigned across = resultRunsDown() ? kRowsOfConsumer : kColumnsAtOnce;
  Value all = constant(kRowsOfConsumer * kColumnsAtOnce);
  forEach(thread, all, constant(kGroupThreads), {}, [&](Value number, ValueRange) {
    Value fast = remainder(number, across), slow = divide(number, across);
    Value row = resultRunsDown() ? fast : slow, column = resultRunsDown() ? slow : fast;
    Value sum = LLVM::LoadOp::create(builder, loc, sumType(), staged(consumer, row, column));
    row = add(row, multiply(consumer, constant(kRowsOfConsumer)));
    finishSum(sum, batch, add(sides[0].begin, row), add(sides[1].begin, add(column, constant(first))));
    return SmallVector<Value>();
  });
}

/// Whether f32 is multiplied by parts.
static bool hasParts(linalg::GenericOp op, GpuF32 products) {
  return products == GpuF32::TF32x3 && getElementTypeOrSelf(op.getDpsInputs()[0].getType()).isF32();
}

bool hasWgmmaKernel(linalg::GenericOp op, GpuF32 products) {
  Type type = getElementTypeOrSelf(op.getDpsInputs()[0].getType());
  if (!isTensorContraction(op, products))
    return false;
  // Drivers of CUDA 12.0 know no products of bytes with and without signs.
  if (type.isInteger() && nameOfBytes(op, 0) != nameOfBytes(op, 1))
    return false;
  std::optional<ContractLoops> loops = sortLoops(op);
  for (unsigned operand : {0, 1}) {
    auto dims = findBulkDims(op, operand, *loops);
    // The instruction turns 16-bit elements only.
    if (!dims || (type.getIntOrFloatBitWidth() != 16 && dims->back().axis != BulkAxis::Sum))
      return false;
  }
  return chooseTile(op, products).rows == kLargeTile;
}

TileShape chooseWgmmaTile(linalg::GenericOp op, GpuF32 products) {
  constexpr unsigned kWide = 256;
  if (hasParts(op, products))
    return {kLargeTile, kLargeTile};
  return {kLargeTile, countUsual(op, sortLoops(op)->columns) < kWide ? kLargeTile : kWide};
}

void writeWgmmaKernel(const NestChain &chain, GpuF32 products, ModuleOp kernels, KernelRecord &record) {
  TileShape tile = chooseWgmmaTile(chain.main, products);
  if (hasParts(chain.main, products))
    writeTf32Kernel(chain, kernels, record, tile);
  else
    WgmmaWriter(chain, kernels, record, tile).write();
}

} // namespace tgc
