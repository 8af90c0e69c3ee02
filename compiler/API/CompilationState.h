//===- CompilationState.h - What a compilation holds -----------*- C++ -*-===//
#ifndef TGC_COMPILER_API_COMPILATIONSTATE_H
#define TGC_COMPILER_API_COMPILATIONSTATE_H

#include "compiler/API/CodeCache.h"
#include "compiler/API/Compilation.h"
#include "compiler/API/DeviceCode.h"
#include "compiler/API/Variants.h"
#include "frontend/Import/Import.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

namespace tgc {

struct Compilation::State {
  CompileOptions options;
  CodeTarget target;
  std::unique_ptr<llvm::TargetMachine> machine;
  std::unique_ptr<mlir::MLIRContext> context;
  std::string modelPath, fingerprint, diagnostics;
  /// Owns the bytes that constants of the module refer to.
  std::unique_ptr<Model> model;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  llvm::LLVMContext codeContext;
  std::unique_ptr<llvm::Module> code;
  /// If not empty, `module` is the first one's and there is no other code.
  std::vector<std::unique_ptr<Variant>> variants;
  /// Of CompileOptions::device, after the phase `linalg`.
  std::optional<DeviceCode> device;
  /// Empty without a cache.
  std::string cacheKey, warning;
  std::optional<CachedCode> cached;
};

} // namespace tgc

#endif // TGC_COMPILER_API_COMPILATIONSTATE_H
