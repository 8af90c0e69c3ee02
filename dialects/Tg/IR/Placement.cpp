//===- Placement.cpp - Where the graph wants its nodes --------------------===//

#include "dialects/Tg/IR/Placement.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/BuiltinAttributes.h"

using namespace mlir;

namespace tgc {

static constexpr const char kHost[] = "CPU";
static constexpr llvm::StringLiteral kGpu = "GPU:";

static Location placeOn(StringAttr node, StringAttr op, const Twine &place) {
  return NameLoc::get(node, NameLoc::get(op, NameLoc::get(StringAttr::get(node.getContext(), place))));
}

Location placeOnHost(StringAttr node, StringAttr op) { return placeOn(node, op, kHost); }

Location placeOnGpu(StringAttr node, StringAttr op, int32_t number) {
  return placeOn(node, op, kGpu + Twine(number));
}

StringRef getPlace(Location loc) {
  auto node = loc->findInstanceOf<NameLoc>();
  auto op = node ? dyn_cast<NameLoc>(node.getChildLoc()) : NameLoc();
  auto place = op ? dyn_cast<NameLoc>(op.getChildLoc()) : NameLoc();
  return place ? place.getName().getValue() : StringRef();
}

bool isPlacedOnHost(Location loc) { return getPlace(loc) == kHost; }

unsigned getGpuOf(Location loc, ArrayRef<int32_t> gpus) {
  StringRef place = getPlace(loc);
  int32_t number;
  if (!place.consume_front(kGpu) || place.getAsInteger(10, number))
    return 0;
  const auto *found = llvm::find(gpus, number);
  return found == gpus.end() ? 0 : found - gpus.begin();
}

void forgetPlaceOnGpu(Operation *program, int32_t number) {
  std::string forgotten = (kGpu + Twine(number)).str();
  AttrTypeReplacer replacer;
  replacer.addReplacement([&](NameLoc op) -> std::optional<Attribute> {
    auto place = dyn_cast<NameLoc>(op.getChildLoc());
    if (!place || place.getName() != forgotten || !isa<UnknownLoc>(place.getChildLoc()))
      return std::nullopt;
    return NameLoc::get(op.getName());
  });
  replacer.recursivelyReplaceElementsIn(program, /*replaceAttrs=*/false, /*replaceLocs=*/true);
}

} // namespace tgc
