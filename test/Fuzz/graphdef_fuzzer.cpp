//===- graphdef_fuzzer.cpp - Any bytes as a graph ------------------------------===//
//
// Reads them as binary and as text, and asks everything that the importer asks of a graph before it builds
// anything.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/OpSignatures.h"

#include "llvm/Support/MathExtras.h"

using namespace tgc;

/// Constants beyond this are legal, and slow to expand.
static constexpr int64_t kMostElements = 1 << 16;

static void checkNodes(const google::protobuf::RepeatedPtrField<proto::NodeDef> &nodes) {
  for (const proto::NodeDef &node : nodes) {
    if (const OpSignature *signature = lookupOpSignature(node.op()))
      llvm::consumeError(checkNode(node, *signature, [](int) { return proto::DT_FLOAT; }));
    for (const auto &[name, attr] : node.attr()) {
      int64_t elements = 1;
      for (const auto &dim : attr.tensor().tensor_shape().dim())
        if (llvm::MulOverflow<int64_t>(elements, dim.size(), elements) || elements > kMostElements)
          elements = kMostElements + 1;
      if (!attr.has_tensor() || elements > kMostElements)
        continue;
      llvm::Expected<TensorData> data = decodeTensor(attr.tensor(), node.name());
      llvm::consumeError(data.takeError());
    }
  }
}

static void readAs(llvm::StringRef bytes, llvm::StringRef name) {
  llvm::Expected<std::unique_ptr<Model>> model = readModelFromBytes(bytes, name);
  if (!model) {
    llvm::consumeError(model.takeError());
    return;
  }
  llvm::consumeError(validateGraph((*model)->graph, name));
  checkNodes((*model)->graph.node());
  for (const proto::FunctionDef &function : (*model)->graph.library().function())
    checkNodes(function.node_def());
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef bytes(reinterpret_cast<const char *>(data), size);
  readAs(bytes, "fuzz.pb");
  readAs(bytes, "fuzz.pbtxt");
  return 0;
}
