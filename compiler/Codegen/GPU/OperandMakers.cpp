//===- OperandMakers.cpp - Operands that products compute -----------------===//

#include "compiler/Codegen/GPU/OperandMakers.h"
#include "compiler/Codegen/GPU/AttentionNests.h"
#include "compiler/Codegen/GPU/FunctionCalls.h"
#include "compiler/Codegen/GPU/NestAccess.h"
#include "compiler/Codegen/GPU/OpNests.h"
#include "compiler/Codegen/GPU/OperandRing.h"
#include "dialects/Tg/IR/Placement.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace tgc {

SmallVector<OpOperand *> getMakerInputs(linalg::GenericOp maker) {
  SmallVector<OpOperand *> inputs;
  for (OpOperand *input : maker.getDpsInputOperands())
    if (isa<MemRefType>(input->get().getType()))
      inputs.push_back(input);
  return inputs;
}

static unsigned bytesOf(Value memory) {
  return llvm::divideCeil(cast<MemRefType>(memory.getType()).getElementTypeBitWidth(), 8);
}

unsigned countHeldWords(linalg::GenericOp maker, unsigned count) {
  unsigned words = 0;
  for (OpOperand *input : getMakerInputs(maker))
    words += llvm::divideCeil(bytesOf(input->get()), 4);
  return words * count;
}

namespace {

/// Tiles that may load an element: with more, what is computed again is more than what memory costs.
constexpr int64_t kMostTiles = 2;
/// Ops that a maker is moved across at most.
constexpr size_t kMostPassed = 64;
/// Costs, in eighths of what it costs to bring a byte from memory or to it.
constexpr int64_t kByte = 8, kOperation = 1, kDivision = 8, kFunction = 32;

class MakerFinder {
public:
  MakerFinder(func::FuncOp entry, GpuF32 products, std::vector<NestChain> &chains)
      : entry(entry), memory(entry), products(products), chains(chains) {}

  void run() {
    for (auto [number, chain] : llvm::enumerate(chains))
      for (linalg::GenericOp member : chain.members)
        chainOf[member] = number;
    SmallVector<linalg::GenericOp> nests;
    entry.walk([&](linalg::GenericOp nest) {
      if (!nest->getNumResults() && !nest->hasAttr(kAloneAttribute) && getOpNest(nest) == OpNest::None &&
          isContraction(nest) && whyNoKernel(nest).empty() && !hasWgmmaKernel(nest, products))
        nests.push_back(nest);
    });
    for (linalg::GenericOp nest : nests) {
      auto known = chainOf.find(nest);
      if (known != chainOf.end() && chains[known->second].main != nest)
        continue;
      unsigned heldWords = 0;
      for (unsigned operand : {0, 1})
        if (linalg::GenericOp maker = findMaker(nest, operand, heldWords))
          take(nest, operand, maker);
    }
  }

private:
  /// The nest that alone gives an operand its value, if it may be done by the product and that costs no more.
  linalg::GenericOp findMaker(linalg::GenericOp main, unsigned number, unsigned &heldWords) {
    OpOperand &operand = *main.getDpsInputOperand(number);
    auto made = operand.get().getDefiningOp<memref::AllocOp>();
    if (!made || !memory.find(made).isWhole || memory.isJoined(memory.find(made).base))
      return {};
    linalg::GenericOp maker;
    for (OpOperand &use : made->getUses()) {
      auto nest = dyn_cast<linalg::GenericOp>(use.getOwner());
      if (isa<memref::DimOp>(use.getOwner()) || (nest == main && &use == &operand))
        continue;
      if (!nest || maker || !nest.isDpsInit(&use))
        return {};
      maker = nest;
    }
    if (!maker || !canMake(maker) || !findLoops(main, operand, maker) || !isWorth(main, number, maker) ||
        !canMove(maker, main))
      return {};
    if (isTensorContraction(main, products)) {
      TileShape tile = chooseTile(main, products);
      unsigned words = countHeldWords(maker, RingWriter::countElementsOfThread(main, number, tile));
      if (heldWords + words > kMostHeldWords)
        return {};
      heldWords += words;
    }
    return maker;
  }

  /// Whether a nest gives elements values, each by itself, that show in what it is given.
  bool canMake(linalg::GenericOp nest) {
    if (nest->getNumResults() || nest.getNumDpsInits() != 1 || chainOf.contains(nest) || isAttention(nest) ||
        getOpNest(nest) != OpNest::None || nest.getNumParallelLoops() != nest.getNumLoops() ||
        nest->hasAttr(kCopyAttribute) || nest->hasAttr(kAloneAttribute) || callsFunctions(nest) ||
        isComplex(nest) || !whyNoKernel(nest).empty() || !getLoaded(nest).empty() ||
        !nest.getMatchingBlockArgument(nest.getDpsInitOperand(0)).use_empty() || getMakerInputs(nest).empty())
      return false;
    bool isPlain = true;
    nest.getRegion().walk(
        [&](Operation *inner) { isPlain &= isPure(inner) && !isa<linalg::IndexOp>(inner); });
    return isPlain;
  }

