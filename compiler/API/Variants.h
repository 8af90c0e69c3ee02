//===- Variants.h - Code for several machines in one module ----*- C++ -*-===//
//
// The program is lowered once per level of x86-64, from the phase on that knows vectors. All variants pack
// constants in one layout, so there is one copy of the weights. The module's query function returns the
// descriptor of the best variant that the machine can run.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_API_VARIANTS_H
#define TGC_COMPILER_API_VARIANTS_H

#include "compiler/Pipelines/Options.h"
#include "compiler/Target/CodeTarget.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

namespace tgc {

struct Variant {
  /// Of x86-64.
  int level;
  CodeTarget target;
  std::unique_ptr<llvm::TargetMachine> machine;
  VectorUnit vectors;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::unique_ptr<llvm::LLVMContext> context;
  std::unique_ptr<llvm::Module> code;
};

/// Whether code for this target comes in variants: a plain "cpu", on x86-64.
bool hasVariants(llvm::StringRef target);

/// The variant of a level, without code.
llvm::Expected<std::unique_ptr<Variant>> createVariant(int level, unsigned optimizationLevel);

/// The levels, lowest first.
llvm::ArrayRef<int> getVariantLevels();

/// The query function of a variant's own.
std::string getVariantQuery(llvm::StringRef query, int level);

/// Adds the function `query` that asks the processor and calls that of a variant.
void emitVariantQuery(llvm::Module &code, llvm::StringRef query);

} // namespace tgc

#endif // TGC_COMPILER_API_VARIANTS_H
