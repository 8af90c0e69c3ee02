//===- Cleanup.cpp - Between most steps -----------------------------------===//

#include "compiler/Codegen/Common/Cleanup.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace tgc {

void addCleanup(OpPassManager &passes) {
  // Merging equal blocks, which canonicalization does by itself, takes most of its time and finds none here.
  GreedyRewriteConfig config;
  config.setRegionSimplificationLevel(GreedySimplifyRegionLevel::Normal);
  passes.addPass(createCanonicalizerPass(config));
  passes.addPass(createCSEPass());
}

} // namespace tgc
