//===- Launch.cpp - One run of a kernel ---------------------------------------===//
#include "tools/ptx/Launch.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace tgc::ptx;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
using llvm::Twine;

/// What a block of an H100 can have at most.
static constexpr uint32_t kMaxSharedBytes = 232448;
/// The most instructions that a warp runs before another has its turn.
static constexpr unsigned kMaxQuantum = 200;
/// A cluster that has run so many instructions without a store, an arrival or an end is taken to wait for
/// ever.
static constexpr uint64_t kMaxIdleSteps = 50'000'000;

Error Launch::checkConfig() {
  auto text = [](const Dim3 &d) { return (Twine(d.x) + "x" + Twine(d.y) + "x" + Twine(d.z)).str(); };
  auto differs = [](const Dim3 &a, const Dim3 &b) { return a.x != b.x || a.y != b.y || a.z != b.z; };
  auto bad = [&](const Twine &what) {
    return llvm::createStringError("kernel '" + kernel.name + "': " + what);
  };
  uint64_t threads = config.block.count();
  if (!threads || threads > 1024)
    return bad("a block has 1 to 1024 threads, not " + text(config.block));
  if (!config.grid.count() || config.grid.y > 65535 || config.grid.z > 65535)
    return bad("a grid of " + text(config.grid) + " blocks is not possible");
  if (kernel.requiredThreads.x && differs(kernel.requiredThreads, config.block))
    return bad(".reqntid asks for blocks of " + text(kernel.requiredThreads) + ", launched with " +
               text(config.block));
  if (kernel.maxThreads.x && threads > kernel.maxThreads.count())
    return bad(".maxntid allows " + Twine(kernel.maxThreads.count()) + " threads, launched with " +
               Twine(threads));
  if (kernel.requiredCluster.x && differs(kernel.requiredCluster, config.cluster))
    return bad(".reqnctapercluster asks for clusters of " + text(kernel.requiredCluster) +
               ", launched with " + text(config.cluster));
  if (!config.cluster.count() || config.cluster.count() > 16)
    return bad("a cluster has 1 to 16 blocks, not " + text(config.cluster));
  if (config.grid.x % config.cluster.x || config.grid.y % config.cluster.y ||
      config.grid.z % config.cluster.z)
    return bad("clusters of " + text(config.cluster) + " do not divide a grid of " + text(config.grid));
  if (uint64_t(kernel.staticShared) + config.dynamicShared > kMaxSharedBytes)
    return bad(Twine(kernel.staticShared) + " static and " + Twine(config.dynamicShared) +
               " dynamic bytes of shared memory are more than the " + Twine(kMaxSharedBytes) + " of a block");
  sharedBytes = kernel.staticShared;
  if (config.dynamicShared)
    sharedBytes = llvm::alignTo(uint64_t(kernel.staticShared), 1024) + config.dynamicShared;
  return Error::success();
}

Error Launch::setParameters(llvm::ArrayRef<KernelArgument> arguments) {
  if (arguments.size() != kernel.parameters.size())
    return llvm::createStringError("kernel '" + kernel.name + "' has " + Twine(kernel.parameters.size()) +
                                   " parameters, got " + Twine(arguments.size()) + " arguments");
  parameters.assign(std::max<uint32_t>(kernel.parameterBytes, 8), 0);
  for (auto [parameter, argument] : llvm::zip(kernel.parameters, arguments)) {
    if (argument.bytes().size() != parameter.size)
      return llvm::createStringError("parameter '" + parameter.name + "' of kernel '" + kernel.name +
                                     "' has " + Twine(parameter.size) + " bytes, got " +
                                     Twine(argument.bytes().size()));
    std::copy(argument.bytes().begin(), argument.bytes().end(), parameters.begin() + parameter.offset);
  }
  return Error::success();
}

