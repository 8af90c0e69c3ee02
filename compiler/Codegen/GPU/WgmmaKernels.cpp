//===- WgmmaKernels.cpp - Matrix products of warpgroups -------------------===//
//
// For sm_90a, and operands that bulk copies can take as they lie: f16, bf16 and tf32 with sums in f32. One
// thread of a producing warpgroup has the copy engine fill a ring of stages; two consuming warpgroups of 64
// rows each multiply them by `wgmma` and leave the sums in registers. For each stage an mbarrier says that it
// is full (the bytes are there) and one that it is empty (each consuming warp has done with it). Sizes are
// the maps' business: what lies outside of a tensor is copied as zero. Results go through shared memory, some
// columns at a time, so that neighbouring threads store neighbours; meanwhile the ring fills for the next
// tile.
//
// Numbers are those of the instruction set's manual for tiles whose lines of 128 bytes are swizzled: a
// descriptor has the address, the distance of groups along the side (of 64 elements, where these run along
// memory) and that of groups of eight lines, in units of 16 bytes; register 4j + 2h + q of a lane is row
// 16 * warp + lane / 4 + 8h and column 8j + 2 * (lane % 4) + q.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/GPU/ContractWriter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tgc {
namespace {

/// What a dimension of an operand's tensor map runs along.
enum class Axis { Own, Sum, Batch };

struct MapDim {
  Axis axis;
  /// Its loops: several, if they follow each other in memory and in the axis.
  SmallVector<unsigned> loops;
};

/// An operand as a tensor of at most five dimensions, outermost first, of which one is the side's and one the
/// sum's; nothing if it is no such tensor, or bulk copies do not take it.
std::optional<SmallVector<MapDim>> findDims(linalg::GenericOp op, unsigned operand,
                                            const ContractLoops &loops) {
  constexpr size_t kMostDims = 5;
  constexpr int64_t kGroup = 16; // bytes
  OpOperand *of = op.getDpsInputOperand(operand);
  auto memory = cast<MemRefType>(of->get().getType());
  int64_t size = memory.getElementTypeBitWidth() / 8;
  if (!memory.getRank() || !memory.getLayout().isIdentity() || !hasGroups(memory, kGroup / size))
    return std::nullopt;
  SmallVector<unsigned> sum;
  op.getReductionDims(sum);
  ArrayRef<unsigned> own = operand ? loops.columns : loops.rows;
  SmallVector<MapDim> dims;
  AffineMap map = op.getMatchingIndexingMap(of);
  for (auto [dim, place] : llvm::enumerate(map.getResults())) {
    auto loop = dyn_cast<AffineDimExpr>(place);
    if (!loop || memory.getDimSize(dim) != op.getStaticLoopRanges()[loop.getPosition()])
      return std::nullopt;
    unsigned number = loop.getPosition();
    Axis axis = llvm::is_contained(own, number)   ? Axis::Own
                : llvm::is_contained(sum, number) ? Axis::Sum
                                                  : Axis::Batch;
    if (dims.empty() || axis == Axis::Batch || dims.back().axis != axis)
      dims.push_back({axis, {}});
    dims.back().loops.push_back(number);
  }
  auto isOnce = [&](Axis axis, ArrayRef<unsigned> all) {
    return llvm::count_if(dims, [&](const MapDim &dim) { return dim.axis == axis; }) == 1 &&
           llvm::all_of(dims,
                        [&](const MapDim &dim) { return dim.axis != axis || ArrayRef(dim.loops) == all; });
  };
  if (dims.size() > kMostDims || dims.back().axis == Axis::Batch || !isOnce(Axis::Own, own) ||
      !isOnce(Axis::Sum, sum))
    return std::nullopt;
  return dims;
}

class WgmmaWriter : public ContractWriter {
public:
  WgmmaWriter(const NestChain &chain, ModuleOp kernels, KernelRecord &record, TileShape tile)
      : ContractWriter(chain, kernels, record, tile) {}

