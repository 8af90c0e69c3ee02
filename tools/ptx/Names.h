//===- Names.h - Scopes of a function's names -----------------------*- C++ -*-===//
//
// A pair of braces in a function opens a scope: registers and labels inside it hide those outside. Registers
// stand before their uses; labels may follow them, so they are resolved when the function ends.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_TOOLS_PTX_NAMES_H
#define TGC_TOOLS_PTX_NAMES_H

#include "tools/ptx/Syntax.h"
#include "llvm/ADT/StringMap.h"
#include <optional>

namespace tgc::ptx {

class Names {
public:
  Names() { scopes.emplace_back(); }

  void open() {
    scopes.push_back({});
    scopes.back().parent = current;
    current = scopes.size() - 1;
  }
  /// False where no scope but the function's own is open.
  bool close() {
    if (current == 0)
      return false;
    current = scopes[current].parent;
    return true;
  }
  size_t scope() const { return current; }

  bool declare(llvm::StringRef name, uint32_t reg) {
    return scopes[current].registers.try_emplace(name, reg).second;
  }
  void declareRange(llvm::StringRef prefix, uint32_t first, uint32_t count) {
    scopes[current].ranges[prefix] = {first, count};
  }
  std::optional<uint32_t> find(llvm::StringRef name) const {
    llvm::StringRef digits = name.take_back(name.size() - 1 - name.find_last_not_of("0123456789"));
    uint32_t number = 0;
    bool isNumbered = !digits.empty() && !digits.getAsInteger(10, number);
    for (size_t s = current;; s = scopes[s].parent) {
      if (auto it = scopes[s].registers.find(name); it != scopes[s].registers.end())
        return it->second;
      if (isNumbered)
        if (auto it = scopes[s].ranges.find(name.drop_back(digits.size())); it != scopes[s].ranges.end())
          if (number < it->second.second)
            return it->second.first + number;
      if (s == 0)
        return std::nullopt;
    }
  }

  bool define(llvm::StringRef label, uint32_t statement) {
    return scopes[current].labels.try_emplace(label, statement).second;
  }
  std::optional<uint32_t> findLabel(llvm::StringRef label, size_t scope) const {
    for (size_t s = scope;; s = scopes[s].parent) {
      if (auto it = scopes[s].labels.find(label); it != scopes[s].labels.end())
        return it->second;
      if (s == 0)
        return std::nullopt;
    }
  }

private:
  struct Scope {
    size_t parent = 0;
    llvm::StringMap<uint32_t> registers, labels;
    llvm::StringMap<std::pair<uint32_t, uint32_t>> ranges;
  };
  std::vector<Scope> scopes;
  size_t current = 0;
};

} // namespace tgc::ptx

#endif // TGC_TOOLS_PTX_NAMES_H
