//===- WgmmaParts.cpp - f32 by three products of parts --------------------===//
//
// tf32 has 11 bits of a factor; what it cuts off is rounded to a second part, and both have 22 bits together.
// The products of larger with smaller parts, and of the larger ones, are nearly all of a product of f32.
// Warpgroups make the parts of a stage, each thread its own 16 bytes of lines, while the products of the
// stage before run: the larger parts in the stage, others where they lie as in a stage. Infinities and NaNs
// have one part, which meets larger parts only: others may be zero.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/GPU/WgmmaWriter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace tgc {
namespace {

class PartsWriter : public WgmmaWriter {
public:
  PartsWriter(const NestChain &chain, ModuleOp kernels, KernelRecord &record, TileShape tile)
      : WgmmaWriter(chain, kernels, record, tile) {
    numStages = 2;
    keepsFloats = true;
    bytesBetween = kBuffers * kPartsOfBuffer * bytesOfStage();
  }

private:
  /// Of two stages, one that is multiplied and one that is made, the finite ones of larger parts and the
  /// smaller parts.
  static constexpr unsigned kBuffers = 2, kPartsOfBuffer = 2;
  static constexpr unsigned kChunk = 4, kChunkBytes = 16;
  static constexpr unsigned kThreads = kConsumers * kGroupThreads;
  /// Bits of an f32 that tf32 lacks.
  static constexpr int32_t kLostBits = 0x1fff;

  void waitForConsumers() {
    constexpr unsigned kBarrier = kConsumers + 1;
    assemble("bar.sync " + Twine(kBarrier) + ", " + Twine(kThreads) + ";", "", {});
  }

  Value partOf(Value buffer, unsigned part) {
    Value stages = add(multiply(buffer, constant(kPartsOfBuffer)), constant(part));
    return add(multiply(stages, constant(bytesOfStage())), constant(bytesOfRing()));
  }

  Value byteOf(Value byte) { return elementOf(shared, builder.getI8Type(), byte); }

  Value splat(VectorType type, Attribute value) {
    return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(type, value));
  }

  void makeParts(Value stage, Value finiteAt, Value smallAt, Value thread) {
    auto floats = VectorType::get(kChunk, builder.getF32Type());
    auto words = VectorType::get(kChunk, builder.getI32Type());
    Value first = multiply(thread, constant(kChunkBytes));
    forEach(first, constant(bytesOfStage()), constant(kThreads * kChunkBytes), {}, [&](Value at, ValueRange) {
      auto keep = [&](Value part, Value place) {
        LLVM::StoreOp::create(builder, loc, part, byteOf(add(place, at)), kChunkBytes);
      };
      Value elements = LLVM::LoadOp::create(builder, loc, floats, byteOf(add(stage, at)), kChunkBytes);
      Value bits = arith::BitcastOp::create(builder, loc, words, elements);
      // Cut, not rounded: the largest numbers stay finite, and what is left is exact.
      Value large =
          arith::AndIOp::create(builder, loc, bits, splat(words, builder.getI32IntegerAttr(~kLostBits)));
      Value cut = arith::BitcastOp::create(builder, loc, floats, large);
      Value rest = arith::SubFOp::create(builder, loc, elements, cut);
      Value isFinite = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::ORD, rest, rest);
      Value none = splat(words, builder.getI32IntegerAttr(0)),
            zero = splat(floats, builder.getF32FloatAttr(0));
      rest = arith::SelectOp::create(builder, loc, isFinite, rest, zero);
      Value small = none;
      for (unsigned i = 0; i < kChunk; ++i) {
        Value place = arith::ConstantIntOp::create(builder, loc, i, 32);
        Value element = LLVM::ExtractElementOp::create(builder, loc, rest, place);
        Value rounded = callIntrinsic("f2tf32.rna", builder.getI32Type(), element);
        small = LLVM::InsertElementOp::create(builder, loc, small, rounded, place);
      }
      keep(large, stage);
      keep(arith::SelectOp::create(builder, loc, isFinite, large, none), finiteAt);
      keep(small, smallAt);
      return SmallVector<Value>();
    });
  }

  SmallVector<Value> multiplyStage(const Stage &stage, ArrayRef<Value> sums,
                                   function_ref<void()> releaseBefore) override {
    Value buffer = remainder(stage.number, kBuffers), large = stageOf(stage.slot, 0);
    Value finite = partOf(buffer, 0), small = partOf(buffer, 1);
    Value thread = add(multiply(stage.consumer, constant(kGroupThreads)), stage.thread);
    // What the last stage of the tile before made is nobody's any more.
    ifThen(isEqual(stage.number, 0), [&] { waitForConsumers(); });
    makeParts(large, finite, small, thread);
    assemble("fence.proxy.async.shared::cta;", "", {});
    SmallVector<Value> results = waitForProducts(0, sums);
    releaseBefore();
    // All parts are there, and nobody multiplies what is written next.
    waitForConsumers();
    // The smallest first.
    return startProducts(
        {factorsAt(small, finite, stage), factorsAt(finite, small, stage), factorsAt(large, large, stage)},
        results);
  }
};

} // namespace

void writeTf32Kernel(const NestChain &chain, ModuleOp kernels, KernelRecord &record, TileShape tile) {
  PartsWriter(chain, kernels, record, tile).write();
}

} // namespace tgc
