//===- Frames.h - The loops of a graph -------------------------*- C++ -*-===//
//
// A loop of the first form is a frame: values enter it by Enter and leave it by Exit; what it carries from
// turn to turn is a Merge of an Enter and a NextIteration. Frames nest. Frame 0 is the graph outside of all
// loops.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_FRONTEND_IMPORT_CONTROLFLOW_FRAMES_H
#define TGC_FRONTEND_IMPORT_CONTROLFLOW_FRAMES_H

#include "frontend/Import/ControlFlow/FlowGraph.h"

namespace tgc::flow {

struct CarriedValue {
  int merge;
  int enter;
  int nextIteration;
};

struct Frame {
  std::string name; ///< empty for frame 0
  int parent = -1;
  int depth = 0;
  int loopCond = -1;
  bool hasUpdates = false; ///< variables are updated in it or in a loop inside
  std::vector<int> nodes;  ///< inputs first; Enters and Exits belong to the inner frame
  std::vector<int> enters, exits, nextIterations;
  std::vector<CarriedValue> carried;
  /// Nodes, and loops inside as `graph.size() + frame`, each after what it needs.
  std::vector<int> order;
};

class FrameTree {
public:
  static llvm::Expected<FrameTree> build(const FlowGraph &graph, llvm::ArrayRef<int> roots);

  /// The frame a node runs in; -1 for constants that name none.
  int frameOf(int node) const { return frameOfNode[node]; }
  /// The frame its outputs belong to.
  int outputFrame(int node) const;
  const std::vector<Frame> &frames() const { return frameList; }
  const Frame &frame(int index) const { return frameList[index]; }
  /// "loop frame while/context" or "outside of all loops".
  std::string describe(int frame) const;

private:
  explicit FrameTree(const FlowGraph &graph) : graph(&graph), frameOfNode(graph.size(), -1) {}

  llvm::Error assignFrames(llvm::ArrayRef<int> roots);
  llvm::Expected<int> getInputFrame(int node) const;
  llvm::Error findCarriedValues();
  llvm::Error checkComplete(const Frame &frame) const;
  llvm::Error orderFrames();

  const FlowGraph *graph;
  std::vector<int> frameOfNode;
  std::vector<Frame> frameList;
};

} // namespace tgc::flow

#endif // TGC_FRONTEND_IMPORT_CONTROLFLOW_FRAMES_H
