//===- CandidateOps.cpp - Sampled classes ---------------------------------===//

#include "frontend/Import/HostFamilies.h"
#include "frontend/Import/RandomGenerator.h"
#include "llvm/Support/MemoryBuffer.h"

#include <cmath>

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

/// Numbered as in runtime/kernels/random/candidates.c.
enum class Sampler { All, Uniform, LogUniform, Unigram, Fixed };

/// The weights of the classes of FixedUnigramCandidateSampler, from a list or from the last column of a file.
FailureOr<std::vector<float>> getWeights(NodeImporter &n) {
  std::vector<float> given;
  if (const proto::AttrValue *unigrams = findAttr(n.node, "unigrams"))
    given.assign(unigrams->list().f().begin(), unigrams->list().f().end());
  StringRef file = n.getString("vocab_file");
  if (file.empty() == given.empty()) {
    n.error() << "expected either vocab_file or unigrams";
    return failure();
  }
  if (!file.empty()) {
    auto buffer = llvm::MemoryBuffer::getFile(file, /*IsText=*/true);
    if (!buffer) {
      n.error() << "vocab_file " << file << ": " << buffer.getError().message();
      return failure();
    }
    SmallVector<StringRef> lines;
    (*buffer)->getBuffer().split(lines, '\n');
    if (!lines.empty() && lines.back().empty())
      lines.pop_back();
    for (StringRef line : lines) {
      double weight;
      if (line.rsplit(',').second.trim().getAsDouble(weight) && line.trim().getAsDouble(weight)) {
        n.error() << "vocab_file " << file << ": wrong vocabulary format at line: " << line;
        return failure();
      }
      given.push_back(static_cast<float>(weight));
    }
  }
  int64_t shards = n.getInt("num_shards"), shard = n.getInt("shard"), id = 0;
  std::vector<float> weights;
  auto isOwn = [&] { return shards > 0 && id++ % shards == shard; };
  for (int64_t i = 0; i < n.getInt("num_reserved_ids"); ++i)
    if (isOwn())
      weights.push_back(0);
  for (float weight : given)
    if (isOwn())
      weights.push_back(std::pow(weight, n.getFloat("distortion")));
  if (static_cast<int64_t>(weights.size()) != n.getInt("range_max")) {
    n.error() << "range_max is " << n.getInt("range_max") << ", but there are " << weights.size()
              << " weights";
    return failure();
  }
  return weights;
}

/// Walker's alias method: a class drawn uniformly is kept with its probability here, else replaced by its
/// alias.
struct AliasTable {
  std::vector<float> keep;
  std::vector<int32_t> alias;
};

AliasTable makeAliasTable(ArrayRef<float> weights) {
  size_t count = weights.size();
  double sum = 0;
  for (float weight : weights)
    sum += weight;
  std::vector<double> share(count);
  AliasTable table{std::vector<float>(count, 1), std::vector<int32_t>(count)};
  std::vector<int32_t> rich, poor;
  for (size_t i = 0; i < count; ++i) {
    table.alias[i] = i;
    share[i] = (weights[i] * static_cast<float>(static_cast<int>(count))) / sum;
    (share[i] < 1 ? poor : rich).push_back(i);
  }
  while (!rich.empty() && !poor.empty()) {
    int32_t taker = poor.back(), giver = rich.back();
    poor.pop_back();
    rich.pop_back();
    table.alias[taker] = giver;
    table.keep[taker] = share[taker];
    share[giver] -= 1 - share[taker];
    (share[giver] < 1 ? poor : rich).push_back(giver);
  }
  return table;
}

FailureOr<SmallVector<Value>> getFixedTables(NodeImporter &n) {
  auto weights = getWeights(n);
  if (failed(weights))
    return failure();
  float total = 0;
  for (float weight : *weights)
    total += weight;
  AliasTable table = makeAliasTable(*weights);
  std::vector<float> probabilities;
  for (float weight : *weights)
    probabilities.push_back(weight / total);
  int64_t count = weights->size();
  auto floats = RankedTensorType::get({count}, n.builder.getF32Type()),
       ints = RankedTensorType::get({count}, n.builder.getI32Type());
  return SmallVector<Value>{
      n.create<tg::ConstantOp>(DenseElementsAttr::get(floats, ArrayRef(table.keep))),
      n.create<tg::ConstantOp>(DenseElementsAttr::get(ints, ArrayRef(table.alias))),
      n.create<tg::ConstantOp>(DenseElementsAttr::get(floats, ArrayRef(probabilities)))};
}

