//===- BodyParser.cpp - The statements of a function --------------------------===//
#include "tools/ptx/BodyParser.h"
#include "tools/ptx/Names.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace tgc::ptx;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
using llvm::Twine;

/// Each has a row of lanes in every warp: more would be a bad number.
static constexpr uint64_t kMaxRegisters = 1 << 18;
/// Operands nest twice at most: a vector of coordinates in an address.
static constexpr unsigned kMaxDepth = 4;

std::optional<Space> tgc::ptx::spaceOf(StringRef directive) {
  return llvm::StringSwitch<std::optional<Space>>(directive)
      .Case(".global", Space::Global)
      .Case(".const", Space::Const)
      .Case(".shared", Space::Shared)
      .Case(".local", Space::Local)
      .Case(".param", Space::Param)
      .Default(std::nullopt);
}

namespace {
class BodyParser {
public:
  BodyParser(TokenStream &in, Function &function) : in(in), function(function) {}

  Error run() {
    if (Error error = in.expect('{'))
      return error;
    while (true) {
      if (in.peek().kind == Token::End)
        return errorAt(in.file, function.line, "the body of '" + function.name + "' has no end");
      if (in.consume('{')) {
        names.open();
        continue;
      }
      if (in.consume('}')) {
        if (!names.close())
          break;
        continue;
      }
      if (in.consume(';'))
        continue;
      if (Error error = item())
        return error;
    }
    return resolveLabels();
  }

private:
  Error item() {
    const Token &token = in.peek();
    if (token.is('@'))
      return statement();
    if (token.kind != Token::Word)
      return in.unexpected("a statement");
    if (in.peek(1).is(':')) {
      if (!names.define(token.text, function.statements.size()))
        return errorAt(in.file, token.line, "label '" + token.text + "' stands here for the second time");
      in.take();
      in.take();
      return Error::success();
    }
    if (token.text.starts_with("."))
      return directive();
    return statement();
  }

  Error directive() {
    uint32_t line = in.peek().line;
    StringRef word = in.take().text;
    if (word == ".reg")
      return registers();
    if (word == ".loc")
      return location();
    if (word == ".pragma") {
      in.skipStatement();
      return Error::success();
    }
    if (std::optional<Space> space = spaceOf(word)) {
      Expected<Variable> variable = parseVariable(in, *space, false);
      if (!variable)
        return variable.takeError();
      function.variables.push_back(std::move(*variable));
      return in.expect(';');
    }
    return errorAt(in.file, line, "'" + word + "' is not known in a function");
  }

  /// .reg .b32 %a, %b<12>;
  Error registers() {
    StringRef word = in.peek().text;
    std::optional<Type> type = word.consume_front(".") ? typeOf(word) : std::nullopt;
    if (!type)
      return in.unexpected("a register's type");
    in.take();
    do {
      uint32_t line = in.peek().line;
      Expected<StringRef> name = in.name();
      if (!name)
        return name.takeError();
      uint64_t count = 1;
      bool isRange = in.consume('<');
      if (isRange) {
        Expected<uint64_t> parsed = in.integer();
        if (!parsed)
          return parsed.takeError();
        count = *parsed;
        if (Error error = in.expect('>'))
          return error;
      }
      if (function.registers.size() + count > kMaxRegisters)
        return errorAt(in.file, line, "more than " + Twine(kMaxRegisters) + " registers in one function");
      uint32_t first = function.registers.size();
      if (isRange)
        names.declareRange(*name, first, count);
      else if (!names.declare(*name, first))
        return errorAt(in.file, line, "register '" + *name + "' is declared twice");
      for (uint32_t i = 0; i < count; ++i)
        function.registers.push_back({*name, i, isRange, *type});
    } while (in.consume(','));
    return in.expect(';');
  }

  /// .loc file line column [, function_name label [+ n], inlined_at file line column]
  Error location() {
    SourceLocation loc;
    for (uint32_t *part : {&loc.file, &loc.line}) {
      Expected<uint64_t> value = in.integer();
      if (!value)
        return value.takeError();
      *part = *value;
    }
    if (in.peek().kind == Token::Integer)
      in.take();
    while (in.consume(',')) {
      while (in.peek().kind == Token::Integer || in.peek().is('+') || in.peek().isWord("function_name") ||
             in.peek().isWord("inlined_at") || in.peek().text.starts_with("$L__info"))
        in.take();
    }
    function.locations.push_back(loc);
    return Error::success();
  }

