//===- FoldConstants.cpp - What can be computed when compiling ------------===//
//
// Ops are not interpreted: an entry that computes them is compiled and run, so each op of tg folds. Large
// constants come to the bits that the same machine's run would give; of small ones LLVM computes some itself,
// which keeps denormal numbers and may differ in a function's last place. What only repeats or widens
// elements is done where they are read, as without this; it is no result, but may stand before one.
//
//===----------------------------------------------------------------------===//

#include "compiler/API/FoldConstants.h"
#include "compiler/ABI/Dtypes.h"
#include "compiler/API/HostCode.h"
#include "compiler/API/Timing.h"
#include "compiler/Graph/Passes.h"
#include "compiler/Pipelines/Pipelines.h"
#include "dialects/Tg/IR/TgOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;

namespace tgc {
namespace {

/// Bytes of a result that may be larger than its operands; of those of an op, and of all that are kept.
constexpr int64_t kSmallResult = 1 << 16, kMostResults = 1 << 26;
/// Multiplications of products and elements under windows: of all that is computed, and what all threads
/// share.
constexpr int64_t kMostSteps = int64_t(1) << 33, kParallelSteps = 1 << 24;
/// Elements that are widened here.
constexpr int64_t kFewElements = 256;
/// Constants of more bytes are resources.
constexpr int64_t kLargestAttribute = 1 << 10;

/// Of a tensor that a run can return; nothing for other values.
std::optional<int64_t> getNumBytes(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || !type.hasStaticShape() || type.getRank() > TGC_MAX_RANK)
    return std::nullopt;
  tgc_dtype_t dtype = dtypeOf(type.getElementType());
  if (dtype == TGC_DTYPE_INVALID || dtype == TGC_STRING)
    return std::nullopt;
  return type.getNumElements() * byteWidth(type.getElementType());
}

/// Whether code that reads the result does what the op does as it reads.
bool isDoneByReader(Operation *op) {
  if (isa<tg::BroadcastToOp, tg::ReshapeOp>(op))
    return true;
  auto cast = dyn_cast<tg::CastOp>(op);
  return cast &&
         byteWidth(cast.getType().getElementType()) > byteWidth(cast.getX().getType().getElementType());
}

/// What a static result takes that is made of many elements each; 0 for other ops.
int64_t countSteps(Operation *op) {
  auto countElements = [](Value value) { return cast<ShapedType>(value.getType()).getNumElements(); };
  auto size = [](int64_t results, ArrayRef<int64_t> each) {
    for (int64_t factor : each)
      results = llvm::SaturatingMultiply<uint64_t>(results, factor);
    return results;
  };
  if (auto product = dyn_cast<tg::MatMulOp>(op)) {
    ArrayRef<int64_t> lhs = cast<ShapedType>(product.getLhs().getType()).getShape();
    return size(countElements(product), lhs[lhs.size() - (product.getTransposeLhs() ? 2 : 1)]);
  }
  if (auto convolution = dyn_cast<tg::ConvOp>(op))
    return size(countElements(convolution),
                cast<ShapedType>(convolution.getFilter().getType()).getShape().drop_back());
  if (auto windows = dyn_cast<tg::ReduceWindowOp>(op))
    return size(countElements(windows), windows.getWindow());
  return 0;
}

class Folder {
public:
  Folder(ModuleOp module, const CompileOptions &options) : module(module), options(options) {}

  void run() {
    module.walk([&](Operation *op) {
      if (!isFoldable(op))
        return;
      int64_t own = countSteps(op);
      if (own > kMostSteps - steps)
        return;
      steps += own;
      folded.insert(op);
    });
    for (Operation *op : folded)
      for (Value result : op->getResults())
        if (llvm::any_of(result.getUsers(), [&](Operation *user) { return !folded.contains(user); }))
          addResult(result);
    auto isWorthIt = [](Value result) { return cast<ShapedType>(result.getType()).getNumElements() > 1; };
    if (llvm::none_of(results, isWorthIt))
      return;
    StepTimer timer(options.timing, "constants");
    // What goes wrong here costs the run some work, not the program.
    ScopedDiagnosticHandler silence(module.getContext(), [](Diagnostic &) { return success(); });
    if (llvm::Error error = compute())
      return llvm::consumeError(std::move(error));
    for (Operation *op : llvm::reverse(folded))
      if (op->use_empty())
        op->erase();
  }

private:
  bool isKnown(Value value) {
    Operation *op = value.getDefiningOp();
    return op && (folded.contains(op) || op->hasTrait<OpTrait::ConstantLike>());
  }

  bool isFoldable(Operation *op) {
    if (!isa_and_nonnull<tg::TgDialect>(op->getDialect()) || op->hasTrait<OpTrait::ConstantLike>() ||
        !llvm::all_of(op->getOperands(), [&](Value operand) { return isKnown(operand); }))
      return false;
    // Quotients of integers are without traps.
    if (!isSafeToSpeculate(op) && !isa<tg::DivOp, tg::FloorDivOp, tg::FloorModOp, tg::TruncModOp>(op))
      return false;
    int64_t read = 0, made = 0;
    for (Value operand : op->getOperands())
      if (std::optional<int64_t> bytes = getNumBytes(operand))
        read += *bytes;
      else if (!operand.getType().isIndex())
        return false;
    for (Value result : op->getResults())
      if (std::optional<int64_t> bytes = getNumBytes(result); bytes && *bytes > 0)
        made += *bytes;
      else
        return false;
    auto cast = dyn_cast<tg::CastOp>(op);
    if (cast && isDoneByReader(op) && cast.getType().getNumElements() > kFewElements)
      return false;
    // Numbers that count on are computed from nothing.
    return read > 0 && made > 0 && made <= std::max(read, kSmallResult) && made <= kMostResults;
  }

