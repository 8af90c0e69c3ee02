//===- NpyHeader.cpp - The dict literal at the start of a .npy file -----------===//
//
// Reads the little of Python's literals that numpy writes there: a dict of strings, True, False and tuples of
// integers.
//
//===----------------------------------------------------------------------===//
#include "tools/npz/NpyHeader.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Error.h"

using namespace tgc;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;

/// More dimensions than numpy itself allows.
static constexpr size_t kMaxRank = 64;

namespace {
class HeaderParser {
public:
  explicit HeaderParser(StringRef text) : rest(text) {}

  Expected<NpyHeader> parse() {
    NpyHeader header;
    bool hasDescr = false, hasOrder = false, hasShape = false;
    if (!take('{'))
      return fail("'{'");
    while (!take('}')) {
      Expected<std::string> key = parseString();
      if (!key)
        return key.takeError();
      if (!take(':'))
        return fail("':'");
      bool *seen = *key == "descr"           ? &hasDescr
                   : *key == "fortran_order" ? &hasOrder
                   : *key == "shape"         ? &hasShape
                                             : nullptr;
      if (!seen || *seen)
        return llvm::createStringError("header: unexpected key '" + *key + "'");
      *seen = true;
      if (Error error = parseValue(*key, header))
        return std::move(error);
      if (!take(',') && !peek('}'))
        return fail("',' or '}'");
    }
    if (!hasDescr || !hasOrder || !hasShape)
      return llvm::createStringError("header: 'descr', 'fortran_order' and 'shape' are expected");
    skipSpace();
    if (!rest.empty())
      return fail("the end");
    return header;
  }

private:
  Error parseValue(StringRef key, NpyHeader &header) {
    if (key == "shape")
      return parseShape(header.shape);
    if (key == "fortran_order") {
      skipSpace();
      header.isFortranOrder = rest.consume_front("True");
      if (!header.isFortranOrder && !rest.consume_front("False"))
        return fail("True or False");
      return Error::success();
    }
    if (peek('['))
      return llvm::createStringError(
          "structured arrays are not supported; save each field as an array of its own");
    Expected<std::string> descr = parseString();
    if (!descr)
      return descr.takeError();
    header.descr = *descr;
    return Error::success();
  }

  Error parseShape(std::vector<int64_t> &shape) {
    if (!take('('))
      return fail("'('");
    while (!take(')')) {
      skipSpace();
      uint64_t dim;
      if (rest.consumeInteger(10, dim) || dim > uint64_t(INT64_MAX))
        return fail("a dimension");
      rest.consume_front("L"); // Python 2 wrote long integers so
      shape.push_back(int64_t(dim));
      if (shape.size() > kMaxRank)
        return llvm::createStringError("header: more than " + llvm::Twine(kMaxRank) + " dimensions");
      if (!take(',') && !peek(')'))
        return fail("',' or ')'");
    }
    return Error::success();
  }

  Expected<std::string> parseString() {
    skipSpace();
    char quote = rest.empty() ? '\0' : rest.front();
    size_t end = quote == '\'' || quote == '"' ? rest.find(quote, 1) : StringRef::npos;
    if (end == StringRef::npos)
      return fail("a string");
    std::string text = rest.slice(1, end).str();
    rest = rest.drop_front(end + 1);
    return text;
  }

  void skipSpace() { rest = rest.ltrim(" \t\r\n"); }
  bool peek(char c) {
    skipSpace();
    return !rest.empty() && rest.front() == c;
  }
  bool take(char c) {
    if (!peek(c))
      return false;
    rest = rest.drop_front();
    return true;
  }
  Error fail(const llvm::Twine &expected) {
    std::string found = rest.empty() ? "the end" : "'" + rest.take_front(16).str() + "'";
    for (char &c : found)
      if (!llvm::isPrint(c))
        c = '?';
    return llvm::createStringError("header: " + expected + " is expected at " + found);
  }

  StringRef rest;
};
} // namespace

Expected<NpyHeader> tgc::parseNpyHeader(StringRef text) { return HeaderParser(text).parse(); }

std::string tgc::formatNpyHeader(const NpyHeader &header) {
  std::string text = "{'descr': '" + header.descr +
                     "', 'fortran_order': " + (header.isFortranOrder ? "True" : "False") + ", 'shape': (";
  for (auto [i, dim] : llvm::enumerate(header.shape))
    text += (i ? ", " : "") + llvm::itostr(dim);
  return text + (header.shape.size() == 1 ? ",), }" : "), }");
}