  Error statement() {
    Statement result;
    result.line = in.peek().line;
    result.location = function.locations.size() - 1;
    if (in.consume('@')) {
      result.predicateNegated = in.consume('!');
      Expected<StringRef> name = in.name();
      if (!name)
        return name.takeError();
      std::optional<uint32_t> reg = names.find(*name);
      if (!reg || function.registers[*reg].type != Type::Pred)
        return errorAt(in.file, result.line, "'" + *name + "' is not a predicate register");
      result.predicate = *reg;
    }
    Expected<StringRef> opcode = in.name();
    if (!opcode)
      return opcode.takeError();
    result.opcode = *opcode;
    if (!in.peek().is(';'))
      do {
        Expected<Operand> parsed = operand(0);
        if (!parsed)
          return parsed.takeError();
        result.operands.push_back(std::move(*parsed));
      } while (in.consume(','));
    if (Error error = in.expect(';'))
      return error;
    StringRef base = result.opcode.split('.').first;
    if (base == "bra" || base == "brx")
      branches.push_back({uint32_t(function.statements.size()), names.scope()});
    function.statements.push_back(std::move(result));
    return Error::success();
  }

  Expected<Operand> list(Operand::Kind kind, char end, unsigned depth) {
    Operand result;
    result.kind = kind;
    if (!in.consume(end)) {
      do {
        Expected<Operand> part = operand(depth + 1);
        if (!part)
          return part.takeError();
        result.parts.push_back(std::move(*part));
      } while (in.consume(','));
      if (Error error = in.expect(end))
        return std::move(error);
    }
    return result;
  }

  Expected<Operand> operand(unsigned depth) {
    if (depth > kMaxDepth)
      return errorAt(in.file, in.peek().line, "operands nest too deep");
    if (in.consume('{'))
      return list(Operand::Kind::Vector, '}', depth);
    if (in.consume('[')) {
      Expected<Operand> address = list(Operand::Kind::Address, ']', depth);
      if (address && address->parts.empty())
        return errorAt(in.file, in.peek().line, "an address without a base");
      return address;
    }
    Operand result;
    if (in.consume('!'))
      result.isNegated = true;
    const Token token = in.peek();
    if (token.is('-') || token.kind == Token::Integer || token.kind == Token::Float32 ||
        token.kind == Token::Float64)
      return number();
    Expected<StringRef> name = in.name();
    if (!name)
      return name.takeError();
    if (Error error = resolve(*name, token.line, result))
      return std::move(error);
    if (in.peek().is('+') || in.peek().is('-')) {
      bool isNegative = in.take().is('-');
      isNegative ^= in.consume('-');
      Expected<uint64_t> offset = in.integer();
      if (!offset)
        return offset.takeError();
      if (*offset > INT32_MAX)
        return errorAt(in.file, token.line, "offset " + Twine(*offset) + " is out of range");
      if (depth == 0)
        return offsetSymbol(std::move(result), isNegative ? -int64_t(*offset) : int64_t(*offset), token.line);
      Operand address;
      address.kind = Operand::Kind::Address;
      address.number = isNegative ? -int64_t(*offset) : int64_t(*offset);
      address.parts.push_back(std::move(result));
      return address;
    }
    if (in.consume('|')) {
      Expected<Operand> second = operand(depth + 1);
      if (!second)
        return second.takeError();
      Operand pair;
      pair.kind = Operand::Kind::Pair;
      pair.parts.push_back(std::move(result));
      pair.parts.push_back(std::move(*second));
      return pair;
    }
    return result;
  }

  Expected<Operand> offsetSymbol(Operand symbol, int64_t offset, uint32_t line) {
    if (symbol.kind != Operand::Kind::Symbol)
      return errorAt(in.file, line, "only a variable may have an offset outside of brackets");
    symbol.number += offset;
    return symbol;
  }

