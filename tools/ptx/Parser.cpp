//===- Parser.cpp - PTX text to syntax ----------------------------------------===//
//
// Directives of a module, and what they share with functions. BodyParser takes the functions' statements.
//
//===----------------------------------------------------------------------===//
#include "tools/ptx/Parser.h"
#include "tools/ptx/BodyParser.h"

using namespace tgc::ptx;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
using llvm::Twine;

/// More elements than any device has bytes: a bad number, not a variable.
static constexpr uint64_t kMaxElements = uint64_t(1) << 40;

Error TokenStream::unexpected(const Twine &expected) const {
  return errorAt(file, peek().line, "expected " + expected + ", got '" + peek().text + "'");
}

Error TokenStream::expect(char c) {
  if (consume(c))
    return Error::success();
  return unexpected("'" + Twine(c) + "'");
}

Expected<uint64_t> TokenStream::integer() {
  if (peek().kind != Token::Integer)
    return unexpected("an integer");
  return take().value;
}

Expected<StringRef> TokenStream::name() {
  if (peek().kind != Token::Word || peek().text.starts_with("."))
    return unexpected("a name");
  return take().text;
}

void TokenStream::skipStatement() {
  while (peek().kind != Token::End && !consume(';'))
    take();
}

/// "256" or "16,16,4" after .reqntid and its kin.
static Expected<Dim3> parseDims(TokenStream &in) {
  Dim3 dims;
  uint32_t *parts[] = {&dims.x, &dims.y, &dims.z};
  for (uint32_t *part : parts) {
    Expected<uint64_t> value = in.integer();
    if (!value)
      return value.takeError();
    *part = *value;
    if (!in.consume(','))
      break;
  }
  return dims;
}

static Expected<Variable::Initial> parseInitial(TokenStream &in) {
  Variable::Initial initial;
  bool isNegative = in.consume('-');
  const Token &token = in.peek();
  if (token.kind == Token::Integer || token.kind == Token::Float32 || token.kind == Token::Float64) {
    initial.bits = isNegative ? -token.value : token.value;
    in.take();
    return initial;
  }
  bool isGeneric = in.peek().isWord("generic");
  if (isGeneric) {
    in.take();
    if (Error error = in.expect('('))
      return std::move(error);
  }
  Expected<StringRef> symbol = in.name();
  if (!symbol)
    return symbol.takeError();
  initial.symbol = *symbol;
  if (isGeneric)
    if (Error error = in.expect(')'))
      return std::move(error);
  if (in.consume('+')) {
    Expected<uint64_t> offset = in.integer();
    if (!offset)
      return offset.takeError();
    initial.bits = *offset;
  }
  return initial;
}

/// After the state space: alignment, type, name, length, initial value. Parameters also have .ptr and its
/// space.
Expected<Variable> tgc::ptx::parseVariable(TokenStream &in, Space space, bool isExtern) {
  Variable variable;
  variable.space = space;
  variable.isExtern = isExtern;
  variable.line = in.peek().line;
  bool hasType = false;
  while (in.peek().kind == Token::Word && in.peek().text.starts_with(".")) {
    StringRef word = in.take().text.drop_front();
    if (word == "align") {
      Expected<uint64_t> align = in.integer();
      if (!align)
        return align.takeError();
      if (*align == 0 || *align > 4096 || (*align & (*align - 1)))
        return errorAt(in.file, variable.line,
                       "alignment " + Twine(*align) + " is not a power of two up to 4096");
      variable.align = std::max<uint32_t>(variable.align, hasType ? 1 : *align);
    } else if (std::optional<Type> type = typeOf(word)) {
      variable.type = *type;
      variable.align = std::max(variable.align, sizeOf(*type));
      hasType = true;
    } else if (word != "ptr" && word != "global" && word != "shared" && word != "const" && word != "local") {
      return errorAt(in.file, variable.line, "'." + word + "' is not known in a declaration");
    }
  }
  if (!hasType)
    return in.unexpected("a type");
  Expected<StringRef> name = in.name();
  if (!name)
    return name.takeError();
  variable.name = *name;
  while (in.consume('[')) {
    if (in.consume(']')) {
      variable.isUnsized = true;
      variable.count = 0;
      continue;
    }
    Expected<uint64_t> count = in.integer();
    if (!count)
      return count.takeError();
    if (*count > kMaxElements || (variable.count && *count > kMaxElements / variable.count))
      return errorAt(in.file, variable.line, "'" + variable.name + "' has too many elements");
    variable.count *= *count;
    if (Error error = in.expect(']'))
      return std::move(error);
  }
  if (in.consume('=')) {
    bool isList = in.consume('{');
    do {
      if (isList && in.peek().is('}'))
        break;
      Expected<Variable::Initial> initial = parseInitial(in);
      if (!initial)
        return initial.takeError();
      variable.initial.push_back(*initial);
    } while (isList && in.consume(','));
    if (isList)
      if (Error error = in.expect('}'))
        return std::move(error);
    if (variable.isUnsized)
      variable.count = variable.initial.size();
    variable.isUnsized = false;
    if (variable.initial.size() > variable.count)
      return errorAt(in.file, variable.line,
                     "'" + variable.name + "' has " + Twine(variable.count) + " elements but " +
                         Twine(variable.initial.size()) + " values");
  }
  return variable;
}

