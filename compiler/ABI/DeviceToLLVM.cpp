//===- DeviceToLLVM.cpp - The device's part of the runtime ABI ------------===//

#include "compiler/ABI/NodeText.h"
#include "compiler/ABI/RtPattern.h"

using namespace mlir;

namespace tgc {
namespace {

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

void populateDeviceToLLVMPatterns(const LLVMTypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerDevice, LowerMirror, LowerLaunch>(converter);
  patterns.add<LowerTransfer<rt::UploadOp>>(converter, "tgc_device_upload", "tgc_device_need");
  patterns.add<LowerTransfer<rt::DownloadOp>>(converter, "tgc_device_download", "tgc_device_bring");
  patterns.add<LowerOwner<rt::OwnOp>, LowerOwner<rt::DisownOp>>(converter);
}

} // namespace tgc
