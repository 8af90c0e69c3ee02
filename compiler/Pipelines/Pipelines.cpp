//===- Pipelines.cpp - The passes of each phase ---------------------------===//

#include "compiler/Pipelines/Pipelines.h"
#include "compiler/ABI/Passes.h"
#include "compiler/AutoDiff/Passes.h"
#include "compiler/Codegen/CPU/Passes.h"
#include "compiler/Codegen/Common/Bufferize.h"
#include "compiler/Codegen/Common/Cleanup.h"
#include "compiler/Codegen/Common/Passes.h"
#include "compiler/Conversion/MemRefViews/MemRefViews.h"
#include "compiler/Conversion/TgToLinalg/TgToLinalg.h"
#include "compiler/Conversion/TgToSCF/TgToSCF.h"
#include "compiler/Fusion/Passes.h"
#include "compiler/Graph/Passes.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace tgc {

void buildGraphPipeline(OpPassManager &passes, const CompileOptions &options) {
  // Before anything finds out what a loop comes to without running it.
  if (options.maxIterations > 0)
    passes.addPass(createLimitIterationsPass({options.maxIterations}));
  passes.addPass(createInlinerPass());
  passes.addPass(createSymbolDCEPass());
  addCleanup(passes);
}

void buildGradientPipeline(OpPassManager &passes, const CompileOptions &) {
  passes.addPass(createExpandGradientsPass());
  addCleanup(passes);
}

void buildFusionPipeline(OpPassManager &passes, const CompileOptions &) {
  passes.addPass(createFormAttentionPass());
  addCleanup(passes);
}

void buildLinalgPipeline(OpPassManager &passes, const CompileOptions &options) {
  // After gradients are made: that of a branch looks at the branch taken only, that of a selection at both.
  passes.addPass(createSelectBranchesPass());
  passes.addPass(createMoveTransposesPass());
  // A GPU's lanes have pixels, too. What is transposed here is meant to be moved once.
  if (options.device.empty())
    passes.addPass(createMakeDepthwisePass());
  passes.addPass(createSplitSpreadConvolutionsPass());
  passes.addPass(createSliceProductsPass());
  passes.addPass(createJoinProductSumsPass());
  passes.addPass(createHoistLoopInvariantsPass());
  passes.addPass(createHoistProjectionsPass());
  addCleanup(passes);
  passes.addPass(createDescribeModulePass());
  passes.addPass(createConvertTgToSCFPass());
  passes.addPass(createConvertTgToLinalgPass());
  addCleanup(passes);
  if (options.remat != Remat::None)
    passes.addPass(createRematerializePass({options.remat == Remat::Max}));
  passes.addPass(createFuseElementwisePass());
  addCleanup(passes);
  passes.addPass(createExpandSplatsPass());
  passes.addPass(createExpandEntriesPass());
  passes.addPass(memref::createResolveRankedShapeTypeResultDimsPass());
  addCleanup(passes);
  passes.addPass(createHoistDestinationsPass());
}

void buildTiledPipeline(OpPassManager &passes, const CompileOptions &options) {
  FormContractionsPassOptions unit = {options.vectors.bytes,
                                      options.vectors.registers,
                                      options.vectors.panelBytes,
                                      options.vectors.pairsBfloats,
                                      options.vectors.dotsBytes,
                                      options.vectors.pairsShorts,
                                      options.exact};
  passes.addPass(createFormContractionsPass(unit));
  addCleanup(passes);
  if (options.profile)
    passes.addPass(createDescribeWorkPass());
}

