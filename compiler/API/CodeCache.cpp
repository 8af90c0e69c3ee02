//===- CodeCache.cpp - Compiled code, kept between processes --------------===//
//
//   magic (8 bytes) | hash of the rest (8) | lengths of the three parts (8 each) | fingerprint, object,
//   weights
//
//===----------------------------------------------------------------------===//

#include "compiler/API/CodeCache.h"
#include "compiler/ABI/WeightsBlob.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_sha1_ostream.h"
#include "llvm/Support/xxhash.h"
#include <dlfcn.h>

using namespace llvm;

namespace tgc {
namespace {

constexpr StringLiteral kMagic = "tgccode1";
constexpr size_t kNumParts = 3, kHeaderSize = 16 + 8 * kNumParts;

/// The file that holds the compiler, as far as its size and date tell one build from another.
std::string describeCompiler() {
  Dl_info info;
  sys::fs::file_status status;
  if (!dladdr(reinterpret_cast<const void *>(&describeCompiler), &info) || !info.dli_fname ||
      sys::fs::status(info.dli_fname, status))
    return "";
  return (Twine(status.getSize()) + " " + Twine(status.getLastModificationTime().time_since_epoch().count()))
      .str();
}

SmallString<128> makePath(StringRef directory, StringRef key) {
  SmallString<128> path(directory);
  sys::path::append(path, key + ".tgccode");
  return path;
}

/// Splits the file into its parts; false if they do not fit.
bool split(StringRef file, CachedCode &code) {
  if (file.size() < kHeaderSize || !file.consume_front(kMagic) ||
      support::endian::read64le(file.data()) != xxh3_64bits(file.drop_front(8)))
    return false;
  file = file.drop_front(8);
  StringRef content = file.drop_front(8 * kNumParts), parts[kNumParts];
  for (size_t i = 0; i < kNumParts; ++i) {
    uint64_t length = support::endian::read64le(file.data() + 8 * i);
    if (length > content.size())
      return false;
    parts[i] = content.take_front(length);
    content = content.drop_front(length);
  }
  code.fingerprint = parts[0].str();
  code.object.assign(parts[1].begin(), parts[1].end());
  code.weights = allocateWeights(parts[2].size());
  copy(parts[2], code.weights.getMutableData().begin());
  return content.empty();
}

} // namespace

std::string makeCacheKey(mlir::ModuleOp program, StringRef options) {
  raw_sha1_ostream hash;
  hash << describeCompiler() << '\0' << options << '\0';
  if (failed(mlir::writeBytecodeToFile(program, hash)))
    return "";
  std::array<uint8_t, 20> digest = hash.sha1();
  return toHex(digest, /*LowerCase=*/true);
}

std::optional<CachedCode> readFromCache(StringRef directory, StringRef key, std::string &warning) {
  SmallString<128> path = makePath(directory, key);
  ErrorOr<std::unique_ptr<MemoryBuffer>> file =
      MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!file)
    return std::nullopt;
  CachedCode code;
  if (split((*file)->getBuffer(), code))
    return code;
  warning = (path + ": is damaged; compiling again").str();
  return std::nullopt;
}

void writeWhole(StringRef directory, StringRef path, function_ref<void(raw_ostream &)> print,
                std::string &warning) {
  if (std::error_code error = sys::fs::create_directories(directory)) {
    warning = ("cannot make the directory '" + directory + "': " + error.message()).str();
    return;
  }
  // Under another name first: who reads meanwhile sees all or nothing.
  Expected<sys::fs::TempFile> file = sys::fs::TempFile::create(path + ".%%%%%%%%");
  if (!file) {
    warning = ("cannot write to '" + directory + "': ").str() + toString(file.takeError());
    return;
  }
  raw_fd_ostream output(file->FD, /*shouldClose=*/false);
  print(output);
  output.flush();
  Error error =
      output.has_error() ? createStringError(output.error(), output.error().message()) : file->keep(path);
  if (output.has_error()) {
    output.clear_error();
    consumeError(file->discard());
  }
  if (error)
    warning = ("cannot write '" + path + "': ").str() + toString(std::move(error));
}

void writeToCache(StringRef directory, StringRef key, const CachedCode &code, std::string &warning) {
  std::string body;
  raw_string_ostream stream(body);
  ArrayRef<char> weights = code.weights.getData();
  StringRef parts[kNumParts] = {code.fingerprint, StringRef(code.object.data(), code.object.size()),
                                StringRef(weights.data(), weights.size())};
  for (StringRef part : parts) {
    char length[8];
    support::endian::write64le(length, part.size());
    stream << StringRef(length, 8);
  }
  for (StringRef part : parts)
    stream << part;
  char hash[8];
  support::endian::write64le(hash, xxh3_64bits(body));
  auto print = [&](raw_ostream &output) { output << kMagic << StringRef(hash, 8) << body; };
  writeWhole(directory, makePath(directory, key), print, warning);
}

} // namespace tgc
