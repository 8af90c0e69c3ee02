//===- FlatKernels.cpp - Elementwise nests as GPU kernels -----------------===//
//
// The flat writer: one thread per element, strided by the grid. Everything whose loops are all parallel has
// this form: elementwise chains, broadcasts, transposes, casts, selections. Operands are addressed by their
// indexing maps, so no operand is copied to fit.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/GPU/FlatKernels.h"
#include "compiler/Codegen/CPU/Passes.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Transforms/Passes.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace tgc {

namespace {

/// Global memory, as NVPTX numbers it.
constexpr unsigned kGlobalSpace = 1;

std::string nodeOf(Operation *op) {
  if (auto name = op->getLoc()->findInstanceOf<NameLoc>())
    return name.getName().str();
  return "";
}

bool isElement(Type type) {
  return (type.isIntOrFloat() && llvm::is_contained({1u, 8u, 16u, 32u, 64u}, type.getIntOrFloatBitWidth())) &&
         !isa<Float8E4M3FNType, Float8E5M2Type>(type);
}

/// Why a nest has no flat kernel; empty if it has one.
std::string whyNot(linalg::GenericOp op) {
  if (op.getNumReductionLoops())
    return "it reduces";
  for (OpOperand &operand : op->getOpOperands()) {
    auto type = dyn_cast<MemRefType>(operand.get().getType());
    if (!type && operand.get().getDefiningOp<arith::ConstantOp>())
      continue;
    if (!type)
      return "a number comes from the host";
    if (!type.getLayout().isIdentity())
      return "an operand is a view with strides";
    if (!isElement(type.getElementType()))
      return "its elements are no numbers of a device";
    AffineMap map = op.getMatchingIndexingMap(&operand);
    for (auto [size, expr] : llvm::zip(type.getShape(), map.getResults()))
      if (ShapedType::isDynamic(size) && !isa<AffineDimExpr>(expr))
        return "an operand's size is known to the host only";
  }
  std::string reason;
  op.getRegion().walk([&](Operation *inner) {
    if (!isa<arith::ArithDialect, math::MathDialect>(inner->getDialect()) &&
        !isa<linalg::YieldOp, linalg::IndexOp>(inner))
      reason = "its body has " + inner->getName().getStringRef().str();
  });
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(op.getRegion(), captured);
  for (Value value : captured)
    if (!value.getDefiningOp<arith::ConstantOp>())
      reason = "a number comes from the host";
  return reason;
}

/// What a host knows a buffer as. Temporaries are numbered.
class BufferNames {
public:
  std::string of(Value buffer) {
    Operation *op = buffer.getDefiningOp();
    if (!op)
      return numbered(buffer);
    auto entry = op->getParentOfType<func::FuncOp>();
    auto named = [&](StringRef list, int64_t index, StringRef what) {
      auto all = entry ? entry->getAttrOfType<ArrayAttr>(list) : nullptr;
      if (all && index < int64_t(all.size()))
        if (auto name = cast<DictionaryAttr>(all[index]).getAs<StringAttr>("name"))
          return (what + " " + name.getValue()).str();
      return (what + " " + Twine(index)).str();
    };
    if (auto feed = dyn_cast<rt::FeedOp>(op))
      return named("rt.feeds", feed.getIndex(), "feed");
    if (auto fetch = dyn_cast<rt::FetchOp>(op))
      return named("rt.fetches", fetch.getIndex(), "fetch");
    if (auto global = dyn_cast<memref::GetGlobalOp>(op))
      return ("constant " + global.getName()).str();
    return numbered(buffer);
  }

private:
  std::string numbered(Value buffer) {
    auto [it, isNew] = numbers.try_emplace(buffer, numbers.size());
    return "buffer " + std::to_string(it->second);
  }
  llvm::DenseMap<Value, unsigned> numbers;
};

class FlatWriter {
public:
  FlatWriter(linalg::GenericOp op, ModuleOp kernels, KernelRecord &record, BufferNames &names)
      : op(op), builder(OpBuilder::atBlockEnd(kernels.getBody())), loc(op.getLoc()), record(record),
        names(names) {}

