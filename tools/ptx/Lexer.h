//===- Lexer.h - PTX text as tokens ---------------------------------*- C++ -*-===//
#ifndef TGC_TOOLS_PTX_LEXER_H
#define TGC_TOOLS_PTX_LEXER_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <vector>

namespace tgc::ptx {

struct Token {
  enum Kind : uint8_t { Word, Integer, Float32, Float64, String, Punctuation, End };
  Kind kind = End;
  /// The characters; of a string, those between its quotes.
  llvm::StringRef text;
  /// The value of an integer, the bits of a float.
  uint64_t value = 0;
  uint32_t line = 0;

  bool is(char c) const { return kind == Punctuation && text.front() == c; }
  bool isWord(llvm::StringRef word) const { return kind == Word && text == word; }
};

/// Words are names, directives and opcodes whole: "%r1", ".reg", "ld.global.v4.f32",
/// "mbarrier::complete_tx::bytes". `file` names the text in messages. The last token is an End.
llvm::Expected<std::vector<Token>> tokenize(llvm::StringRef text, llvm::StringRef file);

/// "k.ptx:12: error: ..."
llvm::Error errorAt(llvm::StringRef file, uint32_t line, const llvm::Twine &message);

} // namespace tgc::ptx

#endif // TGC_TOOLS_PTX_LEXER_H
