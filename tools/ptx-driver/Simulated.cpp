//===- Simulated.cpp - What stands behind the driver's interface ----------===//
#include "tools/ptx-driver/Simulated.h"
#include "llvm/ADT/StringExtras.h"
#include <cstdlib>

using llvm::StringRef;

namespace tgc::ptx {

/// Reads a list like "trace,memory=4096".
static Wishes readWishes() {
  Wishes wishes;
  const char *text = std::getenv("TGC_PTX_DRIVER");
  for (StringRef wish : llvm::split(text ? text : "", ',')) {
    auto [key, value] = wish.split('=');
    bool isBad = false;
    if (key == "trace")
      wishes.traces = true;
    else if (key == "tell-memory")
      wishes.tellsMemory = true;
    else if (key == "pinned")
      wishes.isPinned = true;
    else if (key == "no-device")
      wishes.hasDevice = false;
    else if (key == "no-pinned-memory")
      wishes.hasPinnedMemory = false;
    else if (key == "late")
      wishes.isLate = true;
    else if (key == "no-peers")
      wishes.hasPeers = false;
    else if (key == "no-graphs")
      wishes.hasGraphs = false;
    else if (key == "version")
      isBad = value.getAsInteger(10, wishes.version);
    else if (key == "capability")
      isBad = value.getAsInteger(10, wishes.capability);
    else if (key == "devices")
      isBad = value.getAsInteger(10, wishes.numDevices);
    else if (key == "memory")
      isBad = value.getAsInteger(10, wishes.memory);
    else if (key == "fault-at")
      isBad = value.getAsInteger(10, wishes.faultAt);
    else if (key == "gone-at")
      isBad = value.getAsInteger(10, wishes.goneAt);
    else if (key == "gone-from-call")
      isBad = value.getAsInteger(10, wishes.goneFrom);
    else if (key == "broken-from-call")
      isBad = value.getAsInteger(10, wishes.brokenFrom);
    else if (key == "nccl-fault")
      wishes.ncclFault = value.str();
    else if (key == "races")
      isBad = !(wishes.looksForRacesOnce = value == "once");
    else if (key == "seed")
      isBad = value.getAsInteger(10, wishes.seed);
    else
      isBad = !wish.empty();
    if (isBad)
      llvm::errs() << "ptx-driver: TGC_PTX_DRIVER has '" << wish << "', which is not known\n";
  }
  return wishes;
}

Simulated::Simulated() : wishes(readWishes()) {
  for (int number = 0; number < wishes.numDevices; ++number)
    gpus.push_back(std::make_unique<Gpu>(number));
}

Simulated &simulated() {
  static Simulated instance;
  return instance;
}

thread_local std::vector<void *> contexts;

Result drain(Simulated &gpu, Stream &stream, llvm::function_ref<bool()> isDone) {
  while (!stream.work.empty() && !isDone()) {
    if (stream.gpu->isLost)
      return LaunchFailed;
    if (stream.isBusy) {
      llvm::errs() << "ptx-driver: streams wait for each other\n";
      return Unknown;
    }
    auto next = std::move(stream.work.front());
    stream.work.pop_front();
    stream.isBusy = true;
    Result result = next();
    stream.isBusy = false;
    if (result)
      return result;
  }
  return Success;
}

Result drainAll(Simulated &gpu) {
  for (auto &stream : gpu.streams)
    if (Result result = drain(gpu, *stream))
      return result;
  return Success;
}

Result await(Simulated &gpu, Mark &event, uint64_t count) {
  return event.stream ? drain(gpu, *event.stream, [&] { return event.numDone >= count; }) : Success;
}

Result enqueue(Simulated &gpu, void *stream, std::function<Result()> work) {
  if (!stream)
    if (Result result = drainAll(gpu))
      return result;
  if (!stream || !gpu.wishes.isLate)
    return work();
  static_cast<Stream *>(stream)->work.push_back(std::move(work));
  return Success;
}

} // namespace tgc::ptx