  void write() {
    for (Value operand : op->getOperands())
      if (isa<MemRefType>(operand.getType()) && pointers.try_emplace(operand, pointers.size()).second)
        record.arguments.push_back(names.of(operand));
    ranges = op.getStaticLoopRanges();
    SmallVector<Type> types(pointers.size(), LLVM::LLVMPointerType::get(op.getContext(), kGlobalSpace));
    for (auto [d, range] : llvm::enumerate(ranges)) {
      bool isDynamic = ShapedType::isDynamic(range);
      std::string text = isDynamic ? "d" + std::to_string(d) : std::to_string(range);
      record.elements += (d ? " * " : "") + text;
      if (!isDynamic)
        continue;
      types.push_back(builder.getI64Type());
      record.arguments.push_back("size " + text);
    }
    if (ranges.empty())
      record.elements = "1";
    function = func::FuncOp::create(builder, loc, record.name, builder.getFunctionType(types, {}));
    builder.setInsertionPointToStart(function.addEntryBlock());
    readSizes();
    writeLoop();
    func::ReturnOp::create(builder, loc);
  }

private:
  Value constant(int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); }
  Value multiply(Value a, Value b) { return arith::MulIOp::create(builder, loc, a, b); }

  void readSizes() {
    unsigned argument = pointers.size();
    for (int64_t range : ranges)
      sizes.push_back(ShapedType::isDynamic(range)
                          ? Value(arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                                             function.getArgument(argument++)))
                          : constant(range));
  }

  Value special(StringRef name) {
    auto call =
        LLVM::CallIntrinsicOp::create(builder, loc, builder.getI32Type(),
                                      builder.getStringAttr("llvm.nvvm.read.ptx.sreg." + name), ValueRange());
    return arith::IndexCastUIOp::create(builder, loc, builder.getIndexType(), call.getResult(0));
  }

  void writeLoop() {
    Value total = constant(1);
    for (Value size : sizes)
      total = multiply(total, size);
    Value threads = special("ntid.x");
    Value first =
        arith::AddIOp::create(builder, loc, multiply(special("ctaid.x"), threads), special("tid.x"));
    Value step = multiply(special("nctaid.x"), threads);
    auto loop = scf::ForOp::create(builder, loc, first, total, step);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(loop.getBody());
    SmallVector<Value> index(sizes.size());
    Value rest = loop.getInductionVar();
    for (size_t d = sizes.size(); d-- > 0;) {
      index[d] = d ? Value(arith::RemUIOp::create(builder, loc, rest, sizes[d])) : rest;
      if (d)
        rest = arith::DivUIOp::create(builder, loc, rest, sizes[d]);
    }
    writeBody(index);
  }

  /// The address of an operand's element.
  Value addressOf(OpOperand &operand, ValueRange index) {
    auto type = cast<MemRefType>(operand.get().getType());
    AffineMap map = op.getMatchingIndexingMap(&operand);
    SmallVector<Value> place = *affine::expandAffineMap(builder, loc, map, index);
    Value offset = constant(0);
    for (auto [d, at] : llvm::enumerate(place)) {
      int64_t size = type.getDimSize(d);
      Value extent = ShapedType::isDynamic(size) ? sizes[cast<AffineDimExpr>(map.getResult(d)).getPosition()]
                                                 : constant(size);
      offset = arith::AddIOp::create(builder, loc, multiply(offset, extent), at);
    }
    Value element = arith::IndexCastOp::create(builder, loc, builder.getI64Type(), offset);
    Value base = function.getArgument(pointers[operand.get()]);
    return LLVM::GEPOp::create(builder, loc, base.getType(), type.getElementType(), base, element);
  }

  void writeBody(ArrayRef<Value> index) {
    IRMapping mapping;
    llvm::SetVector<Value> captured;
    getUsedValuesDefinedAbove(op.getRegion(), captured);
    for (Value value : captured)
      mapping.map(value, builder.clone(*value.getDefiningOp())->getResult(0));
    for (OpOperand &operand : op->getOpOperands()) {
      BlockArgument element = op.getMatchingBlockArgument(&operand);
      if (element.use_empty())
        continue;
      if (auto number = operand.get().getDefiningOp<arith::ConstantOp>()) {
        mapping.map(element, builder.clone(*number)->getResult(0));
        continue;
      }
      Value address = addressOf(operand, index);
      mapping.map(element, LLVM::LoadOp::create(builder, loc, element.getType(), address).getResult());
    }
    for (Operation &inner : op.getBody()->without_terminator()) {
      if (auto number = dyn_cast<linalg::IndexOp>(inner))
        mapping.map(number.getResult(), index[number.getDim()]);
      else
        builder.clone(inner, mapping);
    }
    for (auto [i, value] : llvm::enumerate(op.getBody()->getTerminator()->getOperands()))
      LLVM::StoreOp::create(builder, loc, mapping.lookupOrDefault(value),
                            addressOf(*op.getDpsInitOperand(i), index));
  }

  linalg::GenericOp op;
  OpBuilder builder;
  Location loc;
  KernelRecord &record;
  BufferNames &names;
  func::FuncOp function;
  llvm::MapVector<Value, unsigned> pointers;
  SmallVector<int64_t> ranges;
  SmallVector<Value> sizes;
};

