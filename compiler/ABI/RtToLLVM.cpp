//===- RtToLLVM.cpp - The runtime ABI as loads and calls ------------------===//

#include "compiler/ABI/NodeText.h"
#include "compiler/ABI/RtPattern.h"

using namespace mlir;

namespace tgc {
namespace {

constexpr int64_t kFeedsOffset = offsetof(tgc_frame_t, feeds);
constexpr int64_t kVariablesOffset = offsetof(tgc_frame_t, variables);
static_assert(offsetof(tgc_variable_t, value) == 0);

struct LowerFeed : RtPattern<rt::FeedOp> {
  using RtPattern::RtPattern;
  LogicalResult matchAndRewrite(rt::FeedOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    Value feeds = loadConstant(b, loc, pointer(b), adaptor.getFrame(), kFeedsOffset);
    Value tensor = address(b, loc, feeds, kTensorSize * op.getIndex());
    Value data = loadConstant(b, loc, pointer(b), tensor, 0);
    nameMemory(b, data, "feed", op.getIndex());
    b.replaceOp(op, memrefOfTensor(b, loc, cast<MemRefType>(op.getType()), data, tensor));
    return success();
  }
};

struct LowerVariable : RtPattern<rt::VariableOp> {
  using RtPattern::RtPattern;
  LogicalResult matchAndRewrite(rt::VariableOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    Value data =
        op.getUnchecked()
            ? peek(op, adaptor, b)
            : call(b, op, op.getResident() ? "tgc_device_variable" : "tgc_rt_variable_read", pointer(b),
                   {adaptor.getFrame(), i32(b, loc, op.getIndex()), text(b, op, getNodeText(loc))});
    nameMemory(b, data, "variable", op.getIndex());
    Value variables = loadConstant(b, loc, pointer(b), adaptor.getFrame(), kVariablesOffset);
    Value tensor = address(b, loc, variables, sizeof(tgc_variable_t) * op.getIndex());
    auto type = cast<MemRefType>(op.getType());
    SmallVector<Value> sizes;
    for (auto [dim, size] : llvm::enumerate(type.getShape()))
      sizes.push_back(
          ShapedType::isDynamic(size)
              ? LLVM::LoadOp::create(b, loc, b.getI64Type(), address(b, loc, tensor, kDimsOffset + 8 * dim))
              : i64(b, loc, size));
    b.replaceOp(op, memref(b, loc, type, data, sizes));
    return success();
  }