void buildBuffersPipeline(OpPassManager &passes, const CompileOptions &options) {
  buildBufferizationPipeline(passes);
  passes.addPass(createRotateLoopBuffersPass());
  passes.addPass(createTrimFillsPass());
  passes.addPass(createLowerScanPass());
  passes.addPass(createLowerTopKPass());
  const VectorUnit &vectors = options.vectors;
  passes.addPass(
      createLowerAttentionPass({vectors.bytes, vectors.registers, vectors.panelBytes, vectors.pairsBfloats}));
  LowerContractionsPassOptions unit = {vectors.bytes,        vectors.registers, vectors.panelBytes,
                                       vectors.pairsBfloats, vectors.dotsBytes, vectors.pairsShorts};
  passes.addPass(createGroupWindowsPass({vectors.bytes, vectors.registers, vectors.panelBytes,
                                         vectors.pairsBfloats, vectors.dotsBytes, vectors.pairsShorts}));
  passes.addPass(
      createGroupNestsPass({vectors.bytes, vectors.registers, vectors.panelBytes, vectors.pairsBfloats,
                            vectors.dotsBytes, vectors.pairsShorts, /*products=*/true}));
  passes.addPass(createLowerContractionsPass(unit));
  passes.addPass(createGroupNestsPass({vectors.bytes, vectors.registers, vectors.panelBytes}));
  passes.addPass(createSplitNestsPass());
  passes.addPass(createParallelBranchesPass());
  passes.addPass(createPlaceWeightsPass());
  passes.addPass(createScheduleKernelsPass());
  passes.addPass(createPlanBuffersPass());
  addCleanup(passes);
  if (options.profile)
    passes.addPass(createMarkKernelsPass());
}

void buildLLVMPipeline(OpPassManager &passes, const CompileOptions &options) {
  passes.addPass(createLowerCopiesPass());
  passes.addPass(createOutlineKernelsPass());
  passes.addPass(createVectorizeNestsPass({options.vectors.bytes, options.vectors.registers}));
  passes.addPass(createConvertLinalgToLoopsPass());
  passes.addPass(createConvertComplexToStandardPass());
  arith::ArithEmulateUnsupportedFloatsOptions emulated;
  emulated.sourceTypeStrs = {"bf16"};
  emulated.targetTypeStr = "f32";
  passes.addPass(math::createMathExtendToSupportedTypes());
  passes.addPass(createExpandMathPass({/*scalesVectors=*/options.vectors.bytes == 64}));
  passes.addPass(arith::createArithEmulateUnsupportedFloats(emulated));
  passes.addPass(createKeepRoundingPass());
  arith::ArithExpandOpsPassOptions expanded;
  expanded.includeBf16 = true;
  passes.addPass(arith::createArithExpandOpsPass(expanded));
  passes.addPass(createConvertVectorToSCFPass());
  passes.addPass(createSCFToControlFlowPass());
  passes.addPass(createNarrowCallsPass());
  passes.addPass(createConvertDynamicExpandShapePass());
  passes.addPass(memref::createExpandStridedMetadataPass());
  passes.addPass(createLowerAffinePass());
  addCleanup(passes);
  passes.addPass(createConvertToLLVMPass());
  addCleanup(passes);
  passes.addPass(createAnnotateAliasesPass());
}

void buildPhasePipeline(Phase phase, OpPassManager &passes, const CompileOptions &options) {
  switch (phase) {
  case Phase::Import:
    return;
  case Phase::Graph:
    return buildGraphPipeline(passes, options);
  case Phase::Gradient:
    return buildGradientPipeline(passes, options);
  case Phase::Fusion:
    return buildFusionPipeline(passes, options);
  case Phase::Linalg:
    return buildLinalgPipeline(passes, options);
  case Phase::Tiled:
    return buildTiledPipeline(passes, options);
  case Phase::Buffers:
    return buildBuffersPipeline(passes, options);
  case Phase::LLVM:
    return buildLLVMPipeline(passes, options);
  }
}

void registerPipelines() {
  for (const PhaseInfo &info : kPhases)
    PassPipelineRegistration<>(
        ("tgc-" + info.name + "-pipeline").str(), info.description,
        [phase = info.phase](OpPassManager &passes) { buildPhasePipeline(phase, passes, CompileOptions()); });
  PassPipelineRegistration<>("tgc-pipeline", "All phases, from tg to LLVM", [](OpPassManager &passes) {
    for (const PhaseInfo &info : kPhases)
      buildPhasePipeline(info.phase, passes, CompileOptions());
  });
}

} // namespace tgc
