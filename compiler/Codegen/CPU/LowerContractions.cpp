//===- LowerContractions.cpp - Functions of vector code -------------------===//
//
// One function per kernel, shared by all contractions that differ in their buffers only: layers of one shape
// are compiled once. The call says which share of the work to do, so one function serves all threads.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/ContractEmitter.h"
#include "compiler/Codegen/CPU/PackCalls.h"
#include "compiler/Codegen/CPU/Passes.h"
#include "compiler/Codegen/CPU/SelectBlocks.h"
#include "compiler/Codegen/CPU/Winograd.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_LOWERCONTRACTIONSPASS
#include "compiler/Codegen/CPU/Passes.h.inc"

namespace {

struct LowerContractionsPass : impl::LowerContractionsPassBase<LowerContractionsPass> {
  using LowerContractionsPassBase::LowerContractionsPassBase;

  void runOnOperation() override {
    kernels.emplace(getOperation());
    SmallVector<kernel::ContractOp> contracts;
    getOperation().walk([&](kernel::ContractOp op) { contracts.push_back(op); });
    for (kernel::ContractOp op : contracts)
      lower(op);
  }

private:
  std::optional<KernelCalls> kernels;

  void lower(kernel::ContractOp op) {
    OpBuilder builder(op);
    storeToVectors(builder, op);
    loadFromVectors(builder, op);
    SmallVector<OpFoldResult> sizes = getLoopSizes(builder, op);
    if (op.getWinograd())
      lowerWinograd(builder, op, sizes);
    else
      lowerProducts(builder, op, sizes);
    op.erase();
  }

  void lowerProducts(OpBuilder &builder, kernel::ContractOp op, ArrayRef<OpFoldResult> sizes) {
    ContractPlan plan(op, getVectorUnit());
    if (plan.rhsForm == RhsForm::PackedByCall)
      callKernel(builder, op, plan, sizes, packRhs(builder, *kernels, "tgc_pack_", op, plan, sizes));
    else if (plan.rhsForm == RhsForm::ChosenByCall)
      choose(builder, op, plan, sizes);
    else
      callKernel(builder, op, plan, sizes, op.getRhs());
  }

  VectorUnit getVectorUnit() const {
    return {vectorBytes, vectorRegisters, panelBytes, pairsBfloats, dotsBytes, pairsShorts};
  }

  void lowerWinograd(OpBuilder &builder, kernel::ContractOp op, ArrayRef<OpFoldResult> sizes) {
    VectorUnit unit = getVectorUnit();
    if (isFilterGradient(op))
      return lowerFilterGradient(builder, op, FilterGradientPlan(op, unit), sizes);
    WinogradPlan plan(op, unit);
    IndexMath math(builder, op.getLoc());
    Value filter = op.getPanelWidth() ? op.getRhs() : transformFilter(builder, *kernels, op, plan);
    callKernel(
        builder, op, {plan.countUnits(math, sizes), math.known(0)}, sizes, filter, {},
        [&](OpBuilder &b, const ContractOperands &operands) { emitWinograd(b, op, plan, unit, operands); });
  }

  /// Sums of tiles in memory, then the gradient of those.
  void lowerFilterGradient(OpBuilder &builder, kernel::ContractOp op, const FilterGradientPlan &plan,
                           ArrayRef<OpFoldResult> sizes) {
    Location loc = op.getLoc();
    IndexMath math(builder, loc);
    auto type = MemRefType::get({plan.numParts * plan.getPartSize()}, builder.getF32Type());
    Value sums = memref::AllocOp::create(builder, loc, type, ValueRange(), builder.getI64IntegerAttr(64));
    SmallVector<Value> arguments = {op.getLhs(), op.getRhs(), sums};
    appendDynamic(sizes, arguments);
    func::FuncOp function =
        kernels->getFunction(builder, loc, "tgc_gradient_", arguments, [&](OpBuilder &b, Block &body) {
          ContractOperands operands;
          operands.lhs = body.getArgument(0);
          operands.rhs = body.getArgument(1);
          operands.init = body.getArgument(2);
          operands.loopSizes = replaceDynamic(sizes, body.getArguments().drop_front(3));
          operands.begin = body.getArgument(body.getNumArguments() - 2);
          operands.end = body.getArgument(body.getNumArguments() - 1);
          emitGradientSums(b, op, plan, getVectorUnit(), operands);
        });
    KernelCalls::call(builder, loc, function, arguments, math.known(plan.getNumUnits()),
                      getWork(math, sizes));
    callKernel(
        builder, op, {math.known(plan.channels), math.known(0)}, sizes, sums, {},
        [&](OpBuilder &b, const ContractOperands &operands) { emitFilterGradient(b, op, plan, operands); });
  }

