//===- HostFamilies.h - Families of ops that kernels compute ---*- C++ -*-===//
//
// Register functions of the families whose work is done by hand-written kernels, each defined in the file of the same name.
// Apart from OpRegistry.h, so that a new family compiles its own files only.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_FRONTEND_IMPORT_HOSTFAMILIES_H
#define TGC_FRONTEND_IMPORT_HOSTFAMILIES_H

#include "frontend/Import/OpRegistry.h"

namespace tgc {

void registerSamplerOps(OpRegistry &registry);
void registerCandidateOps(OpRegistry &registry);

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_HOSTFAMILIES_H
