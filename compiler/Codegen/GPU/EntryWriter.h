//===- EntryWriter.h - Launches of an entry, and copies ---------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_GPU_ENTRYWRITER_H
#define TGC_COMPILER_CODEGEN_GPU_ENTRYWRITER_H

#include "compiler/Codegen/GPU/JoinedLaunches.h"
#include "compiler/Codegen/GPU/KernelUses.h"
#include "compiler/Codegen/GPU/SharedReductions.h"
#include "compiler/Codegen/GPU/ValuePlaces.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace tgc {

/// Goes through an entry once, op by op.
class EntryWriter {
public:
  /// `kernels` are the records of ops; `used` gets those that are launched, `transfers` the copies.
  EntryWriter(mlir::func::FuncOp entry, DeviceProgram &device,
              llvm::DenseMap<mlir::Operation *, unsigned> &kernels, std::vector<KernelRecord> &used,
              std::vector<Transfer> &transfers)
      : entry(entry), builder(entry), device(device), kernels(kernels), used(used), memory(entry),
        kernelUses(memory), places(entry, builder, memory, transfers) {}

  void run();
  /// After that.
  void joinLaunches(KernelJoiner &joiner);

private:
  using State = ValuePlaces::State;
  using States = ValuePlaces::States;

  unsigned gpuOf(const KernelRecord &record) const { return places.getGpu(record.op->getLoc()); }

  void run(mlir::Block &block);
  bool tryLaunch(mlir::Operation &op);
  void replaceVariable(rt::NewVariableOp variable);
  /// Why the kernel is not to be launched: the device can have no mirror of what it takes, or there is too
  /// little to do; empty if it is.
  std::string whyOnHost(const KernelRecord &record);
  void launch(KernelRecord &record);
  LaunchUses findUses(const KernelRecord &record);
  void runOnHost(mlir::Operation &op);
  /// Starts what was launched after the last copy.
  void flush();
  void copyOnHost(mlir::Operation &op);
  /// Before an op with a kernel that is not launched goes.
  void dropKernel(mlir::Operation &op);
  /// What outlives the run is the host's, but for resident variables.
  void returnResults();

  //===--------------------------------------------------------------------===//
  // Conditions, loops and what outlives a run (LaunchLoops.cpp)
  //===--------------------------------------------------------------------===//

  /// Who uses a piece of memory in a loop, and the first GPU that writes to it.
  struct Uses {
    Gpus byKernel = 0;
    bool byHost = false, isWrittenByKernel = false, isWrittenByHost = false;
    unsigned writer = 0;
  };
  using UsesOf = llvm::MapVector<mlir::Value, Uses>;

  void runChoice(mlir::scf::IfOp choice);
  void runLoop(mlir::Operation &loop);
  /// Puts values where the ops of a loop want them when an iteration starts.
  void enterLoop(mlir::Value base, const Uses &uses);
  /// Kernels with little to do are launched if the loop has their operands on the device already.
  UsesOf findUses(mlir::Operation &loop);
  void addUses(const KernelRecord &record, UsesOf &all);
  /// Variables that kernels with enough to do take stay on a device between runs: on the one that changes
  /// them, else on the first that reads them. It shows during the run where they are: the state of one says
  /// what is known, and copies look first.
  void findResidents();

  //===--------------------------------------------------------------------===//
  // What several GPUs do together (LaunchShared.cpp)
  //===--------------------------------------------------------------------===//

  /// Whether several GPUs can have the same new value of all of some memory.
  bool canWriteEverywhere(mlir::Value value);
  /// What several GPUs do together if the library for that is there; else one of them does it, and others
  /// take the result.
  void share(KernelRecord &record, Sharing sharing);
  /// Brings a value that a kernel reads to its GPU; to all others, too, of which kernels read it before it
  /// changes, if these are several and one GPU has it.
  void bringToReaders(mlir::Value base, const KernelRecord &record);
  /// Whether a copy of it can be all that there is of its class.
  bool canHaveOne(mlir::Value base);
  /// The GPUs whose kernels read a piece of memory from one on, side by side with it, until it changes.
  Gpus findReadersFrom(mlir::Value base, mlir::Operation *first);
  /// Gives each GPU an operand that it has, where there is one.
  void takeFromWhereTheyAre(Sharing &sharing);
  bool has(unsigned gpu, mlir::Value value) {
    return places.stateOf(memory.find(value).base).gpus & bitOf(gpu);
  }
  /// Other GPUs that have all that an elementwise kernel reads, something that they reduced together among
  /// it, and are to read what it writes: they compute it, too, instead of taking it. Equal nodes on several
  /// GPUs have become one op by now, so the graph asks for that.
  Gpus findOthers(const KernelRecord &record, unsigned gpu);
  static bool isElementwise(const KernelRecord &record);
  /// The GPUs whose kernels read a piece of memory, or what elementwise kernels make of it.
  Gpus getReaders(mlir::Value base);

  mlir::func::FuncOp entry;
  mlir::OpBuilder builder;
  DeviceProgram &device;
  llvm::DenseMap<mlir::Operation *, unsigned> &kernels;
  std::vector<KernelRecord> &used;
  DeviceMemory memory;
  KernelUses kernelUses;
  ValuePlaces places;
  LaunchUsesOf launchUses;
  /// That have something to start.
  Gpus launching = 0;
  /// What several GPUs reduced together and all have, and what each of them made of it.
  llvm::SmallPtrSet<mlir::Value, 4> shared;
  /// What getReaders() says of each base, once it has been asked.
  llvm::DenseMap<mlir::Value, Gpus> readers;
  bool hasReaders = false;
  /// Of each piece of memory the kernels and other ops of the entry's block that touch it, by their number
  /// there, once somebody has asked.
  struct Touch {
    unsigned number;
    Gpus readers;
    bool isWritten;
  };
  llvm::DenseMap<mlir::Value, llvm::SmallVector<Touch>> touches;
  llvm::DenseMap<mlir::Operation *, unsigned> numbers;
  /// Variables that took a new size: their memory may be elsewhere now than where it was read.
  llvm::SmallPtrSet<mlir::Value, 4> moved;
  /// Nests whose kernels are started already, with that of the first of their chain.
  llvm::SmallPtrSet<mlir::Operation *, 8> launched;
};

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_ENTRYWRITER_H
