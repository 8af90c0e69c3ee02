//===- Tune.cpp - Tiles chosen by the clock -------------------------------===//
//
// A kernel is measured in a module of its own, with an entry for each candidate, which takes the kernel's
// operands as feeds. Candidates take turns, and the least time of each counts: what disturbs the machine
// disturbs all of them. First come shapes of tiles, then, with the best one, groups of panels and the form of
// the right operand.
//
//===----------------------------------------------------------------------===//

#include "compiler/API/Tune.h"
#include "compiler/ABI/Dtypes.h"
#include "compiler/ABI/Passes.h"
#include "compiler/API/HostCode.h"
#include "compiler/API/TileCache.h"
#include "compiler/API/Timing.h"
#include "compiler/Codegen/CPU/PackConstants.h"
#include "compiler/Codegen/CPU/Passes.h"
#include "compiler/Codegen/CPU/SelectBlocks.h"
#include "compiler/Pipelines/Pipelines.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/MapVector.h"
#include <random>

using namespace mlir;
using Clock = std::chrono::steady_clock;

namespace tgc {
namespace {

/// A candidate must beat the table by this: less is noise.
constexpr double kLeastGain = 0.02;
/// Of all candidates of a kernel; and rounds in which each runs once.
constexpr double kMeasuredSeconds = 0.5;
constexpr int64_t kAlignment = 64;
constexpr int kLeastRounds = 3, kMostRounds = 1000;

struct Kernel {
  kernel::ContractOp op;
  std::string text = {};
  double products = 1;
};

int64_t typical(int64_t size) { return ShapedType::isDynamic(size) ? kTypicalSize : size; }

/// The shape that an operand has when sizes that only a run knows are typical ones.
SmallVector<int64_t> getTypicalShape(kernel::ContractOp op, unsigned operand) {
  auto type = cast<RankedTensorType>(op->getOperand(operand).getType());
  SmallVector<int64_t> shape(type.getShape());
  if (type.hasStaticShape())
    return shape;
  SmallVector<Attribute> last;
  Builder builder(op.getContext());
  for (int64_t size : op.getLoopSizes())
    last.push_back(builder.getIndexAttr(typical(size) - 1));
  for (auto [dim, expr] : llvm::enumerate(op.getMap(operand).getResults())) {
    SmallVector<Attribute> folded;
    if (ShapedType::isDynamic(shape[dim]) &&
        succeeded(AffineMap::get(last.size(), 0, expr).constantFold(last, folded)))
      shape[dim] = cast<IntegerAttr>(folded[0]).getInt() + 1;
  }
  return shape;
}

int64_t countBytes(Type element, ArrayRef<int64_t> shape) {
  int64_t bytes = llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
  for (int64_t size : shape)
    bytes *= size;
  return bytes;
}

/// The contractions of a module on linalg, without those that are equal to others, those with most products
/// first.
SmallVector<Kernel> findKernels(ModuleOp module) {
  llvm::MapVector<StringAttr, Kernel> kernels;
  module.walk([&](kernel::ContractOp op) {
    Kernel kernel = {op, describeKernel(op)};
    double bytes = 0;
    for (int64_t size : op.getLoopSizes())
      kernel.products *= static_cast<double>(typical(size));
    for (unsigned i = 0; i < op->getNumOperands(); ++i)
      bytes += countBytes(getElementTypeOrSelf(op->getOperand(i).getType()), getTypicalShape(op, i));
    llvm::SetVector<Value> captured;
    getUsedValuesDefinedAbove(op.getEpilogue(), captured);
    bool isWhole = llvm::all_of(captured, [](Value value) { return matchPattern(value, m_Constant()); });
    if (isWhole && !op.getWinograd() && kernel.products >= kLeastTunedProducts && bytes <= kMostTunedBytes)
      kernels.insert({StringAttr::get(op.getContext(), kernel.text), kernel});
  });
  auto list = llvm::map_to_vector(kernels, [](auto &entry) { return entry.second; });
  llvm::stable_sort(list, [](const Kernel &a, const Kernel &b) { return a.products > b.products; });
  return list;
}

/// Numbers between -1 and 1 (integers: small ones) of one element type.
void fill(MutableArrayRef<char> bytes, Type element) {
  std::mt19937 random(1);
  size_t width = llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
  size_t period = std::min<size_t>(bytes.size(), 4099 * width);
  for (size_t place = 0; place + width <= period; place += width) {
    APInt bits(element.getIntOrFloatBitWidth(), random() % 16);
    if (auto type = dyn_cast<FloatType>(element)) {
      APFloat value(static_cast<double>(random() % 2001) / 1000 - 1);
      bool isLossy;
      value.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven, &isLossy);
      bits = value.bitcastToAPInt();
    }
    std::memcpy(bytes.data() + place, bits.getRawData(), width);
  }
  for (size_t place = period; place < bytes.size(); ++place)
    bytes[place] = bytes[place - period];
}

/// The module of a kernel's candidates.
class Trial {
public:
  Trial(kernel::ContractOp op, const CompileOptions &options, const CodeTarget &target,
        llvm::TargetMachine &machine)
      : op(op), options(options), target(target), machine(machine), module(ModuleOp::create(op.getLoc())) {
    this->options.timing = nullptr;
    this->options.printIRAfterAll = false;
    this->options.profile = false;
    this->options.device.clear();
  }

