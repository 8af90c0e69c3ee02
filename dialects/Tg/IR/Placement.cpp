//===- Placement.cpp - Where the graph wants its nodes --------------------===//

#include "dialects/Tg/IR/Placement.h"
#include "mlir/IR/BuiltinAttributes.h"

using namespace mlir;

namespace tgc {

static constexpr const char kHost[] = "CPU";

Location placeOnHost(StringAttr node, StringAttr op) {
  return NameLoc::get(node, NameLoc::get(op, NameLoc::get(StringAttr::get(node.getContext(), kHost))));
}

bool isPlacedOnHost(Location loc) {
  auto node = loc->findInstanceOf<NameLoc>();
  auto op = node ? dyn_cast<NameLoc>(node.getChildLoc()) : NameLoc();
  auto place = op ? dyn_cast<NameLoc>(op.getChildLoc()) : NameLoc();
  return place && place.getName() == kHost;
}

} // namespace tgc
