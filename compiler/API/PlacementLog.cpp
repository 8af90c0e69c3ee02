//===- PlacementLog.cpp - The device of each node -------------------------===//

#include "compiler/API/PlacementLog.h"
#include "dialects/Tg/IR/TgOps.h"

using namespace mlir;

namespace tgc {

void PlacementLog::collect(ModuleOp program) {
  program.walk([&](Operation *op) {
    auto node = op->getLoc()->findInstanceOf<NameLoc>();
    auto kind = node ? dyn_cast<NameLoc>(node.getChildLoc()) : NameLoc();
    if (kind && !isa<tg::ConstantOp>(op))
      ops.insert({node.getName(), kind.getName()});
  });
}

void PlacementLog::print(raw_ostream &stream, const DeviceCode *device, int32_t gpu) const {
  llvm::DenseSet<StringAttr> ofDevice;
  if (device)
    for (const KernelRecord &record : device->kernels.records)
      ofDevice.insert(record.nodes.begin(), record.nodes.end());
  for (auto [node, op] : ops) {
    stream << node.getValue() << ": (" << op.getValue() << "): /job:localhost/replica:0/task:0/device:";
    if (ofDevice.contains(node))
      stream << "GPU:" << gpu << "\n";
    else
      stream << "CPU:0\n";
  }
}

} // namespace tgc
