//===- Bufferize.cpp - Tensors to memrefs ---------------------------------===//

#include "compiler/Codegen/Common/Bufferize.h"
#include "compiler/Codegen/Common/Cleanup.h"
#include "compiler/Codegen/Common/Passes.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace tgc {

void buildBufferizationPipeline(OpPassManager &passes) {
  passes.addPass(createOutlineDeepRegionsPass());
  passes.addPass(createSeparateDestinationsPass());
  passes.addPass(createOutlineLongChainsPass());
  passes.addPass(createPlaceResultsPass());
  passes.addPass(bufferization::createEmptyTensorToAllocTensorPass());
  bufferization::OneShotBufferizePassOptions options;
  options.bufferizeFunctionBoundaries = true;
  options.functionBoundaryTypeConversion = bufferization::LayoutMapOption::IdentityLayoutMap;
  options.bufferAlignment = 64;
  // RotateLoopBuffers makes them right.
  options.allowReturnAllocsFromLoops = true;
  passes.addPass(bufferization::createOneShotBufferizePass(options));
  passes.addPass(createInlinerPass());
  passes.addPass(createSymbolDCEPass());
  addCleanup(passes);
}

} // namespace tgc
