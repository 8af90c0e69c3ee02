//===- QueueShapes.cpp - Shapes of what queues hold -----------------------===//
//
// What an enqueuing node is given gets its types where it is imported, so an entry that fetches it is
// imported for them and thrown away. A queue's own elements may be among what is computed of its elements:
// such nodes are passed over, through any queues between, which ends the search.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/QueueShapes.h"
#include "frontend/Import/EntryGradients.h"
#include "frontend/Import/GivenShapes.h"
#include "frontend/Import/GraphImporter.h"

using namespace mlir;

namespace tgc {
namespace {

using Types = SmallVector<RankedTensorType>;

class QueueGraph {
public:
  QueueGraph(GraphEdges::Nodes nodes, const GraphEdges &edges) : nodes(nodes), edges(edges) {}

  /// The node that made the queue which `node` is given.
  int findQueue(int node) const {
    do {
      if (edges.dataInputs(node).empty())
        return -1;
      node = edges.dataInputs(node)[0].node;
    } while (StringRef(nodes[node]->op()).ends_with("Identity") || nodes[node]->op() == "Enter");
    return node;
  }

  SmallVector<int> findEnqueues(int queue) const {
    SmallVector<int> result;
    for (int node = 0, e = edges.size(); node < e; ++node)
      if (StringRef(nodes[node]->op()).starts_with("QueueEnqueue") && findQueue(node) == queue)
        result.push_back(node);
    return result;
  }

  /// Whether what `node` computes may depend on elements of the queue.
  bool dependsOn(int node, int queue) const {
    SmallVector<int> open{node};
    llvm::DenseSet<int> seen{node};
    auto add = [&](int next) {
      if (seen.insert(next).second)
        open.push_back(next);
    };
    while (!open.empty()) {
      int next = open.pop_back_val();
      if (StringRef(nodes[next]->op()).starts_with("QueueDequeue")) {
        int source = findQueue(next);
        if (source == queue)
          return true;
        llvm::for_each(findEnqueues(source), add);
      }
      for (NodeOutput input : edges.dataInputs(next))
        add(input.node);
    }
    return false;
  }

private:
  GraphEdges::Nodes nodes;
  const GraphEdges &edges;
};

/// The types of what the node enqueues, of each element.
Types importTypes(MLIRContext &context, const Model &model, const ImportOptions &options,
                  const proto::NodeDef &node, GraphEdges::Nodes nodes, const GraphEdges &edges) {
  EntrySpec spec{"enqueued", {}, {}, {}};
  for (int i = 1; i < node.input_size() && node.input(i).front() != '^'; ++i)
    spec.fetches.push_back(node.input(i));
  feedPlaceholders(spec, spec.fetches, nodes, edges);
  for (FeedSpec &feed : spec.feeds)
    feed.shape = findGivenShape(options, feed.tensor);
  ImportOptions wanted;
  wanted.entries.push_back(std::move(spec));
  wanted.checkpoint = options.checkpoint;
  wanted.hasGpu = options.hasGpu;
  auto module = importModel(context, model, wanted);
  if (!module) {
    llvm::consumeError(module.takeError());
    return {};
  }
  Types types;
  bool isMany = StringRef(node.op()).starts_with("QueueEnqueueMany");
  auto functions = (*module)->getOps<func::FuncOp>();
  for (Type result : (*functions.begin()).getResultTypes()) {
    auto type = dyn_cast<RankedTensorType>(result);
    if (!type || (isMany && type.getRank() == 0))
      return {};
    types.push_back(RankedTensorType::get(type.getShape().drop_front(isMany), type.getElementType()));
  }
  return types;
}

/// Widens `types` to hold `more`, too; false if no type holds both.
bool join(Types &types, const Types &more) {
  if (types.size() != more.size())
    return false;
  for (auto [type, other] : llvm::zip_equal(types, more)) {
    if (type.getRank() != other.getRank() || type.getElementType() != other.getElementType())
      return false;
    SmallVector<int64_t> dims(type.getShape());
    for (auto [dim, size] : llvm::zip_equal(dims, other.getShape()))
      if (dim != size)
        dim = ShapedType::kDynamic;
    type = RankedTensorType::get(dims, type.getElementType());
  }
  return true;
}

} // namespace

SmallVector<RankedTensorType> findEnqueuedTypes(MLIRContext &context, const Model &model,
                                                const ImportOptions &options, const proto::NodeDef &queue) {
  std::vector<const proto::NodeDef *> nodes;
  for (const proto::NodeDef &node : model.graph.node())
    nodes.push_back(&node);
  auto edges = GraphEdges::build(nodes, false);
  if (!edges) {
    llvm::consumeError(edges.takeError());
    return {};
  }
  QueueGraph graph(nodes, *edges);
  int made = edges->find(queue.name());
  Types result;
  for (int node : made < 0 ? SmallVector<int>() : graph.findEnqueues(made)) {
    if (graph.dependsOn(node, made))
      continue;
    Types types = importTypes(context, model, options, *nodes[node], nodes, *edges);
    if (result.empty())
      result = types;
    else if (!types.empty() && !join(result, types))
      return {};
  }
  return result;
}

} // namespace tgc
