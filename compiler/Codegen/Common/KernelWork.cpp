//===- KernelWork.cpp - How much a kernel does ----------------------------===//

#include "compiler/Codegen/Common/KernelWork.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace tgc {

static constexpr StringRef kNumber = "work", kIsNest = "nest", kOperations = "operations", kBytes = "bytes",
                           kType = "type";

Location describeWork(Location location, const KernelWork &work) {
  Builder builder(location.getContext());
  SmallVector<NamedAttribute> described = {
      builder.getNamedAttr(kNumber, builder.getI64IntegerAttr(work.number)),
      builder.getNamedAttr(kIsNest, builder.getBoolAttr(work.isNest)),
      builder.getNamedAttr(kOperations, builder.getStringAttr(work.operations)),
      builder.getNamedAttr(kBytes, builder.getStringAttr(work.bytes))};
  if (work.type != KernelWork().type)
    described.push_back(builder.getNamedAttr(kType, builder.getStringAttr(work.type)));
  return FusedLoc::get({location}, builder.getDictionaryAttr(described), location.getContext());
}

void setWork(Operation *op, const KernelWork &work) { op->setLoc(describeWork(op->getLoc(), work)); }

std::optional<KernelWork> getWork(Location location) {
  std::optional<KernelWork> work;
  location->walk([&](Location inner) {
    auto fused = dyn_cast<FusedLoc>(inner);
    auto described = fused ? dyn_cast_or_null<DictionaryAttr>(fused.getMetadata()) : DictionaryAttr();
    if (!described || !described.contains(kNumber))
      return WalkResult::advance();
    work = {described.getAs<IntegerAttr>(kNumber).getInt(), described.getAs<BoolAttr>(kIsNest).getValue(),
            described.getAs<StringAttr>(kOperations).str(), described.getAs<StringAttr>(kBytes).str()};
    if (auto type = described.getAs<StringAttr>(kType))
      work->type = type.str();
    return WalkResult::interrupt();
  });
  return work;
}

std::string joinTypes(ArrayRef<KernelWork> works) {
  std::string joined;
  for (const KernelWork &work : works) {
    if (work.operations == "0")
      continue;
    if (work.type == "f64" || joined.empty())
      joined = work.type;
    else if (joined != work.type && joined != "f64")
      joined = KernelWork().type;
  }
  return joined.empty() ? KernelWork().type : joined;
}

std::string addFormulas(StringRef a, StringRef b) {
  int64_t constant = 0;
  std::string sum;
  for (StringRef formula : {a, b})
    for (StringRef term : llvm::split(formula, '+')) {
      int64_t number = 0;
      if (!term.getAsInteger(10, number))
        constant += number;
      else
        sum += ("+" + term).str();
    }
  return constant == 0 && !sum.empty() ? sum.substr(1) : std::to_string(constant) + sum;
}

} // namespace tgc
