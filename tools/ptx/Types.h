//===- Types.h - Element types and state spaces of PTX --------------*- C++ -*-===//
#ifndef TGC_TOOLS_PTX_TYPES_H
#define TGC_TOOLS_PTX_TYPES_H

#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>

namespace tgc::ptx {

inline constexpr unsigned kWarpSize = 32;

enum class Type : uint8_t {
  Pred,
  B8,
  U8,
  S8,
  B16,
  U16,
  S16,
  F16,
  BF16,
  B32,
  U32,
  S32,
  F32,
  TF32,
  F16x2,
  BF16x2,
  E4M3x2,
  E5M2x2,
  B64,
  U64,
  S64,
  F64,
  B128
};

/// The type that a modifier names ("f32"), if it names one.
std::optional<Type> typeOf(llvm::StringRef modifier);
llvm::StringRef nameOf(Type type);
/// Bytes of a value; a predicate counts as one.
unsigned sizeOf(Type type);
bool isSigned(Type type);
bool isFloat(Type type);

enum class Space : uint8_t { Generic, Global, Const, Shared, SharedCluster, Local, Param };
llvm::StringRef nameOf(Space space);

struct Dim3 {
  uint32_t x = 1, y = 1, z = 1;
  uint64_t count() const { return uint64_t(x) * y * z; }
};

} // namespace tgc::ptx

#endif // TGC_TOOLS_PTX_TYPES_H
