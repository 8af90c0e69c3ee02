//===- WeightsBlob.h - Memory for weights in the process -------*- C++ -*-===//
#ifndef TGC_COMPILER_ABI_WEIGHTSBLOB_H
#define TGC_COMPILER_ABI_WEIGHTSBLOB_H

#include "mlir/IR/AsmState.h"

namespace tgc {

/// `numBytes` of memory that are not written yet, aligned to kWeightsAlignment or more. Code of the JIT reads
/// weights from it, so large ones ask for large pages: products of few rows wait for nothing but these reads.
mlir::AsmResourceBlob allocateWeights(size_t numBytes);

} // namespace tgc

#endif // TGC_COMPILER_ABI_WEIGHTSBLOB_H
