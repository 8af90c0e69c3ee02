//===- HostFamilies.h - Families of ops that kernels compute ---*- C++ -*-===//
//
// Register functions of the families whose work is done by hand-written kernels, each defined in the file of
// the same name. Apart from OpRegistry.h, so that a new family compiles its own files only.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_FRONTEND_IMPORT_HOSTFAMILIES_H
#define TGC_FRONTEND_IMPORT_HOSTFAMILIES_H

#include "frontend/Import/OpRegistry.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/StringRef.h"

namespace tgc {

/// The kernel that knows whether the variable of its configuration has a value.
constexpr llvm::StringLiteral kIsInitializedKernel = "tgc_kernel_variable_is_initialized";

/// A constant tensor of strings: a vector, or the one string as a scalar. For what a kernel's config cannot
/// hold.
mlir::Value createStrings(NodeImporter &n, llvm::ArrayRef<llvm::StringRef> strings, bool isScalar);

void registerSamplerOps(OpRegistry &registry);
void registerCandidateOps(OpRegistry &registry);
void registerInitializationOps(OpRegistry &registry);
void registerAccumulatorOps(OpRegistry &registry);
void registerQueueOps(OpRegistry &registry);
void registerTableOps(OpRegistry &registry);
void registerPrintOps(OpRegistry &registry);
void registerStringOps(OpRegistry &registry);
void registerStringSplitOps(OpRegistry &registry);
void registerParseOps(OpRegistry &registry);
void registerSparseOps(OpRegistry &registry);
void registerFourierOps(OpRegistry &registry);
void registerBlockLSTMOps(OpRegistry &registry);
void registerSparseCrossOps(OpRegistry &registry);
void registerStatelessOps(OpRegistry &registry);
void registerTensorProtoOps(OpRegistry &registry);
void registerImageCodecOps(OpRegistry &registry);
void registerReaderOps(OpRegistry &registry);
void registerBoxOps(OpRegistry &registry);
void registerImageKernelOps(OpRegistry &registry);
void registerQuantizedOps(OpRegistry &registry);
void registerUniformQuantOps(OpRegistry &registry);

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_HOSTFAMILIES_H
