//===- TileCache.cpp - Measured tiles, kept between processes -------------===//
//
//   "tgctile1 <vectors> <rows> <group bytes> <in place> <hash of what stands before>\n"
//
//===----------------------------------------------------------------------===//

#include "compiler/API/TileCache.h"
#include "compiler/API/CodeCache.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA1.h"

using namespace llvm;

namespace tgc {
namespace {

std::string hashOf(ArrayRef<StringRef> parts) {
  SHA1 hash;
  for (StringRef part : parts)
    hash.update(part);
  return toHex(hash.final(), /*LowerCase=*/true);
}

std::string print(TunedTile tile) {
  std::string text = ("tgctile1 " + Twine(tile.vectors) + " " + Twine(tile.rows) + " " +
                      Twine(tile.groupBytes) + " " + Twine(int(tile.readsInPlace)) + " ")
                         .str();
  return text + hashOf(StringRef(text)) + "\n";
}

std::optional<TunedTile> parse(StringRef text) {
  SmallVector<StringRef> words;
  text.split(words, ' ');
  TunedTile tile;
  unsigned inPlace;
  if (words.size() != 6 || words[1].getAsInteger(10, tile.vectors) || words[2].getAsInteger(10, tile.rows) ||
      words[3].getAsInteger(10, tile.groupBytes) || words[4].getAsInteger(10, inPlace))
    return std::nullopt;
  tile.readsInPlace = inPlace;
  return tile.isSane() && print(tile) == text ? std::optional(tile) : std::nullopt;
}

} // namespace

std::string TileCache::pathOf(StringRef text) const {
  std::string name = hashOf({machine, StringRef("\0", 1), text});
  SmallString<128> path(directory);
  sys::path::append(path, name + ".tgctile");
  return path.str().str();
}

std::optional<TunedTile> TileCache::read(StringRef text, std::string &warning) const {
  if (directory.empty())
    return std::nullopt;
  std::string path = pathOf(text);
  auto file = MemoryBuffer::getFile(path);
  if (!file)
    return std::nullopt;
  std::optional<TunedTile> tile = parse((*file)->getBuffer());
  if (!tile)
    warning = path + ": is damaged; measuring again";
  return tile;
}

void TileCache::write(StringRef text, TunedTile tile, std::string &warning) const {
  if (!directory.empty())
    writeWhole(directory, pathOf(text), [&](raw_ostream &stream) { stream << print(tile); }, warning);
}

} // namespace tgc