  /// The multiplications of all loops.
  static OpFoldResult getWork(const IndexMath &math, ArrayRef<OpFoldResult> sizes) {
    OpFoldResult products = math.known(1);
    for (OpFoldResult size : sizes)
      products = math.mul(products, size);
    return products;
  }

  /// Packs the right operand if there are enough rows, else reads it in place; both with one kernel.
  void choose(OpBuilder &builder, kernel::ContractOp op, const ContractPlan &plan,
              ArrayRef<OpFoldResult> sizes) {
    Location loc = op.getLoc();
    IndexMath math(builder, loc);
    Value areMany = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge,
                                          math.materialize(plan.countRows(math, sizes)),
                                          math.materialize(math.known(kLeastRowsToPack)));
    auto choice = scf::IfOp::create(builder, loc, areMany, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(builder);
    OpFoldResult width = math.known(plan.tiling.getPanelWidth());
    builder.setInsertionPointToStart(choice.thenBlock());
    auto type =
        MemRefType::get({ShapedType::kDynamic}, cast<MemRefType>(op.getRhs().getType()).getElementType());
    Value packed =
        memref::CastOp::create(builder, loc, type, packRhs(builder, *kernels, "tgc_pack_", op, plan, sizes));
    OpFoldResult panelStride = math.mul(plan.getSize(math, sizes, plan.sums[0]), width);
    callKernel(builder, op, plan, sizes, packed, {math.materialize(width), math.materialize(panelStride)});
    builder.setInsertionPointToStart(choice.elseBlock());
    LinearAccess rhs = LinearAccess::create(builder, loc, op.getRhs(), op.getRhsMap());
    callKernel(builder, op, plan, sizes, rhs.flat,
               {math.materialize(rhs.strides[plan.sums[0].back()]), math.materialize(width)});
  }

  /// Lets the kernel write to memory that is contiguous along its columns, from where the result is copied.
  void storeToVectors(OpBuilder &builder, kernel::ContractOp op) {
    if (isContiguous(op.getInit()))
      return;
    Location loc = op.getLoc();
    Value target = op.getInit(), memory = allocateLike(builder, loc, target);
    if (op.getAccumulates())
      memref::CopyOp::create(builder, loc, target, memory);
    op.getInitMutable().assign(memory);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointAfter(op);
    memref::CopyOp::create(builder, loc, memory, target);
  }

  /// Copies what is read along the columns (or the channels, by tiles), by the region or lane by lane, to
  /// where it is contiguous.
  void loadFromVectors(OpBuilder &builder, kernel::ContractOp op) {
    SmallVector<OpOperand *> operands = {&op.getLhsMutable()};
    if (op.getWinograd())
      operands.push_back(&op.getRhsMutable());
    for (OpOperand &extra : op.getExtrasMutable())
      operands.push_back(&extra);
    for (OpOperand *operand : operands) {
      bool isVector = op.getMap(operand->getOperandNumber()).isFunctionOfDim(op.getColumnLoop()) ||
                      (op.getWinograd() && operand == &op.getLhsMutable());
      if (!isVector || isContiguous(operand->get()))
        continue;
      Value memory = allocateLike(builder, op.getLoc(), operand->get());
      memref::CopyOp::create(builder, op.getLoc(), operand->get(), memory);
      operand->set(memory);
    }
  }

  /// Whether elements that follow each other along the last dimension do so in memory.
  static bool isContiguous(Value memref) {
    SmallVector<int64_t> strides;
    int64_t offset;
    return succeeded(cast<MemRefType>(memref.getType()).getStridesAndOffset(strides, offset)) &&
           strides.back() == 1;
  }

  static Value allocateLike(OpBuilder &builder, Location loc, Value memref) {
    auto type = cast<MemRefType>(memref.getType());
    SmallVector<Value> sizes;
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      if (type.isDynamicDim(dim))
        sizes.push_back(memref::DimOp::create(builder, loc, memref, dim));
    return memref::AllocOp::create(builder, loc, MemRefType::get(type.getShape(), type.getElementType()),
                                   sizes, builder.getI64IntegerAttr(64));
  }

