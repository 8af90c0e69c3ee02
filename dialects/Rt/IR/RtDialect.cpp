//===- RtDialect.cpp - What generated code asks of the runtime ------------===//

#include "dialects/Rt/IR/RtDialect.h"
#include "mlir/Transforms/InliningUtils.h"

#include "dialects/Rt/IR/RtDialect.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/Rt/IR/RtOps.cpp.inc"

namespace {
/// Parts of an entry that stood in functions for a while (Codegen/Common/Outline.h) come back: rt.fail ends
/// the entry, not such a function.
struct RtInlinerInterface : mlir::DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;
  bool isLegalToInline(mlir::Operation *, mlir::Region *, bool, mlir::IRMapping &) const final {
    return true;
  }
};
} // namespace

void tgc::rt::RtDialect::initialize() {
  addInterfaces<RtInlinerInterface>();
  addOperations<
#define GET_OP_LIST
#include "dialects/Rt/IR/RtOps.cpp.inc"
      >();
}