uint32_t Launch::specialValue(const Warp &warp, StringRef name, uint32_t lane) const {
  const Cta &cta = *warp.cta;
  const Dim3 &block = config.block, &grid = config.grid, &cluster = config.cluster;
  uint32_t rank = cta.rank, thread = warp.index * kWarpSize + lane;
  Dim3 inCluster{rank % cluster.x, rank / cluster.x % cluster.y, rank / (cluster.x * cluster.y)};
  auto axis = [&](const Dim3 &d) { return name.back() == 'x' ? d.x : name.back() == 'y' ? d.y : d.z; };
  uint32_t value = 0;
  if (name.starts_with("%tid."))
    value = axis({thread % block.x, thread / block.x % block.y, thread / (block.x * block.y)});
  else if (name.starts_with("%ntid."))
    value = axis(block);
  else if (name.starts_with("%ctaid."))
    value = axis(cta.index);
  else if (name.starts_with("%nctaid."))
    value = axis(grid);
  else if (name.starts_with("%clusterid."))
    value = axis(cta.cluster->index);
  else if (name.starts_with("%nclusterid."))
    value = axis({grid.x / cluster.x, grid.y / cluster.y, grid.z / cluster.z});
  else if (name.starts_with("%cluster_ctaid."))
    value = axis(inCluster);
  else if (name.starts_with("%cluster_nctaid."))
    value = axis(cluster);
  else if (name == "%cluster_ctarank")
    value = rank;
  else if (name == "%cluster_nctarank")
    value = cluster.count();
  else if (name == "%is_explicit_cluster")
    value = cluster.count() > 1;
  else if (name == "%laneid")
    value = lane;
  else if (name == "%warpid")
    value = warp.index;
  else if (name == "%nwarpid")
    value = llvm::divideCeil(block.count(), kWarpSize);
  else if (name == "%nsmid")
    value = 132;
  else if (name == "%smid")
    value = (warp.cta->cluster->number - 1) % 132;
  else if (name == "%lanemask_eq")
    value = uint32_t(1) << lane;
  else if (name == "%lanemask_lt")
    value = (uint32_t(1) << lane) - 1;
  else if (name == "%lanemask_le")
    value = (uint32_t(2) << lane) - 1;
  else if (name == "%lanemask_gt")
    value = ~((uint32_t(2) << lane) - 1);
  else if (name == "%lanemask_ge")
    value = ~((uint32_t(1) << lane) - 1);
  else if (name == "%dynamic_smem_size")
    value = config.dynamicShared;
  else if (name == "%total_smem_size")
    value = sharedBytes;
  return value;
}

void Launch::fillSpecials(Warp &warp) {
  for (const SpecialRow &special : kernel.specials) {
    uint32_t *row = warp.row<uint32_t>(special.offset);
    bool differs = special.name.starts_with("%tid.") || special.name.starts_with("%lane");
    for (uint32_t lane = 0; lane < kWarpSize; ++lane)
      row[lane] = lane && !differs ? row[0] : specialValue(warp, special.name, lane);
  }
}

std::unique_ptr<Warp> Launch::startWarp(Cta &cta, uint32_t index, uint64_t numThreads) {
  auto warp = std::make_unique<Warp>();
  warp->cta = &cta;
  warp->launch = this;
  warp->kernel = &kernel;
  warp->index = index;
  uint64_t left = numThreads - uint64_t(index) * kWarpSize;
  warp->initial = warp->live = left >= kWarpSize ? ~uint32_t(0) : (uint32_t(1) << left) - 1;
  // Registers start as what no program should rely on.
  if (spareRows.empty()) {
    warp->rows.assign(kernel.constantsOffset + kernel.constants.size(), 0xA5);
    std::copy(kernel.constants.begin(), kernel.constants.end(), warp->rows.begin() + kernel.constantsOffset);
  } else {
    warp->rows = std::move(spareRows.back());
    spareRows.pop_back();
    std::fill_n(warp->rows.begin(), kernel.constantsOffset, 0xA5);
  }
  warp->local.assign(size_t(kernel.localBytes) * kWarpSize, 0xFF);
  warp->fragments.push_back({0, warp->live, -1});
  warp->events.assign(kernel.code.size(), 0);
  if (kernel.usesWgmma)
    for (size_t row = 0; row <= warp->rows.size() / Warp::kRowUnit; ++row)
      warp->rowStates.push_back({.writtenAtFence = row * Warp::kRowUnit < kernel.constantsOffset});
  // Four slots: the warp, cp.async, bulk copies, wgmma.
  warp->slot = cta.cluster->numSlots;
  cta.cluster->numSlots += 4;
  warp->tick();
  fillSpecials(*warp);
  return warp;
}

