//===- Linker.cpp - Objects and the runtime, to a shared library ----------===//
//
// lld runs inside the compiler, so a machine without a tool chain can make libraries. libc and libm are those
// of the running process: their versioned symbols are what the loader of this machine will bind.
//
//===----------------------------------------------------------------------===//

#include "compiler/Target/Linker.h"
#include "compiler/Target/RuntimeArchives.h"
#include "lld/Common/Driver.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Signals.h"
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

/// lld writes through a map of the file, so a full disk would be a signal: room for all of `files` must be
/// left.
Error checkRoom(ScratchFile &linked, std::vector<ScratchFile> &files) {
  uint64_t needed = 0;
  for (ScratchFile &file : files) {
    uint64_t size = 0;
    if (!sys::fs::file_size(file.name(), size))
      needed += size;
  }
  StringRef folder = sys::path::parent_path(linked.name());
  ErrorOr<sys::fs::space_info> space = sys::fs::disk_space(folder);
  if (space && space->available < needed)
    return createStringError("cannot link in " + folder + ": it has room for " + Twine(space->available) +
                             " bytes, " + Twine(needed) + " may be needed; set TMPDIR to a larger one");
  return Error::success();
}

Error write(int descriptor, StringRef bytes, StringRef path) {
  raw_fd_ostream stream(descriptor, /*shouldClose=*/false);
  stream << bytes;
  stream.flush();
  std::error_code code = stream.error();
  stream.clear_error();
  return code ? createStringError(code, "cannot write " + path + ": " + code.message()) : Error::success();
}

/// A new file beside `path`, and its name. Not a TempFile of LLVM, which puts digits in place of each % of a
/// folder's name.
Expected<int> createBeside(StringRef path, unsigned mode, std::string &name) {
  int descriptor;
  std::error_code code;
  do {
    name = path.str() + '.' + utohexstr(sys::Process::GetRandomNumber(), /*LowerCase=*/true);
    code = sys::fs::openFileForWrite(name, descriptor, sys::fs::CD_CreateNew, sys::fs::OF_None, mode);
  } while (code == std::errc::file_exists);
  if (code)
    return errorCodeToError(code);
  return descriptor;
}

/// Writes what was linked to `path`, all of it or nothing. It is one call of the system, out of memory that
/// is there: file systems that can keep a file in large pages (ext4 since Linux 6.16, XFS) do so for what
/// comes in one piece, and weights are read faster from those than from the small ones that lld's map leaves.
Error writeInOnePiece(const char *linked, StringRef path) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> bytes =
      MemoryBuffer::getFile(linked, /*IsText=*/false, /*RequiresNullTerminator=*/true, /*IsVolatile=*/true);
  if (!bytes)
    return createStringError(bytes.getError(), "cannot read what was linked: " + bytes.getError().message());
  auto fail = [&](std::error_code code) {
    return createStringError(code, "cannot write " + path + ": " + code.message());
  };
  unsigned mode = sys::fs::all_read | sys::fs::all_write | sys::fs::all_exe;
  // Links stay links, /dev/stdout one of them: what they name is replaced. Devices and pipes stay what they
  // are, and so is opened what a link names that has no name of its own.
  SmallString<128> target;
  bool isLink = false, isOther = false;
  sys::fs::is_symlink_file(path, isLink);
  bool hasName = !isLink || !sys::fs::real_path(path, target);
  if (!hasName || (!sys::fs::is_other(path, isOther) && isOther)) {
    int descriptor;
    if (std::error_code code =
            sys::fs::openFileForWrite(path, descriptor, sys::fs::CD_CreateAlways, sys::fs::OF_None, mode))
      return fail(code);
    Error error = write(descriptor, (*bytes)->getBuffer(), path);
    sys::Process::SafelyCloseFileDescriptor(descriptor);
    return error;
  }
  if (!isLink)
    target = path;
  std::string name;
  Expected<int> descriptor = createBeside(target, mode, name);
  if (!descriptor)
    return fail(errorToErrorCode(descriptor.takeError()));
  sys::RemoveFileOnSignal(name);
  Error error = write(*descriptor, (*bytes)->getBuffer(), path);
  std::error_code code = sys::Process::SafelyCloseFileDescriptor(*descriptor);
  if (!error && !code)
    code = sys::fs::rename(name, target);
  if (error || code)
    sys::fs::remove(name);
  sys::DontRemoveFileOnSignal(name);
  return error ? std::move(error) : code ? fail(code) : Error::success();
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
  Expected<ScratchFile> linked = ScratchFile::create("so", "");
  if (!linked)
    return linked.takeError();
  if (Error error = checkRoom(*linked, files))
    return error;
  std::string libm = loadedLibrary("libm.so.6"), libc = loadedLibrary("libc.so.6");
  SmallVector<const char *> arguments = {"ld.lld", "-o", linked->name()};
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
  if (Error error = runLld(arguments))
    return error;
  return writeInOnePiece(linked->name(), path);
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
  return link(objects, path, options, {programArchive(), kernelArchive(), runtimeArchive()},
              {"-pie", "-e", "_start", "--dynamic-linker", loader.c_str()});
}

} // namespace tgc
