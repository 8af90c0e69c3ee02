//===- Compilation.h - One model on its way to code ------------*- C++ -*-===//
//
// What the tools and the C APIs share: a model is loaded, taken through the phases and emitted. Every step
// reports through llvm::Error, with all diagnostics in its text.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_API_COMPILATION_H
#define TGC_COMPILER_API_COMPILATION_H

#include "compiler/API/CompileInMemory.h"
#include "compiler/Target/CodeTarget.h"
#include "compiler/Target/Linker.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/SmallVector.h"

namespace tgc {

struct DescriptorOptions;
struct DeviceCode;
struct PhaseInfo;

class Compilation {
public:
  static llvm::Expected<std::unique_ptr<Compilation>> create(const CompileOptions &options);
  ~Compilation();

  /// Reads the model. Without entries a SavedModel gets its signatures, a graph the one entry that its form
  /// suggests.
  llvm::Error load(ModelSource source, llvm::ArrayRef<EntryRequest> entries);
  /// Before the phases and the cache: code for all machines that the target stands for, not for one of them.
  /// Only objects and what is linked of them can have it.
  llvm::Error addVariants();
  /// Runs the phases up to the one that the options name; `observe` sees the module after each.
  llvm::Error runPhases(llvm::function_ref<void(Phase, mlir::ModuleOp)> observe = nullptr);
  /// Before the phases: takes the code from the cache, if there is one and it has it. Neither phases nor
  /// translateCode are needed then.
  bool loadFromCache(bool externalWeights);
  /// After the last phase: LLVM IR.
  llvm::Error translateCode(bool externalWeights);
  /// For the two forms of code that one can read; objects are optimised when they are made.
  void optimizeCode();
  /// The object file of the code, optimised, without weights(). Takes the code with it, as objects, libraries
  /// and programs do.
  llvm::Expected<llvm::SmallVector<char, 0>> emitCode();
  /// With the weights, unless they are in a file of their own.
  llvm::Expected<llvm::SmallVector<char, 0>> emitObject();
  /// Names the weights only, as the other form that one can read.
  llvm::Expected<llvm::SmallVector<char, 0>> emitAssembly();
  /// After the phase `linalg`: kernels for a GPU as PTX, below comments that say how each is launched and
  /// what has no kernel.
  llvm::Expected<std::string> emitKernels();
  /// Links the code with the runtime into a shared library.
  llvm::Error writeLibrary(llvm::StringRef path);
  /// Links it with a main function, too.
  llvm::Error writeProgram(llvm::StringRef path);

  void printIR(llvm::raw_ostream &stream) const;
  /// The file of CompileOptions::weightsFile.
  void printWeights(llvm::raw_ostream &stream) const;
  void printLLVMIR(llvm::raw_ostream &stream) const;
  mlir::ModuleOp module() const;
  llvm::ArrayRef<char> weights() const;
  VectorUnit getVectorUnit() const;
  /// After the phases: the part of a GPU; null if there is none.
  const DeviceCode *getDeviceCode() const;
  /// What went wrong, but not so that the code were not right.
  llvm::StringRef warning() const;

private:
  llvm::Error compileDevice();
  /// Lets values be computed again if the entries need more memory than the budget otherwise.
  llvm::Error keepToBudget();
  llvm::Error runPhase(const PhaseInfo &info, mlir::ModuleOp module, const CompileOptions &options);
  llvm::Error translateVariants(const DescriptorOptions &descriptor);
  llvm::Expected<llvm::SmallVector<char, 0>> emitUnits();
  /// Gives `use` the object files that belong to the program.
  llvm::Error useObjects(llvm::function_ref<llvm::Error(llvm::ArrayRef<ObjectPieces>)> use);
  /// The function that returns the descriptor.
  std::string querySymbol() const;
  /// Of the program and its weights.
  std::string weightsFingerprint() const;
  using LinkFunction = llvm::Error(llvm::ArrayRef<ObjectPieces> objects, llvm::StringRef path,
                                   const LinkOptions &options);
  llvm::Error link(llvm::StringRef path, LinkFunction &link);
  /// A file in the tg dialect.
  llvm::Error loadProgram(llvm::ArrayRef<EntryRequest> entries);

  struct State;
  explicit Compilation(std::unique_ptr<State> state);
  std::unique_ptr<State> state;
};

} // namespace tgc

#endif // TGC_COMPILER_API_COMPILATION_H
