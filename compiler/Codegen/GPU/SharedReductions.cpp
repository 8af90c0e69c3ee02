//===- SharedReductions.cpp - Work that several GPUs share ----------------===//

#include "compiler/Codegen/GPU/SharedReductions.h"
#include "compiler/ABI/RtToLLVM.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/InterleavedRange.h"

using namespace mlir;

namespace tgc {

/// Of runtime/kernels/device/device.h.
static constexpr const char kCanShareFunction[] = "tgc_device_can_share",
                            kShareAllFunction[] = "tgc_device_share_all";

Gpus Sharing::getMask() const {
  Gpus mask = 0;
  for (unsigned gpu : gpus)
    mask |= bitOf(gpu);
  return mask;
}

std::string Sharing::describe() const {
  auto type = cast<MemRefType>(result.getType());
  std::string text = root ? "ncclReduce of " : "ncclAllReduce of ";
  llvm::raw_string_ostream stream(text);
  for (int64_t size : type.getShape())
    stream << (ShapedType::isDynamic(size) ? "?" : std::to_string(size)) << "x";
  stream << type.getElementType();
  if (type.hasStaticShape())
    stream << " (" << type.getNumElements() * (type.getElementTypeBitWidth() / 8) << " bytes)";
  stream << " by GPU " << llvm::interleaved(gpus);
  return text;
}

static std::optional<int32_t> getNcclType(Type element) {
  if (element.isInteger(32))
    return 2;
  if (element.isInteger(64))
    return 4;
  if (element.isF16())
    return 6;
  if (element.isF32())
    return 7;
  if (element.isF64())
    return 8;
  return element.isBF16() ? std::optional(9) : std::nullopt;
}

static std::optional<int32_t> getNcclReduction(StringRef kind) {
  return llvm::StringSwitch<std::optional<int32_t>>(kind)
      .Case("sum", 0)
      .Case("prod", 1)
      .Case("max", 2)
      .Case("min", 3)
      .Default(std::nullopt);
}

static bool isStepOf(Operation &op, StringRef kind) {
  return kind == "sum"    ? isa<arith::AddFOp, arith::AddIOp>(op)
         : kind == "prod" ? isa<arith::MulFOp, arith::MulIOp>(op)
         : kind == "max"  ? isa<arith::MaximumFOp, arith::MaxSIOp>(op)
                          : isa<arith::MinimumFOp, arith::MinSIOp>(op);
}

/// What a nest combines, each once and element by element; empty if it does anything else.
static SmallVector<Value> getCombined(linalg::GenericOp nest, StringRef kind) {
  SmallVector<Value> combined;
  for (OpOperand &operand : nest->getOpOperands()) {
    auto type = dyn_cast<MemRefType>(operand.get().getType());
    if (!type || !type.getLayout().isIdentity() || !nest.getMatchingIndexingMap(&operand).isIdentity())
      return {};
    BlockArgument argument = nest.getMatchingBlockArgument(&operand);
    if (argument.use_empty() && nest.isDpsInit(&operand))
      continue;
    if (!argument.hasOneUse())
      return {};
    combined.push_back(operand.get());
  }
  Block &body = *nest.getBlock();
  size_t steps = llvm::count_if(body.without_terminator(), [&](Operation &op) { return isStepOf(op, kind); });
  bool isAll = steps + 1 == body.getOperations().size() && steps + 1 == combined.size();
  bool isChain = llvm::all_of(body.without_terminator(), [&](Operation &op) { return op.hasOneUse(); });
  return isAll && isChain ? combined : SmallVector<Value>();
}

std::optional<Sharing> findSharing(const KernelRecord &record, ArrayRef<int32_t> gpus) {
  auto nest = cast<linalg::GenericOp>(record.op);
  std::optional<SharedReduction> reduction = getSharedReduction(nest.getLoc());
  if (!reduction || record.members.size() != 1 || nest.getNumDpsInits() != 1)
    return std::nullopt;
  Sharing sharing;
  sharing.result = nest.getDpsInits().front();
  sharing.operands = getCombined(nest, reduction->kind);
  std::optional<int32_t> type = getNcclType(getElementTypeOrSelf(sharing.result.getType()));
  std::optional<int32_t> kind = getNcclReduction(reduction->kind);
  for (int32_t number : reduction->gpus)
    if (const auto *found = llvm::find(gpus, number); found != gpus.end()) {
      sharing.gpus.push_back(found - gpus.begin());
      if (reduction->root == number)
        sharing.root = sharing.gpus.back();
    }
  if (!type || !kind || sharing.operands.size() < 2 || sharing.gpus.size() != reduction->gpus.size() ||
      sharing.gpus.size() != sharing.operands.size() ||
      sharing.root.has_value() != reduction->root.has_value())
    return std::nullopt;
  sharing.type = *type;
  sharing.reduction = *kind;
  return sharing;
}

Sharing makeBroadcast(Value memory, unsigned root, Gpus all) {
  constexpr int32_t kBytes = 1;
  Sharing sharing;
  for (Gpus left = all; left; left &= left - 1) {
    sharing.gpus.push_back(firstOf(left));
    sharing.operands.push_back(memory);
  }
  sharing.result = memory;
  sharing.type = kBytes;
  sharing.reduction = kBroadcast;
  sharing.root = root;
  return sharing;
}

/// A call of a function of the device's part of the runtime.
static func::CallOp createCall(OpBuilder &builder, Location loc, StringRef name, ValueRange operands,
                               TypeRange results) {
  auto program = builder.getBlock()->getParentOp()->getParentOfType<ModuleOp>();
  auto function = program.lookupSymbol<func::FuncOp>(name);
  if (!function) {
    OpBuilder outside = OpBuilder::atBlockBegin(program.getBody());
    function =
        func::FuncOp::create(outside, loc, name, builder.getFunctionType(operands.getTypes(), results));
    function.setPrivate();
  }
  return func::CallOp::create(builder, loc, function, operands);
}

static Value createNumber(OpBuilder &builder, Location loc, int32_t number) {
  return arith::ConstantIntOp::create(builder, loc, number, 32);
}

Value createCanShare(OpBuilder &builder, Location loc, const Sharing &sharing, const ValuePlaces &places) {
  Value mask = createNumber(builder, loc, sharing.getMask());
  Value can = createCall(builder, loc, kCanShareFunction, {places.getHandle(0), mask}, builder.getI32Type())
                  .getResult(0);
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, can, createNumber(builder, loc, 0));
}

void createShare(OpBuilder &builder, Location loc, const Sharing &sharing, const ValuePlaces &places) {
  for (auto [gpu, operand] : llvm::zip_equal(sharing.gpus, sharing.operands)) {
    Value handle = places.getHandle(gpu);
    rt::DownloadOp::create(builder, loc, handle, operand, Value(), IntegerAttr())
        ->setAttr(kTransferAttribute, builder.getStringAttr(kShareFunction));
    rt::UploadOp::create(builder, loc, handle, sharing.result, Value(), IntegerAttr())
        ->setAttr(kTransferAttribute, builder.getStringAttr(kShareIntoFunction));
  }
  int32_t root = sharing.root ? int32_t(*sharing.root) : -1;
  createCall(builder, loc, kShareAllFunction,
             {places.getHandle(0), createNumber(builder, loc, sharing.getMask()),
              createNumber(builder, loc, sharing.type), createNumber(builder, loc, sharing.reduction),
              createNumber(builder, loc, root)},
             {});
}

} // namespace tgc