template <Sampler sampler> LogicalResult importSampler(NodeImporter &n) {
  Value classes = n.getTensor(0);
  if (n.getRank(0) != 2)
    return n.error() << "true_classes must be a matrix, got " << classes.getType();
  SmallVector<Size> shape = n.sizes.sizesOf(classes);
  int64_t sampled = n.getInt("num_sampled"),
          range = sampler == Sampler::All ? sampled : n.getInt("range_max");
  bool isUnique = n.getBool("unique");
  if (failed(n.requireEqual(shape[1], n.sizes.constant(n.getInt("num_true")),
                            "true_classes has %d columns, num_true is %d")))
    return failure();
  if (range < 1 || sampled < 0 || (sampler == Sampler::Unigram && range >= INT32_MAX))
    return n.error() << "range_max " << range << " or num_sampled " << sampled << " is out of range";
  if (isUnique && sampled > range)
    return n.error() << "Sampler's range is too small: " << sampled << " unique candidates of " << range;
  // 2048 words for each candidate, four to a step.
  auto generator = getStatefulGenerator(n, n.sizes.constant(512 * sampled));
  if (failed(generator))
    return failure();
  SmallVector<Value> operands{generator->key, generator->counter, classes};
  if (sampler == Sampler::Fixed) {
    auto tables = getFixedTables(n);
    if (failed(tables))
      return failure();
    llvm::append_range(operands, *tables);
  }
  auto counts = RankedTensorType::get({sampled}, n.builder.getF32Type());
  Type types[] = {RankedTensorType::get({sampled}, n.builder.getI64Type()),
                  tg::getTypeOfSizes(shape, n.builder.getF32Type()), counts};
  std::string config = std::to_string(static_cast<int>(sampler)) + " " + std::to_string(isUnique) + " " +
                       std::to_string(range);
  SmallVector<Value> results =
      n.hostCall("tgc_kernel_random_candidates", operands, types, config, tg::getDynamicSizes(shape),
                 /*isPure=*/sampler != Sampler::Unigram);
  for (auto [i, result] : llvm::enumerate(results))
    n.setResult(i, result);
  n.sizes.setSizes(results[1], shape);
  return success();
}

LogicalResult importAccidentalHits(NodeImporter &n) {
  Value classes = n.getTensor(0), candidates = n.getTensor(1);
  if (n.getRank(0) != 2 || n.getRank(1) != 1)
    return n.error() << "true_classes must be a matrix and sampled_candidates a vector, got "
                     << classes.getType() << " and " << candidates.getType();
  if (failed(n.requireEqual(n.sizes.sizeOf(classes, 1), n.sizes.constant(n.getInt("num_true")),
                            "true_classes has %d columns, num_true is %d")))
    return failure();
  SmallVector<Type> types;
  for (Type element : {n.builder.getI32Type(), n.builder.getI64Type()})
    types.push_back(RankedTensorType::get({ShapedType::kDynamic}, element));
  types.push_back(RankedTensorType::get({ShapedType::kDynamic}, n.builder.getF32Type()));
  SmallVector<Value> results = n.hostCall("tgc_kernel_accidental_hits", {classes, candidates}, types, "", {},
                                          /*isPure=*/true, /*findsSizes=*/true);
  for (auto [i, result] : llvm::enumerate(results))
    n.setResult(i, result);
  return success();
}

} // namespace

void registerCandidateOps(OpRegistry &registry) {
  registry.add({"AllCandidateSampler"}, importSampler<Sampler::All>);
  registry.add({"UniformCandidateSampler"}, importSampler<Sampler::Uniform>);
  registry.add({"LogUniformCandidateSampler"}, importSampler<Sampler::LogUniform>);
  registry.add({"LearnedUnigramCandidateSampler", "ThreadUnsafeUnigramCandidateSampler"},
               importSampler<Sampler::Unigram>);
  registry.add({"FixedUnigramCandidateSampler"}, importSampler<Sampler::Fixed>);
  registry.add({"ComputeAccidentalHits"}, importAccidentalHits);
}

} // namespace tgc
