//===- Collectives.h - Nodes that run together ------------------*- C++ -*-===//
//
// TensorFlow runs some nodes together: each is given something, and has its result when all were. Nodes of
// NCCL are members of the group of their shared_name, collective ones of that of their group_key and
// instance_key. In one graph this is data that each member takes from the others' inputs.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_FRONTEND_IMPORT_COLLECTIVES_H
#define TGC_FRONTEND_IMPORT_COLLECTIVES_H

#include "frontend/Import/Schedule.h"

namespace tgc {

/// The nodes of a group, by rank: by device, then as they stand in the graph.
struct Collective {
  llvm::SmallVector<int> members;
  /// What they were given: one tensor of each, or that of the one that sends.
  llvm::SmallVector<NodeOutput> given;
  /// Why they cannot run together; empty if they can.
  std::string error;
};

/// For each node that is a member: its group. `data` and `control` are the graph's edges.
llvm::DenseMap<int, std::shared_ptr<const Collective>>
findCollectives(llvm::ArrayRef<const proto::NodeDef *> nodes,
                llvm::ArrayRef<llvm::SmallVector<NodeOutput, 2>> data,
                llvm::ArrayRef<llvm::SmallVector<int, 1>> control);

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_COLLECTIVES_H
