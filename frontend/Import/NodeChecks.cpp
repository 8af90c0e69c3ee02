//===- NodeChecks.cpp - What a node asks of values, now or in the run -----===//

#include "frontend/Import/Messages.h"
#include "frontend/Import/NodeImporter.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tgc {

LogicalResult NodeImporter::checkPositive(ArrayRef<Size> values, StringRef what) {
  for (Size value : values) {
    auto known = IndexBuilder::getConstant(value);
    if (known && *known < 1)
      return error() << what << " must be positive, got " << *known;
    if (!known)
      check(sizes.lessEqual(sizes.constant(1), value), what + " must be positive, got %d", sizes.get(value));
  }
  return success();
}

void NodeImporter::check(Value condition, const Twine &message, ValueRange values, tg::StatusCode code) {
  if (matchPattern(condition, m_One()))
    return;
  tg::CheckOp::create(builder, loc, condition, code, message, values);
}

void NodeImporter::checkAll(Value conditions, const Twine &message, ValueRange values) {
  int64_t rank = mlir::cast<RankedTensorType>(conditions.getType()).getRank();
  Value all = reduce(tg::ReductionKind::All, conditions, llvm::to_vector(llvm::seq<int64_t>(0, rank)));
  check(tensor::ExtractOp::create(builder, loc, all, ValueRange()), message, values);
}

std::string escapeMessage(StringRef text) {
  std::string escaped;
  for (char c : text)
    escaped += c == '%' ? "%%" : std::string(1, c);
  return escaped;
}

/// `message` with each %d replaced by the next value, and %% by a percent sign, as the run time does it.
static std::string formatMessage(StringRef message, ArrayRef<int64_t> values) {
  std::string text;
  while (!message.empty()) {
    if (message.consume_front("%%")) {
      text += '%';
    } else if (message.starts_with("%d") && !values.empty()) {
      text += std::to_string(values.consume_front());
      message = message.drop_front(2);
    } else {
      text += message.front();
      message = message.drop_front();
    }
  }
  return text;
}

LogicalResult NodeImporter::requireAtMost(Size a, Size b, const Twine &message) {
  auto x = IndexBuilder::getConstant(a), y = IndexBuilder::getConstant(b);
  if (x && y && *x > *y)
    return error() << formatMessage(message.str(), {*x, *y});
  if (!(x && y) && !(x == 0 && IndexBuilder::isNonNegative(b)) && !IndexBuilder::isEqual(a, b))
    check(sizes.lessEqual(a, b), message, sizes.get({a, b}));
  return success();
}

LogicalResult NodeImporter::requireEqual(Size a, Size b, const Twine &message) {
  auto x = IndexBuilder::getConstant(a), y = IndexBuilder::getConstant(b);
  if (x && y && *x != *y)
    return error() << formatMessage(message.str(), {*x, *y});
  a = sizes.canonical(a), b = sizes.canonical(b);
  if (!IndexBuilder::isEqual(a, b))
    check(sizes.equals(a, b), message, sizes.get({a, b}));
  sizes.setEqual(a, b);
  return success();
}

} // namespace tgc
