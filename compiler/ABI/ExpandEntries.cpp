//===- ExpandEntries.cpp - Entries as functions of a frame ----------------===//
//
// What the runtime gives an entry is memory, what the entry computes with is tensors. The seam is made here,
// before bufferization, because its analysis then places results: a fetch is materialised in the fetch's
// memory, and a variable's new value is computed in the variable's memory wherever no later read wants the
// old one. The analysis does not see that materialising in memory overwrites the tensor read from it, so
// those copies stand after everything else, and a value that may live in the memory of another variable is
// copied aside first.
//
//===----------------------------------------------------------------------===//

#include "compiler/ABI/Passes.h"
#include "dialects/Tg/IR/TgOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "tgc/abi.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_EXPANDENTRIESPASS
#include "compiler/ABI/Passes.h.inc"

namespace {

static_assert(int(tg::StatusCode::InvalidArgument) == TGC_INVALID_ARGUMENT &&
              int(tg::StatusCode::ResourceExhausted) == TGC_RESOURCE_EXHAUSTED &&
              int(tg::StatusCode::FailedPrecondition) == TGC_FAILED_PRECONDITION &&
              int(tg::StatusCode::Aborted) == TGC_ABORTED &&
              int(tg::StatusCode::OutOfRange) == TGC_OUT_OF_RANGE &&
              int(tg::StatusCode::Unimplemented) == TGC_UNIMPLEMENTED &&
              int(tg::StatusCode::Internal) == TGC_INTERNAL);

/// The tensor that stands for a variable's value before the run.
struct ReadVariable {
  Value memory;
  Value tensor;
  bool isWritable = false; ///< it has a value, of a size that stays
};

/// The memrefs in whose memory bufferization might put `value`.
void collectPossibleMemory(Value value, SmallPtrSetImpl<Value> &visited, SmallPtrSetImpl<Value> &memory) {
  if (!isa<TensorType>(value.getType()) || !visited.insert(value).second)
    return;
  Operation *op = value.getDefiningOp();
  if (!op) {
    for (Value operand : value.getParentBlock()->getParentOp()->getOperands())
      collectPossibleMemory(operand, visited, memory);
    return;
  }
  if (auto toTensor = dyn_cast<bufferization::ToTensorOp>(op)) {
    memory.insert(toTensor.getBuffer());
    return;
  }
  if (auto destination = dyn_cast<DestinationStyleOpInterface>(op)) {
    collectPossibleMemory(destination.getTiedOpOperand(cast<OpResult>(value))->get(), visited, memory);
    return;
  }
  for (Value operand : op->getOperands())
    collectPossibleMemory(operand, visited, memory);
  for (Region &region : op->getRegions())
    for (Block &block : region)
      for (Value operand : block.getTerminator()->getOperands())
        collectPossibleMemory(operand, visited, memory);
}

/// The sizes of the dynamic dimensions of a tensor.
SmallVector<Value> dynamicSizes(OpBuilder &builder, Location loc, Value tensor) {
  SmallVector<Value> sizes;
  auto type = cast<RankedTensorType>(tensor.getType());
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (type.isDynamicDim(dim))
      sizes.push_back(tensor::DimOp::create(builder, loc, tensor, dim));
  return sizes;
}

MemRefType memoryOf(Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  return MemRefType::get(type.getShape(), type.getElementType());
}

/// Lets an elementwise op that makes the new value of a variable write over the old one. Whether it then does
/// is up to the analysis: the value that the op starts from is not read.
void computeInPlace(Value newValue, Value oldValue) {
  auto generic = newValue.getDefiningOp<linalg::GenericOp>();
  if (!generic || generic.getNumParallelLoops() != generic.getNumLoops() ||
      newValue.getType() != oldValue.getType())
    return;
  OpOperand *init = generic.getTiedOpOperand(cast<OpResult>(newValue));
  if (init->get().getDefiningOp<tensor::EmptyOp>() && generic.getMatchingIndexingMap(init).isIdentity() &&
      generic->getBlock() == oldValue.getDefiningOp()->getBlock())
    init->set(oldValue);
}

struct EntryExpander {
  func::FuncOp func;
  OpBuilder builder;
  Location loc;
  const llvm::StringMap<int64_t> &variableNumbers;
  Value frame;
  llvm::StringMap<ReadVariable> readVariables;