  /// Unknown sizes of a variable without a value are 0.
  Value peek(rt::VariableOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const {
    Location loc = op.getLoc();
    auto type = cast<MemRefType>(op.getType());
    SmallVector<Value> sizes;
    for (int64_t size : type.getShape())
      sizes.push_back(i64(b, loc, ShapedType::isDynamic(size) ? 0 : size));
    return call(b, op, "tgc_rt_variable_peek", pointer(b),
                {adaptor.getFrame(), i32(b, loc, op.getIndex()), byteSize(b, loc, type, sizes)});
  }
};

/// rt.fetch and rt.new_variable: memory of given sizes from `Function`.
template <typename Op> struct LowerDestination : RtPattern<Op> {
  StringRef function, kind;
  LowerDestination(const LLVMTypeConverter &converter, StringRef function, StringRef kind)
      : RtPattern<Op>(converter), function(function), kind(kind) {}
  LogicalResult matchAndRewrite(Op op, typename Op::Adaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    auto type = cast<MemRefType>(op.getType());
    SmallVector<Value> sizes = this->allSizes(b, loc, type, adaptor.getSizes());
    Value data = this->call(b, op, function, this->pointer(b),
                            {adaptor.getFrame(), this->i32(b, loc, op.getIndex()),
                             this->storeSizes(b, op, sizes), this->byteSize(b, loc, type, sizes)});
    this->nameMemory(b, data, kind, op.getIndex());
    b.replaceOp(op, this->memref(b, loc, type, data, sizes));
    return success();
  }
};

struct LowerWorkspace : RtPattern<rt::WorkspaceOp> {
  using RtPattern::RtPattern;
  LogicalResult matchAndRewrite(rt::WorkspaceOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    Value data = call(b, op, "tgc_rt_workspace", pointer(b), {adaptor.getFrame(), adaptor.getBytes()});
    nameMemory(b, data, "arena", 0);
    b.replaceOp(op, memref(b, op.getLoc(), cast<MemRefType>(op.getType()), data, adaptor.getBytes()));
    return success();
  }
};

struct LowerBuffer : RtPattern<rt::BufferOp> {
  using RtPattern::RtPattern;
  LogicalResult matchAndRewrite(rt::BufferOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    Value data = call(b, op, "tgc_rt_buffer", pointer(b),
                      {adaptor.getFrame(), i32(b, op.getLoc(), op.getSlot()), adaptor.getBytes()});
    nameMemory(b, data, "buffer", op.getSlot());
    b.replaceOp(op, memref(b, op.getLoc(), cast<MemRefType>(op.getType()), data, adaptor.getBytes()));
    return success();
  }
};

struct LowerWeights : RtPattern<rt::WeightsOp> {
  using RtPattern::RtPattern;
  LogicalResult matchAndRewrite(rt::WeightsOp op, OpAdaptor, ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    auto module = op->getParentOfType<ModuleOp>();
    auto type = cast<MemRefType>(op.getType());
    if (!module.lookupSymbol(kWeightsSymbol)) {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(module.getBody());
      LLVM::GlobalOp::create(b, b.getUnknownLoc(), LLVM::LLVMArrayType::get(b.getI8Type(), 0),
                             /*isConstant=*/true, LLVM::Linkage::External, kWeightsSymbol, Attribute(),
                             /*alignment=*/64);
    }
    Value base = LLVM::AddressOfOp::create(b, loc, pointer(b), kWeightsSymbol);
    Value data =
        LLVM::GEPOp::create(b, loc, pointer(b), b.getI8Type(), base, ValueRange{i64(b, loc, op.getOffset())});
    b.replaceOp(op, memref(b, loc, type, data, allSizes(b, loc, type, {})));
    return success();
  }
};

struct LowerMark : RtPattern<rt::MarkOp> {
  using RtPattern::RtPattern;
  LogicalResult matchAndRewrite(rt::MarkOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    Value none = LLVM::ZeroOp::create(b, op.getLoc(), pointer(b));
    call(b, op, "tgc_rt_profile", Type(),
         {adaptor.getFrame(), op.getKernel().empty() ? none : text(b, op, op.getKernel()),
          text(b, op, op.getNodes())});
    b.eraseOp(op);
    return success();
  }
};

struct LowerAddress : RtPattern<rt::AddressOp> {
  using RtPattern::RtPattern;
  LogicalResult matchAndRewrite(rt::AddressOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    b.replaceOp(op, MemRefDescriptor(adaptor.getMemref()).alignedPtr(b, op.getLoc()));
    return success();
  }
};

struct LowerView : RtPattern<rt::ViewOp> {
  using RtPattern::RtPattern;
  LogicalResult matchAndRewrite(rt::ViewOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    auto type = cast<MemRefType>(op.getType());
    SmallVector<Value> sizes = allSizes(b, loc, type, adaptor.getOpen());
    MemRefDescriptor descriptor(memref(b, loc, type, adaptor.getAddress(), sizes));
    if (type.getLayout().isIdentity()) {
      b.replaceOp(op, {descriptor});
      return success();
    }
    auto [strides, offset] = type.getStridesAndOffset();
    ValueRange open = adaptor.getOpen().drop_front(type.getNumDynamicDims());
    auto next = [&](int64_t known) {
      if (!ShapedType::isDynamic(known))
        return i64(b, loc, known);
      Value value = open.front();
      open = open.drop_front();
      return value;
    };
    for (auto [dim, stride] : llvm::enumerate(strides))
      descriptor.setStride(b, loc, dim, next(stride));
    descriptor.setOffset(b, loc, next(offset));
    b.replaceOp(op, {descriptor});
    return success();
  }
};

struct LowerFail : RtPattern<rt::FailOp> {
  using RtPattern::RtPattern;
  LogicalResult matchAndRewrite(rt::FailOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    Value values = adaptor.getValues().empty() ? LLVM::ZeroOp::create(b, loc, pointer(b)).getResult()
                                               : storeSizes(b, op, adaptor.getValues());
    call(b, op, "tgc_rt_fail", Type(),
         {adaptor.getFrame(), i32(b, loc, op.getCode()), text(b, op, getNodeText(loc)),
          text(b, op, op.getMessage()), values, i32(b, loc, adaptor.getValues().size())},
         /*returns=*/false);
    b.eraseOp(op);
    return success();
  }
};

/// The arguments travel in an array on the caller's stack, eight bytes for each; a function of the pool's
/// type takes them out of it and calls the callee.
struct LowerParallelFor : RtPattern<rt::ParallelForOp> {
  using RtPattern::RtPattern;
  LogicalResult matchAndRewrite(rt::ParallelForOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    SmallVector<Value> arguments =
        getTypeConverter()->promoteOperands(loc, op.getArguments(), adaptor.getArguments(), b);
    Value context = stackBytes(b, op, 8 * arguments.size());
    for (auto [i, argument] : llvm::enumerate(arguments))
      store(b, loc, argument, context, 8 * i);
    std::string body = (op.getCallee() + ".piece").str();
    createBody(b, op, body, ValueRange(arguments).getTypes());
    Value address = LLVM::AddressOfOp::create(b, loc, pointer(b), body);
    call(b, op, "tgc_rt_parallel_for", Type(),
         {adaptor.getFrame(), address, context, adaptor.getCount(), adaptor.getGrain()});
    b.eraseOp(op);
    return success();
  }