namespace {
class ModuleParser {
public:
  explicit ModuleParser(TokenStream &in) : in(in) {}

  Expected<Syntax> run() {
    while (in.peek().kind != Token::End)
      if (Error error = directive())
        return std::move(error);
    if (syntax.version.empty())
      return errorAt(in.file, 1, "no .version: this is not a PTX module");
    return std::move(syntax);
  }

private:
  Error directive() {
    if (in.peek().kind != Token::Word)
      return in.unexpected("a directive");
    uint32_t line = in.peek().line;
    StringRef word = in.take().text;
    if (word == ".version") {
      if (in.peek().kind != Token::Float64 && in.peek().kind != Token::Integer)
        return in.unexpected("a version");
      syntax.version = in.take().text;
      return Error::success();
    }
    if (word == ".target") {
      Expected<StringRef> target = in.name();
      if (!target)
        return target.takeError();
      syntax.target = *target;
      while (in.consume(','))
        in.take();
      return Error::success();
    }
    if (word == ".address_size") {
      Expected<uint64_t> bits = in.integer();
      if (!bits)
        return bits.takeError();
      return *bits == 64 ? Error::success()
                         : errorAt(in.file, line, "addresses have 64 bits here, not " + Twine(*bits));
    }
    if (word == ".file")
      return fileName();
    if (word == ".section")
      return section();
    if (word == ".visible" || word == ".weak" || word == ".common") {
      return Error::success();
    }
    if (word == ".extern") {
      isExtern = true;
      return Error::success();
    }
    return declaration(word, line);
  }

  Error declaration(StringRef word, uint32_t line) {
    bool wasExtern = std::exchange(isExtern, false);
    std::optional<Space> space = spaceOf(word);
    if (space) {
      Expected<Variable> variable = parseVariable(in, *space, wasExtern);
      if (!variable)
        return variable.takeError();
      syntax.variables.push_back(std::move(*variable));
      return in.expect(';');
    }
    if (word == ".entry")
      return entry(line);
    if (word == ".func")
      return errorAt(in.file, line, "device functions are not run; inline what a kernel calls");
    return errorAt(in.file, line, "'" + word + "' is not known at the top of a module");
  }

  /// .file 1 "graph.pb"[, time, size]
  Error fileName() {
    Expected<uint64_t> number = in.integer();
    if (!number)
      return number.takeError();
    if (in.peek().kind != Token::String)
      return in.unexpected("a file's name");
    syntax.files[*number] = in.take().text;
    while (in.consume(','))
      in.take();
    return Error::success();
  }

  /// Debug data: braces around anything.
  Error section() {
    while (in.peek().kind != Token::End && !in.peek().is('{'))
      in.take();
    while (in.peek().kind != Token::End && !in.peek().is('}'))
      in.take();
    return in.expect('}');
  }

  Error entry(uint32_t line) {
    Function function;
    function.isEntry = true;
    function.line = line;
    Expected<StringRef> name = in.name();
    if (!name)
      return name.takeError();
    function.name = *name;
    if (in.consume('(')) {
      while (!in.consume(')')) {
        if (!in.peek().isWord(".param"))
          return in.unexpected("'.param'");
        in.take();
        Expected<Variable> parameter = parseVariable(in, Space::Param, false);
        if (!parameter)
          return parameter.takeError();
        function.parameters.push_back(std::move(*parameter));
        if (!in.peek().is(')'))
          if (Error error = in.expect(','))
            return error;
      }
    }
    if (Error error = attributes(function))
      return error;
    if (in.consume(';'))
      return Error::success();
    if (Error error = parseBody(in, syntax, function))
      return error;
    syntax.functions.push_back(std::move(function));
    return Error::success();
  }

  Error attributes(Function &function) {
    while (in.peek().kind == Token::Word) {
      StringRef word = in.take().text;
      Dim3 *dims = word == ".reqntid"             ? &function.requiredThreads
                   : word == ".maxntid"           ? &function.maxThreads
                   : word == ".reqnctapercluster" ? &function.requiredCluster
                                                  : nullptr;
      if (dims) {
        Expected<Dim3> parsed = parseDims(in);
        if (!parsed)
          return parsed.takeError();
        *dims = *parsed;
      } else if (word == ".maxnreg" || word == ".minnctapersm" || word == ".maxnctapersm" ||
                 word == ".maxclusterrank") {
        if (Error error = in.integer().takeError())
          return error;
      } else if (word == ".pragma") {
        in.skipStatement();
      } else if (word != ".explicitcluster" && word != ".blocksareclusters") {
        return errorAt(in.file, in.peek().line, "'" + word + "' is not known before a kernel's body");
      }
    }
    return Error::success();
  }

  TokenStream &in;
  Syntax syntax;
  bool isExtern = false;
};
} // namespace

Expected<Syntax> tgc::ptx::parse(StringRef text, StringRef file) {
  Expected<std::vector<Token>> tokens = tokenize(text, file);
  if (!tokens)
    return tokens.takeError();
  TokenStream in{file, std::move(*tokens)};
  return ModuleParser(in).run();
}
