//===- Checkpoint.cpp - The values of variables ------------------------------===//
//
// Resolves prefixes, and turns the runtime's statuses into errors that name the checkpoint.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/Checkpoint.h"

#include "frontend/GraphDef/MessageParser.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace tgc;

/// Key of the message that says which object owns which entry.
static constexpr char kObjectGraphKey[] = "_CHECKPOINTABLE_OBJECT_GRAPH";

/// The latest checkpoint that a state file names. Its path may be relative to the state file.
static Expected<std::string> prefixFromState(StringRef stateFile) {
  Expected<std::unique_ptr<MemoryBuffer>> buffer = openFile(stateFile);
  if (!buffer)
    return buffer.takeError();
  proto::CheckpointState state;
  if (Error error = parseText((*buffer)->getBuffer(), state, "checkpoint state", stateFile))
    return std::move(error);
  if (state.model_checkpoint_path().empty())
    return createStringError(stateFile + ": names no checkpoint (model_checkpoint_path is missing)");
  if (sys::path::is_absolute(state.model_checkpoint_path()))
    return state.model_checkpoint_path();
  SmallString<128> prefix(sys::path::parent_path(stateFile));
  sys::path::append(prefix, state.model_checkpoint_path());
  return prefix.str().str();
}

static Expected<std::string> prefixInDirectory(StringRef directory) {
  SmallString<128> stateFile(directory);
  sys::path::append(stateFile, "checkpoint");
  if (sys::fs::exists(stateFile))
    return prefixFromState(stateFile);
  SmallString<128> variables(directory);
  sys::path::append(variables, "variables", "variables");
  if (sys::fs::exists(variables + ".index"))
    return variables.str().str();
  return createStringError(directory +
                           ": the directory has neither a checkpoint state file nor a SavedModel's "
                           "variables; give the prefix of a checkpoint (PREFIX.index exists)");
}

Expected<std::string> tgc::resolveCheckpointPrefix(StringRef path) {
  if (sys::fs::exists(path + ".index"))
    return path.str();
  if (sys::fs::is_directory(path))
    return prefixInDirectory(path);
  if (sys::fs::exists(path)) {
    StringRef name = sys::path::filename(path);
    if (name.ends_with(".index"))
      return path.drop_back(StringRef(".index").size()).str();
    if (size_t data = path.rfind(".data-"); data != StringRef::npos)
      return path.take_front(data).str();
    if (name == "checkpoint")
      return prefixFromState(path);
  }
  return path.str();
}

Error Checkpoint::error(const tgc_error_t &error) const {
  StringRef message(error.message);
  // The runtime names the file it stumbled over; only messages about tensors lack it.
  if (message.contains(path))
    return createStringError(message);
  return createStringError(path + ": " + message);
}

Expected<Checkpoint> tgc::openCheckpoint(StringRef path) {
  Expected<std::string> prefix = resolveCheckpointPrefix(path);
  if (!prefix)
    return prefix.takeError();
  Checkpoint checkpoint;
  checkpoint.path = *prefix;
  tgc_error_t error = {};
  tgc_checkpoint_t *handle = nullptr;
  if (tgc_checkpoint_open(checkpoint.path.c_str(), &handle, &error) != TGC_OK)
    return checkpoint.error(error);
  checkpoint.handle.reset(handle);
  return std::move(checkpoint);
}

std::vector<StringRef> Checkpoint::keys() const {
  std::vector<StringRef> names;
  uint64_t count = tgc_checkpoint_num_tensors(handle.get());
  names.reserve(count);
  for (uint64_t i = 0; i < count; ++i)
    names.push_back(tgc_checkpoint_name(handle.get(), i));
  return names;
}

bool Checkpoint::contains(StringRef key) const {
  return tgc_checkpoint_contains(handle.get(), key.str().c_str()) != 0;
}