  void write() {
    record.threads = (kConsumers + 1) * kGroupThreads;
    record.sharedBytes = kStages * bytesOfStage() + kConsumers * kStagingBytes + kStages * 2 * kBarrierBytes;
    for (unsigned i : {0, 1})
      addMap(i);
    beginTiles();
    shared = declareDynamicShared("shared", /*alignment=*/1024);
    Value thread = special("tid.x");
    // Equal in all lanes, which the assembler must see.
    Value warp = toIndex(assemble("shfl.sync.idx.b32 $0, $1, 0, 31, 0xffffffff;", "=r,r",
                                  toWord(divide(thread, kWarp)), builder.getI32Type()));
    startBarriers(thread);
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
    finish();
  }

private:
  static constexpr unsigned kWarp = 32, kGroupThreads = 128, kConsumers = 2, kRowsOfConsumer = 64;
  static constexpr unsigned kStages = 4, kBarrierBytes = 8, kLineBytes = 128;
  /// A block of lines of 128 bytes: 64 of them.
  static constexpr unsigned kBlockBytes = 64 * kLineBytes;
  /// Columns of results that are in shared memory at a time, and what is between rows, for the banks.
  static constexpr unsigned kColumnsAtOnce = 32, kGap = 8;
  static constexpr unsigned kStagingBytes = kRowsOfConsumer * (kColumnsAtOnce + kGap) * 4;

  unsigned elementBytes() { return elementType().getIntOrFloatBitWidth() / 8; }
  Type elementType() { return getElementTypeOrSelf(op.getDpsInputs()[0].getType()); }
  unsigned stepsOfStage() { return kLineBytes / elementBytes(); }
  unsigned bytesOfStage() const { return (tile.rows + tile.columns) * kLineBytes; }
  unsigned sideOf(unsigned operand) const { return operand ? tile.columns : tile.rows; }
  bool runsAlongSum(unsigned operand) const { return dims[operand].back().axis == Axis::Sum; }

