//===- CheckpointBuilder.cpp - Checkpoints made to measure ---===//
#include "CheckpointBuilder.h"

#include "gtest/gtest.h"

#include <fstream>

namespace tgc::test {
namespace {

/// Bit by bit, from the polynomial: not the reader's code.
uint32_t crc32c(const std::string &bytes) {
  uint32_t crc = 0xffffffff;
  for (unsigned char byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit)
      crc = crc & 1 ? (crc >> 1) ^ 0x82f63b78 : crc >> 1;
  }
  return ~crc;
}

uint32_t mask(uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8; }

std::string shape(const std::vector<int64_t> &dims) {
  std::string result;
  for (int64_t dim : dims)
    result += bytesField(2, numberField(1, static_cast<uint64_t>(dim)));
  return result;
}

/// Appends blocks to a file and keeps where they are.
class TableWriter {
public:
  TableWriter(unsigned restartInterval, char type) : restartInterval(restartInterval), type(type) {}

  std::string addBlock(const std::vector<std::pair<std::string, std::string>> &entries) {
    std::string block, restarts, last;
    unsigned numRestarts = 0;
    for (size_t i = 0; i < entries.size(); ++i) {
      const std::string &key = entries[i].first;
      size_t shared = 0;
      if (i % restartInterval == 0) {
        restarts += fixed32(static_cast<uint32_t>(block.size()));
        ++numRestarts;
      } else {
        while (shared < key.size() && shared < last.size() && key[shared] == last[shared])
          ++shared;
      }
      block += varint(shared) + varint(key.size() - shared) + varint(entries[i].second.size());
      block += key.substr(shared) + entries[i].second;
      last = key;
    }
    block += restarts + fixed32(numRestarts);
    std::string handle = varint(file.size()) + varint(block.size());
    block += type;
    file += block + fixed32(mask(crc32c(block)));
    return handle;
  }

  std::string file;

private:
  unsigned restartInterval;
  char type;
};

} // namespace

std::string varint(uint64_t value) {
  std::string result;
  for (; value >= 0x80; value >>= 7)
    result += static_cast<char>(value | 0x80);
  return result + static_cast<char>(value);
}

std::string fixed32(uint32_t value) {
  std::string result;
  for (int i = 0; i < 4; ++i)
    result += static_cast<char>(value >> (8 * i));
  return result;
}

uint32_t maskedCrc(const std::string &bytes) { return mask(crc32c(bytes)); }

std::string numberField(unsigned field, uint64_t value) { return varint(field << 3) + varint(value); }

std::string bytesField(unsigned field, const std::string &bytes) {
  return varint(field << 3 | 2) + varint(bytes.size()) + bytes;
}

std::string CheckpointBuilder::entry(int dtype, const std::vector<int64_t> &dims, const std::string &bytes,
                                     uint32_t crc, int shard) {
  std::string &file = shards[shard];
  std::string result = numberField(1, static_cast<uint64_t>(dtype)) + bytesField(2, shape(dims)) +
                       numberField(3, static_cast<uint64_t>(shard)) + numberField(4, file.size()) +
                       numberField(5, bytes.size()) + varint(6 << 3 | 5) + fixed32(crc);
  file += bytes;
  return result;
}

void CheckpointBuilder::add(const std::string &name, int dtype, const std::vector<int64_t> &dims,
                            const std::string &bytes, int shard) {
  entries[name] = entry(dtype, dims, bytes, maskedCrc(bytes), shard);
}

void CheckpointBuilder::addStrings(const std::string &name, const std::vector<int64_t> &dims,
                                   const std::vector<std::string> &values) {
  std::string lengths, summed, bytes;
  for (const std::string &value : values) {
    lengths += varint(value.size());
    summed += fixed32(static_cast<uint32_t>(value.size()));
    bytes += value;
  }
  std::string check = fixed32(maskedCrc(summed));
  entries[name] = entry(7, dims, lengths + check + bytes, maskedCrc(summed + check + bytes), 0);
}

void CheckpointBuilder::addSlice(const std::string &key, int dtype, const std::vector<int64_t> &dims,
                                 const std::string &bytes, int shard) {
  entries[key] = entry(dtype, dims, bytes, maskedCrc(bytes), shard);
}

void CheckpointBuilder::addPartitioned(const std::string &name, int dtype, const std::vector<int64_t> &dims,
                                       const std::vector<Slice> &slices) {
  std::string value = numberField(1, static_cast<uint64_t>(dtype)) + bytesField(2, shape(dims));
  for (const Slice &slice : slices) {
    std::string extents;
    for (auto [start, length] : slice)
      extents += bytesField(1, length < 0 ? std::string()
                                          : numberField(1, static_cast<uint64_t>(start)) +
                                                numberField(2, static_cast<uint64_t>(length)));
    value += bytesField(7, extents);
  }
  entries[name] = value;
}

std::string CheckpointBuilder::index() const {
  TableWriter table(restartInterval, blockType);
  std::vector<std::pair<std::string, std::string>> block = {{"", header}}, blocks;
  auto flush = [&] {
    if (block.empty())
      return;
    std::string last = block.back().first;
    blocks.emplace_back(last, table.addBlock(block));
    block.clear();
  };
  for (const auto &item : entries) {
    if (block.size() >= entriesPerBlock)
      flush();
    block.push_back(item);
  }
  flush();
  std::string footer = table.addBlock({});
  footer += table.addBlock(blocks);
  footer.resize(40);
  return table.file + footer + fixed32(0x8b80fb57) + fixed32(0xdb477524);
}

std::string CheckpointBuilder::write(const std::string &name) const {
  std::string prefix = ::testing::TempDir() + "tgc-" + name;
  std::ofstream(prefix + ".index", std::ios::binary) << index();
  int numShards = shards.empty() ? 1 : shards.rbegin()->first + 1;
  for (const auto &[shard, bytes] : shards) {
    char suffix[64];
    snprintf(suffix, sizeof suffix, ".data-%05d-of-%05d", shard, numShards);
    std::ofstream(prefix + suffix, std::ios::binary) << bytes;
  }
  return prefix;
}

} // namespace tgc::test
