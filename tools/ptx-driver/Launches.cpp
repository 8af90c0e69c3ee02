//===- Launches.cpp - Kernels and graphs of the interface -----------------===//
#include "tools/ptx-driver/Simulated.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Error.h"

using namespace tgc::ptx;

/// What makes a launch: equal ones do the same but for the contents of memory.
static std::string describe(const Started &started) {
  const LaunchConfig &config = started.config;
  std::string text;
  llvm::raw_string_ostream os(text);
  os << started.kernel << ' ' << config.grid.x << ' ' << config.grid.y << ' ' << config.grid.z << ' '
     << config.block.x << ' ' << config.block.y << ' ' << config.block.z << ' ' << config.dynamicShared;
  for (const KernelArgument &argument : started.arguments)
    os << ' ' << llvm::toStringRef(argument.bytes());
  return text;
}

/// Runs a kernel now.
static Result run(Simulated &all, Gpu &gpu, const Started &started) {
  if (Result state = gpu.state())
    return state;
  if (all.numLaunches + 1 == all.wishes.goneAt) {
    gpu.isGone = true;
    return gpu.state();
  }
  all.trace(gpu) << "launch " << started.kernel->name << " <<<" << started.config.grid.x << ", "
                 << started.config.block.x << ">>>\n";
  bool fails = ++all.numLaunches == all.wishes.faultAt;
  LaunchConfig config = started.config;
  if (all.wishes.looksForRacesOnce)
    config.checksRaces = all.known.insert(describe(started)).second;
  auto stats = launch(gpu.device, *started.kernel->module, started.kernel->name, config, started.arguments);
  if (stats)
    all.clock += stats->instructions;
  if (stats && !fails)
    return Success;
  // The interface has no words for it.
  llvm::errs() << "ptx-driver: " << (stats ? "the launch was to fail" : llvm::toString(stats.takeError()))
               << "\n";
  gpu.isLost = true;
  return LaunchFailed;
}

TGC_EXPORT cuLaunchKernel(void *function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                          unsigned blockY, unsigned blockZ, unsigned sharedBytes, void *stream,
                          void **parameters, void **) {
  Call call;
  if (Result state = call.stateOf<Stream>(stream))
    return state;
  Started started{static_cast<const Kernel *>(function), {}, {}};
  if (llvm::none_of(call.here().modules,
                    [&](const auto &loaded) { return loaded.get() == started.kernel->module; }))
    return InvalidContext;
  for (auto [i, parameter] : llvm::enumerate(started.kernel->parameters))
    started.arguments.push_back(
        KernelArgument::ofBytes({static_cast<const uint8_t *>(parameters[i]), size_t(parameter.size)}));
  started.config.grid = {gridX, gridY, gridZ};
  started.config.block = {blockX, blockY, blockZ};
  if (started.kernel->requiredCluster.x)
    started.config.cluster = started.kernel->requiredCluster;
  started.config.dynamicShared = sharedBytes;
  started.config.seed = call.gpu.wishes.seed;
  if (!call.gpu.captured)
    return enqueue(call.gpu, stream,
                   [&all = call.gpu, &gpu = call.here(), started] { return run(all, gpu, started); });
  call.gpu.captured->kernels.push_back(std::move(started));
  return Success;
}

TGC_EXPORT cuStreamBeginCapture_v2(void *, int) {
  Call call;
  if (Result state = call.state())
    return state;
  if (!call.gpu.wishes.hasGraphs)
    return NotSupported;
  call.gpu.captured = std::make_unique<Graph>();
  call.gpu.captured->gpu = &call.here();
  return Success;
}

static void *keep(Simulated &gpu, std::unique_ptr<Graph> graph) {
  gpu.graphs.push_back(std::move(graph));
  return gpu.graphs.back().get();
}

TGC_EXPORT cuStreamEndCapture(void *, void **graph) {
  Call call;
  if (!call.gpu.captured)
    return InvalidValue;
  *graph = keep(call.gpu, std::move(call.gpu.captured));
  return Success;
}

TGC_EXPORT cuGraphInstantiateWithFlags(void **executable, void *graph, unsigned long long) {
  Call call;
  if (Result state = call.state())
    return state;
  auto &recorded = *static_cast<const Graph *>(graph);
  call.gpu.trace(call.here()) << "instantiate a graph of " << recorded.kernels.size() << " kernels\n";
  *executable = keep(call.gpu, std::make_unique<Graph>(recorded));
  return Success;
}

TGC_EXPORT cuGraphLaunch(void *executable, void *stream) {
  Call call;
  if (Result state = call.stateOf<Stream>(stream))
    return state;
  auto &graph = *static_cast<const Graph *>(executable);
  call.gpu.trace(call.here()) << "graph of " << graph.kernels.size() << " kernels\n";
  return enqueue(call.gpu, stream, [&all = call.gpu, &gpu = call.here(), graph] {
    for (const Started &started : graph.kernels)
      if (Result result = run(all, gpu, started))
        return result;
    return Success;
  });
}

TGC_EXPORT cuGraphDestroy(void *graph) {
  Call call;
  return end(call.gpu, call.gpu.graphs, graph);
}

TGC_EXPORT cuGraphExecDestroy(void *executable) {
  Call call;
  return end(call.gpu, call.gpu.graphs, executable);
}
