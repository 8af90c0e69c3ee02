//===- Syntax.h - A PTX module as it is written ---------------------*- C++ -*-===//
//
// What the parser makes of the text: declarations, and functions as lists of statements whose names are
// resolved (registers to numbers, labels to statements). What the opcodes mean is the decoder's business. All
// StringRefs point into the text, which the owner of the module keeps.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_TOOLS_PTX_SYNTAX_H
#define TGC_TOOLS_PTX_SYNTAX_H

#include "tools/ptx/Types.h"
#include "llvm/ADT/SmallVector.h"
#include <map>
#include <string>
#include <vector>

namespace tgc::ptx {

struct Operand {
  enum class Kind : uint8_t {
    Register, ///< number: index into Function::registers
    Special,  ///< name: %tid.x
    Integer,  ///< number
    Float32,  ///< number: bits
    Float64,  ///< number: bits
    Symbol,   ///< name + number: a variable, a parameter or a function
    Label,    ///< number: index of a statement
    Sink,     ///< _
    Address,  ///< parts: base first, then what follows a comma; number: the offset in bytes
    Vector,   ///< parts
    Pair,     ///< parts: a|b
  };
  Kind kind = Kind::Sink;
  llvm::StringRef name;
  int64_t number = 0;
  bool isNegated = false;
  std::vector<Operand> parts;
};

struct Statement {
  uint32_t line = 0;
  /// Index into Function::locations; 0 is none.
  uint32_t location = 0;
  llvm::StringRef opcode; ///< the whole word, "ld.global.f32"
  int32_t predicate = -1; ///< a register
  bool predicateNegated = false;
  llvm::SmallVector<Operand, 4> operands;
};

struct SourceLocation {
  uint32_t file = 0, line = 0;
};

struct Register {
  llvm::StringRef name;
  uint32_t number = 0; ///< the 7 of a "%r7" that a range declared
  bool isRange = false;
  Type type = Type::B32;
  std::string text() const { return name.str() + (isRange ? std::to_string(number) : ""); }
};

/// A variable or a parameter.
struct Variable {
  llvm::StringRef name;
  Space space = Space::Global;
  Type type = Type::B8;
  uint32_t align = 1;
  uint64_t count = 1;
  bool isExtern = false;
  /// An array of unknown length: dynamic shared memory.
  bool isUnsized = false;
  uint32_t line = 0;
  struct Initial {
    uint64_t bits = 0;
    llvm::StringRef symbol;
  };
  std::vector<Initial> initial;
  uint64_t size() const { return count * sizeOf(type); }
};

struct Function {
  llvm::StringRef name;
  bool isEntry = false;
  uint32_t line = 0;
  std::vector<Variable> parameters, variables;
  std::vector<Register> registers;
  std::vector<Statement> statements;
  std::vector<SourceLocation> locations{{}};
  Dim3 requiredThreads{0, 0, 0}, maxThreads{0, 0, 0}, requiredCluster{0, 0, 0};
};

struct Syntax {
  llvm::StringRef version, target;
  std::map<uint32_t, llvm::StringRef> files;
  std::vector<Variable> variables;
  std::vector<Function> functions;
};

} // namespace tgc::ptx

#endif // TGC_TOOLS_PTX_SYNTAX_H