  void callKernel(OpBuilder &builder, kernel::ContractOp op, const ContractPlan &plan,
                  ArrayRef<OpFoldResult> sizes, Value rhs, ArrayRef<Value> rhsStrides = {}) {
    IndexMath math(builder, op.getLoc());
    Shares shares = {plan.countUnits(math, sizes), plan.countPanels(math, sizes)};
    if (plan.rhsForm != RhsForm::PackedByKernel)
      return callKernel(
          builder, op, shares, sizes, rhs, rhsStrides,
          [&](OpBuilder &b, const ContractOperands &operands) { emitContraction(b, op, plan, operands); });
    // A kernel that packs has its share of the panels, whatever the rows are.
    OpFoldResult perShare = math.known(kPanelsOfPackingShare);
    shares = {math.known(0), math.ceilDiv(shares.panels, perShare)};
    callKernel(builder, op, shares, sizes, rhs, rhsStrides, [&](OpBuilder &b, ContractOperands operands) {
      IndexMath inner(b, op.getLoc());
      OpFoldResult end = inner.mul(OpFoldResult(operands.end), perShare);
      operands.begin = inner.materialize(inner.mul(OpFoldResult(operands.begin), perShare));
      operands.end = inner.materialize(inner.min(end, plan.countPanels(inner, operands.loopSizes)));
      emitContraction(b, op, plan, operands);
    });
  }

  /// What a kernel's work can be shared out by: units, or panels where units are few.
  struct Shares {
    OpFoldResult units, panels;
  };

  /// `rhsStrides` are those of ContractOperands, if the form of the right operand asks for them.
  void callKernel(OpBuilder &builder, kernel::ContractOp op, Shares shares, ArrayRef<OpFoldResult> sizes,
                  Value rhs, ArrayRef<Value> rhsStrides,
                  function_ref<void(OpBuilder &, const ContractOperands &)> emit) {
    Location loc = op.getLoc();
    IndexMath math(builder, loc);
    SmallVector<Value> arguments = {op.getLhs(), rhs, op.getInit()};
    arguments.append(op.getExtras().begin(), op.getExtras().end());
    llvm::SetVector<Value> captured;
    getUsedValuesDefinedAbove(op.getEpilogue(), captured);
    SmallVector<Operation *> constants;
    size_t firstCaptured = arguments.size();
    SmallVector<Value> passed;
    for (Value value : captured) {
      if (Operation *constant = value.getDefiningOp();
          constant && constant->hasTrait<OpTrait::ConstantLike>())
        constants.push_back(constant);
      else
        passed.push_back(value);
    }
    arguments.append(passed);
    size_t firstSize = arguments.size();
    appendDynamic(sizes, arguments);
    size_t firstStride = arguments.size();
    arguments.append(rhsStrides.begin(), rhsStrides.end());

    auto [units, panels] = shares;
    // Rows are shared out where there are enough; both ways each element is computed by one thread, in one
    // order.
    Value fewUnits = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, math.materialize(units),
                                           math.materialize(math.min(panels, math.known(kParallelPieces))));
    arguments.push_back(fewUnits);
    func::FuncOp function =
        kernels->getFunction(builder, loc, "tgc_contract_", arguments, [&](OpBuilder &b, Block &body) {
          ContractOperands operands;
          operands.lhs = body.getArgument(0);
          operands.rhs = body.getArgument(1);
          operands.init = body.getArgument(2);
          for (size_t i = 3; i < firstCaptured; ++i)
            operands.extras.push_back(body.getArgument(i));
          for (auto [i, value] : llvm::enumerate(passed))
            operands.captured.map(value, body.getArgument(firstCaptured + i));
          for (Operation *constant : constants)
            b.clone(*constant, operands.captured);
          if (!rhsStrides.empty()) {
            operands.rhsSumStride = body.getArgument(firstStride);
            operands.rhsPanelStride = body.getArgument(firstStride + 1);
          }
          operands.loopSizes = replaceDynamic(sizes, body.getArguments().drop_front(firstSize));
          unsigned last = body.getNumArguments() - 1;
          operands.byColumns = body.getArgument(last - 2);
          operands.begin = body.getArgument(last - 1);
          operands.end = body.getArgument(last);
          emit(b, operands);
        });
    Value count =
        arith::SelectOp::create(builder, loc, fewUnits, math.materialize(panels), math.materialize(units));
    KernelCalls::call(builder, loc, function, arguments, count, getWork(math, sizes));
  }
};

} // namespace
} // namespace tgc
