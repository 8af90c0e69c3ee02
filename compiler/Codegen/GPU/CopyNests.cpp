//===- CopyNests.cpp - Copies of memory as nests --------------------------===//

#include "compiler/Codegen/GPU/HostProgram.h"
#include "compiler/Codegen/GPU/NestChains.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace tgc {

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
