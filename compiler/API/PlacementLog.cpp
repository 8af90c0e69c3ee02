//===- PlacementLog.cpp - The device of each node -------------------------===//

#include "compiler/API/PlacementLog.h"
#include "dialects/Tg/IR/Placement.h"
#include "dialects/Tg/IR/TgOps.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace tgc {

void PlacementLog::collect(ModuleOp program) {
  program.walk([&](Operation *op) {
    auto node = op->getLoc()->findInstanceOf<NameLoc>();
    auto kind = node ? dyn_cast<NameLoc>(node.getChildLoc()) : NameLoc();
    if (kind && !isa<tg::ConstantOp>(op))
      nodes.insert({node.getName(), {kind.getName(), op->getLoc()}});
  });
}

void PlacementLog::print(raw_ostream &stream, const DeviceCode *device, ArrayRef<int32_t> gpus) const {
  llvm::DenseMap<StringAttr, int32_t> ofKernels;
  llvm::StringSet<> ofHost;
  if (device) {
    for (const KernelRecord &record : device->kernels.records)
      for (StringAttr node : record.nodes)
        ofKernels.try_emplace(node, gpus[record.gpu]);
    for (const HostWork &work : device->kernels.host)
      if (!work.hasKernel)
        ofHost.insert(work.node);
  }
  auto isOnHost = [&](StringAttr name, Location loc) {
    return !device || isPlacedOnHost(loc) || (ofHost.contains(name.getValue()) && !ofKernels.contains(name));
  };
  for (const auto &[name, node] : nodes) {
    stream << name.getValue() << ": (" << node.op.getValue() << "): /job:localhost/replica:0/task:0/device:";
    if (isOnHost(name, node.loc))
      stream << "CPU:0\n";
    else if (auto found = ofKernels.find(name); found != ofKernels.end() && !getGpuNumber(node.loc))
      stream << "GPU:" << found->second << "\n";
    else
      stream << "GPU:" << getGpuNumber(node.loc).value_or(gpus.front()) << "\n";
  }
}

} // namespace tgc
