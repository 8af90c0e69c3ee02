//===- WeightsBlob.cpp - Memory for weights in the process ----------------===//

#include "compiler/ABI/WeightsBlob.h"
#include "compiler/ABI/Descriptor.h"
#include <sys/mman.h>

using namespace mlir;

namespace tgc {

AsmResourceBlob allocateWeights(size_t numBytes) {
  constexpr size_t kLargePage = size_t(2) << 20;
  if (numBytes < kLargePage)
    return HeapAsmResourceBlob::allocate(numBytes, kWeightsAlignment);
  AsmResourceBlob blob = HeapAsmResourceBlob::allocate(numBytes, kLargePage);
#ifdef MADV_HUGEPAGE
  // A wish: pages of any size will do.
  (void)madvise(blob.getMutableData().data(), numBytes / kLargePage * kLargePage, MADV_HUGEPAGE);
#endif
  return blob;
}

} // namespace tgc
