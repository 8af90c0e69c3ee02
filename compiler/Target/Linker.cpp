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
#include "llvm/Support/MemoryBuffer.h"
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
  static Expected<ScratchFile> create(StringRef suffix, const ObjectPieces &pieces) {
    ScratchFile file;
    int descriptor;
    if (std::error_code error = sys::fs::createTemporaryFile("tgc", suffix, descriptor, file.path))
      return createStringError(error, "cannot create a temporary file: " + error.message());
    raw_fd_ostream stream(descriptor, /*shouldClose=*/true);
    for (ArrayRef<char> bytes : pieces)
      stream << StringRef(bytes.data(), bytes.size());
    stream.close();
    if (std::error_code error = stream.error()) {
      stream.clear_error();
      return createStringError(error, "cannot write " + Twine(file.path) + ": " + error.message());
    }
    return file;
  }
  static Expected<ScratchFile> create(StringRef suffix, StringRef bytes) {
    return create(suffix, ObjectPieces{ArrayRef<char>(bytes.data(), bytes.size())});
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

/// The dynamic loader that this process was started by.
std::string dynamicLoader() {
  std::string path;
  dl_iterate_phdr(
      [](dl_phdr_info *info, size_t, void *data) {
        for (int i = 0; i < info->dlpi_phnum; ++i)
          if (info->dlpi_phdr[i].p_type == PT_INTERP)
            *static_cast<std::string *>(data) =
                reinterpret_cast<const char *>(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
        return 1; // the program comes first
      },
      &path);
  return path;
}

Error writeObjects(ArrayRef<ObjectPieces> objects, std::vector<ScratchFile> &files) {
  for (const ObjectPieces &pieces : objects) {
    Expected<ScratchFile> file = ScratchFile::create("o", pieces);
    if (!file)
      return file.takeError();
    files.push_back(std::move(*file));
  }
  return Error::success();
}

/// `kind` are the arguments that tell what is made; the archives are searched in order.
Error link(ArrayRef<ObjectPieces> objects, StringRef path, const LinkOptions &options,
           ArrayRef<StringRef> archives, ArrayRef<const char *> kind) {
  std::vector<ScratchFile> files;
  if (Error error = writeObjects(objects, files))
    return error;
  for (StringRef bytes : archives) {
    Expected<ScratchFile> archive = ScratchFile::create("a", bytes);
    if (!archive)
      return archive.takeError();
    files.push_back(std::move(*archive));
  }
  std::string libm = loadedLibrary("libm.so.6"), libc = loadedLibrary("libc.so.6"), output = path.str();
  SmallVector<const char *> arguments = {"ld.lld", "-o", output.c_str()};
  for (ScratchFile &file : files)
    arguments.push_back(file.name());
  append_range(arguments, kind);
  arguments.append({"--gc-sections", "-z", "relro", "-z", "now", "-z", "defs"});
  arguments.append({"--build-id=sha1", "--hash-style=gnu", "--as-needed"});
  if (!options.debugInfo)
    arguments.push_back("--strip-all");
  for (const std::string &library : {std::cref(libm), std::cref(libc)})
    if (!library.empty())
      arguments.push_back(library.c_str());
  return runLld(arguments);
}

Error checkHost(const LinkOptions &options, StringRef what) {
  if (options.target.isHost())
    return Error::success();
  return createStringError(what + " for " + options.target.describe() +
                           " cannot be linked here; use --emit=obj");
}

} // namespace

Expected<SmallVector<char, 0>> mergeObjects(ArrayRef<ObjectPieces> objects) {
  std::vector<ScratchFile> files;
  if (Error error = writeObjects(objects, files))
    return std::move(error);
  Expected<ScratchFile> merged = ScratchFile::create("o", "");
  if (!merged)
    return merged.takeError();
  SmallVector<const char *> arguments = {"ld.lld", "-r", "-o", merged->name()};
  for (ScratchFile &file : files)
    arguments.push_back(file.name());
  if (Error error = runLld(arguments))
    return std::move(error);
  ErrorOr<std::unique_ptr<MemoryBuffer>> bytes =
      MemoryBuffer::getFile(merged->name(), /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!bytes)
    return createStringError(bytes.getError(), "cannot read back an object: " + bytes.getError().message());
  return SmallVector<char, 0>((*bytes)->getBuffer().begin(), (*bytes)->getBuffer().end());
}

Error linkSharedLibrary(ArrayRef<ObjectPieces> objects, StringRef path, const LinkOptions &options) {
  if (Error error = checkHost(options, "libraries"))
    return error;
  Expected<ScratchFile> exports = ScratchFile::create("map", "{ global: tgc_module_query; local: *; };\n");
  if (!exports)
    return exports.takeError();
  return link(objects, path, options, {kernelArchive(), runtimeArchive()},
              {"-shared", "--version-script", exports->name()});
}

Error linkProgram(ArrayRef<ObjectPieces> objects, StringRef path, const LinkOptions &options) {
  if (Error error = checkHost(options, "programs"))
    return error;
  std::string loader = dynamicLoader();
  if (loader.empty())
    return createStringError("a program needs the dynamic loader, but this tgc was linked without one");
  if (Error error = link(objects, path, options, {programArchive(), kernelArchive(), runtimeArchive()},
                         {"-pie", "-e", "_start", "--dynamic-linker", loader.c_str()}))
    return error;
  if (std::error_code code = sys::fs::setPermissions(
          path, sys::fs::perms::all_read | sys::fs::perms::all_exe | sys::fs::perms::owner_write))
    return createStringError(code, path + ": " + code.message());
  return Error::success();
}

} // namespace tgc
