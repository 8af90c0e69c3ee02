//===- Decode.h - One statement becomes an instruction --------------*- C++ -*-===//
//
// What the families of opcodes (ops/) are given: modifiers are taken one by one, operands become rows. The
// first failure is kept; what follows it is harmless.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_TOOLS_PTX_DECODE_H
#define TGC_TOOLS_PTX_DECODE_H

#include "tools/ptx/Program.h"
#include "tools/ptx/Syntax.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/Twine.h"
#include <optional>

namespace tgc::ptx {

/// The rows and addresses of a kernel while it is decoded.
class Frame {
public:
  Frame(const Module &module, const Syntax &syntax, const Function &function, Kernel &kernel);

  uint32_t registerRow(uint32_t reg) const { return rows[reg]; }
  const Register &registerOf(uint32_t reg) const { return function.registers[reg]; }
  /// A row with the same value in each lane.
  uint32_t constantRow(unsigned width, uint64_t value);
  /// The mask of a predicate that is true or false in all lanes.
  uint32_t predicateRow(bool value);
  uint32_t specialRow(llvm::StringRef name);
  /// A variable's address in its own space.
  std::optional<uint64_t> addressOf(llvm::StringRef symbol, Space *space = nullptr) const;

  Kernel &kernel;
  const Function &function;

private:
  void place(const Variable &variable);
  uint32_t addConstant(llvm::ArrayRef<uint8_t> bytes);

  std::vector<uint32_t> rows;
  llvm::StringMap<std::pair<Space, uint64_t>> symbols;
  std::map<std::pair<unsigned, uint64_t>, uint32_t> constants;
  std::map<llvm::StringRef, uint32_t> specials;
};

class Decode {
public:
  Decode(Frame &frame, const Statement &statement, Instr &in);

  Instr &in;
  Frame &frame;
  const Statement &statement;

  // Modifiers
  bool take(llvm::StringRef modifier);
  /// The index of the first of `words` that is there, or -1.
  int takeOneOf(llvm::ArrayRef<llvm::StringRef> words);
  std::optional<Type> takeType();
  Type needType();
  /// The modifier that stands next, for shapes and the like; empty if none is left.
  llvm::StringRef peekModifier() const { return modifiers.empty() ? "" : modifiers.front(); }
  void dropModifier() { modifiers.erase(modifiers.begin()); }
  Space takeSpace(Space otherwise);
  /// Words about caches and scopes that change nothing here.
  void takeHints();
  void expectNoModifiers();

  // Operands
  size_t numOperands() const { return statement.operands.size(); }
  const Operand &operand(size_t index) const { return statement.operands[index]; }
  bool expectOperands(size_t least, size_t most);
  bool expectOperands(size_t number) { return expectOperands(number, number); }
  /// The row of a source; `isWiderAllowed` takes a register that has more bits than the type.
  uint32_t source(const Operand &operand, Type type, bool isWiderAllowed = false);
  uint32_t dest(const Operand &operand, Type type, bool isWiderAllowed = false);
  uint32_t predicate(const Operand &operand);
  /// Sets in.src[slot] from operand `index`.
  void setSource(unsigned slot, size_t index, Type type, bool isWiderAllowed = false);
  void setDest(size_t index, Type type) { in.dst = index < numOperands() ? dest(operand(index), type) : 0; }
  /// For what has a result and then its sources, and nothing else; false if that is not what stands there.
  bool setOperands(Type dest, llvm::ArrayRef<Type> sources);
  /// An address into src[slot], imm and addressWidth.
  void setAddress(unsigned slot, const Operand &operand);
  /// The index of one more address in the kernel's list.
  uint32_t addAddress(const Operand &operand);
  /// Rows of a vector operand (or of the one operand that stands for it) appended to the kernel's lists.
  uint32_t rowsOf(const Operand &operand, Type type, bool isDest, bool isWiderAllowed = false);
  std::optional<int64_t> integer(const Operand &operand);
  int64_t needInteger(size_t index);
  unsigned widthOf(const Operand &operand) const;

  void fail(const llvm::Twine &message);
  bool hasFailed() const { return !message.empty(); }
  std::string message;

private:
  llvm::SmallVector<llvm::StringRef, 8> modifiers;
};

using DecodeFunction = void (*)(Decode &);
/// How an opcode is decoded ("add", "mbarrier"); null if it is not known.
DecodeFunction decoderOf(llvm::StringRef opcode);

/// The places where lanes that part at each instruction meet again: immediate post-dominators.
void findJoins(std::vector<Instr> &code);

} // namespace tgc::ptx

#endif // TGC_TOOLS_PTX_DECODE_H
