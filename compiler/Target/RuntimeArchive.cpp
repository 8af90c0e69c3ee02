//===- RuntimeArchive.cpp - The runtime that libraries carry --------------===//

#include "compiler/Target/Linker.h"

// ccache knows .incbin and leaves this file alone, so the bytes are those of the archive of this build.
asm(".section .rodata.tgc_runtime_archive,\"a\",@progbits\n"
    ".balign 16\n"
    "tgc_runtime_archive_begin:\n"
    ".incbin \"" TGC_RUNTIME_ARCHIVE "\"\n"
    "tgc_runtime_archive_end:\n"
    ".previous\n");

extern "C" {
extern const char tgc_runtime_archive_begin[] __attribute__((visibility("hidden")));
extern const char tgc_runtime_archive_end[] __attribute__((visibility("hidden")));
}

llvm::StringRef tgc::runtimeArchive() {
  return {tgc_runtime_archive_begin, static_cast<size_t>(tgc_runtime_archive_end - tgc_runtime_archive_begin)};
}
