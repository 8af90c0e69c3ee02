//===- TextCorpus.cpp - Text for language models --------------------------===//

#include "tools/train/Dataset.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace tgc {
namespace {

/// Words of a line and "<eos>" for its end, or single characters (UTF-8), or bytes.
std::vector<std::string> tokenize(StringRef text, StringRef unit) {
  std::vector<std::string> tokens;
  if (unit == "word") {
    while (!text.empty()) {
      auto [line, rest] = text.split('\n');
      for (StringRef word : split(line, ' '))
        if (!word.trim().empty())
          tokens.push_back(word.trim().str());
      tokens.push_back("<eos>");
      text = rest;
    }
    return tokens;
  }
  for (size_t at = 0; at < text.size();) {
    size_t size = 1;
    while (unit == "char" && at + size < text.size() && (text[at + size] & 0xc0) == 0x80)
      ++size;
    tokens.push_back(text.substr(at, size).str());
    at += size;
  }
  return tokens;
}

/// The most frequent tokens first, equal ones in byte order; what is beyond `limit` is "<unk>".
void fill(Vocabulary &vocabulary, ArrayRef<std::string> tokens, size_t limit) {
  std::map<std::string, int64_t> counts;
  for (const std::string &token : tokens)
    ++counts[token];
  std::vector<std::pair<std::string, int64_t>> ranked(counts.begin(), counts.end());
  llvm::sort(ranked, [](const auto &a, const auto &b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  if (limit && ranked.size() > limit) {
    ranked.resize(limit - 1);
    if (none_of(ranked, [](const auto &entry) { return entry.first == "<unk>"; }))
      ranked.emplace_back("<unk>", 0);
  }
  for (auto &[token, count] : ranked)
    vocabulary.ids.emplace(token, static_cast<int32_t>(vocabulary.ids.size()));
}

Expected<int64_t> numberOption(const std::map<std::string, std::string> &options, const std::string &key,
                               int64_t otherwise) {
  auto found = options.find(key);
  int64_t value = otherwise;
  if (found != options.end() && (StringRef(found->second).getAsInteger(10, value) || value < 1))
    return createStringError(key + "=" + found->second + ": a number from 1 on is expected");
  return value;
}

} // namespace

Expected<NamedArrays> parseText(StringRef bytes, const std::map<std::string, std::string> &options,
                                Vocabulary &vocabulary) {
  std::string unit = "char";
  for (const auto &[key, value] : options) {
    if (key != "unit" && key != "length" && key != "stride" && key != "vocabulary")
      return createStringError("unknown key '" + key + "'; unit, length, stride and vocabulary are known");
    if (key == "unit")
      unit = value;
  }
  if (unit != "word" && unit != "char" && unit != "byte")
    return createStringError("unit=" + unit + ": word, char or byte is expected");
  Expected<int64_t> length = numberOption(options, "length", 64);
  if (!length)
    return length.takeError();
  Expected<int64_t> stride = numberOption(options, "stride", *length),
                    limit = numberOption(options, "vocabulary", 0);
  if (!stride || !limit)
    return joinErrors(stride.takeError(), limit.takeError());
  std::vector<std::string> tokens = tokenize(bytes, unit);
  if (unit != "byte" && vocabulary.ids.empty())
    fill(vocabulary, tokens, *limit);
  std::vector<int32_t> ids;
  auto unknown = vocabulary.ids.find("<unk>");
  for (const std::string &token : tokens) {
    auto found = vocabulary.ids.find(token);
    if (unit != "byte" && found == vocabulary.ids.end())
      found = unknown;
    if (unit != "byte" && found == vocabulary.ids.end())
      return createStringError("'" + token +
                               "' is not in the vocabulary of the first corpus, which has no <unk>");
    ids.push_back(unit == "byte" ? static_cast<uint8_t>(token[0]) : found->second);
  }
  if (static_cast<int64_t>(ids.size()) <= *length)
    return createStringError("has " + Twine(ids.size()) + " tokens; windows of " + Twine(*length) +
                             " need one more");
  int64_t count = (static_cast<int64_t>(ids.size()) - 1 - *length) / *stride + 1;
  NumpyArray inputs = makeArray(TGC_INT32, {count, *length}),
             targets = makeArray(TGC_INT32, {count, *length});
  size_t size = *length * sizeof(int32_t);
  for (int64_t i = 0; i < count; ++i) {
    std::memcpy(inputs.bytes.data() + i * size, ids.data() + i * *stride, size);
    std::memcpy(targets.bytes.data() + i * size, ids.data() + i * *stride + 1, size);
  }
  NamedArrays columns;
  columns.emplace_back("input", std::move(inputs));
  columns.emplace_back("target", std::move(targets));
  return columns;
}

} // namespace tgc
