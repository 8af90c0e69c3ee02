//===- RandomOps.cpp - Random numbers -------------------------------------===//
//
// All random operators draw from Philox with a key and a counter. Stateful ones keep how far their counter has come in a
// variable of their own, which no checkpoint holds; each run moves it on as TensorFlow's CPU kernels do, by 256 steps per element.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/Indexing.h"
#include "frontend/Import/NodeImporter.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

/// Steps that a stateful operator reserves for each element.
constexpr int64_t kStepsPerElement = 256;

struct Generator {
  Value key, counter;
};

Type getWordType(NodeImporter &n, int64_t count) {
  return RankedTensorType::get({count}, IntegerType::get(n.builder.getContext(), 64, IntegerType::Unsigned));
}

/// The generator of a stateful node for `count` elements; moves its counter on.
FailureOr<Generator> getStatefulGenerator(NodeImporter &n, Size count) {
  EntryImporter &entry = n.graph.entry;
  std::string name = (kRandomStatePrefix + cast<NameLoc>(n.loc).getName().getValue()).str();
  auto type = RankedTensorType::get({}, n.builder.getI64Type());
  if (failed(entry.declareVariable(name, type, n.loc)))
    return failure();
  entry.module.variables[name].initialValue = DenseElementsAttr::get(type, int64_t(0));
  Value steps = entry.readVariable(name);
  std::string config = std::to_string(n.getInt("seed")) + " " + std::to_string(n.getInt("seed2"));
  SmallVector<Value> state = n.hostCall("tgc_kernel_random_state", steps, {getWordType(n, 1), getWordType(n, 2)}, config);
  Value taken = arith::IndexCastOp::create(n.builder, n.loc, n.builder.getI64Type(), n.sizes.get(n.sizes.mul(count, n.sizes.constant(kStepsPerElement))));
  entry.writeVariable(name, n.add(steps, n.create<tensor::FromElementsOp>(type, taken)));
  return Generator{state[0], state[1]};
}

Generator getStatelessGenerator(NodeImporter &n, Value seed) {
  SmallVector<Value> state = n.hostCall("tgc_kernel_random_stateless_state", seed, {getWordType(n, 1), getWordType(n, 2)});
  return {state[0], state[1]};
}

/// Fills a tensor of `shape` by a kernel of runtime/kernels/random.
void fill(NodeImporter &n, StringRef kernel, Generator generator, ArrayRef<Size> shape, Type element, ValueRange more = {}) {
  SmallVector<Value> operands{generator.key, generator.counter};
  llvm::append_range(operands, more);
  RankedTensorType type = tg::getTypeOfSizes(shape, element);
  n.setResult(n.hostCall(kernel, operands, type, "", tg::getDynamicSizes(shape)).front());
}

/// Kernel, and where an integer operator has its bounds (else 0).
template <StringLiteral const &kernel, int bounds> LogicalResult importStateful(NodeImporter &n) {
  auto shape = n.getSizeOperand(0, "shape");
  auto element = n.getElementTypeAttr(bounds ? "Tout" : "dtype");
  if (failed(shape) || failed(element) || failed(checkSizes(n, *shape)))
    return failure();
  auto generator = getStatefulGenerator(n, n.sizes.product(*shape));
  if (failed(generator))
    return failure();
  fill(n, kernel, *generator, *shape, *element, bounds ? n.getTensors(bounds, bounds + 2) : SmallVector<Value>());
  return success();
}

/// V1 forms have (shape, seed, bounds...), V2 forms (shape, key, counter, alg, bounds...).
template <StringLiteral const &kernel, bool isV2, bool hasBounds> LogicalResult importStateless(NodeImporter &n) {
  auto shape = n.getSizeOperand(0, "shape");
  auto element = n.getElementTypeAttr("dtype");
  if (failed(shape) || failed(element) || failed(checkSizes(n, *shape)))
    return failure();
  Generator generator;
  if (isV2) {
    auto algorithm = n.getConstant(3, "alg");
    if (failed(algorithm))
      return failure();
    if (*algorithm != 1 && *algorithm != 3)
      return n.error() << "alg " << *algorithm << " is not supported, expected 1 (Philox) or 3 (auto select)";
    generator = {n.getTensor(1), n.getTensor(2)};
  } else {
    generator = getStatelessGenerator(n, n.getTensor(1));
  }
  size_t first = isV2 ? 4 : 2;
  fill(n, kernel, generator, *shape, *element, hasBounds ? n.getTensors(first, first + 2) : SmallVector<Value>());
  return success();
}

LogicalResult importGetKeyCounter(NodeImporter &n) {
  Generator generator = getStatelessGenerator(n, n.getTensor(0));
  n.setResult(0, generator.key);
  n.setResult(1, generator.counter);
  if (n.getOutputs().size() > 2)
    n.setHostResult(2, {n.builder.getI32Type(), {}, {n.sizes.constant(1)}});
  return success();
}

LogicalResult importGetAlg(NodeImporter &n) {
  n.setHostResult({n.builder.getI32Type(), {}, {n.sizes.constant(1)}});
  return success();
}

constexpr StringLiteral kUniform = "tgc_kernel_random_uniform", kNormal = "tgc_kernel_random_normal",
                        kTruncatedNormal = "tgc_kernel_random_truncated_normal", kUniformInt = "tgc_kernel_random_uniform_int",
                        kFullInt = "tgc_kernel_random_uniform_full_int";

} // namespace

void registerRandomOps(OpRegistry &registry) {
  registry.add({"RandomUniform"}, importStateful<kUniform, 0>);
  registry.add({"RandomStandardNormal"}, importStateful<kNormal, 0>);
  registry.add({"TruncatedNormal"}, importStateful<kTruncatedNormal, 0>);
  registry.add({"RandomUniformInt"}, importStateful<kUniformInt, 1>);
  registry.add({"StatelessRandomUniform"}, importStateless<kUniform, false, false>);
  registry.add({"StatelessRandomNormal"}, importStateless<kNormal, false, false>);
  registry.add({"StatelessTruncatedNormal"}, importStateless<kTruncatedNormal, false, false>);
  registry.add({"StatelessRandomUniformInt"}, importStateless<kUniformInt, false, true>);
  registry.add({"StatelessRandomUniformFullInt"}, importStateless<kFullInt, false, false>);
  registry.add({"StatelessRandomUniformV2"}, importStateless<kUniform, true, false>);
  registry.add({"StatelessRandomNormalV2"}, importStateless<kNormal, true, false>);
  registry.add({"StatelessTruncatedNormalV2"}, importStateless<kTruncatedNormal, true, false>);
  registry.add({"StatelessRandomUniformIntV2"}, importStateless<kUniformInt, true, true>);
  registry.add({"StatelessRandomUniformFullIntV2"}, importStateless<kFullInt, true, false>);
  registry.add({"StatelessRandomGetKeyCounter", "StatelessRandomGetKeyCounterAlg"}, importGetKeyCounter);
  registry.add({"StatelessRandomGetAlg"}, importGetAlg);
}

} // namespace tgc
