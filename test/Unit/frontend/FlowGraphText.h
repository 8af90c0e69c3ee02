//===- FlowGraphText.h - Graphs of control flow, one line per node ----------===//
//
// "name Op input other:1 ^control", for an Enter also "frame=NAME" and "constant". The plan of such a graph
// comes back as text.
//
//===----------------------------------------------------------------------===//

#ifndef TGC_TEST_UNIT_FRONTEND_FLOWGRAPHTEXT_H
#define TGC_TEST_UNIT_FRONTEND_FLOWGRAPHTEXT_H

#include "frontend/Import/ControlFlow/Plan.h"

#include <gtest/gtest.h>

namespace tgc::test {

class FlowGraphText {
public:
  explicit FlowGraphText(llvm::StringRef text);

  /// The printed plan for these fetches (comma-separated), or the error's message.
  std::string plan(llvm::StringRef fetches, llvm::StringRef feeds = "", llvm::StringRef targets = "") const;

private:
  std::vector<proto::NodeDef> storage;
  std::vector<const proto::NodeDef *> nodes;
};

} // namespace tgc::test

#endif // TGC_TEST_UNIT_FRONTEND_FLOWGRAPHTEXT_H