std::unique_ptr<Cluster> Launch::start(uint64_t number) {
  auto cluster = std::make_unique<Cluster>();
  cluster->number = number + 1;
  const Dim3 &grid = config.grid, &size = config.cluster;
  uint64_t nx = grid.x / size.x, ny = grid.y / size.y;
  cluster->index = {uint32_t(number % nx), uint32_t(number / nx % ny), uint32_t(number / (nx * ny))};
  uint64_t numThreads = config.block.count(), numWarps = llvm::divideCeil(numThreads, kWarpSize);
  for (uint32_t rank = 0; rank < size.count(); ++rank) {
    auto cta = std::make_unique<Cta>();
    cta->launch = this;
    cta->cluster = cluster.get();
    cta->rank = rank;
    cta->index = {cluster->index.x * size.x + rank % size.x,
                  cluster->index.y * size.y + rank / size.x % size.y,
                  cluster->index.z * size.z + rank / (size.x * size.y)};
    cta->shared.name = "shared memory";
    cta->shared.space = Space::Shared;
    cta->shared.size = sharedBytes;
    cta->shared.owned.assign(sharedBytes, 0xFF);
    cta->shared.bytes = cta->shared.owned.data();
    if (usesPhases) {
      cta->phase = nextPhase();
      if (spareMarks.empty())
        spareMarks.push_back(std::make_unique<PhaseMarks>(sharedBytes, kernel.sharedUnit));
      cta->marks = std::move(spareMarks.back());
      spareMarks.pop_back();
    }
    for (uint32_t w = 0; w < numWarps; ++w)
      cta->warps.push_back(startWarp(*cta, w, numThreads));
    cluster->ctas.push_back(std::move(cta));
    ++stats.blocks;
  }
  return cluster;
}

void Launch::recycle(Cluster &cluster) {
  for (auto &cta : cluster.ctas) {
    if (cta->marks)
      spareMarks.push_back(std::move(cta->marks));
    for (auto &warp : cta->warps)
      spareRows.push_back(std::move(warp->rows));
  }
}

bool Launch::isFinished(const Cluster &cluster) const {
  return llvm::all_of(cluster.ctas, [](const auto &cta) {
    return llvm::all_of(cta->warps, [](const auto &warp) { return warp->isFinished(); });
  });
}

/// Shared memory ends with its block: no copy may need it after that.
void Launch::checkEnd(Cluster &cluster) {
  for (AsyncCopy &copy : cluster.pending)
    report(*copy.warp, *copy.instr, -1,
           "the block has ended while this copy into shared memory is under way");
  for (auto &cta : cluster.ctas)
    for (auto &warp : cta->warps)
      for (GroupedWork &work : warp->bulk)
        report(*warp, *work.instr, -1,
               "the block has ended without a wait for this copy, which may still read shared memory");
}

