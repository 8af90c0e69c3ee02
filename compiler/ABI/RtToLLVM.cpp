//===- RtToLLVM.cpp - The runtime ABI as loads and calls ------------------===//
//
// The layouts here are those of runtime/include/tgc/abi.h, which is checked against them below.
//
//===----------------------------------------------------------------------===//

#include "compiler/ABI/RtToLLVM.h"
#include "compiler/ABI/Dtypes.h"
#include "compiler/ABI/NodeText.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Dialect/LLVMIR/FunctionCallUtils.h"
#include "llvm/Support/xxhash.h"
#include <cstddef>

using namespace mlir;

namespace tgc {
namespace {

constexpr int64_t kTensorSize = sizeof(tgc_tensor_t);
constexpr int64_t kDimsOffset = offsetof(tgc_tensor_t, dims);
constexpr int64_t kFeedsOffset = offsetof(tgc_frame_t, feeds);
constexpr int64_t kVariablesOffset = offsetof(tgc_frame_t, variables);
static_assert(offsetof(tgc_tensor_t, data) == 0 && offsetof(tgc_tensor_t, byte_size) == 8 &&
              offsetof(tgc_tensor_t, dtype) == 16 && offsetof(tgc_tensor_t, rank) == 20 &&
              offsetof(tgc_variable_t, value) == 0);

/// What all patterns here share: addresses, memref descriptors, texts and calls.
template <typename Op> struct RtPattern : ConvertOpToLLVMPattern<Op> {
  using ConvertOpToLLVMPattern<Op>::ConvertOpToLLVMPattern;

  Type pointer(OpBuilder &b) const { return LLVM::LLVMPointerType::get(b.getContext()); }
  Value i64(OpBuilder &b, Location loc, int64_t value) const {
    return LLVM::ConstantOp::create(b, loc, b.getI64Type(), b.getI64IntegerAttr(value));
  }
  Value i32(OpBuilder &b, Location loc, int64_t value) const {
    return LLVM::ConstantOp::create(b, loc, b.getI32Type(), b.getI32IntegerAttr(value));
  }

  Value address(OpBuilder &b, Location loc, Value base, int64_t offset) const {
    if (offset == 0)
      return base;
    return LLVM::GEPOp::create(b, loc, pointer(b), b.getI8Type(), base,
                               ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(offset)});
  }
  /// What the runtime set before the run and does not change during it.
  Value loadConstant(OpBuilder &b, Location loc, Type type, Value base, int64_t offset) const {
    auto load = LLVM::LoadOp::create(b, loc, type, address(b, loc, base, offset));
    load.setInvariant(true);
    return load;
  }
  void store(OpBuilder &b, Location loc, Value value, Value base, int64_t offset) const {
    LLVM::StoreOp::create(b, loc, value, address(b, loc, base, offset));
  }

  /// Stack memory of the function, whatever the block that asks for it.
  Value stackBytes(ConversionPatternRewriter &b, Operation *op, int64_t bytes) const {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&op->getParentOfType<FunctionOpInterface>().front());
    Value size = i64(b, op->getLoc(), std::max<int64_t>(bytes, 1));
    return LLVM::AllocaOp::create(b, op->getLoc(), pointer(b), b.getI8Type(), size, /*alignment=*/8);
  }

  /// The address of a zero-terminated text; equal texts are stored once.
  Value text(ConversionPatternRewriter &b, Operation *op, StringRef text) const {
    auto module = op->getParentOfType<ModuleOp>();
    std::string name = "tgc.text." + llvm::utohexstr(llvm::xxh3_64bits(text));
    if (!module.lookupSymbol(name)) {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(module.getBody());
      std::string bytes = text.str() + '\0';
      auto type = LLVM::LLVMArrayType::get(b.getI8Type(), bytes.size());
      LLVM::GlobalOp::create(b, b.getUnknownLoc(), type, /*isConstant=*/true, LLVM::Linkage::Internal, name,
                             b.getStringAttr(bytes));
    }
    return LLVM::AddressOfOp::create(b, op->getLoc(), pointer(b), name);
  }

  Value call(ConversionPatternRewriter &b, Operation *op, StringRef function, Type result,
             ValueRange operands, bool returns = true) const {
    auto module = op->getParentOfType<ModuleOp>();
    auto declared = module.lookupSymbol<LLVM::LLVMFuncOp>(function);
    if (!declared) {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(module.getBody());
      auto type = LLVM::LLVMFunctionType::get(result ? result : LLVM::LLVMVoidType::get(b.getContext()),
                                              llvm::to_vector(operands.getTypes()));
      declared = LLVM::LLVMFuncOp::create(b, b.getUnknownLoc(), function, type);
      SmallVector<Attribute> attributes = {b.getStringAttr("nounwind")};
      if (!returns)
        attributes.append({b.getStringAttr("noreturn"), b.getStringAttr("cold")});
      declared.setPassthroughAttr(b.getArrayAttr(attributes));
    }
    auto call = LLVM::CallOp::create(b, op->getLoc(), declared, operands);
    return result ? call.getResult() : Value();
  }

