//===- Tiles.h - Elements of matrix operands ------------------------*- C++ -*-===//
//
// Products are exact in a double and summed there; the sum is rounded once. Devices sum in an order and with
// a width that nobody promises, so results agree up to that.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_TOOLS_PTX_OPS_TILES_H
#define TGC_TOOLS_PTX_OPS_TILES_H

#include "tools/ptx/Floats.h"
#include "llvm/ADT/StringRef.h"
#include <cstring>
#include <optional>

namespace tgc::ptx {

enum class ElementType : uint8_t { F16, BF16, TF32, F32, F64, S8, U8, S32, E4M3, E5M2 };

std::optional<ElementType> elementTypeOf(llvm::StringRef modifier);
unsigned bytesOf(ElementType type);
/// Whether products of `element` are summed in `sum`.
bool isAccumulatorOf(ElementType sum, ElementType element);
double readElement(ElementType type, const uint8_t *from);
/// to = sum + from, in the accumulator's type; integers wrap unless they saturate.
void writeSum(ElementType type, double sum, const uint8_t *from, uint8_t *to, bool saturates);

} // namespace tgc::ptx

#endif // TGC_TOOLS_PTX_OPS_TILES_H
