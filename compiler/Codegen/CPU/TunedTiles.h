//===- TunedTiles.h - Tiles that were measured -----------------*- C++ -*-===//
//
// A contraction may carry the tile that proved best for it, instead of that of SelectTiling. It changes where
// elements are while they are summed, never the order of the sum.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_CPU_TUNEDTILES_H
#define TGC_COMPILER_CODEGEN_CPU_TUNEDTILES_H

#include "compiler/Codegen/CPU/SelectTiling.h"
#include "dialects/Kernel/IR/KernelDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include <string>

namespace tgc {

/// Zeros stand for what the table says.
struct TunedTile {
  int64_t vectors = 0;
  /// Of a tile, at most; rows of a known number are shared out evenly.
  int64_t rows = 0;
  /// Of panels that stay in the second-level cache while rows stream by.
  int64_t groupBytes = 0;
  /// Whether a right operand that the table would pack is read in place.
  bool readsInPlace = false;

  bool operator==(const TunedTile &other) const = default;
  /// Whether the numbers are such as code can be made for: files and programs bring them.
  bool isSane() const;
  /// The shape of a tile of a contraction with so many rows; `table` is the one that it has otherwise.
  ContractTiling apply(ContractTiling table, int64_t numRows) const;
};

/// On a module: tiles by the keys of kernels. On a contraction: its own.
inline constexpr llvm::StringLiteral kTunedTiles = "kernel.tiles", kTunedTile = "kernel.tile";

/// What the time of a contraction on tensors depends on, as text: loops, operands and what is computed of
/// sums. It is the same before and after a constant operand is packed.
std::string describeKernel(kernel::ContractOp op);

/// The name of a kernel in kTunedTiles.
std::string getTileKey(kernel::ContractOp op);

/// All zeros if it carries none.
TunedTile getTunedTile(kernel::ContractOp op);
void setTunedTile(kernel::ContractOp op, TunedTile tile);

/// Gives the contraction its tile of the module's, if there is one.
void takeTunedTile(kernel::ContractOp op, mlir::DictionaryAttr tiles);

/// Tiles that may do better than the table's: of other shapes, and with other groups of panels or another
/// form of the right operand than `best`.
llvm::SmallVector<TunedTile> listTileShapes(kernel::ContractOp op, VectorUnit unit);
llvm::SmallVector<TunedTile> listTileForms(kernel::ContractOp op, TunedTile best, VectorUnit unit);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_TUNEDTILES_H
