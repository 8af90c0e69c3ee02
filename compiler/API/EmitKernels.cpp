//===- EmitKernels.cpp - A program's kernels for a GPU --------------------===//

#include "compiler/API/EmitKernels.h"
#include "compiler/Codegen/Common/Bufferize.h"
#include "compiler/Codegen/GPU/FlatKernels.h"
#include "compiler/Target/PtxEmitter.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace tgc {

/// What a host must know, as comments.
static std::string describe(const DeviceProgram &program) {
  std::string text;
  llvm::raw_string_ostream out(text);
  for (const KernelRecord &record : program.records) {
    out << "// " << record.name << ": " << (record.node.empty() ? "no node" : record.node) << "; "
        << record.elements << " elements, blocks of " << kFlatThreads << " threads\n//   ";
    llvm::interleaveComma(record.arguments, out);
    out << "\n";
  }
  for (const HostWork &work : program.host)
    out << "// host: " << (work.node.empty() ? "no node" : work.node) << " (" << work.op
        << "): " << work.reason << "\n";
  return text;
}

llvm::Expected<std::string> emitDeviceKernels(ModuleOp program, StringRef chip) {
  PassManager before(program.getContext());
  buildBufferizationPipeline(before);
  before.addPass(createLinalgGeneralizeNamedOpsPass());
  if (failed(before.run(program)))
    return llvm::createStringError("the program cannot be given buffers");
  DeviceProgram device = writeFlatKernels(program);
  PassManager passes(program.getContext());
  buildKernelPipeline(passes);
  if (failed(passes.run(*device.kernels)))
    return llvm::createStringError("the kernels cannot be lowered");
  moveUnsupportedToHost(device);
  PassManager last(program.getContext());
  last.addPass(createConvertToLLVMPass());
  last.addPass(createReconcileUnrealizedCastsPass());
  if (failed(last.run(*device.kernels)))
    return llvm::createStringError("the kernels cannot be lowered to LLVM");
  llvm::StringMap<std::string> nodes;
  for (const KernelRecord &record : device.records)
    nodes[record.name] = record.node;
  llvm::Expected<std::string> text = emitPtx(*device.kernels, nodes, chip);
  if (!text)
    return text.takeError();
  return describe(device) + *text;
}

} // namespace tgc
