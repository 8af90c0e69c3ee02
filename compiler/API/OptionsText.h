//===- OptionsText.h - Options of the C APIs -------------------*- C++ -*-===//
#ifndef TGC_COMPILER_API_OPTIONSTEXT_H
#define TGC_COMPILER_API_OPTIONSTEXT_H

#include "compiler/API/CompileInMemory.h"

namespace tgc {

struct Request {
  CompileOptions options;
  std::vector<EntryRequest> entries;
  /// The one entry is main, which no line named.
  bool hasImpliedEntry = false;
};

/// Reads the `key=value` lines of tgc/compiler.h; null is no line.
llvm::Expected<Request> parseOptionsText(const char *text);

/// "x:0=?,784", as --shape takes it.
llvm::Expected<std::pair<std::string, std::vector<int64_t>>> parseFeedShape(llvm::StringRef text);

/// Checks that what belongs together was given together.
llvm::Error checkGradientOptions(const CompileOptions &options);

/// "training:0=false", as --set takes it.
llvm::Expected<std::pair<std::string, std::string>> parseConstant(llvm::StringRef text);

/// A number of bytes, as --memory-budget takes it: "64MiB".
llvm::Expected<int64_t> parseBytes(llvm::StringRef text);

/// A time to measure tiles in, as --tune takes it: "10", seconds.
llvm::Expected<double> parseTuneSeconds(llvm::StringRef text);

/// "none", "auto" or "max", as --remat takes it.
llvm::Expected<Remat> parseRemat(llvm::StringRef text);

/// "ieee", "tf32" or "tf32x3", as --gpu-f32 takes it.
llvm::Expected<GpuF32> parseGpuF32(llvm::StringRef text);

/// "cpu", "cpu:native,cuda:sm_80", "cuda", as --target takes it. Without a cpu the code needs the GPU to run.
llvm::Error applyTarget(CompileOptions &options, llvm::StringRef text);

/// The names of a comma-separated list.
std::vector<std::string> splitNames(llvm::StringRef text);

/// Writes the error's text to a caller's buffer, cut to its size.
void reportError(llvm::Error error, char *buffer, size_t size);

} // namespace tgc

#endif // TGC_COMPILER_API_OPTIONSTEXT_H