  void add(TunedTile tile) {
    OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
    Location loc = op.getLoc();
    SmallVector<Type> types;
    for (auto [i, operand] : llvm::enumerate(op->getOperands()))
      types.push_back(i == 1 && op.getPanelWidth() ? getPackedType(tile) : operand.getType());
    bool feedsInit = op.getAccumulates();
    ArrayRef<Type> fed = ArrayRef(types).drop_back(feedsInit ? 0 : 1);
    std::string name = "c" + std::to_string(feeds.size());
    auto function = func::FuncOp::create(builder, loc, name, builder.getFunctionType(fed, types.back()));
    function->setAttr("tg.entry", builder.getStringAttr(name));
    function->setAttr("tg.targets", builder.getArrayAttr({}));
    for (unsigned i = 0; i < fed.size(); ++i)
      function.setArgAttr(i, "tg.feed", builder.getStringAttr(std::to_string(i)));
    function.setResultAttr(0, "tg.fetch", builder.getStringAttr("result"));
    Block *body = function.addEntryBlock();
    builder.setInsertionPointToStart(body);
    IRMapping mapping;
    for (auto [operand, argument] : llvm::zip(op->getOperands(), body->getArguments()))
      mapping.map(operand, argument);
    llvm::SetVector<Value> captured;
    getUsedValuesDefinedAbove(op.getEpilogue(), captured);
    for (Value value : captured)
      if (!mapping.contains(value))
        mapping.map(value, builder.clone(*value.getDefiningOp())->getResult(0));
    SmallVector<Value> operands(body->getArguments());
    if (!feedsInit)
      operands.push_back(createInit(builder, cast<RankedTensorType>(types.back()), body));
    auto copy = cast<kernel::ContractOp>(builder.clone(*op, mapping));
    copy->setOperands(operands);
    setTunedTile(copy, tile);
    if (op.getPanelWidth())
      copy.setPanelWidth(getTiling(copy, options.vectors).getPanelWidth());
    func::ReturnOp::create(builder, loc, copy->getResults());
    feeds.push_back(SmallVector<Type>(fed));
  }

  /// The least nanoseconds of each candidate, after `seconds`; an error if there is no code.
  llvm::Expected<SmallVector<double>> measure(double seconds) {
    llvm::Expected<std::unique_ptr<HostCode>> code = compile();
    if (!code)
      return code.takeError();
    SmallVector<double> times;
    tgc_error_t error;
    if (measure((*code)->getSession(), seconds, times, error) != TGC_OK)
      return llvm::createStringError(error.message);
    return times;
  }

private:
  /// Of a right operand that is packed for the tile.
  Type getPackedType(TunedTile tile) {
    int64_t columns = op.getLoopSizes()[op.getColumnLoop()], width = *op.getPanelWidth();
    auto type = cast<RankedTensorType>(op.getRhs().getType());
    int64_t steps = type.getNumElements() / llvm::alignTo(columns, width);
    ContractTiling tiling = tile.apply(getTiling(op, options.vectors), ShapedType::kDynamic);
    return type.clone({steps * static_cast<int64_t>(llvm::alignTo(columns, tiling.getPanelWidth()))});
  }

