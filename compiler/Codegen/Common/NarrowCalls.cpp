//===- NarrowCalls.cpp - What kernels are given of their buffers ----------===//
//
// LLVM would find out itself what is constant if it saw all callers of a kernel, but it stores each argument
// first, and parts of a module are optimised apart.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/Common/Passes.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMTypes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_NARROWCALLSPASS
#include "compiler/Codegen/Common/Passes.h.inc"

namespace {

/// How many values the type leaves open.
unsigned countOpen(MemRefType type) {
  auto [strides, offset] = type.getStridesAndOffset();
  unsigned count = type.getNumDynamicDims();
  if (!type.getLayout().isIdentity())
    count += llvm::count_if(strides, ShapedType::isDynamic) + ShapedType::isDynamic(offset);
  return count;
}

struct NarrowCallsPass : impl::NarrowCallsPassBase<NarrowCallsPass> {
  void runOnOperation() override {
    DenseMap<StringAttr, SmallVector<Operation *>> callers;
    getOperation().walk([&](Operation *op) {
      if (auto call = dyn_cast<func::CallOp>(op))
        callers[call.getCalleeAttr().getAttr()].push_back(op);
      else if (auto region = dyn_cast<rt::ParallelForOp>(op))
        callers[region.getCalleeAttr().getAttr()].push_back(op);
    });
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function.isPrivate() && !function.isDeclaration() && !function->hasAttr("rt.feeds")) {
        narrow(function);
        for (Operation *caller : callers[function.getNameAttr()])
          narrowCall(caller);
      }
  }

  static void narrow(func::FuncOp function) {
    Block &body = function.front();
    OpBuilder builder(&body, body.begin());
    Type pointer = LLVM::LLVMPointerType::get(builder.getContext());
    SmallVector<DictionaryAttr> attributes;
    for (BlockArgument old : llvm::to_vector(body.getArguments())) {
      auto type = dyn_cast<MemRefType>(old.getType());
      SmallVector<Type> types = {type ? pointer : old.getType()};
      if (type)
        types.append(countOpen(type), builder.getIndexType());
      attributes.push_back(function.getArgAttrDict(old.getArgNumber()));
      attributes.resize(attributes.size() + types.size() - 1);
      SmallVector<Value> narrow;
      for (Type own : types)
        narrow.push_back(body.addArgument(own, old.getLoc()));
      old.replaceAllUsesWith(type ? rt::ViewOp::create(builder, old.getLoc(), type, narrow.front(),
                                                       ArrayRef(narrow).drop_front())
                                        .getResult()
                                  : narrow.front());
    }
    body.eraseArguments(0, function.getNumArguments());
    function.removeArgAttrsAttr();
    function.setFunctionType(
        builder.getFunctionType(body.getArgumentTypes(), function.getFunctionType().getResults()));
    function.setAllArgAttrs(attributes);
  }

  static void narrowCall(Operation *op) {
    OpBuilder builder(op);
    auto region = dyn_cast<rt::ParallelForOp>(op);
    OperandRange old = region ? region.getArguments() : cast<func::CallOp>(op).getOperands();
    SmallVector<Value> arguments;
    for (Value argument : old) {
      auto type = dyn_cast<MemRefType>(argument.getType());
      if (!type) {
        arguments.push_back(argument);
        continue;
      }
      arguments.push_back(rt::AddressOp::create(builder, op->getLoc(),
                                                LLVM::LLVMPointerType::get(builder.getContext()), argument));
      appendOpen(builder, op->getLoc(), argument, type, arguments);
    }
    if (region)
      region.getArgumentsMutable().assign(arguments);
    else
      cast<func::CallOp>(op).getOperandsMutable().assign(arguments);
  }

  /// The values of what the type leaves open, as rt.view wants them.
  static void appendOpen(OpBuilder &builder, Location loc, Value memref, MemRefType type,
                         SmallVectorImpl<Value> &values) {
    if (countOpen(type) == 0)
      return;
    auto metadata = memref::ExtractStridedMetadataOp::create(builder, loc, memref);
    auto append = [&](ArrayRef<int64_t> known, ValueRange all) {
      for (auto [size, value] : llvm::zip_equal(known, all))
        if (ShapedType::isDynamic(size))
          values.push_back(value);
    };
    append(type.getShape(), metadata.getSizes());
    if (type.getLayout().isIdentity())
      return;
    auto [strides, offset] = type.getStridesAndOffset();
    append(strides, metadata.getStrides());
    append(offset, metadata.getOffset());
  }
};

} // namespace
} // namespace tgc
