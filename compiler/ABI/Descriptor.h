//===- Descriptor.h - What tgc_module_query returns ------------*- C++ -*-===//
#ifndef TGC_COMPILER_ABI_DESCRIPTOR_H
#define TGC_COMPILER_ABI_DESCRIPTOR_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/ArrayRef.h"
#include <string>

namespace llvm {
class Function;
class Module;
class Triple;
} // namespace llvm

namespace tgc {

/// How a module's weights come to stand behind the symbol of rt.weights.
enum class WeightsLinkage {
  /// Another object of the program defines DescriptorOptions::weightsSymbol.
  Embedded,
  /// Whoever loads the code defines the symbol.
  External,
  /// As room in the object, where the runtime maps a file.
  File
};

/// The bytes that PlaceWeights collected; they belong to the module's context.
llvm::ArrayRef<char> weightsOf(mlir::ModuleOp module);

/// What they are aligned to, wherever they lie.
inline constexpr uint64_t kWeightsAlignment = 64;

/// Are so many bytes more than code of x86-64's small model reaches? Half of its 2 GiB are left to all else.
/// Such data lies behind all other sections and is read through whole addresses.
bool isFar(const llvm::Triple &triple, uint64_t numBytes);

struct DescriptorOptions {
  /// What a user calls the target, "x86_64-linux-gnu x86-64-v3".
  std::string target;
  /// Hash of the graph and the options.
  std::string fingerprint;
  WeightsLinkage weights = WeightsLinkage::Embedded;
  /// Of WeightsLinkage::Embedded: several modules may be linked to one program, each has its own.
  std::string weightsSymbol;
  /// Of WeightsLinkage::File: the file's name, without a folder.
  std::string weightsFile;
  /// Whether the runtime's API stands beside the code under the name tgc_runtime_api.
  bool hasRuntimeAPI = false;
  /// The name of the function that returns the descriptor; empty: tgc_module_query.
  std::string querySymbol;
};

/// Adds the descriptor of `module` (lowered to LLVM; the attributes of DescribeModule are still there) and
/// the query function, which it returns, to its translation. Everything else becomes internal.
llvm::Function *emitDescriptor(mlir::ModuleOp module, const DescriptorOptions &options, llvm::Module &code);

} // namespace tgc

#endif // TGC_COMPILER_ABI_DESCRIPTOR_H
