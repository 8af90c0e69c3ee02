//===- RuntimeArchives.cpp - The runtime inside the compiler --------------===//

#include "compiler/Target/RuntimeArchives.h"

// ccache knows .incbin and leaves this file alone, so the bytes are those of the archives of this build.
#define EMBED(name, path)                                                                                    \
  asm(".section .rodata." #name ",\"a\",@progbits\n.balign 16\n" #name "_begin:\n.incbin \"" path            \
      "\"\n" #name "_end:\n.previous\n");                                                                    \
  extern "C" const char name##_begin[] __attribute__((visibility("hidden")));                                \
  extern "C" const char name##_end[] __attribute__((visibility("hidden")))

EMBED(tgc_runtime_archive, TGC_RUNTIME_ARCHIVE);
EMBED(tgc_kernel_archive, TGC_KERNEL_ARCHIVE);
EMBED(tgc_program_archive, TGC_PROGRAM_ARCHIVE);
EMBED(tgc_gpu_functions, TGC_GPU_FUNCTIONS);

namespace tgc {

llvm::StringRef runtimeArchive() {
  return {tgc_runtime_archive_begin,
          static_cast<size_t>(tgc_runtime_archive_end - tgc_runtime_archive_begin)};
}

llvm::StringRef kernelArchive() {
  return {tgc_kernel_archive_begin, static_cast<size_t>(tgc_kernel_archive_end - tgc_kernel_archive_begin)};
}

llvm::StringRef programArchive() {
  return {tgc_program_archive_begin,
          static_cast<size_t>(tgc_program_archive_end - tgc_program_archive_begin)};
}

llvm::StringRef gpuFunctions() {
  return {tgc_gpu_functions_begin, static_cast<size_t>(tgc_gpu_functions_end - tgc_gpu_functions_begin)};
}

} // namespace tgc
