//===- IterationLimit.cpp - The most turns of a loop ----------------------===//

#include "dialects/Tg/IR/IterationLimit.h"
#include "dialects/Tg/IR/TgOps.h"

using namespace mlir;

namespace tgc::tg {

void createIterationLimit(OpBuilder &builder, Location loc, Value count, int64_t most) {
  Value bound = arith::ConstantIndexOp::create(builder, loc, most);
  Value isWithin = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, count, bound);
  CheckOp::create(builder, loc, isWithin, StatusCode::ResourceExhausted,
                  "the loop goes on after %d iterations, the most that --max-iterations allows", bound);
}

} // namespace tgc::tg
