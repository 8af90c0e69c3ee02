//===- SequenceOps.h - Families of sequences -------------------*- C++ -*-===//
#ifndef TGC_FRONTEND_IMPORT_SEQUENCEOPS_H
#define TGC_FRONTEND_IMPORT_SEQUENCEOPS_H

namespace tgc {

class OpRegistry;

void registerDequantizeOps(OpRegistry &registry);
void registerFileOps(OpRegistry &registry);
void registerRecurrentOps(OpRegistry &registry);
void registerSequenceOps(OpRegistry &registry);

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_SEQUENCEOPS_H
