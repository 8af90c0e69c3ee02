//===- Npz.cpp - numpy's .npz archives ----------------------------------------===//
#include "tools/npz/Npz.h"
#include "tools/npz/NpyFormat.h"
#include "tools/npz/ZipReader.h"
#include "tools/npz/ZipWriter.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include <fcntl.h>
#include <unistd.h>

using namespace tgc;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;

/// `error` with the file's name before its text.
static Error inFile(StringRef path, Error error) {
  return createStringError(path + ": " + llvm::toString(std::move(error)));
}

static Expected<std::unique_ptr<llvm::MemoryBuffer>> openFile(StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return createStringError(buffer.getError(), path + ": " + buffer.getError().message());
  return std::move(*buffer);
}

Expected<NamedArrays> tgc::parseNpz(StringRef archive) {
  if (isNpy(archive))
    return createStringError(
        "a single .npy array, but an .npz archive is expected; write it with numpy.savez");
  Expected<std::vector<ZipMember>> members = readZipDirectory(archive);
  if (!members)
    return members.takeError();
  NamedArrays arrays;
  for (const ZipMember &member : *members) {
    StringRef name = member.name;
    name.consume_back(".npy");
    AlignedBuffer storage;
    Expected<StringRef> bytes = readZipMember(archive, member, storage);
    if (!bytes)
      return bytes.takeError();
    Expected<NumpyArray> array = parseNpy(*bytes);
    if (!array)
      return createStringError("array '" + name + "': " + llvm::toString(array.takeError()));
    arrays.emplace_back(name.str(), std::move(*array));
  }
  return arrays;
}

Expected<NamedArrays> tgc::readNpz(StringRef path) {
  auto buffer = openFile(path);
  if (!buffer)
    return buffer.takeError();
  Expected<NamedArrays> arrays = parseNpz((*buffer)->getBuffer());
  if (!arrays)
    return inFile(path, arrays.takeError());
  return arrays;
}

Expected<NumpyArray> tgc::readNpy(StringRef path) {
  auto buffer = openFile(path);
  if (!buffer)
    return buffer.takeError();
  Expected<NumpyArray> array = parseNpy((*buffer)->getBuffer());
  if (!array)
    return inFile(path, array.takeError());
  return array;
}

/// Makes a rename in `folder` survive a loss of power. A file system that cannot do so is not an error.
static void syncFolder(StringRef folder) {
  int descriptor = ::open(folder.empty() ? "." : folder.str().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0)
    return;
  (void)::fsync(descriptor);
  ::close(descriptor);
}

/// Lets `write` fill a temporary file beside `path` and renames it to `path`.
static Error writeAtomically(StringRef path, llvm::function_ref<Error(llvm::raw_ostream &)> write) {
  Expected<llvm::sys::fs::TempFile> file = llvm::sys::fs::TempFile::create(path + ".tmp-%%%%%%%%");
  if (!file)
    return inFile(path, file.takeError());
  llvm::raw_fd_ostream out(file->FD, /*shouldClose=*/false);
  Error error = write(out);
  out.flush();
  if (!error && out.has_error())
    error = llvm::errorCodeToError(out.error());
  out.clear_error();
  if (!error && ::fsync(file->FD) != 0)
    error = llvm::errorCodeToError(llvm::errnoAsErrorCode());
  if (error)
    return inFile(path, llvm::joinErrors(std::move(error), file->discard()));
  if (Error failed = file->keep(path))
    return inFile(path, std::move(failed));
  syncFolder(llvm::sys::path::parent_path(path));
  return Error::success();
}

Error tgc::writeNpz(StringRef path, llvm::ArrayRef<std::pair<std::string, NumpyArray>> arrays) {
  return writeAtomically(path, [&](llvm::raw_ostream &out) -> Error {
    ZipWriter zip(out);
    for (const auto &[name, array] : arrays) {
      Expected<NpyParts> parts = formatNpy(array);
      if (!parts)
        return createStringError("array '" + name + "': " + llvm::toString(parts.takeError()));
      if (Error error = zip.addMember(name + ".npy", {parts->header, parts->elements()}))
        return error;
    }
    zip.finish();
    return Error::success();
  });
}

Error tgc::writeNpy(StringRef path, const NumpyArray &array) {
  return writeAtomically(path, [&](llvm::raw_ostream &out) -> Error {
    Expected<NpyParts> parts = formatNpy(array);
    if (!parts)
      return parts.takeError();
    out << parts->header << parts->elements();
    return Error::success();
  });
}
