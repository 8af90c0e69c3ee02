//===- ModelFlags.cpp - Flags of all tools that compile models ------------===//

#include "tools/flags/ModelFlags.h"
#include "compiler/API/OptionsText.h"

using namespace llvm;

namespace tgc {

ModelFlags::ModelFlags(cl::OptionCategory &category)
    : signature("signature", cl::desc("Signature of a SavedModel (default: all)"), cl::value_desc("NAME"),
                cl::cat(category)),
      shape("shape", cl::desc("Refine or override a feed's shape; repeated"), cl::value_desc("x:0=?,784"),
            cl::cat(category)),
      checkpoint("checkpoint", cl::desc("Values that the variables start with"), cl::value_desc("PREFIX"),
                 cl::cat(category)),
      stripAsserts("strip-asserts", cl::desc("Leave Assert and CheckNumerics out"), cl::cat(category)),
      exact("exact", cl::desc("Compute convolutions without transforms that round otherwise"),
            cl::cat(category)),
      gradients(
          "gradients",
          cl::desc("Adds the tensors gradients/X, the derivatives of Y (of the sum of several) with respect "
                   "to each X of --wrt, which entries can fetch, and the entry gradients if none does; "
                   "repeated: gradients_1/X, ... (Y may be gradients/X)"),
          cl::value_desc("Y"), cl::cat(category)),
      wrt("wrt", cl::desc("Tensors and variables to differentiate with respect to"), cl::value_desc("X,..."),
          cl::cat(category)),
      minimize(
          "minimize",
          cl::desc("Adds the target train, a step of --optimizer, which entries can run, and the entry train "
                   "if none does"),
          cl::value_desc("LOSS"), cl::cat(category)),
      optimizer(
          "optimizer",
          cl::desc("sgd, momentum, adagrad, adagradda, adadelta, rmsprop, adam, adamax, ftrl, proximalsgd, "
                   "proximaladagrad, addsign, powersign; values are numbers or tensors of the graph"),
          cl::value_desc("KIND:key=value,..."), cl::cat(category)),
      trainable(
          "trainable",
          cl::desc("What the names of the variables to train begin with (default: all that LOSS depends on)"),
          cl::value_desc("REGEX"), cl::cat(category)),
      clipNorm("clip-norm", cl::desc("Scale gradients to this global norm at most"), cl::value_desc("X"),
               cl::cat(category)),
      remat("remat", cl::init("auto"),
            cl::desc("Compute forward values again for gradients: auto (where that is cheaper than memory; "
                     "the default), none, max (wherever it saves memory)"),
            cl::value_desc("auto|none|max"), cl::cat(category)),
      memoryBudget(
          "memory-budget",
          cl::desc("Intermediate values of an entry take this at most: values are computed again to keep "
                   "to it (--remat=auto), or it is an error"),
          cl::value_desc("64MiB"), cl::cat(category)),
      gpuF32("gpu-f32", cl::init("ieee"),
             cl::desc(
                 "How a GPU multiplies matrices of f32: ieee (fused multiply-adds, but tf32x3 for attention "
                 "and its gradients; the default), tf32 (tensor cores, factors of 11 bits), tf32x3 "
                 "(tensor cores, three products for one)"),
             cl::value_desc("ieee|tf32|tf32x3"), cl::cat(category)),
      set("set", cl::desc("Make a placeholder (or any tensor) a constant; repeated"),
          cl::value_desc("training:0=false"), cl::cat(category)),
      checkNumerics("check-numerics", cl::desc("A NaN ends the run with the name of the node that made it"),
                    cl::cat(category)),
      allowSoftPlacement("allow-soft-placement", cl::init(true),
                         cl::desc("Place nodes that name a device that is not there elsewhere (the default); "
                                  "with =false each is an error"),
                         cl::cat(category)),
      logDevicePlacement("log-device-placement", cl::desc("Tell the device of each node"), cl::cat(category)),
      cache("cache", cl::desc("Keep compiled code in this directory, and take it from there if it is known"),
            cl::value_desc("DIR"), cl::cat(category)),
      tune("tune",
           cl::desc("Measure tiles of products and convolutions on this machine, for so long at most, and "
                    "take the fastest; --cache keeps them (with --target=cpu:native)"),
           cl::value_desc("SECONDS"), cl::cat(category)) {}

Error ModelFlags::apply(CompileOptions &options) const {
  options.signature = signature;
  options.checkpoint = checkpoint;
  options.checkNumerics = checkNumerics;
  options.cacheDirectory = cache;
  options.stripAsserts = stripAsserts;
  options.exact = exact;
  options.allowSoftPlacement = allowSoftPlacement;
  if (logDevicePlacement)
    options.placementLog = &errs();
  for (const std::string &text : shape) {
    auto parsed = parseFeedShape(text);
    if (!parsed)
      return parsed.takeError();
    options.feedShapes.push_back(std::move(*parsed));
  }
  for (const std::string &text : set) {
    auto constant = parseConstant(text);
    if (!constant)
      return constant.takeError();
    options.constants.push_back(std::move(*constant));
  }
  if (gradients.size() != wrt.size())
    return createStringError(
        "each --gradients Y needs a --wrt X,... after it, which says with respect to what");
  for (auto [y, x] : zip_equal(gradients, wrt))
    options.gradients.push_back({splitNames(y), splitNames(x)});
  auto rematerialization = parseRemat(remat);
  if (!rematerialization)
    return rematerialization.takeError();
  options.remat = *rematerialization;
  if (memoryBudget.getNumOccurrences()) {
    auto bytes = parseBytes(memoryBudget);
    if (!bytes)
      return bytes.takeError();
    options.memoryBudget = *bytes;
  }
  if (tune.getNumOccurrences()) {
    auto seconds = parseTuneSeconds(tune);
    if (!seconds)
      return seconds.takeError();
    options.tuneSeconds = *seconds;
  }
  auto products = parseGpuF32(gpuF32);
  if (!products)
    return products.takeError();
  options.gpuF32 = *products;
  options.training = {minimize, optimizer, trainable, clipNorm};
  return checkGradientOptions(options);
}

} // namespace tgc
