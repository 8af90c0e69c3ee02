//===- CheckpointBuilder.h - Checkpoints made to measure ---===//
//
// Writes the TensorBundle format from its description, independent of the reader, so that tests can make what
// no small file at hand has: several blocks, several data files, slices, compression marks, lies.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_TEST_UNIT_RUNTIME_CHECKPOINTBUILDER_H
#define TGC_TEST_UNIT_RUNTIME_CHECKPOINTBUILDER_H

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tgc::test {

std::string varint(uint64_t value);
std::string fixed32(uint32_t value);
uint32_t maskedCrc(const std::string &bytes);
template <typename T> std::string bytesOf(const std::vector<T> &values) {
  return std::string(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(T));
}

/// A field of a protocol buffer.
std::string numberField(unsigned field, uint64_t value);
std::string bytesField(unsigned field, const std::string &bytes);

/// A slice as (start, length) per dimension; length -1 stands for all of it.
using Slice = std::vector<std::pair<int64_t, int64_t>>;

class CheckpointBuilder {
public:
  std::string header = numberField(1, 1);
  unsigned entriesPerBlock = 1000;
  unsigned restartInterval = 4;
  char blockType = 0;
  /// Key -> value; the header comes by itself.
  std::map<std::string, std::string> entries;
  std::map<int, std::string> shards;

  /// Adds the bytes to a data file and an entry that describes them.
  void add(const std::string &name, int dtype, const std::vector<int64_t> &dims, const std::string &bytes,
           int shard = 0);
  void addStrings(const std::string &name, const std::vector<int64_t> &dims,
                  const std::vector<std::string> &values);
  /// Adds the entry of a slice under its key; the entry of the whole comes from addPartitioned.
  void addSlice(const std::string &key, int dtype, const std::vector<int64_t> &dims, const std::string &bytes,
                int shard = 0);
  void addPartitioned(const std::string &name, int dtype, const std::vector<int64_t> &dims,
                      const std::vector<Slice> &slices);

  std::string index() const;
  /// Writes the files and returns the prefix.
  std::string write(const std::string &name) const;

private:
  std::string entry(int dtype, const std::vector<int64_t> &dims, const std::string &bytes, uint32_t crc,
                    int shard);
};

} // namespace tgc::test

#endif // TGC_TEST_UNIT_RUNTIME_CHECKPOINTBUILDER_H