/// Functions that become instructions, or a few of them, without a library.
bool isNative(Operation *op) {
  return isa<math::AbsFOp, math::AbsIOp, math::CeilOp, math::CopySignOp, math::CountLeadingZerosOp,
             math::CountTrailingZerosOp, math::CtPopOp, math::FloorOp, math::FmaOp, math::RoundEvenOp,
             math::SqrtOp, math::TruncOp>(op);
}

/// Bookkeeping of a bufferized program, which computes no elements.
bool isPlumbing(Operation *op) {
  return op->getNumRegions() == 0 &&
         !isa<memref::CopyOp, memref::LoadOp, memref::StoreOp, func::CallOp>(op) &&
         !isa<linalg::LinalgOp>(op);
}

} // namespace

DeviceProgram writeFlatKernels(ModuleOp program) {
  DeviceProgram result;
  result.kernels = ModuleOp::create(program.getLoc());
  BufferNames names;
  for (auto entry : program.getOps<func::FuncOp>()) {
    unsigned number = 0;
    entry.walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (op == entry.getOperation() || isPlumbing(op) || isa<scf::YieldOp>(op))
        return WalkResult::advance();
      auto nest = dyn_cast<linalg::GenericOp>(op);
      bool isInLoop = op->getParentOp() != entry.getOperation();
      std::string reason = isInLoop ? "it is in a loop or a condition of the host"
                           : nest   ? whyNot(nest)
                                    : "it has no kernel yet";
      if (!nest && isa<RegionBranchOpInterface>(op))
        return WalkResult::advance();
      if (reason.empty()) {
        KernelRecord record{entry.getName().str() + "_" + std::to_string(number++), nodeOf(op), {}, ""};
        FlatWriter(nest, *result.kernels, record, names).write();
        result.records.push_back(std::move(record));
      } else {
        result.host.push_back({nodeOf(op), op->getName().getStringRef().str(), reason});
      }
      return WalkResult::skip();
    });
  }
  return result;
}

void buildKernelPipeline(OpPassManager &passes) {
  passes.addPass(math::createMathExtendToSupportedTypes());
  passes.addPass(createExpandMathPass());
  arith::ArithEmulateUnsupportedFloatsOptions emulated;
  emulated.sourceTypeStrs = {"bf16"};
  emulated.targetTypeStr = "f32";
  passes.addPass(arith::createArithEmulateUnsupportedFloats(emulated));
  arith::ArithExpandOpsPassOptions expanded;
  expanded.includeBf16 = true;
  passes.addPass(arith::createArithExpandOpsPass(expanded));
  passes.addPass(createLowerAffinePass());
  passes.addPass(createSCFToControlFlowPass());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
}

void moveUnsupportedToHost(DeviceProgram &program) {
  std::vector<KernelRecord> kept;
  for (KernelRecord &record : program.records) {
    auto function = program.kernels->lookupSymbol<func::FuncOp>(record.name);
    std::string missing;
    function.walk([&](Operation *op) {
      if (isa<math::MathDialect>(op->getDialect()) && !isNative(op))
        missing = op->getName().getStringRef().str();
      if (isa<func::CallOp>(op))
        missing = "a call";
    });
    if (missing.empty()) {
      kept.push_back(std::move(record));
      continue;
    }
    program.host.push_back(
        {record.node, "linalg.generic", missing + " of these elements has no device code yet"});
    function.erase();
  }
  program.records = std::move(kept);
}

} // namespace tgc
