//===- OptimizerKinds.cpp - The optimizers that --minimize knows ----------===//

#include "frontend/Import/OptimizerKinds.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

namespace tgc {
namespace {

using llvm::StringRef;

constexpr Hyperparameter kDescent[] = {{"learning_rate", "alpha", ""}};
constexpr Hyperparameter kMomentum[] = {{"learning_rate", "lr", ""}, {"momentum", "momentum", "0.9"}};
constexpr Hyperparameter kAdagrad[] = {{"learning_rate", "lr", ""}, {"initial_accumulator_value", "", "0.1"}};
constexpr Hyperparameter kDualAveraging[] = {{"learning_rate", "lr", ""},
                                             {"initial_gradient_squared_accumulator_value", "", "0.1"},
                                             {"l1_regularization_strength", "l1", "0"},
                                             {"l2_regularization_strength", "l2", "0"}};
constexpr Hyperparameter kAdadelta[] = {
    {"learning_rate", "lr", "0.001"}, {"rho", "rho", "0.95"}, {"epsilon", "epsilon", "1e-8"}};
constexpr Hyperparameter kRmsProp[] = {{"learning_rate", "lr", ""},
                                       {"decay", "rho", "0.9"},
                                       {"momentum", "momentum", "0"},
                                       {"epsilon", "epsilon", "1e-10"}};
constexpr Hyperparameter kAdam[] = {{"learning_rate", "lr", "0.001"},
                                    {"beta1", "beta1", "0.9"},
                                    {"beta2", "beta2", "0.999"},
                                    {"epsilon", "epsilon", "1e-8"}};
constexpr Hyperparameter kFtrl[] = {{"learning_rate", "lr", ""},
                                    {"learning_rate_power", "lr_power", "-0.5"},
                                    {"initial_accumulator_value", "", "0.1"},
                                    {"l1_regularization_strength", "l1", "0"},
                                    {"l2_regularization_strength", "l2", "0"},
                                    {"l2_shrinkage_regularization_strength", "l2_shrinkage", "0"}};
constexpr Hyperparameter kProximalDescent[] = {{"learning_rate", "alpha", ""},
                                               {"l1_regularization_strength", "l1", "0"},
                                               {"l2_regularization_strength", "l2", "0"}};
constexpr Hyperparameter kProximalAdagrad[] = {{"learning_rate", "lr", ""},
                                               {"initial_accumulator_value", "", "0.1"},
                                               {"l1_regularization_strength", "l1", "0"},
                                               {"l2_regularization_strength", "l2", "0"}};
constexpr Hyperparameter kAddSign[] = {{"learning_rate", "lr", "0.1"},
                                       {"alpha", "alpha", "1"},
                                       {"beta", "beta", "0.9"},
                                       {"sign_decay", "sign_decay", "1"}};
constexpr Hyperparameter kPowerSign[] = {{"learning_rate", "lr", "0.1"},
                                         {"logbase", "logbase", "1"},
                                         {"beta", "beta", "0.9"},
                                         {"sign_decay", "sign_decay", "1"}};

constexpr Slot kZeroAccumulator[] = {{"accum", "0"}};
constexpr Slot kAccumulator[] = {{"accum", "initial_accumulator_value"}};
constexpr Slot kDualAccumulators[] = {
    {"gradient_accumulator", "0"},
    {"gradient_squared_accumulator", "initial_gradient_squared_accumulator_value"}};
constexpr Slot kAdadeltaSlots[] = {{"accum", "0"}, {"accum_update", "0"}};
constexpr Slot kRmsPropSlots[] = {{"ms", "1"}, {"mom", "0"}};
constexpr Slot kCenteredRmsPropSlots[] = {{"ms", "1"}, {"mg", "0"}, {"mom", "0"}};
constexpr Slot kMoments[] = {{"m", "0"}, {"v", "0"}};
constexpr Slot kMomentsAndMaximum[] = {{"m", "0"}, {"v", "0"}, {"vhat", "0"}};
constexpr Slot kFirstMoment[] = {{"m", "0"}};
constexpr Slot kFtrlSlots[] = {{"accum", "initial_accumulator_value"}, {"linear", "0"}};

constexpr Power kBothPowers[] = {{"beta1_power", "beta1"}, {"beta2_power", "beta2"}};
constexpr Power kFirstPower[] = {{"beta1_power", "beta1"}};

/// Flags choose among the forms of one optimizer; the plain form stands first.
struct Form {
  StringRef flag;
  OptimizerKind kind;
};
const Form kForms[] = {
    {"", {"sgd", "GradientDescent", "GradientDescent", kDescent, {}, {}}},
    {"", {"momentum", "Momentum", "Momentum", kMomentum, kZeroAccumulator, {}}},
    {"use_nesterov", {"momentum", "Momentum", "Momentum", kMomentum, kZeroAccumulator, {}, true}},
    {"", {"adagrad", "Adagrad", "Adagrad", kAdagrad, kAccumulator, {}}},
    {"", {"adagradda", "AdagradDA", "AdagradDA", kDualAveraging, kDualAccumulators, {}, false, true}},
    {"", {"adadelta", "Adadelta", "Adadelta", kAdadelta, kAdadeltaSlots, {}}},
    {"", {"rmsprop", "RMSProp", "RMSProp", kRmsProp, kRmsPropSlots, {}}},
    {"centered", {"rmsprop", "RMSProp", "CenteredRMSProp", kRmsProp, kCenteredRmsPropSlots, {}}},
    {"", {"adam", "Adam", "Adam", kAdam, kMoments, kBothPowers}},
    {"use_nesterov", {"adam", "Adam", "Adam", kAdam, kMoments, kBothPowers, true}},
    {"amsgrad", {"adam", "Adam", "AdamWithAmsgrad", kAdam, kMomentsAndMaximum, kBothPowers}},
    {"", {"adamax", "AdaMax", "AdaMax", kAdam, kMoments, kFirstPower}},
    {"", {"ftrl", "Ftrl", "FtrlV2", kFtrl, kFtrlSlots, {}}},
    {"", {"proximalsgd", "ProximalGradientDescent", "ProximalGradientDescent", kProximalDescent, {}, {}}},
    {"", {"proximaladagrad", "ProximalAdagrad", "ProximalAdagrad", kProximalAdagrad, kAccumulator, {}}},
    {"", {"addsign", "AddSignOptimizer", "AddSign", kAddSign, kFirstMoment, {}}},
    {"", {"powersign", "PowerSignOptimizer", "PowerSign", kPowerSign, kFirstMoment, {}}},
};

/// "GradientDescent", "gradient_descent" and "sgd" are one.
std::string normalizeKind(StringRef text) {
  std::string name;
  for (char c : text.lower())
    if (c != '_' && c != '-')
      name += c;
  return name == "gradientdescent" ? "sgd" : name == "proximalgradientdescent" ? "proximalsgd" : name;
}

/// The keys that a kind takes, for messages.
std::string listKeys(StringRef name) {
  std::string keys;
  for (const Form &form : kForms) {
    if (form.kind.name != name)
      continue;
    if (form.flag.empty())
      for (const Hyperparameter &hyperparameter : form.kind.hyperparameters)
        keys += hyperparameter.key.str() + ", ";
    else
      keys += form.flag.str() + ", ";
  }
  return keys + "clip_value, clip_each_norm, weight_decay, max_norm, max_norm_axis, ema_decay, "
                "ema_num_updates, global_step";
}

} // namespace

llvm::Expected<OptimizerChoice> parseOptimizer(StringRef text) {
  auto [kindText, rest] = text.split(':');
  std::string name = normalizeKind(kindText);
  OptimizerChoice choice;
  llvm::StringMap<std::string> given;
  for (StringRef part : llvm::split(rest, ',')) {
    if (part.trim().empty())
      continue;
    auto [key, value] = part.trim().split('=');
    if (value.empty() && key != "global_step")
      return llvm::createStringError("optimizer %s: '%s' is not of the form key=value",
                                     kindText.str().c_str(), part.str().c_str());
    if (!given.try_emplace(key.trim(), value.trim().str()).second)
      return llvm::createStringError("optimizer %s: '%s' stands twice", kindText.str().c_str(),
                                     key.trim().str().c_str());
  }
  auto isOn = [&](StringRef flag) {
    auto it = given.find(flag);
    return it != given.end() && it->second != "0" && !StringRef(it->second).equals_insensitive("false");
  };
  llvm::StringSet<> known{"clip_value",    "clip_each_norm", "weight_decay",    "max_norm",
                          "max_norm_axis", "ema_decay",      "ema_num_updates", "global_step"};
  for (const Form &form : kForms) {
    if (form.kind.name != name)
      continue;
    if (form.flag.empty() || isOn(form.flag))
      choice.kind = &form.kind;
    known.insert(form.flag);
  }
  if (!choice.kind) {
    std::string names;
    for (const Form &form : kForms)
      if (form.flag.empty())
        names += (names.empty() ? "" : ", ") + form.kind.name.str();
    return llvm::createStringError("optimizer '%s' is not known, expected one of %s", kindText.str().c_str(),
                                   names.c_str());
  }
  for (const Hyperparameter &hyperparameter : choice.kind->hyperparameters) {
    known.insert(hyperparameter.key);
    auto it = given.find(hyperparameter.key);
    std::string value = it == given.end() ? hyperparameter.defaultValue.str() : it->second;
    if (value.empty())
      return llvm::createStringError("optimizer %s needs %s=NUMBER or %s=TENSOR", name.c_str(),
                                     hyperparameter.key.str().c_str(), hyperparameter.key.str().c_str());
    choice.values[hyperparameter.key] = value;
  }
  for (const auto &entry : given)
    if (!known.contains(entry.first()))
      return llvm::createStringError("optimizer %s takes no '%s', expected one of %s", name.c_str(),
                                     entry.first().str().c_str(), listKeys(name).c_str());
  auto readNumber = [&](StringRef key, double &number) -> llvm::Error {
    auto it = given.find(key);
    if (it == given.end() || (!StringRef(it->second).getAsDouble(number) && number > 0))
      return llvm::Error::success();
    return llvm::createStringError("optimizer %s: %s=%s is no positive number", name.c_str(),
                                   key.str().c_str(), it->second.c_str());
  };
  const std::pair<StringRef, double *> numbers[] = {{"clip_value", &choice.clipValue},
                                                    {"clip_each_norm", &choice.clipEachNorm},
                                                    {"weight_decay", &choice.weightDecay},
                                                    {"max_norm", &choice.maxNorm},
                                                    {"ema_decay", &choice.averageDecay}};
  for (auto [key, number] : numbers)
    if (llvm::Error error = readNumber(key, *number))
      return std::move(error);
  if (auto axis = given.find("max_norm_axis");
      axis != given.end() && StringRef(axis->second).getAsInteger(10, choice.maxNormAxis))
    return llvm::createStringError("optimizer %s: max_norm_axis=%s is no number", name.c_str(),
                                   axis->second.c_str());
  if (choice.averageDecay >= 1)
    return llvm::createStringError("optimizer %s: ema_decay=%s must be less than 1", name.c_str(),
                                   given["ema_decay"].c_str());
  choice.countsAverages = isOn("ema_num_updates");
  if (choice.countsAverages && !choice.averageDecay)
    return llvm::createStringError("optimizer %s: ema_num_updates needs ema_decay=NUMBER", name.c_str());
  auto step = given.find("global_step");
  choice.globalStep = step == given.end() ? "" : step->second.empty() ? "-" : step->second;
  return choice;
}

} // namespace tgc
