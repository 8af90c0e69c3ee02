//===- ElementwiseFamilies.h - Families of elementwise ops -----*- C++ -*-===//
#ifndef TGC_FRONTEND_IMPORT_ELEMENTWISEFAMILIES_H
#define TGC_FRONTEND_IMPORT_ELEMENTWISEFAMILIES_H

namespace tgc {

class OpRegistry;

void registerActivationOps(OpRegistry &registry);
void registerSpecialOps(OpRegistry &registry);
void registerSumOps(OpRegistry &registry);

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_ELEMENTWISEFAMILIES_H