  EntryExpander(func::FuncOp func, const llvm::StringMap<int64_t> &variableNumbers)
      : func(func), builder(func), loc(func.getLoc()), variableNumbers(variableNumbers) {}

  LogicalResult run() {
    auto returnOp = dyn_cast<func::ReturnOp>(func.front().getTerminator());
    if (!llvm::hasSingleElement(func.getBody()) || !returnOp)
      return func.emitError() << "entry has several blocks, expected structured control flow";
    frame = func.front().insertArgument(0u, LLVM::LLVMPointerType::get(func.getContext()), loc);
    if (failed(expandArguments()) || failed(expandResults(returnOp)))
      return failure();
    expandChecks();
    builder.setInsertionPoint(returnOp);
    Value ok = arith::ConstantIntOp::create(builder, loc, 0, 32);
    func::ReturnOp::create(builder, loc, ok);
    returnOp.erase();
    func.front().eraseArguments(1, func.front().getNumArguments() - 1);
    func.removeArgAttrsAttr();
    func.removeResAttrsAttr();
    func.setFunctionType(builder.getFunctionType(frame.getType(), builder.getI32Type()));
    return success();
  }

  FailureOr<int64_t> numberOf(StringRef variable) {
    auto found = variableNumbers.find(variable);
    if (found == variableNumbers.end())
      return func.emitError() << "variable '" << variable << "' is not declared in the module";
    return found->second;
  }

  /// Whether the entry tests if the variable of argument `i` has a value.
  bool isTested(unsigned i) { return func.getArgAttr(i, "tg.tested") != nullptr; }

  LogicalResult expandArguments() {
    builder.setInsertionPointToStart(&func.front());
    int64_t numFeeds = 0;
    for (unsigned i = 0, n = func.getNumArguments(); i < n; ++i) {
      Value argument = func.front().getArgument(i + 1);
      auto variable = func.getArgAttrOfType<StringAttr>(i, "tg.variable");
      Value memory;
      if (variable) {
        FailureOr<int64_t> number = numberOf(variable);
        if (failed(number))
          return failure();
        memory = rt::VariableOp::create(builder, argument.getLoc(), memoryOf(argument), frame, *number,
                                        isTested(i));
      } else {
        memory = rt::FeedOp::create(builder, argument.getLoc(), memoryOf(argument), frame, numFeeds++);
      }
      bool isWritable =
          variable && cast<RankedTensorType>(argument.getType()).hasStaticShape() && !isTested(i);
      auto tensor = bufferization::ToTensorOp::create(builder, argument.getLoc(), argument.getType(), memory,
                                                      /*restrict=*/true, isWritable);
      argument.replaceAllUsesWith(tensor);
      if (variable)
        readVariables[variable] = {memory, tensor, isWritable};
    }
    return success();
  }

  void materialize(Value value, Value memory) {
    bufferization::MaterializeInDestinationOp::create(builder, loc, Type(), value, memory, /*restrict=*/true,
                                                      /*writable=*/true);
  }

  /// Stores a new value over an old one that the entry reads. Materialising it there would tell bufferization
  /// that it may be computed in that memory, whatever still reads the old value; a plain copy goes away where
  /// both are the same buffer.
  void overwrite(Value value, Value memory) {
    Value buffer = bufferization::ToBufferOp::create(builder, loc, memoryOf(value), value, /*readOnly=*/true);
    memref::CopyOp::create(builder, loc, buffer, memory);
  }