  Value divide(Value a, unsigned b) { return arith::DivUIOp::create(builder, loc, a, constant(b)); }
  Value remainder(Value a, unsigned b) { return arith::RemUIOp::create(builder, loc, a, constant(b)); }
  Value toWord(Value a) { return arith::IndexCastOp::create(builder, loc, builder.getI32Type(), a); }
  Value toIndex(Value a) { return arith::IndexCastUIOp::create(builder, loc, builder.getIndexType(), a); }
  Value isEqual(Value a, int64_t b) {
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, a, constant(b));
  }
  void ifThen(Value condition, function_ref<void()> body) {
    auto choice = scf::IfOp::create(builder, loc, condition, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(choice.thenBlock());
    body();
  }

  /// An instruction, in its order with all others that touch memory.
  Value assemble(const Twine &text, StringRef constraints, ValueRange operands, Type result = Type()) {
    std::string all = (constraints + (constraints.empty() ? "" : ",") + "~{memory}").str();
    auto created = LLVM::InlineAsmOp::create(
        builder, loc, result ? TypeRange(result) : TypeRange(), operands, text.str(), all,
        /*has_side_effects=*/true, /*is_align_stack=*/false, LLVM::tailcallkind::TailCallKind::None,
        LLVM::AsmDialectAttr::get(op.getContext(), LLVM::AsmDialect::AD_ATT), ArrayAttr());
    return result ? created.getResult(0) : Value();
  }

  //===--------------------------------------------------------------------===//
  // Tensor maps
  //===--------------------------------------------------------------------===//

  Product productOf(ArrayRef<unsigned> ofLoops) {
    Product product;
    for (unsigned loop : ofLoops) {
      Extent extent = extentOf(loop);
      product.fixed *= extent.fixed;
      if (extent.number >= 0)
        product.numbers.push_back(extent.number);
    }
    return product;
  }

  void addMap(unsigned operand) {
    dims[operand] = *findDims(op, operand, loops);
    Type type = elementType();
    TensorMap map;
    map.memory = llvm::find(record.memories, op.getDpsInputs()[operand]) - record.memories.begin();
    map.type = type.isF16() ? TensorMap::F16 : type.isBF16() ? TensorMap::BF16 : TensorMap::TF32;
    SmallVector<unsigned> inner;
    for (const MapDim &dim : llvm::reverse(dims[operand])) {
      TensorMap::Dim described;
      described.size = productOf(dim.loops);
      described.stride = productOf(inner);
      described.stride.fixed *= elementBytes();
      bool isInner = inner.empty();
      described.box = dim.axis == Axis::Batch ? 1
                      : isInner               ? stepsOfStage()
                      : dim.axis == Axis::Sum ? stepsOfStage()
                                              : sideOf(operand);
      map.dims.push_back(described);
      inner.append(dim.loops);
    }
    record.maps.push_back(map);
    maps[operand] = addMapArgument();
  }

  //===--------------------------------------------------------------------===//
  // The ring
  //===--------------------------------------------------------------------===//

  /// The address of a byte of shared memory, as instructions take it.
  Value addressOfShared(Value byte) {
    Value address = LLVM::PtrToIntOp::create(builder, loc, builder.getI32Type(), shared);
    return arith::AddIOp::create(builder, loc, address, toWord(byte));
  }
  Value barrierOf(Value slot, bool isEmptiness) {
    unsigned first =
        kStages * bytesOfStage() + kConsumers * kStagingBytes + isEmptiness * kStages * kBarrierBytes;
    return addressOfShared(add(multiply(slot, constant(kBarrierBytes)), constant(first)));
  }
  Value stageOf(Value slot, unsigned operand) {
    return add(multiply(slot, constant(bytesOfStage())), constant(operand ? tile.rows * kLineBytes : 0));
  }

  void startBarriers(Value thread) {
    ifThen(isEqual(thread, 0), [&] {
      for (unsigned slot = 0; slot < kStages; ++slot)
        for (bool isEmptiness : {false, true}) {
          unsigned arrivals = isEmptiness ? kConsumers * kGroupThreads / kWarp : 1;
          assemble("mbarrier.init.shared::cta.b64 [$0], " + Twine(arrivals) + ";", "r",
                   barrierOf(constant(slot), isEmptiness));
        }
      assemble("fence.mbarrier_init.release.cluster;", "", {});
    });
    wait();
  }

  void waitFor(Value barrier, Value phase) {
    assemble("{\n\t.reg .pred done;\n\tWAIT:\n\tmbarrier.try_wait.parity.shared::cta.b64 done, [$0], $1;\n\t"
             "@done bra DONE;\n\tbra WAIT;\n\tDONE:\n\t}",
             "r,r", {barrier, toWord(phase)});
  }

  /// The stage after one, and the phase that its barriers are in then.
  std::pair<Value, Value> follow(Value slot, Value phase) {
    Value next = add(slot, constant(1));
    Value isAtEnd = isEqual(next, kStages);
    Value other = arith::SubIOp::create(builder, loc, constant(1), phase);
    return {arith::SelectOp::create(builder, loc, isAtEnd, constant(0), next),
            arith::SelectOp::create(builder, loc, isAtEnd, other, phase)};
  }

  Value countStages() {
    return arith::CeilDivUIOp::create(builder, loc, countPoints(reductionLoops), constant(stepsOfStage()));
  }

  void produce() {
    forEachTile({constant(0), constant(1)}, [&](ArrayRef<Value> batch, ValueRange ring) {
      return forEach(constant(0), countStages(), constant(1), ring, [&](Value number, ValueRange at) {
        Value full = barrierOf(at[0], false);
        waitFor(barrierOf(at[0], true), at[1]);
        assemble("mbarrier.arrive.expect_tx.shared::cta.b64 _, [$0], " + Twine(bytesOfStage()) + ";", "r",
                 full);
        Value step = multiply(number, constant(stepsOfStage()));
        for (unsigned operand : {0, 1}) {
          // Lines along the side are cut into blocks of 128 bytes.
          unsigned blocks = runsAlongSum(operand) ? 1 : sideOf(operand) / stepsOfStage();
          for (unsigned block = 0; block < blocks; ++block)
            copy(operand, batch, step, block, at[0], full);
        }
        auto [slot, phase] = follow(at[0], at[1]);
        return SmallVector<Value>{slot, phase};
      });
    });
  }

  void copy(unsigned operand, ArrayRef<Value> batch, Value step, unsigned block, Value slot, Value full) {
    Value own = add(sides[operand].begin, constant(block * stepsOfStage()));
    Value to = addressOfShared(add(stageOf(slot, operand), constant(block * kBlockBytes)));
    SmallVector<Value> operands = {to, maps[operand]};
    std::string places, constraints = "r,l";
    for (const MapDim &dim : llvm::reverse(dims[operand])) {
      places += (places.empty() ? "$" : ", $") + std::to_string(operands.size());
      operands.push_back(toWord(dim.axis == Axis::Own   ? own
                                : dim.axis == Axis::Sum ? step
                                                        : batch[dim.loops.front()]));
      constraints += ",r";
    }
    std::string last = "$" + std::to_string(operands.size());
    operands.push_back(full);
    assemble("cp.async.bulk.tensor." + Twine(dims[operand].size()) +
                 "d.shared::cluster.global.mbarrier::complete_tx::bytes [$0], [$1, {" + places + "}], [" +
                 last + "];",
             constraints + ",r", operands);
  }

  //===--------------------------------------------------------------------===//
  // Products
  //===--------------------------------------------------------------------===//

  Value describe(unsigned operand, Value byte) {
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
  SmallVector<Value> passThrough(StringRef text, ArrayRef<Value> sums, ArrayRef<Value> others = {}) {
    std::string constraints;
    llvm::raw_string_ostream out(constraints);
    for (size_t i = 0; i < sums.size(); ++i)
      out << (i ? ",=f" : "=f");
    for (size_t i = 0; i < sums.size(); ++i)
      out << ',' << i;
    for (size_t i = 0; i < others.size(); ++i)
      out << ",l";
    SmallVector<Value> operands(sums);
    llvm::append_range(operands, others);
    auto all = LLVM::LLVMStructType::getLiteral(op.getContext(),
                                                SmallVector<Type>(sums.size(), builder.getF32Type()));
    Value together = assemble(text, constraints, operands, all);
    SmallVector<Value> results;
    for (size_t i = 0; i < sums.size(); ++i)
      results.push_back(LLVM::ExtractValueOp::create(builder, loc, together, i));
    return results;
  }

  /// The text of one product of 64 rows and 32 bytes of steps.
  std::string textOfProduct(size_t numSums) {
    Type type = elementType();
    StringRef name = type.isF16() ? "f16" : type.isBF16() ? "bf16" : "tf32";
    std::string text;
    llvm::raw_string_ostream out(text);
    out << "{ .reg .pred adds; setp.eq.u32 adds, 0, 0; wgmma.mma_async.sync.aligned.m64n" << tile.columns
        << 'k' << 32 / elementBytes() << ".f32." << name << '.' << name << " {";
    for (size_t i = 0; i < numSums; ++i)
      out << (i ? ", $" : "$") << i;
    out << "}, $" << 2 * numSums << ", $" << 2 * numSums + 1 << ", adds, 1, 1";
    if (elementBytes() == 2)
      out << ", " << !runsAlongSum(0) << ", " << !runsAlongSum(1);
    out << "; }";
    return text;
  }

  void release(Value slot, Value condition) {
    ifThen(condition,
           [&] { assemble("mbarrier.arrive.shared::cta.b64 _, [$0];", "r", barrierOf(slot, true)); });
  }

  /// The products of a stage; the stage before is done with when they are under way.
  SmallVector<Value> multiplyStage(Value slot, Value consumer, ArrayRef<Value> sums) {
    Value first = describe(0, add(stageOf(slot, 0), multiply(consumer, constant(kBlockBytes))));
    Value second = describe(1, stageOf(slot, 1));
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
      results = passThrough(text, results, {moved(0, first), moved(1, second)});
    }
    assemble("wgmma.commit_group.sync.aligned;", "", {});
    return passThrough("wgmma.wait_group.sync.aligned 1;", results);
  }

  void consume(Value thread, Value warp) {
    Value consumer = arith::SubIOp::create(builder, loc, divide(warp, kGroupThreads / kWarp), constant(1));
    Value isFirst = isEqual(remainder(thread, kWarp), 0);
    forEachTile({constant(0), constant(0)}, [&](ArrayRef<Value> batch, ValueRange ring) {
      Value zero = arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(0));
      SmallVector<Value> carried = {ring[0], ring[1], constant(0)};
      carried.append(tile.columns / 2, zero);
      Value stages = countStages();
      carried = forEach(constant(0), stages, constant(1), carried, [&](Value number, ValueRange at) {
        waitFor(barrierOf(at[0], false), at[1]);
        SmallVector<Value> sums = multiplyStage(at[0], consumer, llvm::to_vector(at.drop_front(3)));
        Value hasBefore = isBelow(constant(0), number);
        release(at[2], arith::AndIOp::create(builder, loc, hasBefore, isFirst));
        auto [slot, phase] = follow(at[0], at[1]);
        SmallVector<Value> results = {slot, phase, at[0]};
        results.append(sums);
        return results;
      });
      SmallVector<Value> sums =
          passThrough("wgmma.wait_group.sync.aligned 0;", ArrayRef(carried).drop_front(3));
      Value hasLast = isBelow(constant(0), stages);
      release(carried[2], arith::AndIOp::create(builder, loc, hasLast, isFirst));
      for (unsigned column = 0; column < tile.columns; column += kColumnsAtOnce) {
        waitForGroup(consumer);
        shareResults(sums, column, thread, consumer);
        waitForGroup(consumer);
        finishResults(batch, column, thread, consumer);
      }
      return SmallVector<Value>{carried[0], carried[1]};
    });
  }

