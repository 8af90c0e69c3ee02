//===- Lexer.cpp - PTX text as tokens -----------------------------------------===//
#include "tools/ptx/Lexer.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/ADT/bit.h"

using namespace tgc::ptx;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
using llvm::Twine;

Error tgc::ptx::errorAt(StringRef file, uint32_t line, const Twine &message) {
  return llvm::createStringError(file + ":" + Twine(line) + ": error: " + message);
}

static bool startsWord(char c) { return llvm::isAlpha(c) || c == '_' || c == '$' || c == '%' || c == '.'; }
static bool continuesWord(char c) { return llvm::isAlnum(c) || c == '_' || c == '$' || c == '.'; }

namespace {
class Lexer {
public:
  Lexer(StringRef text, StringRef file) : text(text), file(file) {}

  Expected<std::vector<Token>> run() {
    while (true) {
      if (Error error = skipBlanks())
        return std::move(error);
      if (at == text.size())
        break;
      if (Error error = next())
        return std::move(error);
    }
    tokens.push_back({Token::End, "end of file", 0, line});
    return std::move(tokens);
  }

private:
  char peek(size_t ahead = 0) const { return at + ahead < text.size() ? text[at + ahead] : '\0'; }

  Error skipBlanks() {
    while (at < text.size()) {
      char c = text[at];
      if (c == '\n') {
        ++line;
        ++at;
      } else if (llvm::isSpace(c)) {
        ++at;
      } else if (c == '/' && peek(1) == '/') {
        at = std::min(text.find('\n', at), text.size());
      } else if (c == '/' && peek(1) == '*') {
        size_t end = text.find("*/", at + 2);
        if (end == StringRef::npos)
          return errorAt(file, line, "this comment has no end");
        line += text.slice(at, end).count('\n');
        at = end + 2;
      } else {
        break;
      }
    }
    return Error::success();
  }

  void push(Token::Kind kind, size_t begin, uint64_t value = 0) {
    tokens.push_back({kind, text.slice(begin, at), value, line});
  }

  Error next() {
    char c = text[at];
    if (startsWord(c))
      return word();
    if (llvm::isDigit(c))
      return number();
    if (c == '"')
      return string();
    if (!StringRef("{}[]()<>,;:@!|+-=*&~^/?").contains(c))
      return errorAt(file, line, "'" + Twine(StringRef(&text.data()[at], 1)) + "' is not a character of PTX");
    size_t begin = at++;
    push(Token::Punctuation, begin);
    return Error::success();
  }

  Error word() {
    size_t begin = at++;
    while (continuesWord(peek()) ||
           (peek() == ':' && peek(1) == ':' && continuesWord(peek(2)) && peek(2) != '.'))
      at += peek() == ':' ? 2 : 1;
    push(Token::Word, begin);
    return Error::success();
  }

  /// 12, 0x1F, 017, 0b11, 0f3F800000, 0d3FF0000000000000, 1.5, each integer with U or not.
  Error number() {
    size_t begin = at;
    while (llvm::isAlnum(peek()) || peek() == '.' ||
           ((peek() == '+' || peek() == '-') && isDecimalExponent(begin)))
      ++at;
    StringRef digits = text.slice(begin, at);
    uint64_t value = 0;
    if (digits.size() == 10 && digits.starts_with_insensitive("0f")) {
      if (digits.drop_front(2).getAsInteger(16, value))
        return bad(digits);
      push(Token::Float32, begin, value);
      return Error::success();
    }
    if (digits.size() == 18 && digits.starts_with_insensitive("0d")) {
      if (digits.drop_front(2).getAsInteger(16, value))
        return bad(digits);
      push(Token::Float64, begin, value);
      return Error::success();
    }
    if (!digits.starts_with_insensitive("0x") && digits.find_first_of(".eE") != StringRef::npos) {
      double number;
      if (digits.getAsDouble(number))
        return bad(digits);
      push(Token::Float64, begin, llvm::bit_cast<uint64_t>(number));
      return Error::success();
    }
    StringRef plain = digits;
    if (!plain.consume_back("U"))
      plain.consume_back("u");
    if (plain.getAsInteger(0, value))
      return bad(digits);
    push(Token::Integer, begin, value);
    return Error::success();
  }

  bool isDecimalExponent(size_t begin) const {
    char last = at > begin ? text[at - 1] : '\0';
    StringRef before = text.slice(begin, at);
    return (last == 'e' || last == 'E') && !before.starts_with_insensitive("0x") &&
           !before.starts_with_insensitive("0f") && !before.starts_with_insensitive("0d");
  }

  Error bad(StringRef digits) { return errorAt(file, line, "'" + digits + "' is not a number of PTX"); }

  Error string() {
    size_t begin = ++at;
    while (at < text.size() && text[at] != '"' && text[at] != '\n')
      at += text[at] == '\\' ? 2 : 1;
    if (at >= text.size() || text[at] != '"')
      return errorAt(file, line, "this string has no end");
    push(Token::String, begin);
    ++at;
    return Error::success();
  }

  StringRef text, file;
  size_t at = 0;
  uint32_t line = 1;
  std::vector<Token> tokens;
};
} // namespace

Expected<std::vector<Token>> tgc::ptx::tokenize(StringRef text, StringRef file) {
  return Lexer(text, file).run();
}