  /// The product's loop for each of the maker's; -1: that has one iteration.
  std::optional<SmallVector<int>> findLoops(linalg::GenericOp main, OpOperand &operand,
                                            linalg::GenericOp maker) {
    std::optional<Walk> taken = getWalk(main, operand), given = getWalk(maker, *maker.getDpsInitOperand(0));
    if (!taken || !given || taken->sizes != given->sizes ||
        given->loops.size() != getRealLoops(maker).size() || given->loops.empty())
      return std::nullopt;
    // Neighbours in memory are neighbours in all that the maker takes, or the same.
    for (OpOperand *input : getMakerInputs(maker)) {
      std::optional<Walk> walk = getWalk(maker, *input);
      if (!walk ||
          (llvm::is_contained(walk->loops, given->loops.back()) && walk->loops.back() != given->loops.back()))
        return std::nullopt;
    }
    SmallVector<int> loops(maker.getNumLoops(), -1);
    for (auto [loop, followed] : llvm::zip(given->loops, taken->loops))
      loops[loop] = followed;
    return loops;
  }

  static int64_t costOf(linalg::GenericOp maker) {
    int64_t cost = 0;
    maker.getBody()->walk([&](Operation *op) {
      if (isa<math::MathDialect>(op->getDialect()) && !isa<math::AbsFOp, math::AbsIOp, math::FmaOp>(op))
        cost += kFunction;
      else if (isa<arith::DivFOp, arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp>(op))
        cost += kDivision;
      else if (!op->hasTrait<OpTrait::ConstantLike>() && !op->hasTrait<OpTrait::IsTerminator>())
        cost += kOperation;
    });
    size_t numLoops = getRealLoops(maker).size();
    for (OpOperand *input : getMakerInputs(maker)) // what is repeated comes from caches
      if (getWalk(maker, *input)->loops.size() == numLoops)
        cost += kByte * bytesOf(input->get());
    return cost;
  }

  /// An element is stored and loaded once, and once more for each tile; or made for each tile.
  bool isWorth(linalg::GenericOp main, unsigned number, linalg::GenericOp maker) {
    TileShape tile = chooseTile(main, products);
    ContractLoops loops = *sortLoops(main);
    int64_t tiles = number ? llvm::divideCeil(countUsual(main, loops.rows), tile.rows)
                           : llvm::divideCeil(countUsual(main, loops.columns), tile.columns);
    int64_t made = costOf(maker), stored = kByte * bytesOf(maker.getDpsInits()[0]);
    return tiles <= kMostTiles && tiles * made <= made + (1 + tiles) * stored;
  }

  Effects effectsOf(Operation *op) {
    Effects effects;
    op->walk([&](Operation *inner) {
      if (!inner->hasTrait<OpTrait::IsTerminator>())
        memory.addEffects(*inner, effects);
    });
    return effects;
  }

  Operation *firstOf(linalg::GenericOp main) {
    auto known = chainOf.find(main);
    return known == chainOf.end() ? main.getOperation() : chains[known->second].members.front();
  }

  /// Whether what the maker takes has the same values when the product runs, for all of its blocks.
  bool canMove(linalg::GenericOp maker, linalg::GenericOp main) {
    Operation *first = firstOf(main);
    if (maker->getBlock() != first->getBlock() || !maker->isBeforeInBlock(first) ||
        getPlace(maker.getLoc()) != getPlace(main.getLoc()))
      return false;
    Effects own = effectsOf(maker);
    if (own.isUnknown)
      return false;
    size_t passed = 0;
    for (Operation *op = maker->getNextNode(); op != first; op = op->getNextNode()) {
      Effects effects = effectsOf(op);
      if (++passed > kMostPassed || effects.isUnknown || effects.conflictsWith(own))
        return false;
    }
    auto known = chainOf.find(main);
    SmallVector<linalg::GenericOp> members = {main};
    if (known != chainOf.end())
      members = chains[known->second].members;
    for (linalg::GenericOp member : members)
      for (Value output : member.getDpsInits())
        if (own.touched.contains(memory.find(output).base))
          return false;
    return true;
  }

  void take(linalg::GenericOp main, unsigned number, linalg::GenericOp maker) {
    auto known = chainOf.find(main);
    if (known == chainOf.end()) {
      NestChain chain;
      chain.form = NestChain::Contraction;
      chain.main = main;
      chain.members.push_back(main);
      known = chainOf.try_emplace(main, chains.size()).first;
      chains.push_back(std::move(chain));
      addBases(chains.back(), main);
    }
    NestChain &chain = chains[known->second];
    OpOperand &operand = *main.getDpsInputOperand(number);
    chain.followed[maker] = *findLoops(main, operand, maker);
    chain.makers[number] = maker;
    maker->moveBefore(chain.members.front());
    chain.members.insert(chain.members.begin(), maker);
    chainOf[maker] = known->second;
    addBases(chain, maker);
    chain.own.insert(memory.find(operand.get()).base);
  }

  void addBases(NestChain &chain, linalg::GenericOp member) {
    for (Value operand : member->getOperands())
      if (isa<BaseMemRefType>(operand.getType()))
        if (Value base = memory.find(operand).base)
          chain.bases[operand] = base;
  }

  func::FuncOp entry;
  DeviceMemory memory;
  GpuF32 products;
  std::vector<NestChain> &chains;
  llvm::DenseMap<Operation *, size_t> chainOf;
};

} // namespace

void takeMakers(func::FuncOp entry, GpuF32 products, std::vector<NestChain> &chains) {
  MakerFinder(entry, products, chains).run();
}

} // namespace tgc
