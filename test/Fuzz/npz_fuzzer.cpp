//===- npz_fuzzer.cpp - Any bytes as an npz archive ---------------------------===//
//
// What is read must be written and read again to the same arrays.
//
//===----------------------------------------------------------------------===//
#include "tools/npz/NpyFormat.h"
#include "tools/npz/Npz.h"

using namespace tgc;

static void checkRoundTrip(const NumpyArray &array) {
  NpyParts parts = llvm::cantFail(formatNpy(array));
  NumpyArray back = llvm::cantFail(parseNpy(parts.header + parts.elements().str()));
  bool isSame = back.dtype == array.dtype && back.shape == array.shape &&
                back.bytes.ref() == array.bytes.ref() && back.strings == array.strings;
  if (!isSame)
    __builtin_trap();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef bytes(reinterpret_cast<const char *>(data), size);
  if (llvm::Expected<NumpyArray> array = parseNpy(bytes))
    checkRoundTrip(*array);
  else
    llvm::consumeError(array.takeError());
  if (llvm::Expected<NamedArrays> arrays = parseNpz(bytes))
    for (const auto &[name, array] : *arrays)
      checkRoundTrip(array);
  else
    llvm::consumeError(arrays.takeError());
  return 0;
}
