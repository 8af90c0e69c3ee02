//===- InitAll.cpp - Registration of everything ---------------------------===//

#include "compiler/InitAll.h"
#include "compiler/ABI/Passes.h"
#include "compiler/AutoDiff/Passes.h"
#include "compiler/Codegen/CPU/Passes.h"
#include "compiler/Codegen/Common/Bufferize.h"
#include "compiler/Codegen/Common/Passes.h"
#include "compiler/Conversion/MemRefViews/MemRefViews.h"
#include "compiler/Conversion/TgToLinalg/TgToLinalg.h"
#include "compiler/Conversion/TgToSCF/TgToSCF.h"
#include "compiler/Fusion/Passes.h"
#include "compiler/Graph/Passes.h"
#include "compiler/Pipelines/Pipelines.h"
#include "dialects/Kernel/IR/KernelDialect.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "dialects/Tg/IR/TgDialect.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"

namespace tgc {

void registerAllDialects(mlir::DialectRegistry &registry) {
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  registry.insert<tg::TgDialect, rt::RtDialect, kernel::KernelDialect>();
  registerHostCallBufferization(registry);
  registerContractBufferization(registry);
}

void registerAllPasses() {
  mlir::registerAllPasses();
  registerABIPasses();
  registerAutoDiffPasses();
  registerCodegenPasses();
  registerGraphPasses();
  registerCodegenCPUPasses();
  registerFusionPasses();
  registerMemRefViewsPasses();
  registerTgToLinalgPasses();
  registerTgToSCFPasses();
  registerPipelines();
}

} // namespace tgc
