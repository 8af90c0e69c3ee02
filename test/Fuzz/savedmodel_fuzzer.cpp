//===- savedmodel_fuzzer.cpp - Any bytes as a SavedModel or MetaGraphDef --------===//
//
// Signatures, collections and the walk from the restore op to the keys of variables.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/MetaGraph.h"

using namespace tgc;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef bytes(reinterpret_cast<const char *>(data), size);
  for (llvm::StringRef name : {"saved_model.pb", "fuzz.meta", "saved_model.pbtxt"}) {
    llvm::Expected<std::unique_ptr<Model>> model = readModelFromBytes(bytes, name);
    if (model)
      llvm::consumeError(validateGraph((*model)->graph, name));
    else
      llvm::consumeError(model.takeError());
  }
  return 0;
}