  Value createInit(OpBuilder &builder, RankedTensorType type, Block *body) {
    SmallVector<Value> sizes;
    for (auto [dim, expr] : llvm::enumerate(op.getInitMap().getResults())) {
      if (!type.isDynamicDim(dim))
        continue;
      for (BlockArgument argument : body->getArguments()) {
        std::optional<unsigned> at = op.getMap(argument.getArgNumber()).getResultPosition(expr);
        if (!at || (argument.getArgNumber() == 1 && op.getPanelWidth()))
          continue;
        sizes.push_back(tensor::DimOp::create(builder, op.getLoc(), argument, *at));
        break;
      }
    }
    if (sizes.size() != static_cast<size_t>(type.getNumDynamicDims()))
      sizes.assign(type.getNumDynamicDims(),
                   arith::ConstantIndexOp::create(builder, op.getLoc(), kTypicalSize));
    return tensor::EmptyOp::create(builder, op.getLoc(), type.getShape(), type.getElementType(), sizes);
  }

  llvm::Expected<std::unique_ptr<HostCode>> compile() {
    // What goes wrong here costs a measurement, not the program.
    ScopedDiagnosticHandler silence(op.getContext(), [](Diagnostic &) { return success(); });
    PassManager passes(op.getContext());
    passes.addPass(createDescribeModulePass());
    passes.addPass(createExpandEntriesPass());
    passes.addPass(createHoistDestinationsPass());
    buildPhasePipeline(Phase::Buffers, passes, options);
    buildPhasePipeline(Phase::LLVM, passes, options);
    if (failed(passes.run(*module)))
      return llvm::createStringError("a candidate has no code");
    return HostCode::create(*module, target, machine, options.optimizationLevel);
  }

  tgc_status_t measure(tgc_session_t *session, double seconds, SmallVectorImpl<double> &times,
                       tgc_error_t &error) {
    SmallVector<llvm::SmallVector<char, 0>> memory;
    SmallVector<char *> starts;
    for (unsigned i = 0; i < feeds.front().size(); ++i) {
      int64_t most = 0;
      for (const SmallVector<Type> &types : feeds)
        most = std::max(most, countBytes(getElementTypeOrSelf(types[i]), getShape(types[i], i)));
      memory.emplace_back(most + kAlignment);
      starts.push_back(
          reinterpret_cast<char *>(llvm::alignAddr(memory.back().data(), llvm::Align(kAlignment))));
      fill({starts.back(), static_cast<size_t>(most)}, getElementTypeOrSelf(feeds.front()[i]));
    }
    times.assign(feeds.size(), std::numeric_limits<double>::infinity());
    auto runOnce = [&](unsigned candidate) {
      SmallVector<tgc_tensor_t> tensors;
      for (auto [i, type] : llvm::enumerate(feeds[candidate]))
        tensors.push_back(makeTensor(type, i, starts[i]));
      tgc_tensor_t result = {};
      Clock::time_point start = Clock::now();
      tgc_status_t status =
          tgc_session_run(session, candidate, tensors.data(), tensors.size(), &result, 1, &error);
      std::chrono::duration<double, std::nano> time = Clock::now() - start;
      times[candidate] = std::min(times[candidate], time.count());
      return status;
    };
    Clock::time_point start = Clock::now();
    auto isOver = [&] { return std::chrono::duration<double>(Clock::now() - start).count() > seconds; };
    for (int round = 0; round < kLeastRounds || (round < kMostRounds && !isOver()); ++round)
      for (unsigned candidate = 0; candidate < feeds.size(); ++candidate)
        if (tgc_status_t status = runOnce(candidate); status != TGC_OK)
          return status;
    return TGC_OK;
  }

  SmallVector<int64_t> getShape(Type type, unsigned operand) {
    auto tensor = cast<RankedTensorType>(type);
    return tensor.hasStaticShape() ? SmallVector<int64_t>(tensor.getShape()) : getTypicalShape(op, operand);
  }