  //===--------------------------------------------------------------------===//
  // Results
  //===--------------------------------------------------------------------===//

  /// Barrier 0 is all threads'.
  void waitForGroup(Value consumer) {
    assemble("bar.sync $0, " + Twine(kGroupThreads) + ";", "r", toWord(add(consumer, constant(1))));
  }

  Value staged(Value consumer, Value row, Value column) {
    Value number = add(multiply(row, constant(kColumnsAtOnce + kGap)), column);
    Value byte = add(multiply(number, constant(4)), multiply(consumer, constant(kStagingBytes)));
    return elementOf(shared, builder.getI8Type(), add(byte, constant(kStages * bytesOfStage())));
  }

  void shareResults(ArrayRef<Value> sums, unsigned first, Value thread, Value consumer) {
    constexpr unsigned kRowsOfWarp = 16, kColumns = 8;
    Value lane = remainder(thread, kWarp);
    Value row = add(multiply(divide(thread, kWarp), constant(kRowsOfWarp)), divide(lane, 4));
    Value column = multiply(remainder(lane, 4), constant(2));
    for (unsigned i = 0; i < kColumnsAtOnce / 2; ++i) {
      Value place = staged(consumer, add(row, constant(i % 4 / 2 * 8)),
                           add(column, constant(i / 4 * kColumns + i % 2)));
      LLVM::StoreOp::create(builder, loc, sums[first / 2 + i], place);
    }
  }

