//===- ExpandFused.h - Fused operators as what they are made of --*- C++ -*-===//
//
// TensorFlow's own optimiser leaves operators that stand for several nodes (a convolution with its bias and
// activation). Fusion is ours to decide, so the parts are put back before anything else looks at the graph.
//
//===----------------------------------------------------------------------===//

#ifndef TGC_FRONTEND_GRAPHDEF_EXPANDFUSED_H
#define TGC_FRONTEND_GRAPHDEF_EXPANDFUSED_H

#include "frontend/GraphDef/Graph.h"

namespace tgc {

/// Replaces _FusedConv2D, _FusedConv3D, _FusedDepthwiseConv2dNative, _FusedMatMul, _FusedBatchNormEx and
/// _UnaryOpsComposition nodes, FusedPadConv2D and FusedResizeAndPadConv2D of the graph and its functions by
/// their parts; the last has the node's name. Nodes that name parts that are not known stay as they are.
void expandFusedNodes(proto::GraphDef &graph);

} // namespace tgc

#endif // TGC_FRONTEND_GRAPHDEF_EXPANDFUSED_H
