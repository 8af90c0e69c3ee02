//===- NumpyArray.h - An array as numpy stores it -----------------------------===//
//
// The arrays that tgc-run reads and writes. Element types are those that numpy and TensorFlow share; bfloat16
// and the quantized types, which numpy lacks, travel as the integers of the same size.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_TOOLS_NPZ_NUMPYARRAY_H
#define TGC_TOOLS_NPZ_NUMPYARRAY_H

#include "tgc/abi.h"
#include "tools/npz/AlignedBuffer.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tgc {

struct NumpyArray {
  tgc_dtype_t dtype = TGC_DTYPE_INVALID;
  std::vector<int64_t> shape;
  /// Row-major elements in the host's byte order; empty for strings.
  AlignedBuffer bytes;
  /// The elements of a TGC_STRING array; numpy's U arrays come as UTF-8.
  std::vector<std::string> strings;

  int64_t numElements() const;
};

/// numpy's letter and size of an element type: {'f', 4} is float32.
struct NumpyType {
  tgc_dtype_t dtype;
  char kind;
  unsigned size;
};

/// The element type that numpy writes as `kind` and `size`, if TensorFlow has it.
std::optional<NumpyType> numpyTypeOf(char kind, uint64_t size);

/// How an element type travels in a file: float32 as itself, bfloat16 as uint16. None for strings and unknown
/// types.
std::optional<NumpyType> numpyTypeOf(int32_t dtype);

/// "[2,?,3]"; a negative dimension is unknown.
std::string shapeText(llvm::ArrayRef<int64_t> shape);

} // namespace tgc

#endif // TGC_TOOLS_NPZ_NUMPYARRAY_H
