//===- RaggedOps.h - Tensors with rows of different lengths ----*- C++ -*-===//
#ifndef TGC_FRONTEND_IMPORT_RAGGEDOPS_H
#define TGC_FRONTEND_IMPORT_RAGGEDOPS_H

namespace tgc {

class OpRegistry;

void registerRaggedOps(OpRegistry &registry);
void registerRaggedVariantOps(OpRegistry &registry);

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_RAGGEDOPS_H