  /// `value`, in memory that no variable but `own` has.
  Value copyAsideUnlessSafe(Value value, Value own) {
    SmallPtrSet<Value, 8> visited, memory;
    collectPossibleMemory(value, visited, memory);
    bool isSafe =
        llvm::all_of(memory, [&](Value found) { return found == own || found.getDefiningOp<rt::FeedOp>(); });
    if (isSafe)
      return value;
    return bufferization::AllocTensorOp::create(builder, loc, cast<RankedTensorType>(value.getType()),
                                                ValueRange(), value);
  }

  LogicalResult expandResults(func::ReturnOp returnOp) {
    builder.setInsertionPoint(returnOp);
    int64_t numFetches = 0;
    SmallVector<std::pair<Value, StringAttr>> newValues;
    for (auto [i, value] : llvm::enumerate(returnOp.getOperands())) {
      if (auto variable = func.getResultAttrOfType<StringAttr>(i, "tg.variable")) {
        newValues.push_back({value, variable});
        continue;
      }
      Value memory = rt::FetchOp::create(builder, loc, memoryOf(value), frame, numFetches++,
                                         dynamicSizes(builder, loc, value));
      materialize(value, memory);
    }
    return expandNewValues(newValues);
  }

  LogicalResult expandNewValues(ArrayRef<std::pair<Value, StringAttr>> newValues) {
    SmallVector<std::pair<Value, Value>> overwritten, initialized;
    SmallVector<std::pair<Value, int64_t>> resized;
    for (auto [value, variable] : newValues) {
      FailureOr<int64_t> number = numberOf(variable);
      if (failed(number))
        return failure();
      ReadVariable old = readVariables.lookup(variable);
      if (old.tensor == value)
        continue;
      if (old.isWritable) {
        computeInPlace(value, old.tensor);
        overwritten.push_back({copyAsideUnlessSafe(value, old.memory), old.memory});
      } else if (old.tensor) {
        resized.push_back({copyAsideUnlessSafe(value, Value()), *number});
      } else {
        value = copyAsideUnlessSafe(value, Value());
        Value memory = rt::NewVariableOp::create(builder, loc, memoryOf(value), frame, *number,
                                                 dynamicSizes(builder, loc, value));
        initialized.push_back({value, memory});
      }
    }
    for (auto [value, memory] : initialized)
      materialize(value, memory);
    for (auto [value, memory] : overwritten)
      overwrite(value, memory);
    for (auto [value, number] : resized)
      materialize(value, rt::NewVariableOp::create(builder, loc, memoryOf(value), frame, number,
                                                   dynamicSizes(builder, loc, value)));
    return success();
  }

  void expandChecks() {
    func.walk([&](tg::CheckOp check) {
      builder.setInsertionPoint(check);
      Value isTrue = arith::ConstantIntOp::create(builder, check.getLoc(), 1, 1);
      Value fails = arith::XOrIOp::create(builder, check.getLoc(), check.getCondition(), isTrue);
      auto ifFails = scf::IfOp::create(builder, check.getLoc(), fails, /*withElseRegion=*/false);
      builder.setInsertionPointToStart(ifFails.thenBlock());
      rt::FailOp::create(builder, check.getLoc(), frame, check.getCodeAttr(), check.getMessageAttr(),
                         check.getValues());
      check.erase();
    });
  }
};

struct ExpandEntriesPass : impl::ExpandEntriesPassBase<ExpandEntriesPass> {
  void runOnOperation() override {
    llvm::StringMap<int64_t> numbers;
    if (auto variables = getOperation()->getAttrOfType<ArrayAttr>("rt.variables"))
      for (auto [number, variable] : llvm::enumerate(variables.getAsRange<DictionaryAttr>()))
        numbers[variable.getAs<StringAttr>("name")] = number;
    for (func::FuncOp func : getOperation().getOps<func::FuncOp>())
      if (func->hasAttr("tg.entry") && failed(EntryExpander(func, numbers).run()))
        return signalPassFailure();
  }
};

} // namespace
} // namespace tgc
