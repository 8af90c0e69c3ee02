//===- MemoryBudget.cpp - What intermediate values may take ---------------===//

#include "compiler/API/MemoryBudget.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tgc {

llvm::Error checkMemory(ModuleOp module, int64_t budget) {
  std::string text;
  llvm::raw_string_ostream message(text);
  for (auto function : module.getOps<func::FuncOp>()) {
    auto name = function->getAttrOfType<StringAttr>("tg.entry");
    if (!name)
      continue;
    auto begin = [&]() -> raw_ostream & {
      return message << (text.empty() ? "" : "\n") << "entry '" << name.getValue() << "' ";
    };
    bool waits = false;
    function.walk([&](rt::BufferOp) { waits = true; });
    function.walk([&](rt::HostCallOp call) { waits |= !call.getSlots().empty(); });
    function.walk([&](rt::WorkspaceOp arena) {
      IntegerAttr bytes;
      if (!matchPattern(arena.getBytes(), m_Constant(&bytes))) {
        waits = true;
      } else if (bytes.getInt() > budget) {
        begin() << "needs " << bytes.getInt() << " bytes for its intermediate values";
        if (auto live = function->getAttrOfType<IntegerAttr>("rt.live_bytes"))
          message << " (" << live.getInt() << " live at once)";
        message << "; --memory-budget is " << budget
                << " bytes; --remat=max (and --remat=auto, where it helps) computes values again, "
                   "a smaller batch needs less";
      }
    });
    if (waits)
      begin()
          << "has intermediate values whose sizes only the run knows, so that no memory budget can be kept; "
             "--shape states the sizes of feeds";
  }
  return text.empty() ? llvm::Error::success() : llvm::createStringError(text);
}

} // namespace tgc
