//===- tgc/compiled_model.hpp - What generated headers derive from --------===//
//
// A model that is linked into the program, behind an interface of the shape of tfcompile's generated classes:
// arguments and results by index, LookupArgIndex, Run. Needs the runtime of tgc (libtgc-runtime or its
// archive) and, for operators with hand-written kernels, tgc_kernels.a.
//
// An object serves one thread at a time. Arguments whose sizes are all known have memory of their own unless
// the mode says otherwise; others are set before each run, with their sizes. Results are the object's until
// its next run.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILED_MODEL_HPP
#define TGC_COMPILED_MODEL_HPP

#include "tgc/runtime.h"

#include <complex>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace tgc {

class CompiledModel {
public:
  enum class AllocMode {
    RESULTS_PROFILES_AND_TEMPS_ONLY,          // the caller gives all arguments with set_arg_data
    ARGS_VARIABLES_RESULTS_PROFILES_AND_TEMPS // arguments of known sizes have memory here
  };

  CompiledModel(const CompiledModel &) = delete;
  CompiledModel &operator=(const CompiledModel &) = delete;
  virtual ~CompiledModel() {
    tgc_session_release(session);
    tgc_module_release(module);
    for (void *memory : owned)
      std::free(memory);
  }

  /// False on failure; error_msg says why.
  bool Run() {
    if (!session)
      return false;
    return tgc_session_run(session, entry, feeds.data(), static_cast<uint32_t>(feeds.size()), fetches.data(),
                           static_cast<uint32_t>(fetches.size()), &error) == TGC_OK;
  }
  std::string error_msg() const { return error.message; }

  size_t num_args() const { return feeds.size(); }
  size_t num_results() const { return fetches.size(); }

  void *arg_data(size_t index) { return feeds[index].data; }
  const void *arg_data(size_t index) const { return feeds[index].data; }
  /// The caller's memory, of the argument's size, aligned to its elements.
  void set_arg_data(size_t index, const void *data) { feeds[index].data = const_cast<void *>(data); }
  size_t arg_size(size_t index) const { return feeds[index].byte_size; }
  const tgc_tensor_t &arg_tensor(size_t index) const { return feeds[index]; }

  const void *result_data(size_t index) const { return fetches[index].data; }
  void *result_data(size_t index) { return fetches[index].data; }
  size_t result_size(size_t index) const { return fetches[index].byte_size; }
  const tgc_tensor_t &result_tensor(size_t index) const { return fetches[index]; }

  /// The index of a feed or fetch by its name, with or without ":0" and tfcompile's prefixes; -1: there is
  /// none.
  int LookupArgIndex(const std::string &name) const {
    return info ? lookup(info->entries[entry].feeds, info->entries[entry].num_feeds, name, "feed_") : -1;
  }
  int LookupResultIndex(const std::string &name) const {
    return info ? lookup(info->entries[entry].fetches, info->entries[entry].num_fetches, name, "fetch_") : -1;
  }

  /// The runtime has a pool of its own, which all models of a process share; a pool that is given is not
  /// used.
  void set_thread_pool(const void *) {}

  /// The variables of a model that trains.
  tgc_session_t *tgc_session() { return session; }

protected:
  CompiledModel(tgc_module_query_fn query, const char *entry_name, AllocMode mode)
      : info(query(TGC_ABI_VERSION)) {
    if (!info) {
      std::strcpy(error.message, "the object is newer than the runtime it is linked with");
      return;
    }
    if (tgc_module_from_info(info, nullptr, &module, &error) != TGC_OK ||
        tgc_module_find_entry(module, entry_name, &entry, &error) != TGC_OK ||
        tgc_session_create(module, nullptr, &session, &error) != TGC_OK)
      return;
    const tgc_entry_info_t &described = info->entries[entry];
    fetches.resize(described.num_fetches);
    for (uint32_t i = 0; i < described.num_feeds; ++i)
      feeds.push_back(make_arg(described.feeds[i], mode));
  }

  /// A further name of a feed or fetch, for the look-ups.
  void alias(const char *name, const char *tensor) { aliases.emplace_back(name, tensor); }

  void set_arg(size_t index, const void *data, size_t element_size, std::initializer_list<int64_t> dims) {
    tgc_tensor_t &feed = feeds[index];
    feed.data = const_cast<void *>(data);
    feed.rank = 0;
    feed.byte_size = element_size;
    for (int64_t size : dims) {
      feed.dims[feed.rank++] = size;
      feed.byte_size *= static_cast<uint64_t>(size);
    }
  }

private:
  tgc_tensor_t make_arg(const tgc_tensor_info_t &described, AllocMode mode) {
    tgc_tensor_t feed = {};
    feed.dtype = described.dtype;
    feed.rank = described.rank;
    feed.byte_size = tgc_dtype_size(described.dtype);
    bool is_known = true;
    for (int32_t dim = 0; dim < described.rank; ++dim) {
      feed.dims[dim] = described.dims[dim];
      is_known = is_known && described.dims[dim] >= 0;
      feed.byte_size *= described.dims[dim] < 0 ? 0 : static_cast<uint64_t>(described.dims[dim]);
    }
    if (!is_known || mode == AllocMode::RESULTS_PROFILES_AND_TEMPS_ONLY)
      return feed;
    size_t padded = (static_cast<size_t>(feed.byte_size) + 64) / 64 * 64;
    feed.data = std::aligned_alloc(64, padded);
    if (feed.data)
      std::memset(feed.data, 0, padded);
    owned.push_back(feed.data);
    return feed;
  }

  int lookup(const tgc_tensor_info_t *tensors, uint32_t count, const std::string &name,
             const std::string &prefix) const {
    const bool has_prefix = name.compare(0, prefix.size(), prefix) == 0;
    for (std::string wanted : {name, has_prefix ? name.substr(prefix.size()) : name}) {
      for (const auto &known : aliases)
        if (wanted == known.first)
          wanted = known.second;
      if (wanted.find(':') == std::string::npos)
        wanted += ":0";
      for (uint32_t i = 0; i < count; ++i)
        if (wanted == tensors[i].name)
          return static_cast<int>(i);
    }
    return -1;
  }

  const tgc_module_info_t *info;
  tgc_module_t *module = nullptr;
  tgc_session_t *session = nullptr;
  uint32_t entry = 0;
  std::vector<tgc_tensor_t> feeds, fetches;
  std::vector<void *> owned;
  std::vector<std::pair<std::string, std::string>> aliases;
  tgc_error_t error = {};
};

} // namespace tgc

#endif // TGC_COMPILED_MODEL_HPP
