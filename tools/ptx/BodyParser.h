//===- BodyParser.h - The statements of a function ------------------*- C++ -*-===//
#ifndef TGC_TOOLS_PTX_BODYPARSER_H
#define TGC_TOOLS_PTX_BODYPARSER_H

#include "tools/ptx/Lexer.h"
#include "tools/ptx/Syntax.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"
#include <optional>

namespace tgc::ptx {

/// Tokens with a place in them.
class TokenStream {
public:
  TokenStream(llvm::StringRef file, std::vector<Token> tokens) : file(file), tokens(std::move(tokens)) {}

  const Token &peek(size_t ahead = 0) const { return tokens[std::min(at + ahead, tokens.size() - 1)]; }
  const Token &take() { return tokens[at + 1 < tokens.size() ? at++ : at]; }
  bool consume(char c) {
    if (!peek().is(c))
      return false;
    take();
    return true;
  }
  llvm::Error expect(char c);
  llvm::Expected<uint64_t> integer();
  llvm::Expected<llvm::StringRef> name();
  llvm::Error unexpected(const llvm::Twine &expected) const;
  void skipStatement();

  llvm::StringRef file;

private:
  std::vector<Token> tokens;
  size_t at = 0;
};

/// The space that a directive declares (".shared"), if it does.
std::optional<Space> spaceOf(llvm::StringRef directive);
llvm::Expected<Variable> parseVariable(TokenStream &in, Space space, bool isExtern);
/// From the opening brace to the closing one.
llvm::Error parseBody(TokenStream &in, Syntax &module, Function &function);

} // namespace tgc::ptx

#endif // TGC_TOOLS_PTX_BODYPARSER_H
