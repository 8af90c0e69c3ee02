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
                 cl::cat(category)) {}

Error ModelFlags::apply(CompileOptions &options) const {
  options.signature = signature;
  options.checkpoint = checkpoint;
  for (const std::string &text : shape) {
    auto parsed = parseFeedShape(text);
    if (!parsed)
      return parsed.takeError();
    options.feedShapes.push_back(std::move(*parsed));
  }
  return Error::success();
}

} // namespace tgc
