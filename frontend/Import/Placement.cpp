//===- Placement.cpp - Devices that nodes name ----------------------------===//
//
// Where nodes may be placed elsewhere than they ask for, what they ask for is a wish: jobs, machines and
// devices that there are not do not matter. Otherwise each is an error, in TensorFlow's words. Whether a GPU
// is there shows during the run.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/Placement.h"
#include "dialects/Tg/IR/Placement.h"
#include "frontend/GraphDef/DeviceName.h"
#include "mlir/IR/Builders.h"

using namespace mlir;

namespace tgc {

bool Placement::isOnHost(const proto::NodeDef &node, StringRef device, StringRef name) {
  auto fail = [&](const std::string &message) { error = error.empty() ? message : error; };
  std::string where = "node " + name.str() + " (" + node.op() + "): ";
  std::optional<DeviceName> parsed = parseDeviceName(device);
  if (!parsed) {
    fail(where + "Malformed device specification '" + device.str() +
         "', expected /cpu:0, /device:GPU:1, /job:localhost/replica:0/task:0/device:CPU:0 or a "
         "part of such a name");
    return false;
  }
  bool isCpu = parsed->type == "CPU", isGpu = parsed->type == "GPU";
  std::string demand = "Cannot assign a device for operation " + name.str() + ": {{node " + name.str() +
                       "}} was explicitly assigned to " + device.str();
  bool isThere = !parsed->type || (isCpu && parsed->number.value_or(0) == 0) || (isGpu && options.hasGpu);
  if (!options.allowSoftPlacement && !(isThere && parsed->isLocal())) {
    constexpr StringLiteral local = "/job:localhost/replica:0/task:0/device:";
    fail(where + demand + " but available devices are [ " + local.str() + "CPU:0" +
         (options.hasGpu ? ", " + local.str() + "GPU:0" : "") +
         " ]. Make sure the device specification refers to a valid device.");
    return false;
  }
  if (isGpu && options.hasGpu)
    gpus.try_emplace(parsed->number.value_or(0), demand);
  return isCpu && options.hasGpu;
}

llvm::Error Placement::finish(ModuleOp module) const {
  if (!error.empty())
    return llvm::createStringError(error);
  if (gpus.empty())
    return llvm::Error::success();
  if (gpus.size() > kMostGpus && !options.allowSoftPlacement)
    return llvm::createStringError("the graph names " + std::to_string(gpus.size()) +
                                   " GPUs, a program uses at most " + std::to_string(kMostGpus));
  OpBuilder builder(module.getContext());
  SmallVector<int32_t> numbers;
  SmallVector<StringRef> demands;
  for (const auto &[number, demand] : gpus) {
    if (numbers.size() == kMostGpus) {
      forgetPlaceOnGpu(module, number);
      continue;
    }
    numbers.push_back(number);
    demands.push_back(demand);
  }
  module->setAttr(kGpusAttribute, builder.getDenseI32ArrayAttr(numbers));
  if (!options.allowSoftPlacement)
    module->setAttr(kGpuDemandsAttribute, builder.getStrArrayAttr(demands));
  // Nodes that name no GPU are there, too.
  forgetPlaceOnGpu(module, numbers.front());
  return llvm::Error::success();
}

} // namespace tgc
