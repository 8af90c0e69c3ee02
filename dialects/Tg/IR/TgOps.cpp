//===- TgOps.cpp - Generated definitions of the tg ops --------------------===//
//
// What is generated comes in here once; verifiers, type rules and folders stand in one file per family.
//
//===----------------------------------------------------------------------===//

#include "dialects/Tg/IR/TgOps.h"
#include "dialects/Tg/IR/GradientBuilder.h"
#include "dialects/Tg/IR/ScalarBuilder.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include <numbers>

#define GET_OP_CLASSES
#include "dialects/Tg/IR/TgOps.cpp.inc"

namespace tgc::tg {

template <typename Op> constexpr bool hasGradientOrReason() {
  constexpr bool hasRule = std::is_base_of_v<DifferentiableOpInterface::Trait<Op>, Op> ||
                           std::is_base_of_v<RegionGradient<Op>, Op>;
  constexpr bool hasReason = std::is_base_of_v<NoGradient<Op>, Op>;
  static_assert(hasRule || hasReason,
                "this op needs a gradient (Tg_Differentiable and buildGradients) or Tg_NoGradient<\"why\">");
  static_assert(!(hasRule && hasReason), "this op has a gradient and a reason to have none");
  return true;
}

template <typename... Ops> constexpr bool allHaveGradientsOrReasons(OpList<Ops...>) {
  return (hasGradientOrReason<Ops>() && ...);
}
static_assert(allHaveGradientsOrReasons(AllOps()));

} // namespace tgc::tg
