//===- Arguments.h - What kernels are called with -------------------*- C++ -*-===//
#ifndef TGC_TOOLS_TGCPTXRUN_ARGUMENTS_H
#define TGC_TOOLS_TGCPTXRUN_ARGUMENTS_H

#include "tools/npz/Npz.h"
#include "tools/ptx/Simulator.h"
#include <list>

namespace tgc {

/// Buffers by name, and the kernel's arguments made of them. Buffers keep their addresses while this lives.
class Arguments {
public:
  explicit Arguments(ptx::Device &device) : device(device) {}

  /// Makes every array of the archive known; none is on the device before an argument asks for it.
  llvm::Error read(llvm::StringRef npzPath);
  /// One --arg:
  ///   in:NAME            an array of the archive, read only
  ///   inout:NAME         an array of the archive, written back to the result
  ///   out:NAME:TYPE:2x3  a new array, in the result
  ///   map:NAME:box=64,64[:swizzle=128][:nan]   a tensor map of a buffer that another argument (or `in`)
  ///   names i32:5 u64:7 f32:0.5 ...                  a number
  llvm::Error add(llvm::StringRef text);
  llvm::ArrayRef<ptx::KernelArgument> arguments() const { return list; }
  /// What `out` and `inout` buffers hold now.
  NamedArrays results() const;

private:
  struct Buffer {
    std::string name;
    NumpyArray array;
    uint64_t address = 0;
    bool isResult = false;
  };
  Buffer *find(llvm::StringRef name);
  uint64_t place(Buffer &buffer, bool isReadOnly);
  llvm::Error addNew(llvm::StringRef rest);
  llvm::Error addMap(llvm::StringRef rest);
  llvm::Error addNumber(llvm::StringRef type, llvm::StringRef value);

  ptx::Device &device;
  std::list<Buffer> buffers;
  std::vector<ptx::KernelArgument> list;
};

/// The largest differences between results and an archive of expected arrays; an error where they are above
/// atol + rtol * |expected|.
llvm::Error compareArrays(const NamedArrays &got, const NamedArrays &expected, double rtol, double atol,
                          llvm::raw_ostream &out);

} // namespace tgc

#endif // TGC_TOOLS_TGCPTXRUN_ARGUMENTS_H
