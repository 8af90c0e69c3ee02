//===- ObjectEmitter.h - LLVM dialect to object code -----------*- C++ -*-===//
#ifndef TGC_COMPILER_TARGET_OBJECTEMITTER_H
#define TGC_COMPILER_TARGET_OBJECTEMITTER_H

#include "compiler/ABI/Descriptor.h"
#include "mlir/IR/DialectRegistry.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"

namespace tgc {

/// The translations to LLVM IR that emission needs.
void registerLLVMTranslations(mlir::DialectRegistry &registry);

/// LLVM IR of a module in the LLVM dialect, with the descriptor.
llvm::Expected<std::unique_ptr<llvm::Module>> translateToLLVMIR(mlir::ModuleOp module,
                                                                const DescriptorOptions &descriptor,
                                                                llvm::TargetMachine &machine,
                                                                llvm::LLVMContext &context);

/// LLVM's middle end.
void optimize(llvm::Module &code, llvm::TargetMachine &machine, unsigned level);

/// The bytes of an object file or the text of an assembly file.
llvm::Expected<llvm::SmallVector<char, 0>> emitCode(llvm::Module &code, llvm::TargetMachine &machine,
                                                    llvm::CodeGenFileType kind);

} // namespace tgc

#endif // TGC_COMPILER_TARGET_OBJECTEMITTER_H
