//===- ValuePlaces.h - Where values are, and copies between places -*- C++ -*-===//
//
// Each piece of memory has a place on the host and one on each GPU. While an entry is gone through, this
// knows which of them have its value, and puts copies before what needs it elsewhere.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_GPU_VALUEPLACES_H
#define TGC_COMPILER_CODEGEN_GPU_VALUEPLACES_H

#include "compiler/Codegen/GPU/DeviceMemory.h"
#include "compiler/Codegen/GPU/HostProgram.h"
#include "dialects/Tg/IR/Placement.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/bit.h"

namespace tgc {

/// A bit for each of the program's GPUs.
using Gpus = uint32_t;
inline Gpus bitOf(unsigned gpu) { return Gpus(1) << gpu; }
inline unsigned firstOf(Gpus some) { return llvm::countr_zero(some); }

/// Whether memory is that of a variable that stays on a device between runs.
bool isResident(mlir::Value base);

class ValuePlaces {
public:
  /// Where the value of a piece of memory is. Everywhere, for memory without a value; nowhere, for a resident
  /// variable of which it shows during the run.
  struct State {
    bool isOnHost = true;
    Gpus gpus = 0;
  };
  using States = llvm::MapVector<mlir::Value, State>;

  /// Opens the program's GPUs where the entry begins.
  ValuePlaces(mlir::func::FuncOp entry, mlir::OpBuilder &builder, DeviceMemory &memory,
              std::vector<Transfer> &transfers);

  llvm::ArrayRef<int32_t> getGpuNumbers() const { return gpus; }
  unsigned getNumGpus() const { return gpus.size(); }
  /// The GPU that is to do what has this location.
  unsigned getGpu(mlir::Location loc) const { return getGpuOf(loc, gpus); }
  /// What the runtime knows a GPU as.
  mlir::Value getHandle(unsigned gpu) const { return handles[gpu]; }
  /// When all is written: GPUs beyond the first that do nothing are not opened.
  void dropUnused();

  State initialState(mlir::Value base);
  State &stateOf(mlir::Value base);

  /// The GPU that keeps a resident variable.
  unsigned homeOf(mlir::Value base) const { return homes.lookup(base); }
  void setHome(mlir::Value base, unsigned gpu) { homes[base] = gpu; }

  /// Puts a value on a GPU, too; `state` is what is known of it where the builder stands.
  void bring(mlir::Value base, unsigned gpu);
  void bring(mlir::Value base, State &state, unsigned gpu);
  /// The same for several, from one that has it, where they could not be given it at once.
  void passToAll(mlir::Value base, unsigned from, Gpus to);
  /// Puts a value on the host, too.
  void download(mlir::Value base);
  void download(mlir::Value base, State &state, bool isLast = false);
  /// The host is about to read the value, or to change it.
  void giveToHost(mlir::Value base, bool isWritten);
  /// Lets buffers be planned where they have a mirror.
  void keepMirrored(mlir::Value base);

  States states;
  /// Resident variables of which the device was told that the host changes them.
  llvm::SmallPtrSet<mlir::Value, 4> disowned;

private:
  /// Copies all of a class that can be reached here.
  void upload(mlir::Value base, unsigned gpu);
  /// The same from one GPU to another.
  void pass(mlir::Value base, unsigned from, unsigned to, llvm::StringRef condition = "");
  void createDownload(mlir::Location loc, mlir::Value memory, unsigned gpu, llvm::StringRef function);
  /// Feeds may be the device's, if the caller has them there.
  void expose(mlir::Value base);
  std::string nameOf(unsigned gpu) const;
  void note(mlir::Value base, const std::string &from, const std::string &to, llvm::StringRef condition);

  mlir::OpBuilder &builder;
  DeviceMemory &memory;
  /// The numbers of the GPUs that the graph names.
  llvm::SmallVector<int32_t> gpus;
  llvm::SmallVector<mlir::Value> handles;
  llvm::DenseMap<mlir::Value, unsigned> homes;
  std::vector<Transfer> &transfers;
};

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_VALUEPLACES_H
