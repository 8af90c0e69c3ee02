//===- BulkRing.cpp - Operands that the copy engine brings ----------------===//

#include "compiler/Codegen/GPU/BulkRing.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tgc {

Value BulkRing::divide(Value a, unsigned b) { return arith::DivUIOp::create(builder, loc, a, constant(b)); }
Value BulkRing::remainder(Value a, unsigned b) {
  return arith::RemUIOp::create(builder, loc, a, constant(b));
}
Value BulkRing::toWord(Value a) { return arith::IndexCastOp::create(builder, loc, builder.getI32Type(), a); }
Value BulkRing::toIndex(Value a) {
  return arith::IndexCastUIOp::create(builder, loc, builder.getIndexType(), a);
}
Value BulkRing::isEqual(Value a, int64_t b) {
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, a, constant(b));
}

void BulkRing::ifThen(Value condition, function_ref<void()> body) {
  auto choice = scf::IfOp::create(builder, loc, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(choice.thenBlock());
  body();
}

Value BulkRing::assemble(const Twine &text, StringRef constraints, ValueRange operands, Type result) {
  std::string all = (constraints + (constraints.empty() ? "" : ",") + "~{memory}").str();
  auto created = LLVM::InlineAsmOp::create(
      builder, loc, result ? TypeRange(result) : TypeRange(), operands, text.str(), all,
      /*has_side_effects=*/true, /*is_align_stack=*/false, LLVM::tailcallkind::TailCallKind::None,
      LLVM::AsmDialectAttr::get(op.getContext(), LLVM::AsmDialect::AD_ATT), ArrayAttr());
  return result ? created.getResult(0) : Value();
}

//===----------------------------------------------------------------------===//
// Tensor maps
//===----------------------------------------------------------------------===//

Product BulkRing::productOf(ArrayRef<unsigned> ofLoops) {
  Product product;
  for (unsigned loop : ofLoops) {
    Extent extent = extentOf(loop);
    product.fixed *= extent.fixed;
    if (extent.number >= 0)
      product.numbers.push_back(extent.number);
  }
  return product;
}

void BulkRing::addMap(unsigned operand) {
  dims[operand] = *findBulkDims(op, operand, loops);
  Type type = elementType();
  TensorMap map;
  map.memory = llvm::find(record.memories, op.getDpsInputs()[operand]) - record.memories.begin();
  map.type = type.isInteger() ? TensorMap::U8
             : type.isF16()   ? TensorMap::F16
             : type.isBF16()  ? TensorMap::BF16
             : keepsFloats    ? TensorMap::F32
                              : TensorMap::TF32;
  SmallVector<unsigned> inner;
  for (const BulkDim &dim : llvm::reverse(dims[operand])) {
    TensorMap::Dim described;
    described.size = productOf(dim.loops);
    described.stride = productOf(inner);
    described.stride.fixed *= elementBytes();
    bool isInner = inner.empty();
    described.box = dim.axis == BulkAxis::Batch ? 1
                    : isInner                   ? stepsOfStage()
                    : dim.axis == BulkAxis::Sum ? stepsOfStage()
                                                : shareOf(operand);
    map.dims.push_back(described);
    inner.append(dim.loops);
  }
  record.maps.push_back(map);
  maps[operand] = addMapArgument();
}

void BulkRing::addMaps() {
  for (unsigned i : {0, 1})
    addMap(i);
}

//===----------------------------------------------------------------------===//
// The ring
//===----------------------------------------------------------------------===//

Value BulkRing::addressOfShared(Value byte) {
  Value address = LLVM::PtrToIntOp::create(builder, loc, builder.getI32Type(), shared);
  return arith::AddIOp::create(builder, loc, address, toWord(byte));
}

Value BulkRing::barrierOf(Value slot, bool isEmptiness) {
  unsigned first = record.sharedBytes - bytesOfBarriers() + isEmptiness * numStages * kBarrierBytes;
  return addressOfShared(add(multiply(slot, constant(kBarrierBytes)), constant(first)));
}

Value BulkRing::stageOf(Value slot, unsigned operand) {
  return add(multiply(slot, constant(bytesOfStage())), constant(operand ? tile.rows * kLineBytes : 0));
}

void BulkRing::startRing(Value thread) {
  shared = declareDynamicShared("shared", /*alignment=*/1024);
  rank = record.cluster == 1 ? constant(0) : remainder(special("ctaid.x"), record.cluster);
  ifThen(isEqual(thread, 0), [&] {
    for (unsigned slot = 0; slot < numStages; ++slot)
      for (bool isEmptiness : {false, true}) {
        unsigned arrivals = isEmptiness ? record.cluster * kConsumers * kGroupThreads / kWarp : 1;
        assemble("mbarrier.init.shared::cta.b64 [$0], " + Twine(arrivals) + ";", "r",
                 barrierOf(constant(slot), isEmptiness));
      }
    assemble("fence.mbarrier_init.release.cluster;", "", {});
  });
  if (record.cluster > 1)
    waitForCluster();
  else
    wait();
}

void BulkRing::endRing() {
  if (record.cluster > 1)
    waitForCluster();
}

void BulkRing::waitForCluster() {
  assemble("barrier.cluster.arrive.release;", "", {});
  assemble("barrier.cluster.wait.acquire;", "", {});
}

void BulkRing::waitFor(Value barrier, Value phase) {
  assemble("{\n\t.reg .pred done;\n\tWAIT:\n\tmbarrier.try_wait.parity.shared::cta.b64 done, [$0], $1;\n\t"
           "@done bra DONE;\n\tbra WAIT;\n\tDONE:\n\t}",
           "r,r", {barrier, toWord(phase)});
}

std::pair<Value, Value> BulkRing::follow(Value slot, Value phase) {
  Value next = add(slot, constant(1));
  Value isAtEnd = isEqual(next, numStages);
  Value other = arith::SubIOp::create(builder, loc, constant(1), phase);
  return {arith::SelectOp::create(builder, loc, isAtEnd, constant(0), next),
          arith::SelectOp::create(builder, loc, isAtEnd, other, phase)};
}

void BulkRing::release(Value slot, Value condition) {
  ifThen(condition, [&] {
    Value barrier = barrierOf(slot, true);
    if (record.cluster == 1)
      assemble("mbarrier.arrive.shared::cta.b64 _, [$0];", "r", barrier);
    for (unsigned block = 0; record.cluster > 1 && block < record.cluster; ++block)
      assemble("{ .reg .b32 other; mapa.shared::cluster.u32 other, $0, " + Twine(block) +
                   "; mbarrier.arrive.shared::cluster.b64 _, [other]; }",
               "r", barrier);
  });
}

Value BulkRing::countStages() {
  Value steps = arith::SubIOp::create(builder, loc, endStep, firstStep);
  return arith::CeilDivUIOp::create(builder, loc, steps, constant(stepsOfStage()));
}

void BulkRing::produce() {
  forEachTile({constant(0), constant(1)}, [&](ArrayRef<Value> batch, ValueRange ring) {
    return forEach(constant(0), countStages(), constant(1), ring, [&](Value number, ValueRange at) {
      Value full = barrierOf(at[0], false);
      waitFor(barrierOf(at[0], true), at[1]);
      assemble("mbarrier.arrive.expect_tx.shared::cta.b64 _, [$0], " + Twine(bytesOfStage()) + ";", "r",
               full);
      Value step = add(firstStep, multiply(number, constant(stepsOfStage())));
      for (unsigned operand : {0, 1}) {
        // Lines along the side are cut into blocks of 128 bytes.
        unsigned ofCopy = runsAlongSum(operand) ? shareOf(operand) : stepsOfStage();
        for (unsigned first = 0; first < shareOf(operand); first += ofCopy)
          copy(operand, batch, step, first, at[0], full);
      }
      auto [slot, phase] = follow(at[0], at[1]);
      return SmallVector<Value>{slot, phase};
    });
  });
}

void BulkRing::copy(unsigned operand, ArrayRef<Value> batch, Value step, unsigned first, Value slot,
                    Value full) {
  bool isShared = shareOf(operand) != sideOf(operand);
  Value place = constant(first);
  if (isShared)
    place = add(place, multiply(rank, constant(shareOf(operand))));
  // A line for each place of the side, or a block for as many as its lines have.
  unsigned bytesOfPlace = runsAlongSum(operand) ? kLineBytes : kBlockBytes / stepsOfStage();
  Value own = add(sides[operand].begin, place);
  Value to = addressOfShared(add(stageOf(slot, operand), multiply(place, constant(bytesOfPlace))));
  SmallVector<Value> operands = {to, maps[operand]};
  std::string places, constraints = "r,l";
  for (const BulkDim &dim : llvm::reverse(dims[operand])) {
    places += (places.empty() ? "$" : ", $") + std::to_string(operands.size());
    operands.push_back(toWord(dim.axis == BulkAxis::Own   ? own
                              : dim.axis == BulkAxis::Sum ? step
                                                          : batch[dim.loops.front()]));
    constraints += ",r";
  }
  auto next = [&] { return "$" + std::to_string(operands.size()); };
  std::string barrier = next(), blocks;
  operands.push_back(full);
  constraints += ",r";
  if (isShared) {
    blocks = ", " + next();
    operands.push_back(arith::ConstantIntOp::create(builder, loc, (1 << record.cluster) - 1, 16));
    constraints += ",h";
  }
  assemble("cp.async.bulk.tensor." + Twine(dims[operand].size()) +
               "d.shared::cluster.global.mbarrier::complete_tx::bytes" +
               (isShared ? ".multicast::cluster" : "") + " [$0], [$1, {" + places + "}], [" + barrier + "]" +
               blocks + ";",
           constraints, operands);
}

} // namespace tgc
