//===- Pipelines.h - The passes of each phase ------------------*- C++ -*-===//
#ifndef TGC_COMPILER_PIPELINES_PIPELINES_H
#define TGC_COMPILER_PIPELINES_PIPELINES_H

#include "compiler/Pipelines/Options.h"
#include "mlir/Pass/PassManager.h"

namespace tgc {

void buildGraphPipeline(mlir::OpPassManager &passes, const CompileOptions &options);
void buildGradientPipeline(mlir::OpPassManager &passes, const CompileOptions &options);
void buildFusionPipeline(mlir::OpPassManager &passes, const CompileOptions &options);
void buildLinalgPipeline(mlir::OpPassManager &passes, const CompileOptions &options);
void buildTiledPipeline(mlir::OpPassManager &passes, const CompileOptions &options);
void buildBuffersPipeline(mlir::OpPassManager &passes, const CompileOptions &options);
void buildLLVMPipeline(mlir::OpPassManager &passes, const CompileOptions &options);

/// The passes of one phase; none for `import`.
void buildPhasePipeline(Phase phase, mlir::OpPassManager &passes, const CompileOptions &options);

/// Registers each phase as `tgc-<phase>-pipeline` and all of them as `tgc-pipeline`.
void registerPipelines();

} // namespace tgc

#endif // TGC_COMPILER_PIPELINES_PIPELINES_H
