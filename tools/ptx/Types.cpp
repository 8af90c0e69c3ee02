//===- Types.cpp - Element types and state spaces of PTX ----------------------===//
#include "tools/ptx/Types.h"
#include "llvm/ADT/StringSwitch.h"

using namespace tgc::ptx;
using llvm::StringRef;

namespace {
struct TypeInfo {
  StringRef name;
  unsigned size;
  bool isSigned, isFloat;
};
} // namespace

/// In the order of the enumeration.
static constexpr TypeInfo kTypes[] = {
    {"pred", 1, false, false},  {"b8", 1, false, false},    {"u8", 1, false, false},
    {"s8", 1, true, false},     {"b16", 2, false, false},   {"u16", 2, false, false},
    {"s16", 2, true, false},    {"f16", 2, false, true},    {"bf16", 2, false, true},
    {"b32", 4, false, false},   {"u32", 4, false, false},   {"s32", 4, true, false},
    {"f32", 4, false, true},    {"tf32", 4, false, true},   {"f16x2", 4, false, true},
    {"bf16x2", 4, false, true}, {"e4m3x2", 2, false, true}, {"e5m2x2", 2, false, true},
    {"b64", 8, false, false},   {"u64", 8, false, false},   {"s64", 8, true, false},
    {"f64", 8, false, true},    {"b128", 16, false, false}};

std::optional<Type> tgc::ptx::typeOf(StringRef modifier) {
  for (unsigned i = 0; i < std::size(kTypes); ++i)
    if (kTypes[i].name == modifier)
      return Type(i);
  return std::nullopt;
}

StringRef tgc::ptx::nameOf(Type type) { return kTypes[unsigned(type)].name; }
unsigned tgc::ptx::sizeOf(Type type) { return kTypes[unsigned(type)].size; }
bool tgc::ptx::isSigned(Type type) { return kTypes[unsigned(type)].isSigned; }
bool tgc::ptx::isFloat(Type type) { return kTypes[unsigned(type)].isFloat; }

StringRef tgc::ptx::nameOf(Space space) {
  static constexpr StringRef kNames[] = {"generic",         "global", "const", "shared",
                                         "shared::cluster", "local",  "param"};
  return kNames[unsigned(space)];
}
