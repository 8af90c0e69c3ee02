//===- Decode.cpp - One statement becomes an instruction ----------------------===//
#include "tools/ptx/Decode.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"

using namespace tgc::ptx;
using llvm::StringRef;
using llvm::Twine;

/// Bytes of a row of 32 lanes; a predicate's is a mask.
static uint32_t rowBytes(Type type) { return type == Type::Pred ? 4 : sizeOf(type) * kWarpSize; }

Frame::Frame(const Module &module, const Syntax &syntax, const Function &function, Kernel &kernel)
    : kernel(kernel), function(function) {
  uint32_t at = 16 * kWarpSize; // the sink
  for (const Register &reg : function.registers) {
    at = llvm::alignTo(at, std::min<uint32_t>(rowBytes(reg.type), 64));
    rows.push_back(at);
    at += rowBytes(reg.type);
  }
  kernel.registerBytes = at;
  for (const Variable &parameter : function.parameters) {
    kernel.parameterBytes = llvm::alignTo(kernel.parameterBytes, parameter.align);
    kernel.parameters.push_back(
        {parameter.name, parameter.type, kernel.parameterBytes, uint32_t(parameter.size())});
    symbols[parameter.name] = {Space::Param, kernel.parameterBytes};
    kernel.parameterBytes += parameter.size();
  }
  for (const auto &global : module.globals)
    symbols[global->name] = {Space::Global, global->base};
  for (const Variable &variable : syntax.variables)
    place(variable);
  for (const Variable &variable : function.variables)
    place(variable);
  // Dynamic shared memory begins behind the static one, at the alignment that tiles of bulk copies need.
  for (const Variable &variable : syntax.variables)
    if (variable.space == Space::Shared && variable.isUnsized)
      symbols[variable.name] = {Space::Shared, llvm::alignTo(uint64_t(kernel.staticShared), 1024)};
}

void Frame::place(const Variable &variable) {
  if (variable.space == Space::Shared) {
    if (variable.isUnsized) {
      kernel.usesDynamicShared = true;
      return;
    }
    kernel.staticShared = llvm::alignTo(kernel.staticShared, variable.align);
    symbols[variable.name] = {Space::Shared, kernel.staticShared};
    kernel.staticShared += variable.size();
  } else if (variable.space == Space::Local) {
    kernel.localBytes = llvm::alignTo(kernel.localBytes, variable.align);
    symbols[variable.name] = {Space::Local, kernel.localBytes};
    kernel.localBytes += variable.size();
  }
}

std::optional<uint64_t> Frame::addressOf(StringRef symbol, Space *space) const {
  auto it = symbols.find(symbol);
  if (it == symbols.end())
    return std::nullopt;
  if (space)
    *space = it->second.first;
  return it->second.second;
}

uint32_t Frame::addConstant(llvm::ArrayRef<uint8_t> bytes) {
  size_t at = llvm::alignTo(kernel.constants.size(), std::min<size_t>(bytes.size(), 64));
  kernel.constants.resize(at);
  kernel.constants.insert(kernel.constants.end(), bytes.begin(), bytes.end());
  // The place of the constants in the register file is known when all special registers are; see loadModule.
  return uint32_t(at) | kConstantBit;
}

uint32_t Frame::constantRow(unsigned width, uint64_t value) {
  auto [it, isNew] = constants.try_emplace({width, value}, 0);
  if (isNew) {
    std::vector<uint8_t> bytes(width * kWarpSize);
    for (unsigned lane = 0; lane < kWarpSize; ++lane)
      std::memcpy(bytes.data() + lane * width, &value, std::min(width, 8u));
    it->second = addConstant(bytes);
  }
  return it->second;
}

uint32_t Frame::predicateRow(bool value) {
  auto [it, isNew] = constants.try_emplace({0, value}, 0);
  if (isNew)
    it->second = addConstant(std::vector<uint8_t>(4, value ? 0xFF : 0));
  return it->second;
}

uint32_t Frame::specialRow(StringRef name) {
  auto [it, isNew] = specials.try_emplace(name, 0);
  if (isNew) {
    kernel.registerBytes = llvm::alignTo(kernel.registerBytes, 64);
    it->second = kernel.registerBytes;
    kernel.registerBytes += 4 * kWarpSize;
    kernel.specials.push_back({name, it->second});
  }
  return it->second;
}

Decode::Decode(Frame &frame, const Statement &statement, Instr &in)
    : in(in), frame(frame), statement(statement) {
  statement.opcode.split(modifiers, '.');
  in.opcode = modifiers.front();
  modifiers.erase(modifiers.begin());
}

