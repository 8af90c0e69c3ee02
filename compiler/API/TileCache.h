//===- TileCache.h - Measured tiles, kept between processes ----*- C++ -*-===//
//
// One small file of text per kernel and machine in the directory of compiled code. Like code, a tile appears
// whole, and one that is damaged is as good as none.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_API_TILECACHE_H
#define TGC_COMPILER_API_TILECACHE_H

#include "compiler/Codegen/CPU/TunedTiles.h"
#include "llvm/ADT/StringRef.h"
#include <optional>

namespace tgc {

class TileCache {
public:
  /// An empty directory: nothing is found or kept.
  TileCache(llvm::StringRef directory, llvm::StringRef machine) : directory(directory), machine(machine) {}

  /// Of the kernel that `text` describes; nothing, with a warning, if the file is damaged.
  std::optional<TunedTile> read(llvm::StringRef text, std::string &warning) const;
  void write(llvm::StringRef text, TunedTile tile, std::string &warning) const;

private:
  std::string pathOf(llvm::StringRef text) const;

  std::string directory, machine;
};

} // namespace tgc

#endif // TGC_COMPILER_API_TILECACHE_H
