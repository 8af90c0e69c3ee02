//===- FlowGraphText.cpp - Graphs of control flow, one line per node --------===//

#include "FlowGraphText.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace tgc::test {

FlowGraphText::FlowGraphText(StringRef text) {
  SmallVector<StringRef> lines;
  text.split(lines, '\n', -1, /*KeepEmpty=*/false);
  for (StringRef line : lines) {
    SmallVector<StringRef> words;
    line.trim().split(words, ' ', -1, /*KeepEmpty=*/false);
    if (words.empty())
      continue;
    proto::NodeDef &node = storage.emplace_back();
    node.set_name(words[0].str());
    node.set_op(words[1].str());
    for (StringRef word : drop_begin(words, 2)) {
      if (word.consume_front("frame="))
        (*node.mutable_attr())["frame_name"].set_s(word.str());
      else if (word == "constant")
        (*node.mutable_attr())["is_constant"].set_b(true);
      else
        node.add_input(word.str());
    }
  }
  for (const proto::NodeDef &node : storage)
    nodes.push_back(&node);
}

std::string FlowGraphText::plan(StringRef fetches, StringRef feeds, StringRef targets) const {
  GraphEdges edges = cantFail(GraphEdges::build(nodes, /*isFunction=*/false));
  auto resolve = [&](StringRef list) {
    SmallVector<NodeOutput> outputs;
    for (StringRef name : split(list, ','))
      if (!name.empty())
        outputs.push_back(cantFail(edges.resolve(name, "the test")));
    return outputs;
  };
  SmallVector<NodeOutput> cut = resolve(feeds);
  SmallVector<int> targetNodes;
  for (NodeOutput target : resolve(targets))
    targetNodes.push_back(target.node);
  auto plan = flow::buildPlan(edges, nodes, resolve(fetches), targetNodes,
                              [&](NodeOutput output) { return is_contained(cut, output); });
  return plan ? flow::printPlan(*plan, nodes) : toString(plan.takeError());
}

} // namespace tgc::test