  /// Names the memory that `data` points to; see kMemoryAttribute.
  void nameMemory(OpBuilder &b, Value data, const Twine &kind, uint64_t index) const {
    data.getDefiningOp()->setAttr(kMemoryAttribute, b.getStringAttr(kind + Twine(index)));
  }

  /// The sizes of a memref whose dynamic ones are given.
  SmallVector<Value> allSizes(OpBuilder &b, Location loc, MemRefType type, ValueRange dynamicSizes) const {
    SmallVector<Value> sizes;
    for (int64_t size : type.getShape()) {
      if (!ShapedType::isDynamic(size)) {
        sizes.push_back(i64(b, loc, size));
        continue;
      }
      sizes.push_back(dynamicSizes.front());
      dynamicSizes = dynamicSizes.drop_front();
    }
    return sizes;
  }
  Value byteSize(OpBuilder &b, Location loc, MemRefType type, ValueRange sizes) const {
    Value bytes = i64(b, loc, byteWidth(type.getElementType()));
    for (Value size : sizes)
      bytes = LLVM::MulOp::create(b, loc, bytes, size);
    return bytes;
  }
  /// A row-major memref at `data`.
  Value memref(ConversionPatternRewriter &b, Location loc, MemRefType type, Value data,
               ValueRange sizes) const {
    auto descriptor = MemRefDescriptor::poison(b, loc, this->getTypeConverter()->convertType(type));
    descriptor.setAllocatedPtr(b, loc, data);
    descriptor.setAlignedPtr(b, loc, data);
    descriptor.setConstantOffset(b, loc, 0);
    Value stride = i64(b, loc, 1);
    for (int64_t dim = type.getRank() - 1; dim >= 0; --dim) {
      descriptor.setSize(b, loc, dim, sizes[dim]);
      descriptor.setStride(b, loc, dim, stride);
      stride = LLVM::MulOp::create(b, loc, stride, sizes[dim]);
    }
    return descriptor;
  }
  /// A row-major memref over a tgc_tensor_t that the runtime filled in.
  Value memrefOfTensor(ConversionPatternRewriter &b, Location loc, MemRefType type, Value data,
                       Value tensor) const {
    SmallVector<Value> sizes;
    for (auto [dim, size] : llvm::enumerate(type.getShape()))
      sizes.push_back(ShapedType::isDynamic(size)
                          ? loadConstant(b, loc, b.getI64Type(), tensor, kDimsOffset + 8 * dim)
                          : i64(b, loc, size));
    return memref(b, loc, type, data, sizes);
  }
  /// An array of sizes on the stack.
  Value storeSizes(ConversionPatternRewriter &b, Operation *op, ValueRange sizes) const {
    Value dims = stackBytes(b, op, 8 * sizes.size());
    for (auto [dim, size] : llvm::enumerate(sizes))
      store(b, op->getLoc(), size, dims, 8 * dim);
    return dims;
  }
};

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

/// What the device's part of the runtime is told of a module's kernels: attributes of the module.
struct LowerDevice : RtPattern<rt::DeviceOp> {
  using RtPattern::RtPattern;
  LogicalResult matchAndRewrite(rt::DeviceOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    auto module = op->getParentOfType<ModuleOp>();
    auto described = module->getAttrOfType<DictionaryAttr>(kDeviceAttribute);
    if (!described)
      return op.emitError("the module has no code for a device");
    Location loc = op.getLoc();
    auto ofText = [&](StringRef key) { return text(b, op, described.getAs<StringAttr>(key).getValue()); };
    auto ofNumber = [&](StringRef key) { return i32(b, loc, described.getAs<IntegerAttr>(key).getInt()); };
    auto number = op->getAttrOfType<IntegerAttr>("rt.gpu");
    int64_t gpu = number ? number.getInt() : 0;
    b.replaceOp(op,
                call(b, op, "tgc_device_open", pointer(b),
                     {adaptor.getFrame(), ofText("chip"), ofText("code"), ofText("kernels"),
                      ofNumber("slots"), ofNumber("required"), i32(b, loc, gpu),
                      i32(b, loc, described.getAs<DenseI32ArrayAttr>("gpus")[gpu]),
                      text(b, op, cast<StringAttr>(described.getAs<ArrayAttr>("demands")[gpu]).getValue())}));
    return success();
  }
};

/// TGC_MIRROR_ANY of runtime/kernels/device/device.h.
constexpr uint32_t kAnyMirror = 6;

/// Memory that the device has a mirror of.
template <typename Op> struct DevicePattern : RtPattern<Op> {
  using RtPattern<Op>::RtPattern;

  /// The address of the first element, as a number.
  Value addressOf(OpBuilder &b, Location loc, Value memory, Value descriptor) const {
    Value data = MemRefDescriptor(descriptor)
                     .bufferPtr(b, loc, *this->getTypeConverter(), cast<MemRefType>(memory.getType()));
    return LLVM::PtrToIntOp::create(b, loc, b.getI64Type(), data);
  }
  Value bytesOf(OpBuilder &b, Location loc, Value memory, Value descriptor) const {
    auto type = cast<MemRefType>(memory.getType());
    SmallVector<Value> sizes;
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      sizes.push_back(MemRefDescriptor(descriptor).size(b, loc, dim));
    return this->byteSize(b, loc, type, sizes);
  }
};