  void createBody(ConversionPatternRewriter &b, rt::ParallelForOp op, StringRef name, TypeRange types) const {
    auto module = op->getParentOfType<ModuleOp>();
    if (module.lookupSymbol(name))
      return;
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(module.getBody());
    Location loc = op.getLoc();
    auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(b.getContext()),
                                            {pointer(b), b.getI64Type(), b.getI64Type()});
    auto body = LLVM::LLVMFuncOp::create(b, loc, name, type, LLVM::Linkage::Internal);
    Block *block = body.addEntryBlock(b);
    b.setInsertionPointToStart(block);
    SmallVector<Value> arguments;
    for (auto [i, argument] : llvm::enumerate(types))
      arguments.push_back(
          LLVM::LoadOp::create(b, loc, argument, address(b, loc, block->getArgument(0), 8 * i)));
    arguments.append({block->getArgument(1), block->getArgument(2)});
    LLVM::CallOp::create(b, loc, TypeRange(), op.getCallee(), arguments);
    LLVM::ReturnOp::create(b, loc, ValueRange());
  }
};

struct LowerHostCall : RtPattern<rt::HostCallOp> {
  using RtPattern::RtPattern;
  LogicalResult matchAndRewrite(rt::HostCallOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    ArrayRef<int32_t> dtypes = op.getDtypes();
    unsigned numInputs = op.getInputs().size(), numOutputs = op.getOutputs().size() + op.getNumResults();
    Value inputs = stackBytes(b, op, kTensorSize * numInputs);
    Value outputs = stackBytes(b, op, kTensorSize * numOutputs);
    for (unsigned i = 0; i < numInputs; ++i)
      storeTensor(b, loc, address(b, loc, inputs, kTensorSize * i),
                  cast<MemRefType>(op.getInputs()[i].getType()), adaptor.getInputs()[i], dtypes[i]);

    SmallVector<Value> foundTensors;
    for (unsigned i = 0, given = 0; i < numOutputs; ++i) {
      Value tensor = address(b, loc, outputs, kTensorSize * i);
      if (!llvm::is_contained(op.getFound(), static_cast<int64_t>(i))) {
        storeTensor(b, loc, tensor, cast<MemRefType>(op.getOutputs()[given].getType()),
                    adaptor.getOutputs()[given], dtypes[numInputs + i]);
        ++given;
        continue;
      }
      store(b, loc, LLVM::ZeroOp::create(b, loc, pointer(b)), tensor, 0);
      store(b, loc, i64(b, loc, op.getSlots()[foundTensors.size()]), tensor, 8);
      auto type = cast<MemRefType>(op.getResult(foundTensors.size()).getType());
      storeType(b, loc, tensor, dtypes[numInputs + i], type.getRank());
      for (auto [dim, size] : llvm::enumerate(type.getShape()))
        store(b, loc, i64(b, loc, ShapedType::isDynamic(size) ? -1 : size), tensor, kDimsOffset + 8 * dim);
      foundTensors.push_back(tensor);
    }
    call(b, op, op.getKernel(), Type(),
         {adaptor.getFrame(), text(b, op, getNodeText(loc)), text(b, op, op.getConfig()), inputs,
          i32(b, loc, numInputs), outputs, i32(b, loc, numOutputs)});
    SmallVector<Value> results;
    for (auto [result, tensor] : llvm::zip_equal(op.getResults(), foundTensors)) {
      auto type = cast<MemRefType>(result.getType());
      Value data = LLVM::LoadOp::create(b, loc, pointer(b), tensor);
      SmallVector<Value> sizes;
      for (int64_t dim = 0; dim < type.getRank(); ++dim)
        sizes.push_back(
            LLVM::LoadOp::create(b, loc, b.getI64Type(), address(b, loc, tensor, kDimsOffset + 8 * dim)));
      results.push_back(memref(b, loc, type, data, sizes));
    }
    b.replaceOp(op, results);
    return success();
  }

  void storeType(OpBuilder &b, Location loc, Value tensor, int32_t dtype, int64_t rank) const {
    store(b, loc, i32(b, loc, dtype), tensor, 16);
    store(b, loc, i32(b, loc, rank), tensor, 20);
  }

  void storeTensor(OpBuilder &b, Location loc, Value tensor, MemRefType type, Value memref,
                   int32_t dtype) const {
    MemRefDescriptor descriptor(memref);
    SmallVector<Value> sizes;
    for (int64_t dim = 0; dim < type.getRank(); ++dim) {
      sizes.push_back(descriptor.size(b, loc, dim));
      store(b, loc, sizes.back(), tensor, kDimsOffset + 8 * dim);
    }
    store(b, loc, descriptor.bufferPtr(b, loc, *getTypeConverter(), type), tensor, 0);
    store(b, loc, byteSize(b, loc, type, sizes), tensor, 8);
    storeType(b, loc, tensor, dtype, type.getRank());
  }
};

} // namespace

void populateRtToLLVMPatterns(const LLVMTypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerFeed, LowerVariable, LowerWorkspace, LowerBuffer, LowerWeights, LowerFail, LowerHostCall,
               LowerParallelFor, LowerAddress, LowerView, LowerMark>(converter);
  patterns.add<LowerDestination<rt::FetchOp>>(converter, "tgc_rt_fetch", "fetch");
  patterns.add<LowerDestination<rt::NewVariableOp>>(converter, "tgc_rt_variable_write", "variable");
}

} // namespace tgc
