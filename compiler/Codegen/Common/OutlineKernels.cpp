//===- OutlineKernels.cpp - One function per kernel -----------------------===//
//
// LLVM's time grows faster than the size of a function, so an entry of hundreds of loop nests compiles in
// minutes as one function and in seconds as many. Graphs repeat themselves too: layers of one shape become
// one kernel here, whatever buffers they work on. Small entries stay in one piece, where calls would cost
// more than they save.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/Common/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_OUTLINEKERNELSPASS
#include "compiler/Codegen/Common/Passes.h.inc"

namespace {

/// Entries with more loop nests than this are taken apart, or with more ops in their bodies.
constexpr unsigned kMostInlineKernels = 24;
constexpr size_t kMostInlineOpsOfEntry = 1024;
/// Nests of at most this many iterations, known when compiling, stay where they are: LLVM makes straight-line
/// code of them.
constexpr int64_t kMostInlineIterations = 16;
/// Not so if that would be much code: their bodies have more ops than this.
constexpr size_t kMostInlineOps = 64;
/// Nor if there are more such nests.
constexpr size_t kMostInlineNests = 256;

struct OutlineKernelsPass : impl::OutlineKernelsPassBase<OutlineKernelsPass> {
  void runOnOperation() override {
    // Not those that are made on the way: one with a large body would become a call of itself.
    for (func::FuncOp entry : llvm::to_vector(getOperation().getOps<func::FuncOp>())) {
      SmallVector<linalg::LinalgOp> nests, shortNests;
      size_t numOps = 0;
      entry.walk([&](linalg::LinalgOp op) {
        size_t ops = op.getBlock()->getOperations().size();
        numOps += ops;
        bool isShort = countIterations(op) <= kMostInlineIterations && ops <= kMostInlineOps;
        (isShort ? shortNests : nests).push_back(op);
      });
      if (shortNests.size() > kMostInlineNests)
        nests.append(shortNests);
      if (nests.size() <= kMostInlineKernels && numOps <= kMostInlineOpsOfEntry)
        continue;
      for (linalg::LinalgOp nest : nests)
        outline(nest);
    }
  }

private:
  /// The number of iterations, or the largest number if it is not known.
  static int64_t countIterations(linalg::LinalgOp op) {
    int64_t count = 1;
    for (int64_t range : op.getStaticLoopRanges()) {
      if (ShapedType::isDynamic(range))
        return std::numeric_limits<int64_t>::max();
      count *= range;
    }
    return count;
  }

  /// Replaces the op by a call of a function that holds it; an equal function serves again.
  void outline(linalg::LinalgOp nest) {
    llvm::SetVector<Value> captured(nest->operand_begin(), nest->operand_end());
    getUsedValuesDefinedAbove(nest->getRegions(), captured);
    SmallVector<Operation *> constants;
    SmallVector<Value> arguments;
    for (Value value : captured) {
      if (auto constant = value.getDefiningOp<arith::ConstantOp>())
        constants.push_back(constant);
      else
        arguments.push_back(value);
    }
    OpBuilder builder(nest);
    auto type = builder.getFunctionType(ValueRange(arguments).getTypes(), {});
    builder.setInsertionPointToEnd(getOperation().getBody());
    auto kernel = func::FuncOp::create(builder, nest.getLoc(), "kernel", type);
    kernel.setPrivate();
    kernel->setAttr("passthrough", builder.getStrArrayAttr({"noinline"}));
    builder.setInsertionPointToStart(kernel.addEntryBlock());
    IRMapping mapping;
    mapping.map(arguments, kernel.getArguments());
    for (Operation *constant : constants)
      builder.clone(*constant, mapping);
    builder.clone(*nest, mapping);
    func::ReturnOp::create(builder, nest.getLoc());

    std::string text;
    llvm::raw_string_ostream stream(text);
    // Without the local scope each call would number the values of the whole module.
    kernel->print(stream, OpPrintingFlags().useLocalScope());
    auto [known, isNew] = kernels.try_emplace(text, kernel);
    if (isNew) {
      std::string name;
      do
        name = "tgc_kernel_" + std::to_string(numKernels++);
      while (getOperation().lookupSymbol(name));
      kernel.setName(name);
    } else {
      kernel.erase();
    }
    builder.setInsertionPoint(nest);
    func::CallOp::create(builder, nest.getLoc(), known->second, arguments);
    nest.erase();
  }

  llvm::StringMap<func::FuncOp> kernels;
  unsigned numKernels = 0;
};

} // namespace
} // namespace tgc