  Expected<Operand> number() {
    Operand result;
    bool isNegative = in.consume('-');
    const Token &token = in.peek();
    result.kind = token.kind == Token::Float32   ? Operand::Kind::Float32
                  : token.kind == Token::Float64 ? Operand::Kind::Float64
                                                 : Operand::Kind::Integer;
    if (token.kind != Token::Integer && token.kind != Token::Float32 && token.kind != Token::Float64)
      return in.unexpected("a number");
    uint64_t value = in.take().value;
    if (isNegative)
      value = token.kind == Token::Float32   ? value ^ (uint64_t(1) << 31)
              : token.kind == Token::Float64 ? value ^ (uint64_t(1) << 63)
                                             : -value;
    result.number = value;
    return result;
  }

  Error resolve(StringRef name, uint32_t line, Operand &result) {
    result.name = name;
    if (name == "_") {
      result.kind = Operand::Kind::Sink;
    } else if (std::optional<uint32_t> reg = names.find(name)) {
      result.kind = Operand::Kind::Register;
      result.number = *reg;
    } else if (name == "WARP_SZ") {
      result.kind = Operand::Kind::Integer;
      result.number = kWarpSize;
    } else if (name.starts_with("%")) {
      static const StringRef kSpecial[] = {"%tid.x",
                                           "%tid.y",
                                           "%tid.z",
                                           "%ntid.x",
                                           "%ntid.y",
                                           "%ntid.z",
                                           "%ctaid.x",
                                           "%ctaid.y",
                                           "%ctaid.z",
                                           "%nctaid.x",
                                           "%nctaid.y",
                                           "%nctaid.z",
                                           "%laneid",
                                           "%warpid",
                                           "%nwarpid",
                                           "%smid",
                                           "%nsmid",
                                           "%gridid",
                                           "%clusterid.x",
                                           "%clusterid.y",
                                           "%clusterid.z",
                                           "%nclusterid.x",
                                           "%nclusterid.y",
                                           "%nclusterid.z",
                                           "%cluster_ctaid.x",
                                           "%cluster_ctaid.y",
                                           "%cluster_ctaid.z",
                                           "%cluster_nctaid.x",
                                           "%cluster_nctaid.y",
                                           "%cluster_nctaid.z",
                                           "%cluster_ctarank",
                                           "%cluster_nctarank",
                                           "%is_explicit_cluster",
                                           "%lanemask_eq",
                                           "%lanemask_le",
                                           "%lanemask_lt",
                                           "%lanemask_ge",
                                           "%lanemask_gt",
                                           "%clock",
                                           "%clock_hi",
                                           "%clock64",
                                           "%globaltimer",
                                           "%globaltimer_lo",
                                           "%globaltimer_hi",
                                           "%dynamic_smem_size",
                                           "%total_smem_size"};
      if (!llvm::is_contained(kSpecial, name))
        return errorAt(in.file, line,
                       "'" + name + "' is neither declared nor a special register that is known here");
      result.kind = Operand::Kind::Special;
    } else {
      result.kind = Operand::Kind::Symbol;
    }
    return Error::success();
  }

  Error resolveLabels() {
    for (auto [index, scope] : branches) {
      Statement &branch = function.statements[index];
      if (branch.operands.empty() || branch.operands[0].kind != Operand::Kind::Symbol)
        return errorAt(in.file, branch.line, "'" + branch.opcode + "' needs a label");
      std::optional<uint32_t> target = names.findLabel(branch.operands[0].name, scope);
      if (!target)
        return errorAt(in.file, branch.line, "there is no label '" + branch.operands[0].name + "'");
      branch.operands[0].kind = Operand::Kind::Label;
      branch.operands[0].number = *target;
    }
    return Error::success();
  }

  struct Branch {
    uint32_t statement;
    size_t scope;
  };
  TokenStream &in;
  Function &function;
  Names names;
  std::vector<Branch> branches;
};
} // namespace

Error tgc::ptx::parseBody(TokenStream &in, Syntax &, Function &function) {
  return BodyParser(in, function).run();
}
