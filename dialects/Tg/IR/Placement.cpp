//===- Placement.cpp - Where the graph wants its nodes --------------------===//

#include "dialects/Tg/IR/Placement.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace tgc {

static constexpr const char kHost[] = "CPU";
static constexpr llvm::StringLiteral kGpu = "GPU:", kAll = "ALL:";

static Location placeOn(StringAttr node, StringAttr op, const Twine &place) {
  return NameLoc::get(node, NameLoc::get(op, NameLoc::get(StringAttr::get(node.getContext(), place))));
}

Location placeOnHost(StringAttr node, StringAttr op) { return placeOn(node, op, kHost); }

Location placeOnGpu(StringAttr node, StringAttr op, int32_t number) {
  return placeOn(node, op, kGpu + Twine(number));
}

/// "ALL:sum:ROOT:0,1:NODE", where ROOT is "" if there is none.
Location placeOnAll(StringAttr node, StringAttr op, const SharedReduction &reduction) {
  return placeOn(
      node, op,
      kAll + reduction.kind + ":" + (reduction.root ? Twine(*reduction.root) : Twine()) + ":" +
          llvm::join(llvm::map_range(reduction.gpus, [](int32_t gpu) { return std::to_string(gpu); }), ",") +
          ":" + node.getValue());
}

std::optional<SharedReduction> getSharedReduction(Location loc) {
  StringRef place = getPlace(loc);
  if (!place.consume_front(kAll))
    return std::nullopt;
  SharedReduction reduction;
  StringRef root, gpus;
  std::tie(reduction.kind, place) = place.split(':');
  std::tie(root, place) = place.split(':');
  std::tie(gpus, place) = place.split(':');
  int32_t number;
  if (!root.getAsInteger(10, number))
    reduction.root = number;
  for (StringRef gpu : llvm::split(gpus, ','))
    if (!gpu.getAsInteger(10, number))
      reduction.gpus.push_back(number);
  return reduction;
}

StringRef getPlace(Location loc) {
  auto node = loc->findInstanceOf<NameLoc>();
  auto op = node ? dyn_cast<NameLoc>(node.getChildLoc()) : NameLoc();
  auto place = op ? dyn_cast<NameLoc>(op.getChildLoc()) : NameLoc();
  return place ? place.getName().getValue() : StringRef();
}

bool isPlacedOnHost(Location loc) { return getPlace(loc) == kHost; }

std::optional<int32_t> getGpuNumber(Location loc) {
  StringRef place = getPlace(loc);
  int32_t number;
  return place.consume_front(kGpu) && !place.getAsInteger(10, number) ? std::optional(number) : std::nullopt;
}

unsigned getGpuOf(Location loc, ArrayRef<int32_t> gpus) {
  std::optional<int32_t> number = getGpuNumber(loc);
  if (auto shared = getSharedReduction(loc); shared && !shared->gpus.empty())
    number = shared->root.value_or(shared->gpus.front());
  if (!number)
    return 0;
  const auto *found = llvm::find(gpus, *number);
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