bool Launch::turn(Cluster &cluster) {
  llvm::SmallVector<Warp *, 32> warps;
  for (auto &cta : cluster.ctas)
    for (auto &warp : cta->warps)
      if (!warp->isFinished())
        warps.push_back(warp.get());
  for (size_t i = warps.size(); i > 1; --i)
    std::swap(warps[i - 1], warps[draw(i)]);
  bool moved = false;
  auto land = [&] {
    size_t which = draw(cluster.pending.size());
    AsyncCopy copy = std::move(cluster.pending[which]);
    cluster.pending.erase(cluster.pending.begin() + which);
    ++cluster.progress;
    moved = true;
    return copy.run();
  };
  for (Warp *warp : warps) {
    moved |= warp->run(1 + draw(kMaxQuantum));
    if (failed)
      return false;
    if (!cluster.pending.empty() && chance(4) && !land())
      return false;
  }
  if (!moved && !cluster.pending.empty() && !land())
    return false;
  return moved;
}

Expected<LaunchStats> Launch::run(llvm::ArrayRef<KernelArgument> arguments) {
  if (Error error = checkConfig())
    return std::move(error);
  if (Error error = setParameters(arguments))
    return std::move(error);
  uint64_t numClusters = config.grid.count() / config.cluster.count(), next = 0;
  std::vector<std::unique_ptr<Cluster>> running;
  size_t idle = 0;
  while (next < numClusters || !running.empty()) {
    while (next < numClusters && running.size() < std::max<uint32_t>(config.resident, 1))
      running.push_back(start(next++));
    size_t which = draw(running.size());
    Cluster &cluster = *running[which];
    uint64_t before = stats.instructions;
    bool moved = turn(cluster);
    if (failed)
      break;
    if (isFinished(cluster)) {
      checkEnd(cluster);
      if (failed)
        break;
      recycle(cluster);
      running.erase(running.begin() + which);
      idle = 0;
      continue;
    }
    if (cluster.progress != cluster.lastProgress) {
      cluster.lastProgress = cluster.progress;
      cluster.idleSteps = 0;
    }
    cluster.idleSteps += stats.instructions - before;
    idle = moved ? 0 : idle + 1;
    if (idle > 4 * running.size())
      reportDeadlock(cluster, "deadlock: nothing can go on");
    else if (cluster.idleSteps > kMaxIdleSteps)
      reportDeadlock(cluster, "no progress: nothing was stored, nobody arrived or ended for " +
                                  std::to_string(kMaxIdleSteps) + " instructions");
    else if (stats.instructions > config.maxInstructions)
      reportDeadlock(cluster, "no end after " + std::to_string(config.maxInstructions) + " instructions");
    if (failed)
      break;
  }
  if (failed)
    return llvm::createStringError(message);
  return std::move(stats);
}

Expected<LaunchStats> tgc::ptx::launch(Device &device, const Module &module, StringRef name,
                                       const LaunchConfig &config, llvm::ArrayRef<KernelArgument> arguments) {
  const Kernel *kernel = module.find(name);
  if (!kernel) {
    std::string known;
    for (const auto &k : module.kernels)
      known += (known.empty() ? "" : ", ") + k->name.str();
    return llvm::createStringError(module.file + " has no kernel '" + name + "'; it has " +
                                   (known.empty() ? "none" : known));
  }
  auto forEachRegion = [&](auto visit) {
    for (const std::unique_ptr<Region> &region : device.all())
      visit(*region);
    for (const std::unique_ptr<Region> &region : module.globals)
      visit(*region);
  };
  // Launches wait for those before them.
  forEachRegion([](Region &region) {
    region.shadows.clear();
    region.granules.clear();
  });
  Launch first(device, *kernel, config, config.checksRaces ? ReadChecks::Later : ReadChecks::All);
  Expected<LaunchStats> stats = first.run(arguments);
  if (!config.checksRaces || (stats && !first.hasUncheckedReads()))
    return stats;
  // The same again, for all that may happen in any order is named by the seed.
  ReadChecks reads = stats ? ReadChecks::OfBoth : ReadChecks::All;
  llvm::consumeError(stats.takeError());
  first.undo();
  forEachRegion([](Region &region) { region.shadows.clear(); });
  return Launch(device, *kernel, config, reads).run(arguments);
}