  void addResult(Value value) {
    Operation *op = value.getDefiningOp();
    if (!folded.contains(op))
      return;
    if (!isDoneByReader(op)) {
      results.insert(value);
      return;
    }
    for (Value operand : op->getOperands())
      addResult(operand);
  }

  llvm::Error compute() {
    int64_t bytes = 0;
    for (Value result : results)
      bytes += *getNumBytes(result);
    if (bytes > kMostResults)
      return llvm::createStringError("too large");
    // The target's own code, where this machine can run it: files do not depend on who made them.
    llvm::Error error = compute(options.target);
    if (!error)
      return error;
    llvm::consumeError(std::move(error));
    return compute("cpu:native");
  }

  llvm::Error compute(StringRef targetName) {
    llvm::Expected<CodeTarget> target = parseTarget(targetName);
    if (!target)
      return target.takeError();
    if (!target->isHost())
      return llvm::createStringError("another machine's code");
    auto machine = createTargetMachine(*target, options.optimizationLevel);
    if (!machine)
      return machine.takeError();
    CompileOptions own;
    own.exact = options.exact;
    own.optimizationLevel = options.optimizationLevel;
    own.vectors = getVectorUnit(**machine);
    OwningOpRef<ModuleOp> trial = makeEntry();
    PassManager passes(module.getContext());
    for (const PhaseInfo &info : kPhases)
      if (info.phase >= Phase::Linalg)
        buildPhasePipeline(info.phase, passes, own);
    if (failed(passes.run(*trial)))
      return llvm::createStringError("constants have no code");
    unsigned numThreads = steps < kParallelSteps ? 1 : 0;
    auto code = HostCode::create(*trial, *target, **machine, own.optimizationLevel, numThreads);
    if (!code)
      return code.takeError();
    SmallVector<tgc_tensor_t> fetches(results.size());
    tgc_error_t error;
    if (tgc_session_run((*code)->getSession(), 0, nullptr, 0, fetches.data(), fetches.size(), &error) !=
        TGC_OK)
      return llvm::createStringError(error.message);
    for (auto [index, fetch] : llvm::enumerate(fetches)) {
      Value result = results[index];
      OpBuilder builder(result.getDefiningOp());
      ArrayRef<char> data(static_cast<const char *>(fetch.data), *getNumBytes(result));
      Value constant = tg::ConstantOp::create(builder, result.getLoc(),
                                              makeAttribute(cast<RankedTensorType>(result.getType()), data));
      result.replaceAllUsesWith(constant);
    }
    return llvm::Error::success();
  }

  /// A module whose one entry fetches the results.
  OwningOpRef<ModuleOp> makeEntry() {
    Location loc = module.getLoc();
    OwningOpRef<ModuleOp> trial = ModuleOp::create(loc);
    OpBuilder builder = OpBuilder::atBlockEnd(trial->getBody());
    auto type = builder.getFunctionType({}, TypeRange(ValueRange(results.getArrayRef())));
    auto function = func::FuncOp::create(builder, loc, "constants", type);
    function->setAttr("tg.entry", builder.getStringAttr("constants"));
    function->setAttr("tg.targets", builder.getArrayAttr({}));
    for (unsigned i = 0; i < results.size(); ++i)
      function.setResultAttr(i, "tg.fetch", builder.getStringAttr(std::to_string(i)));
    builder.setInsertionPointToStart(function.addEntryBlock());
    IRMapping mapping;
    for (Operation *op : folded) {
      for (Value operand : op->getOperands())
        if (!mapping.contains(operand))
          builder.clone(*operand.getDefiningOp(), mapping);
      builder.clone(*op, mapping);
    }
    SmallVector<Value> fetched;
    for (Value result : results)
      fetched.push_back(mapping.lookup(result));
    func::ReturnOp::create(builder, loc, fetched);
    return trial;
  }

  static ElementsAttr makeAttribute(RankedTensorType type, ArrayRef<char> data) {
    size_t width = byteWidth(type.getElementType());
    bool isSplat = llvm::all_of(llvm::seq<size_t>(width, data.size()),
                                [&](size_t at) { return data[at] == data[at - width]; });
    if (isSplat)
      data = data.take_front(width);
    if (type.getElementType().isInteger(1))
      return DenseElementsAttr::get(type, ArrayRef(reinterpret_cast<const bool *>(data.data()), data.size()));
    if (static_cast<int64_t>(data.size()) <= kLargestAttribute)
      return DenseElementsAttr::getFromRawBuffer(type, data);
    return DenseResourceElementsAttr::get(
        type, "tgc_folded", HeapAsmResourceBlob::allocateAndCopyWithAlign(data, 64, /*dataIsMutable=*/false));
  }

  ModuleOp module;
  const CompileOptions &options;
  llvm::SetVector<Operation *> folded; ///< In the program's order.
  llvm::SetVector<Value> results;
  int64_t steps = 0; ///< Of what is folded.
};

} // namespace

void foldConstants(ModuleOp module, const CompileOptions &options) { Folder(module, options).run(); }

} // namespace tgc
