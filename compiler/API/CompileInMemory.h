//===- CompileInMemory.h - A model, compiled to callable code --*- C++ -*-===//
#ifndef TGC_COMPILER_API_COMPILEINMEMORY_H
#define TGC_COMPILER_API_COMPILEINMEMORY_H

#include "compiler/Pipelines/Options.h"
#include "tgc/abi.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tgc {

/// An array that will be fed. The graph may know more or less of the shape; sizes that the graph leaves open
/// stay open.
struct FeedRequest {
  std::string tensor;
  tgc_dtype_t dtype = TGC_DTYPE_INVALID;
  std::vector<int64_t> shape;
  /// The entry is for this very shape: sizes that the graph leaves open are those of the array.
  bool isExact = false;
  /// The entry is for these very elements: a few integers, which may be axes or sizes.
  std::optional<std::vector<int64_t>> elements = std::nullopt;
};

/// One (feeds, fetches, targets) triple to compile as the entry `name`.
struct EntryRequest {
  std::string name;
  std::vector<FeedRequest> feeds;
  std::vector<std::string> fetches, targets;
};

/// Where a model is: a path (anything that the command line of tgc takes), or the bytes of a graph and what
/// messages call them.
struct ModelSource {
  ModelSource(llvm::StringRef path) : name(path) {}
  ModelSource(llvm::StringRef bytes, llvm::StringRef name) : name(name), bytes(bytes) {}
  llvm::StringRef name;
  std::optional<llvm::StringRef> bytes;
};

/// Machine code in this process; `info` lives as long as the module.
struct InMemoryModule {
  const tgc_module_info_t *info = nullptr;
  virtual ~InMemoryModule() = default;
};

/// Compiles a model. A .mlir or .mlirbc file
/// brings its own entries: each request must name one of them. The error's text is one message, or one line
/// per diagnostic.
llvm::Expected<std::unique_ptr<InMemoryModule>>
compileInMemory(ModelSource model, llvm::ArrayRef<EntryRequest> entries, const CompileOptions &options);

} // namespace tgc

#endif // TGC_COMPILER_API_COMPILEINMEMORY_H
