//===- AnnotateAliases.cpp - Which memory cannot overlap ------------------===//
//
// The tensors of a frame are different objects, but to LLVM they are pointers that were loaded or returned:
// without a hint it neither vectorises short loops nor keeps loaded values. Each piece of memory that an
// entry was given is an alias scope of its own. Inside the arena nothing is claimed, because buffers share
// memory in turn there.
//
//===----------------------------------------------------------------------===//

#include "compiler/ABI/RtToLLVM.h"
#include "compiler/Codegen/Common/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_ANNOTATEALIASESPASS
#include "compiler/Codegen/Common/Passes.h.inc"

namespace {

/// Each access lists all scopes but its own: beyond this number the lists cost more than they give.
constexpr size_t kMostScopes = 256;

/// The memory that an address points into, as RtToLLVM named it; null if it is not known.
StringAttr memoryOf(Value address) {
  while (Operation *op = address.getDefiningOp()) {
    if (auto memory = op->getAttrOfType<StringAttr>(kMemoryAttribute))
      return memory;
    auto element = dyn_cast<LLVM::GEPOp>(op);
    if (!element)
      return {};
    address = element.getBase();
  }
  return {};
}

struct AnnotateAliasesPass : impl::AnnotateAliasesPassBase<AnnotateAliasesPass> {
  void runOnOperation() override {
    for (auto func : getOperation().getOps<LLVM::LLVMFuncOp>())
      if (func->hasAttr("rt.feeds"))
        annotate(func);
  }

  void annotate(LLVM::LLVMFuncOp func) {
    llvm::MapVector<StringAttr, SmallVector<Operation *>> accesses;
    func.walk([&](Operation *op) {
      Value address;
      if (auto load = dyn_cast<LLVM::LoadOp>(op))
        address = load.getAddr();
      else if (auto store = dyn_cast<LLVM::StoreOp>(op))
        address = store.getAddr();
      if (StringAttr memory = address ? memoryOf(address) : StringAttr())
        accesses[memory].push_back(op);
    });
    if (accesses.size() < 2 || accesses.size() > kMostScopes)
      return;
    Builder builder(&getContext());
    auto domain = LLVM::AliasScopeDomainAttr::get(&getContext(), builder.getStringAttr(func.getName()),
                                                  builder.getStringAttr("frame"));
    SmallVector<Attribute> scopes;
    for (auto &[memory, ops] : accesses)
      scopes.push_back(LLVM::AliasScopeAttr::get(
          &getContext(), builder.getStringAttr(func.getName() + "." + memory.getValue()), domain, memory));
    for (auto [i, access] : llvm::enumerate(accesses)) {
      SmallVector<Attribute> others = scopes;
      others.erase(others.begin() + i);
      ArrayAttr own = builder.getArrayAttr(scopes[i]), notAliased = builder.getArrayAttr(others);
      for (Operation *op : access.second) {
        auto aliasing = cast<LLVM::AliasAnalysisOpInterface>(op);
        aliasing.setAliasScopes(own);
        aliasing.setNoAliasScopes(notAliased);
      }
    }
  }
};

} // namespace
} // namespace tgc