struct LowerMirror : DevicePattern<rt::MirrorOp> {
  using DevicePattern::DevicePattern;
  LogicalResult matchAndRewrite(rt::MirrorOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    if (op.getKind() == kAnyMirror) {
      b.replaceOp(op, call(b, op, "tgc_device_find", b.getI64Type(),
                           {adaptor.getDevice(), addressOf(b, loc, op.getMemory(), adaptor.getMemory())}));
      return success();
    }
    std::optional<uint32_t> variable = op.getVariable();
    b.replaceOp(op, call(b, op, variable ? "tgc_device_resident" : "tgc_device_mirror", b.getI64Type(),
                         {adaptor.getDevice(), i32(b, loc, op.getSlot()),
                          i32(b, loc, variable.value_or(op.getKind())),
                          addressOf(b, loc, op.getMemory(), adaptor.getMemory()),
                          bytesOf(b, loc, op.getMemory(), adaptor.getMemory())}));
    return success();
  }
};

template <typename Op> struct LowerTransfer : DevicePattern<Op> {
  StringRef function, ofResident;
  StringRef getFunction(Op op) const {
    auto special = op->template getAttrOfType<StringAttr>(kTransferAttribute);
    return special ? special.getValue() : function;
  }
  LowerTransfer(const LLVMTypeConverter &converter, StringRef function, StringRef ofResident)
      : DevicePattern<Op>(converter), function(function), ofResident(ofResident) {}
  LogicalResult matchAndRewrite(Op op, typename Op::Adaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    if (op.getSlot())
      this->call(
          b, op, ofResident, Type(),
          {adaptor.getDevice(), this->text(b, op, getNodeText(loc)), this->i32(b, loc, *op.getSlot())});
    else
      this->call(b, op, getFunction(op), Type(),
                 {adaptor.getDevice(), this->text(b, op, getNodeText(loc)),
                  this->addressOf(b, loc, op.getMemory(), adaptor.getMemory()),
                  op.getDistance() ? adaptor.getDistance()
                                   : LLVM::ConstantOp::create(b, loc, b.getI64IntegerAttr(0)).getResult(),
                  this->bytesOf(b, loc, op.getMemory(), adaptor.getMemory())});
    b.eraseOp(op);
    return success();
  }
};

/// rt.own and rt.disown.
template <typename Op> struct LowerOwner : DevicePattern<Op> {
  using DevicePattern<Op>::DevicePattern;
  LogicalResult matchAndRewrite(Op op, typename Op::Adaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    if (!op.getSlot())
      return op.emitError("the variable has no mirror");
    this->call(b, op, std::is_same_v<Op, rt::OwnOp> ? "tgc_device_own" : "tgc_device_disown", Type(),
               {adaptor.getDevice(), this->i32(b, op.getLoc(), *op.getSlot())});
    b.eraseOp(op);
    return success();
  }
};

struct LowerLaunch : DevicePattern<rt::LaunchOp> {
  using DevicePattern::DevicePattern;
  LogicalResult matchAndRewrite(rt::LaunchOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    SmallVector<Value> arguments;
    for (auto [memory, descriptor, distance] :
         llvm::zip_equal(op.getMemories(), adaptor.getMemories(), adaptor.getDistances()))
      arguments.push_back(LLVM::AddOp::create(b, loc, addressOf(b, loc, memory, descriptor), distance));
    llvm::append_range(arguments, adaptor.getNumbers());
    call(b, op, "tgc_device_launch", Type(),
         {adaptor.getDevice(), i32(b, loc, op.getKernel()), adaptor.getBlocks(), i32(b, loc, op.getThreads()),
          storeSizes(b, op, arguments), i32(b, loc, arguments.size())});
    b.eraseOp(op);
    return success();
  }
};

} // namespace

void populateRtToLLVMPatterns(const LLVMTypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerFeed, LowerVariable, LowerWorkspace, LowerBuffer, LowerWeights, LowerFail, LowerHostCall,
               LowerParallelFor, LowerAddress, LowerView, LowerMark, LowerDevice, LowerMirror, LowerLaunch>(
      converter);
  patterns.add<LowerTransfer<rt::UploadOp>>(converter, "tgc_device_upload", "tgc_device_need");
  patterns.add<LowerTransfer<rt::DownloadOp>>(converter, "tgc_device_download", "tgc_device_bring");
  patterns.add<LowerOwner<rt::OwnOp>, LowerOwner<rt::DisownOp>>(converter);
  patterns.add<LowerDestination<rt::FetchOp>>(converter, "tgc_rt_fetch", "fetch");
  patterns.add<LowerDestination<rt::NewVariableOp>>(converter, "tgc_rt_variable_write", "variable");
}

} // namespace tgc