Expected<tgc_checkpoint_entry_t> Checkpoint::find(const std::string &key, const std::string &slice) const {
  tgc_checkpoint_entry_t found = {};
  tgc_error_t problem = {};
  tgc_status_t status =
      slice.empty() ? tgc_checkpoint_lookup(handle.get(), key.c_str(), &found, &problem)
                    : tgc_checkpoint_lookup_slice(handle.get(), key.c_str(), slice.c_str(), &found, &problem);
  if (status != TGC_OK)
    return error(problem);
  return found;
}

Expected<CheckpointEntry> Checkpoint::lookup(StringRef key, StringRef slice) const {
  Expected<tgc_checkpoint_entry_t> found = find(key.str(), slice.str());
  if (!found)
    return found.takeError();
  return CheckpointEntry{static_cast<proto::DataType>(found->dtype),
                         {found->dims, found->dims + found->rank}};
}

Expected<TensorData> Checkpoint::read(StringRef key, StringRef slice) const {
  std::string name = key.str(), spec = slice.str();
  Expected<tgc_checkpoint_entry_t> entry = find(name, spec);
  if (!entry)
    return entry.takeError();
  const tgc_checkpoint_entry_t &found = *entry;
  tgc_error_t problem = {};
  TensorData data;
  data.dtype = static_cast<proto::DataType>(found.dtype);
  data.shape.assign(found.dims, found.dims + found.rank);
  data.elementCount = static_cast<int64_t>(found.num_elements);
  data.owned.resize(found.byte_size);
  tgc_status_t status =
      spec.empty()
          ? tgc_checkpoint_read(handle.get(), name.c_str(), data.owned.data(), found.byte_size, &problem)
          : tgc_checkpoint_read_slice(handle.get(), name.c_str(), spec.c_str(), data.owned.data(),
                                      found.byte_size, &problem);
  if (status != TGC_OK)
    return error(problem);
  if (data.dtype != proto::DT_STRING) {
    data.bytes = ArrayRef<char>(data.owned.data(), data.owned.size());
    return std::move(data);
  }
  const auto *elements = reinterpret_cast<const tgc_string_t *>(data.owned.data());
  for (const tgc_string_t &element : ArrayRef<tgc_string_t>(elements, found.num_elements))
    data.strings.emplace_back(element.data, element.size);
  data.owned.clear();
  return std::move(data);
}

/// Equal where the graph knows the dimension.
static bool shapesAgree(ArrayRef<int64_t> given, ArrayRef<int64_t> wanted) {
  return given.size() == wanted.size() && all_of(zip_equal(given, wanted), [](const auto &dims) {
           return std::get<1>(dims) == -1 || std::get<0>(dims) == std::get<1>(dims);
         });
}

Error Checkpoint::check(StringRef key, proto::DataType dtype,
                        const std::optional<std::vector<int64_t>> &shape, StringRef slice) const {
  Expected<CheckpointEntry> entry = lookup(key, slice);
  if (!entry)
    return entry.takeError();
  if (entry->dtype != withoutReference(dtype))
    return createStringError(path + ": checkpoint tensor " + key + " is " + dataTypeName(entry->dtype) +
                             ", the graph wants " + dataTypeName(withoutReference(dtype)));
  if (shape && !shapesAgree(entry->shape, *shape))
    return createStringError(path + ": checkpoint tensor " + key + " has shape " +
                             shapeToString(entry->shape) + ", the graph wants " + shapeToString(shape));
  return Error::success();
}

Expected<StringMap<std::string>> Checkpoint::objectKeys() const {
  StringMap<std::string> keys;
  if (!contains(kObjectGraphKey))
    return std::move(keys);
  Expected<TensorData> data = read(kObjectGraphKey);
  if (!data)
    return data.takeError();
  if (data->strings.size() != 1)
    return createStringError(path + ": " + kObjectGraphKey + " is not one string");
  proto::TrackableObjectGraph graph;
  if (Error error = parseBinary(data->strings.front(), graph, "TrackableObjectGraph", path))
    return std::move(error);
  for (const auto &node : graph.nodes())
    for (const auto &attribute : node.attributes())
      if (!attribute.full_name().empty())
        keys.try_emplace(attribute.full_name(), attribute.checkpoint_key());
  return std::move(keys);
}
