//===- CopyNests.cpp - Copies of memory as nests --------------------------===//

#include "compiler/Codegen/GPU/HostProgram.h"
#include "compiler/Codegen/GPU/NestChains.h"
#include "dialects/Kernel/IR/KernelDialect.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;

namespace tgc {

/// Whether a nest, or what becomes one, has memory or a view of it among its operands.
static bool isOfNest(Value memory) {
  return llvm::any_of(memory.getUsers(), [](Operation *user) {
    bool isOfScatter = isa<memref::LoadOp>(user) && user->getParentOfType<scf::ForOp>();
    return isOfScatter || isa<linalg::LinalgOp>(user) || isa<kernel::KernelDialect>(user->getDialect()) ||
           (isa<ViewLikeOpInterface>(user) && isOfNest(user->getResult(0)));
  });
}

/// Whether a loop or a condition hands it on: which memory that is has been decided.
static bool isHandedOn(Value memory) {
  return llvm::any_of(memory.getUsers(), [](Operation *user) {
    return user->hasTrait<OpTrait::IsTerminator>() ||
           (isa<ViewLikeOpInterface>(user) && isHandedOn(user->getResult(0)));
  });
}

static void copyFound(rt::HostCallOp call, Value found) {
  OpBuilder builder(call.getContext());
  builder.setInsertionPointAfter(call);
  auto type = cast<MemRefType>(found.getType());
  SmallVector<Value> sizes;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (type.isDynamicDim(dim))
      sizes.push_back(memref::DimOp::create(builder, call.getLoc(), found, dim));
  auto memory = memref::AllocOp::create(builder, call.getLoc(), type, sizes);
  found.replaceUsesWithIf(memory, [](OpOperand &use) { return !isa<memref::DimOp>(use.getOwner()); });
  memref::CopyOp::create(builder, call.getLoc(), found, memory);
}

void copyWhatHostFinds(ModuleOp program) {
  program.walk([](rt::HostCallOp call) {
    for (Value found : call.getResults())
      if (auto type = cast<MemRefType>(found.getType()); type.getElementType().isIntOrFloat() &&
                                                         type.getLayout().isIdentity() && isOfNest(found) &&
                                                         !isHandedOn(found))
        copyFound(call, found);
  });
}

void turnCopiesIntoNests(ModuleOp program) {
  program.walk([](memref::CopyOp copy) {
    OpBuilder builder(copy);
    int64_t rank = cast<MemRefType>(copy.getTarget().getType()).getRank();
    SmallVector<AffineMap> maps(2, builder.getMultiDimIdentityMap(rank));
    SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
    auto nest = linalg::GenericOp::create(builder, copy.getLoc(), copy.getSource(), copy.getTarget(), maps,
                                          loops, [](OpBuilder &inner, Location loc, ValueRange elements) {
                                            linalg::YieldOp::create(inner, loc, elements.front());
                                          });
    nest->setAttr(kCopyAttribute, builder.getUnitAttr());
    copy.erase();
  });
}

} // namespace tgc
