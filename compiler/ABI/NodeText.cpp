//===- NodeText.cpp - What a location says of its node --------------------===//
//
// The importer names a location after its node, and the location inside of it after the node's op.
//
//===----------------------------------------------------------------------===//

#include "compiler/ABI/NodeText.h"

using namespace mlir;

std::string tgc::getNodeText(Location loc) {
  if (auto name = dyn_cast<NameLoc>(loc)) {
    auto op = dyn_cast<NameLoc>(name.getChildLoc());
    return name.getName().str() + (op ? " (" + op.getName().str() + ")" : "");
  }
  if (auto fused = dyn_cast<FusedLoc>(loc))
    for (Location part : fused.getLocations())
      if (std::string text = getNodeText(part); !text.empty())
        return text;
  if (auto call = dyn_cast<CallSiteLoc>(loc))
    return getNodeText(call.getCallee());
  return "";
}