void Decode::fail(const Twine &text) {
  if (message.empty())
    message = text.str();
}

bool Decode::take(StringRef modifier) {
  auto it = llvm::find(modifiers, modifier);
  if (it == modifiers.end())
    return false;
  modifiers.erase(it);
  return true;
}

int Decode::takeOneOf(llvm::ArrayRef<StringRef> words) {
  for (size_t i = 0; i < words.size(); ++i)
    if (take(words[i]))
      return i;
  return -1;
}

std::optional<Type> Decode::takeType() {
  for (size_t i = 0; i < modifiers.size(); ++i)
    if (std::optional<Type> type = typeOf(modifiers[i])) {
      modifiers.erase(modifiers.begin() + i);
      return type;
    }
  return std::nullopt;
}

Type Decode::needType() {
  if (std::optional<Type> type = takeType())
    return *type;
  fail("'" + statement.opcode + "' names no type");
  return Type::B32;
}

Space Decode::takeSpace(Space otherwise) {
  if (take("shared::cluster"))
    return Space::SharedCluster;
  if (take("shared") || take("shared::cta"))
    return Space::Shared;
  if (take("global"))
    return Space::Global;
  if (take("local"))
    return Space::Local;
  if (take("const"))
    return Space::Const;
  if (take("param") || take("param::entry"))
    return Space::Param;
  return otherwise;
}

void Decode::takeHints() {
  llvm::erase_if(modifiers, [](StringRef m) {
    return m.starts_with("L1::") || m.starts_with("L2::") || m == "ca" || m == "cg" || m == "cs" ||
           m == "lu" || m == "cv" || m == "wb" || m == "wt" || m == "nc";
  });
}

void Decode::expectNoModifiers() {
  if (!modifiers.empty())
    fail("'." + modifiers.front() + "' of '" + statement.opcode + "' is not supported");
}

bool Decode::expectOperands(size_t least, size_t most) {
  if (numOperands() >= least && numOperands() <= most)
    return !hasFailed();
  fail("'" + statement.opcode + "' takes " + Twine(least) +
       (least == most ? "" : " to " + Twine(most).str()) + " operands, got " + Twine(numOperands()));
  return false;
}

unsigned Decode::widthOf(const Operand &operand) const {
  return operand.kind == Operand::Kind::Register ? sizeOf(frame.registerOf(operand.number).type) : 0;
}

uint32_t Decode::source(const Operand &operand, Type type, bool isWiderAllowed) {
  if (type == Type::Pred)
    return predicate(operand);
  unsigned width = sizeOf(type);
  switch (operand.kind) {
  case Operand::Kind::Register: {
    const Register &reg = frame.registerOf(operand.number);
    unsigned has = sizeOf(reg.type);
    if (reg.type == Type::Pred || (has != width && !(isWiderAllowed && has > width)))
      fail("register '" + Twine(reg.text()) + "' is ." + nameOf(reg.type) + ", '" + statement.opcode +
           "' needs " + Twine(width * 8) + " bits here");
    return frame.registerRow(operand.number);
  }
  case Operand::Kind::Special:
    if (width > 4)
      fail("special register '" + operand.name + "' has 32 bits, '" + statement.opcode + "' needs " +
           Twine(width * 8));
    return frame.specialRow(operand.name);
  case Operand::Kind::Integer: {
    if ((type == Type::F32 || type == Type::F64) && operand.number != 0)
      fail("an integer stands where '" + statement.opcode + "' needs a ." + nameOf(type));
    uint64_t value = operand.number;
    if (width < 8)
      value &= (uint64_t(1) << (8 * width)) - 1;
    return frame.constantRow(isWiderAllowed ? std::max(width, 4u) : width, value);
  }
  case Operand::Kind::Float32:
    if (width == 8)
      return frame.constantRow(
          8, llvm::bit_cast<uint64_t>(double(llvm::bit_cast<float>(uint32_t(operand.number)))));
    if (width != 4)
      fail("a 32-bit float stands where '" + statement.opcode + "' needs " + Twine(width * 8) + " bits");
    return frame.constantRow(width, uint32_t(operand.number));
  case Operand::Kind::Float64:
    if (width == 4)
      return frame.constantRow(4, llvm::bit_cast<uint32_t>(float(llvm::bit_cast<double>(operand.number))));
    if (width != 8)
      fail("a 64-bit float stands where '" + statement.opcode + "' needs " + Twine(width * 8) + " bits");
    return frame.constantRow(width, operand.number);
  case Operand::Kind::Symbol:
    if (std::optional<uint64_t> address = frame.addressOf(operand.name)) {
      if (width < 4 || (width < 8 && *address + operand.number > UINT32_MAX))
        fail("the address of '" + operand.name + "' does not fit " + Twine(width * 8) + " bits");
      return frame.constantRow(width, *address + operand.number);
    }
    fail("'" + operand.name + "' is not declared");
    return kSinkRow;
  default:
    fail("this operand of '" + statement.opcode + "' must be a register or a constant");
    return kSinkRow;
  }
}