  void finishResults(ArrayRef<Value> batch, unsigned first, Value thread, Value consumer) {
    unsigned across = resultRunsDown() ? kRowsOfConsumer : kColumnsAtOnce;
    Value all = constant(kRowsOfConsumer * kColumnsAtOnce);
    forEach(thread, all, constant(kGroupThreads), {}, [&](Value number, ValueRange) {
      Value fast = remainder(number, across), slow = divide(number, across);
      Value row = resultRunsDown() ? fast : slow, column = resultRunsDown() ? slow : fast;
      Value sum = LLVM::LoadOp::create(builder, loc, builder.getF32Type(), staged(consumer, row, column));
      row = add(row, multiply(consumer, constant(kRowsOfConsumer)));
      finishSum(sum, batch, add(sides[0].begin, row), add(sides[1].begin, add(column, constant(first))));
      return SmallVector<Value>();
    });
  }

  Value shared;
  /// By the operand's number.
  SmallVector<MapDim> dims[2];
  Value maps[2];
};

} // namespace

bool hasWgmmaKernel(linalg::GenericOp op, GpuF32 products) {
  bool areFloats = isa<FloatType>(getElementTypeOrSelf(op.getDpsInputs()[0].getType()));
  if (!areFloats || !isTensorContraction(op, products) || products == GpuF32::TF32x3)
    return false;
  std::optional<ContractLoops> loops = sortLoops(op);
  bool isLong = getElementTypeOrSelf(op.getDpsInputs()[0].getType()).isF32();
  for (unsigned operand : {0, 1}) {
    auto dims = findDims(op, operand, *loops);
    // The instruction turns 16-bit elements only.
    if (!dims || (isLong && dims->back().axis != Axis::Sum))
      return false;
  }
  return chooseTile(op).rows == kLargeTile;
}

void writeWgmmaKernel(const NestChain &chain, ModuleOp kernels, KernelRecord &record) {
  constexpr unsigned kWide = 256;
  unsigned columns = countUsual(chain.main, sortLoops(chain.main)->columns) < kWide ? kLargeTile : kWide;
  WgmmaWriter(chain, kernels, record, {kLargeTile, columns}).write();
}

} // namespace tgc
