//===- Program.h - PTX decoded into a dense form --------------------*- C++ -*-===//
//
// An instruction is a function and the places of its operands in the warp's register file, where every
// register is a row of 32 lanes. Constants, addresses of variables and special registers are rows, too,
// filled when a warp starts.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_TOOLS_PTX_PROGRAM_H
#define TGC_TOOLS_PTX_PROGRAM_H

#include "tools/ptx/Memory.h"
#include "tools/ptx/Types.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tgc::ptx {

struct Warp;
struct Instr;

enum class Step : uint8_t {
  Next,   ///< done, go on
  Jumped, ///< done, and the place to go on is set
  Wait,   ///< try again later
  Failed, ///< the launch holds the error
};

/// Runs an instruction for the lanes in `mask`, which is not empty.
using Handler = Step (*)(Warp &, const Instr &, uint32_t mask);

inline constexpr uint32_t kNone = ~uint32_t(0);

/// Flags that every opcode may have; the lower bits are the opcode's own.
inline constexpr uint32_t kIsWgmma = uint32_t(1) << 31;
inline constexpr uint32_t kListIsWritten = uint32_t(1) << 30;
/// A move of one register or constant to another, which assemblers remove.
inline constexpr uint32_t kIsCopy = uint32_t(1) << 29;

/// The first row of a register file: what "_" names, and rows that an instruction lacks.
inline constexpr uint32_t kSinkRow = 0;
/// While a kernel is decoded, places of constants count from where these will begin.
inline constexpr uint32_t kConstantBit = uint32_t(1) << 31;

struct Instr {
  Handler run = nullptr;
  /// Byte offsets of rows in the register file.
  uint32_t dst = 0, dst2 = 0, src[5] = {};
  /// The offset of an address, or a number that the opcode or an operand fixes.
  int64_t imm = 0;
  uint32_t predicate = kNone;
  bool predicateNegated = false;
  /// Bytes of a lane: of the type, of the register, of the address.
  uint8_t width = 4, registerWidth = 4, addressWidth = 8;
  /// Elements of a vector.
  uint8_t count = 1;
  uint8_t numSources = 0;
  /// What the opcode's own file makes of them.
  uint32_t flags = 0;
  Type type = Type::B32;
  Space space = Space::Generic;
  /// Of a branch; `join` is where lanes that part here meet again.
  uint32_t target = kNone, join = kNone;
  /// Rows of vector operands, in Kernel::lists.
  uint32_t list = 0, listSize = 0;
  /// Index of what does not fit here, in a table of the opcode's own.
  uint32_t detail = 0;
  uint32_t line = 0, location = 0;
  uint32_t number = 0;
  llvm::StringRef opcode;
};

/// A row of the register file that a warp fills when it starts.
struct SpecialRow {
  llvm::StringRef name;
  uint32_t offset = 0;
};

struct Parameter {
  llvm::StringRef name;
  Type type = Type::B8;
  uint32_t offset = 0, size = 0;
};

/// An address operand of an instruction that has several.
struct AddressOperand {
  uint32_t row = 0;
  uint8_t width = 8;
  int64_t offset = 0;
};

struct Module;

struct Kernel {
  const Module *module = nullptr;
  llvm::StringRef name;
  std::vector<Instr> code;
  std::vector<uint32_t> lists;
  std::vector<AddressOperand> addresses;
  std::vector<Parameter> parameters;
  uint32_t parameterBytes = 0;
  /// Rows of registers come first, then specials and constants; the image holds the last.
  uint32_t registerBytes = 0, constantsOffset = 0;
  std::vector<uint8_t> constants;
  std::vector<SpecialRow> specials;
  uint32_t staticShared = 0, localBytes = 0;
  bool usesDynamicShared = false, usesWgmma = false;
  /// Something but barriers that all warps wait at orders accesses to shared memory.
  bool needsClocks = false;
  /// Bytes of the narrowest access to shared memory, 4 at most.
  uint32_t sharedUnit = 4;
  Dim3 requiredThreads{0, 0, 0}, maxThreads{0, 0, 0}, requiredCluster{0, 0, 0};
  std::vector<std::pair<uint32_t, uint32_t>> locations;
};

/// A module, ready to run. Its global variables keep their values from launch to launch.
struct Module {
  std::string file, text, target;
  std::map<uint32_t, llvm::StringRef> files;
  std::vector<std::unique_ptr<Kernel>> kernels;
  mutable std::vector<std::unique_ptr<Region>> globals;

  const Kernel *find(llvm::StringRef kernel) const;
  /// The text of a line, without blanks around it.
  llvm::StringRef lineText(uint32_t line) const;
};

/// Reads and checks a module. `file` names it in messages.
llvm::Expected<std::unique_ptr<Module>> loadModule(std::string text, llvm::StringRef file);

} // namespace tgc::ptx

#endif // TGC_TOOLS_PTX_PROGRAM_H
