//===- DeviceProgram.h - The kernels of a program ---------------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_GPU_DEVICEPROGRAM_H
#define TGC_COMPILER_CODEGEN_GPU_DEVICEPROGRAM_H

#include "compiler/Codegen/GPU/GpuF32.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/PassManager.h"
#include <string>
#include <vector>

namespace tgc {

/// What a kernel's 4096 bytes of parameters hold: TGC_DEVICE_MOST_ARGUMENTS of
/// runtime/kernels/device/device.h.
inline constexpr unsigned kMostArguments = 512;

/// A number that a kernel is told when it starts, as 64 bits.
struct KernelNumber {
  enum Kind {
    Scalar, ///< a value of the host's program
    Size,   ///< of a dimension of a memref
    Stride, ///< of a dimension of a memref
  };
  Kind kind;
  mlir::Value value;
  unsigned dim = 0;

  bool operator==(const KernelNumber &other) const {
    return kind == other.kind && value == other.value && dim == other.dim;
  }
};

/// The number of iterations of a loop.
struct Extent {
  int64_t fixed = 1;
  /// In KernelRecord::numbers; -1: it is fixed.
  int number = -1;
};

/// The iterations of some loops, and how many of them a block takes at a time.
struct Space {
  llvm::SmallVector<Extent> extents;
  unsigned pointsPerBlock = 1;
};

/// A product of sizes; `numbers` are places in KernelRecord::numbers.
struct Product {
  int64_t fixed = 1;
  llvm::SmallVector<unsigned> numbers;
};

/// A memory of a kernel as a tensor that bulk copies take boxes of.
struct TensorMap {
  /// As the driver numbers them.
  enum Type { U8 = 0, F16 = 6, F32 = 7, BF16 = 9, TF32 = 11 };
  struct Dim {
    Product size, stride; ///< in elements, in bytes
    unsigned box = 1;
  };
  /// In KernelRecord::memories.
  unsigned memory = 0;
  Type type = F16;
  /// Innermost first.
  llvm::SmallVector<Dim> dims;
};

/// How several blocks share the sums of a contraction.
struct SumParts {
  /// Steps of a part, and how many parts there are: 1, if sums are too short or tiles enough.
  mlir::Value steps, count;
  /// Memory of parts of sums; and of a counter for whoever finishes a tile, which is zero before.
  mlir::Value sums, counters;
};

/// What a host needs to know to launch a kernel.
struct KernelRecord {
  /// In the device's code: a number, for entries may be called what PTX has no name for.
  std::string name;
  /// The graph's nodes, "a + b", and the entry.
  std::string node, entry;
  /// All nodes of which the kernel does something.
  llvm::SetVector<mlir::StringAttr> nodes;
  /// What the kernel stands for in the program: ops side by side, and the one whose loops are its points.
  llvm::SmallVector<mlir::Operation *> members;
  mlir::Operation *op = nullptr;
  /// The kernel's parameters: an address for each, then the numbers.
  std::vector<mlir::Value> memories;
  std::vector<KernelNumber> numbers;
  /// The last memories are those of parts, if there are any.
  std::optional<SumParts> parts;
  /// The same as a host knows them: "feed x:0", "fetch y:0", "size d0".
  std::vector<std::string> arguments;
  /// Spaces whose product are the points that the kernel computes. Any number of blocks will do: they stride
  /// over the points.
  std::vector<Space> spaces;
  unsigned threads = 0;
  /// Shared memory to ask for, and what stands before the memories among the parameters.
  unsigned sharedBytes = 0;
  /// Blocks that start together and see each other's shared memory; their number is a multiple of it.
  unsigned cluster = 1;
  std::vector<TensorMap> maps;
  /// Sums of what the kernel does; none: unknown.
  std::vector<Product> bytes, operations;
  /// The GPU that runs it, counted from 0 among those of the program.
  unsigned gpu = 0;
  /// What several GPUs do instead where they can: "ncclAllReduce of 3x64xf32 (768 bytes) by GPU 0, 1"; else
  /// empty.
  std::string shared;
};

/// Work of the host, and why.
struct HostWork {
  std::string node, op, reason;
  /// A kernel could do it, but is not worth it.
  bool hasKernel = false;
};

struct DeviceProgram {
  /// A function per kernel.
  mlir::OwningOpRef<mlir::ModuleOp> kernels;
  std::vector<KernelRecord> records;
  /// Other forms of some of them, of the same names, for sm_90a. Memories are the same and in the same order,
  /// numbers are among those of the first form, which need not take all.
  mlir::OwningOpRef<mlir::ModuleOp> wgmmaKernels;
  std::vector<KernelRecord> wgmmaRecords;
  std::vector<HostWork> host;
};

/// The name of the graph's node that an op was made of, on one line.
std::string getNode(mlir::Operation *op);

/// What a host knows memory as: "feed x:0", "fetch y:0", "variable w", "constant c"; empty for temporaries.
std::string getMemoryName(mlir::Value memory);

/// Writes a kernel for each nest of a bufferized program that has a form of kernel. Every other op that
/// computes elements is listed as the host's.
DeviceProgram writeKernels(mlir::ModuleOp program, GpuF32 products);

/// From kernels to the LLVM dialect.
void buildKernelPipeline(mlir::OpPassManager &passes);

/// Marks the nests of kernels that no device runs, so that each has a kernel of its own when kernels are
/// written again; whether there are any. After the pipeline.
bool partUnsupported(const DeviceProgram &program);

/// Takes out kernels with functions that a device has no instructions for. After the pipeline.
void moveUnsupportedToHost(DeviceProgram &program);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_DEVICEPROGRAM_H
