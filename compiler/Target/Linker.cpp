//===- Linker.cpp - Objects and the runtime, to a shared library ----------===//
//
// lld runs inside the compiler, so a machine without a tool chain can make libraries. libc and libm are those
// of the running process: their versioned symbols are what the loader of this machine will bind.
//
//===----------------------------------------------------------------------===//

#include "compiler/Target/Linker.h"
#include "compiler/Target/RuntimeArchives.h"
#include "lld/Common/Driver.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <link.h>
#include <mutex>

LLD_HAS_DRIVER(elf)

using namespace llvm;

namespace tgc {
namespace {

/// A file that is gone when the link is done.
class ScratchFile {
public:
  static Expected<ScratchFile> create(StringRef suffix, StringRef bytes) {
    ScratchFile file;
    int descriptor;
    if (std::error_code error = sys::fs::createTemporaryFile("tgc", suffix, descriptor, file.path))
      return createStringError(error, "cannot create a temporary file: " + error.message());
    raw_fd_ostream stream(descriptor, /*shouldClose=*/true);
    stream << bytes;
    stream.close();
    if (std::error_code error = stream.error()) {
      stream.clear_error();
      return createStringError(error, "cannot write " + Twine(file.path) + ": " + error.message());
    }
    return file;
  }
  ScratchFile(ScratchFile &&other) : path(std::move(other.path)) { other.path.clear(); }
  ScratchFile(const ScratchFile &) = delete;
  ScratchFile &operator=(const ScratchFile &) = delete;
  ~ScratchFile() {
    if (!path.empty())
      sys::fs::remove(path);
  }
  const char *name() { return path.c_str(); }

private:
  ScratchFile() = default;
  SmallString<64> path;
};

/// Where this process has the shared library of that name; empty if it has none.
std::string loadedLibrary(StringRef name) {
  std::pair<StringRef, std::string> search = {name, ""};
  dl_iterate_phdr(
      [](dl_phdr_info *info, size_t, void *data) {
        auto *search = static_cast<std::pair<StringRef, std::string> *>(data);
        if (sys::path::filename(info->dlpi_name) == search->first)
          search->second = info->dlpi_name;
        return 0;
      },
      &search);
  return search.second;
}

Error runLld(ArrayRef<const char *> arguments) {
  // lld keeps global state.
  static std::mutex mutex;
  std::lock_guard<std::mutex> lock(mutex);
  std::string output;
  raw_string_ostream stream(output);
  lld::Result result = lld::lldMain(arguments, stream, stream, {{lld::Gnu, &lld::elf::link}});
  if (result.retCode != 0)
    return createStringError("linking failed: " + StringRef(output).trim());
  return Error::success();
}

} // namespace

Error linkSharedLibrary(ArrayRef<char> object, StringRef path, const LinkOptions &options) {
  if (!options.target.isHost())
    return createStringError("libraries for " + options.target.describe() +
                             " cannot be linked here; use --emit=obj");
  Expected<ScratchFile> objectFile = ScratchFile::create("o", StringRef(object.data(), object.size()));
  if (!objectFile)
    return objectFile.takeError();
  Expected<ScratchFile> archive = ScratchFile::create("a", runtimeArchive());
  if (!archive)
    return archive.takeError();
  Expected<ScratchFile> kernels = ScratchFile::create("a", kernelArchive());
  if (!kernels)
    return kernels.takeError();
  Expected<ScratchFile> exports = ScratchFile::create("map", "{ global: tgc_module_query; local: *; };\n");
  if (!exports)
    return exports.takeError();
  std::string libm = loadedLibrary("libm.so.6"), libc = loadedLibrary("libc.so.6"), output = path.str();

  SmallVector<const char *> arguments = {"ld.lld",           "-shared",       "-o",           output.c_str(),
                                         objectFile->name(), kernels->name(), archive->name()};
  arguments.append(
      {"--version-script", exports->name(), "--gc-sections", "-z", "relro", "-z", "now", "-z", "defs"});
  arguments.append({"--build-id=sha1", "--hash-style=gnu", "--as-needed"});
  if (!options.debugInfo)
    arguments.push_back("--strip-all");
  for (const std::string &library : {std::cref(libm), std::cref(libc)})
    if (!library.empty())
      arguments.push_back(library.c_str());
  return runLld(arguments);
}

} // namespace tgc