  tgc_tensor_t makeTensor(Type type, unsigned operand, char *data) {
    tgc_tensor_t tensor = {};
    SmallVector<int64_t> shape = getShape(type, operand);
    tensor.data = data;
    tensor.byte_size = countBytes(getElementTypeOrSelf(type), shape);
    tensor.dtype = dtypeOf(getElementTypeOrSelf(type));
    tensor.rank = static_cast<int32_t>(shape.size());
    llvm::copy(shape, tensor.dims);
    return tensor;
  }

  kernel::ContractOp op;
  CompileOptions options;
  const CodeTarget &target;
  llvm::TargetMachine &machine;
  OwningOpRef<ModuleOp> module;
  std::vector<SmallVector<Type>> feeds; // by candidate
};

/// The fastest of `candidates`, the first of which wins unless another is clearly faster.
llvm::Expected<TunedTile> choose(Trial trial, ArrayRef<TunedTile> candidates, double seconds) {
  for (TunedTile tile : candidates)
    trial.add(tile);
  llvm::Expected<SmallVector<double>> times = trial.measure(seconds);
  if (!times)
    return times.takeError();
  size_t best = llvm::min_element(*times) - times->begin();
  return candidates[(*times)[best] < (1 - kLeastGain) * times->front() ? best : 0];
}

} // namespace

void tuneTiles(ModuleOp module, const CompileOptions &options, const CodeTarget &target,
               llvm::TargetMachine &machine, std::string &warning) {
  StepTimer timer(options.timing, "tune");
  Clock::time_point start = Clock::now();
  OwningOpRef<ModuleOp> trial = module.clone();
  const VectorUnit &unit = options.vectors;
  PassManager passes(module.getContext());
  FormContractionsPassOptions form = {unit.bytes,     unit.registers,   unit.panelBytes, unit.pairsBfloats,
                                      unit.dotsBytes, unit.pairsShorts, options.exact};
  passes.addPass(createFormContractionsPass(form));
  ScopedDiagnosticHandler silence(module.getContext(), [](Diagnostic &) { return success(); });
  if (failed(passes.run(*trial))) // the phase itself will say why
    return;

  TileCache cache(options.cacheDirectory, target.describe() + target.features);
  SmallVector<Kernel> kernels = findKernels(*trial);
  SmallVector<NamedAttribute> tiles;
  unsigned numMeasured = 0, numKnown = 0, numLeft = kernels.size();
  for (const Kernel &kernel : kernels) {
    double left = options.tuneSeconds - std::chrono::duration<double>(Clock::now() - start).count();
    std::optional<TunedTile> tile = cache.read(kernel.text, warning);
    numKnown += tile.has_value();
    double seconds = std::min(left / numLeft--, kMeasuredSeconds) / 4; // the rest compiles
    if (!tile && left > 0) {
      auto tryTiles = [&](SmallVector<TunedTile> candidates, TunedTile best) {
        candidates.insert(candidates.begin(), best);
        return choose(Trial(kernel.op, options, target, machine), candidates, seconds);
      };
      llvm::Expected<TunedTile> best = tryTiles(listTileShapes(kernel.op, unit), TunedTile());
      if (SmallVector<TunedTile> forms =
              best ? listTileForms(kernel.op, *best, unit) : SmallVector<TunedTile>();
          !forms.empty())
        best = tryTiles(forms, *best);
      if (!best) {
        warning = "a kernel was not measured: " + llvm::toString(best.takeError());
        continue;
      }
      tile = *best;
      ++numMeasured;
      cache.write(kernel.text, *tile, warning);
    }
    if (!tile)
      continue;
    kernel::ContractOp op = kernel.op;
    setTunedTile(op, *tile);
    tiles.emplace_back(StringAttr::get(module.getContext(), getTileKey(op)), op->getAttr(kTunedTile));
  }
  module->setAttr(kTunedTiles, DictionaryAttr::get(module.getContext(), tiles));
  if (options.timing)
    *options.timing << "  tiles: " << numMeasured << " kernels measured, " << numKnown << " known, "
                    << kernels.size() - numMeasured - numKnown << " left to the table\n";
}

} // namespace tgc
