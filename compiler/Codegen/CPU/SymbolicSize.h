//===- SymbolicSize.h - Sizes written with the sizes of the feeds ----*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_CPU_SYMBOLICSIZE_H
#define TGC_COMPILER_CODEGEN_CPU_SYMBOLICSIZE_H

#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tgc {

/// A sum of products of symbols with whole factors: 3136*n + 64.
class SymbolicSize {
public:
  SymbolicSize(int64_t constant = 0) {
    if (constant != 0)
      terms[{}] = constant;
  }
  static SymbolicSize symbol(std::string name) {
    SymbolicSize size;
    size.terms[{std::move(name)}] = 1;
    return size;
  }

  SymbolicSize &operator+=(const SymbolicSize &other);
  SymbolicSize operator*(const SymbolicSize &other) const;

  /// The number, if no symbol is in it.
  std::optional<int64_t> getConstant() const;
  /// The number if all symbols were `value`.
  double evaluate(double value) const;
  /// "3136*n + 64"
  std::string str() const;

  /// "3136*0.0+64": the sum with other texts for the symbols; none if one of them has none.
  std::optional<std::string>
  rename(llvm::function_ref<std::optional<std::string>(llvm::StringRef symbol)> text) const;

private:
  /// The factor of each product; the symbols of a product are sorted.
  std::map<std::vector<std::string>, int64_t> terms;
};

/// Names the sizes of one entry's tensors: `n`, `m`, ... for open sizes of feeds, `s0`, `s1`, ... for what
/// only the run shows.
class SizeNames {
public:
  SymbolicSize sizeOf(mlir::Value shaped, int64_t dim);
  SymbolicSize sizeOf(mlir::Value index);

  /// "3136*0.1+64", in which 0.1 is the size of dimension 1 of feed 0; none if it has other sizes in it.
  std::optional<std::string> getFormula(const SymbolicSize &size) const;
  /// The size that has the formula.
  SymbolicSize parse(llvm::StringRef formula) const;

  /// What the names of feeds' sizes stand for: ("n", "x:0[0]").
  llvm::ArrayRef<std::pair<std::string, std::string>> getLegend() const { return legend; }

private:
  SymbolicSize feedSize(mlir::Value feed, int64_t dim);
  SymbolicSize unknown(mlir::Value value, int64_t dim);

  std::vector<std::pair<std::string, std::string>> legend;
  std::map<std::pair<int64_t, int64_t>, std::string> feedSymbols;
  llvm::DenseMap<std::pair<mlir::Value, int64_t>, std::string> unknowns;
};

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_SYMBOLICSIZE_H
