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

void PlacementLog::print(raw_ostream &stream, const DeviceCode *device, ArrayRef<int32_t> gpus) const {
  llvm::DenseMap<StringAttr, int32_t> ofDevice;
  if (device)
    for (const KernelRecord &record : device->kernels.records)
      for (StringAttr node : record.nodes)
        ofDevice.try_emplace(node, gpus[record.gpu]);
  for (auto [node, op] : ops) {
    stream << node.getValue() << ": (" << op.getValue() << "): /job:localhost/replica:0/task:0/device:";
    if (auto found = ofDevice.find(node); found != ofDevice.end())
      stream << "GPU:" << found->second << "\n";
    else
      stream << "CPU:0\n";
  }
}

} // namespace tgc