uint32_t Decode::dest(const Operand &operand, Type type, bool isWiderAllowed) {
  if (operand.kind == Operand::Kind::Sink)
    return kSinkRow;
  if (operand.kind != Operand::Kind::Register) {
    fail("the result of '" + statement.opcode + "' must be a register");
    return kSinkRow;
  }
  const Register &reg = frame.registerOf(operand.number);
  unsigned has = sizeOf(reg.type), width = sizeOf(type);
  if ((reg.type == Type::Pred) != (type == Type::Pred) || (has != width && !(isWiderAllowed && has > width)))
    fail("register '" + Twine(reg.text()) + "' is ." + nameOf(reg.type) + ", the result of '" +
         statement.opcode + "' has " +
         (type == Type::Pred ? "a predicate" : Twine(width * 8).str() + " bits"));
  return frame.registerRow(operand.number);
}

uint32_t Decode::predicate(const Operand &operand) {
  if (operand.kind == Operand::Kind::Integer)
    return frame.predicateRow(operand.number != 0);
  if (operand.kind != Operand::Kind::Register || frame.registerOf(operand.number).type != Type::Pred) {
    fail("this operand of '" + statement.opcode + "' must be a predicate");
    return kSinkRow;
  }
  return frame.registerRow(operand.number);
}

void Decode::setSource(unsigned slot, size_t index, Type type, bool isWiderAllowed) {
  if (index >= numOperands())
    return fail("'" + statement.opcode + "' needs more operands");
  in.src[slot] = source(operand(index), type, isWiderAllowed);
  in.numSources = std::max<uint8_t>(in.numSources, slot + 1);
}

bool Decode::setOperands(Type dest, llvm::ArrayRef<Type> sources) {
  if (!expectOperands(1 + sources.size()))
    return false;
  setDest(0, dest);
  for (auto [i, type] : llvm::enumerate(sources))
    setSource(i, i + 1, type);
  return true;
}

void Decode::setAddress(unsigned slot, const Operand &given) {
  if (given.kind != Operand::Kind::Address || given.parts.empty())
    return fail("this operand of '" + statement.opcode + "' must be an address in brackets");
  const Operand *base = &given.parts[0];
  in.imm = 0;
  if (base->kind == Operand::Kind::Address) {
    in.imm = base->number;
    base = &base->parts[0];
  }
  in.addressWidth = 8;
  if (base->kind == Operand::Kind::Register && widthOf(*base) == 4)
    in.addressWidth = 4;
  in.src[slot] = source(*base, in.addressWidth == 8 ? Type::B64 : Type::B32);
  in.numSources = std::max<uint8_t>(in.numSources, slot + 1);
}

uint32_t Decode::addAddress(const Operand &operand) {
  uint8_t sources = in.numSources;
  setAddress(4, operand);
  in.numSources = sources;
  frame.kernel.addresses.push_back({in.src[4], in.addressWidth, in.imm});
  return frame.kernel.addresses.size() - 1;
}

uint32_t Decode::rowsOf(const Operand &operand, Type type, bool isDest, bool isWiderAllowed) {
  auto add = [&](const Operand &part) {
    frame.kernel.lists.push_back(isDest ? dest(part, type, isWiderAllowed)
                                        : source(part, type, isWiderAllowed));
  };
  if (operand.kind != Operand::Kind::Vector) {
    add(operand);
    return 1;
  }
  for (const Operand &part : operand.parts)
    add(part);
  return operand.parts.size();
}

std::optional<int64_t> Decode::integer(const Operand &operand) {
  if (operand.kind != Operand::Kind::Integer)
    return std::nullopt;
  return operand.number;
}

int64_t Decode::needInteger(size_t index) {
  if (index < numOperands())
    if (std::optional<int64_t> value = integer(operand(index)))
      return *value;
  fail("operand " + Twine(index + 1) + " of '" + statement.opcode + "' must be an integer constant");
  return 0;
}
