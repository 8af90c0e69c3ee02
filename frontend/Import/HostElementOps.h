//===- HostElementOps.h - Ops that move the elements of shapes -*- C++ -*-===//
#ifndef TGC_FRONTEND_IMPORT_HOSTELEMENTOPS_H
#define TGC_FRONTEND_IMPORT_HOSTELEMENTOPS_H

#include "llvm/ADT/SmallVector.h"

namespace tgc {

class NodeImporter;
class OpRegistry;
struct HostTensor;

/// All of inputs [begin, end), or an empty vector if one of them is not known.
llvm::SmallVector<const HostTensor *> getHosts(NodeImporter &n, size_t begin, size_t end);

void registerHostElementOps(OpRegistry &registry);

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_HOSTELEMENTOPS_H
