//===- Translation.h - The importer as an mlir-translate option *- C++ -*-===//
#ifndef TGC_FRONTEND_IMPORT_TRANSLATION_H
#define TGC_FRONTEND_IMPORT_TRANSLATION_H

namespace tgc {
/// Registers --import-graphdef.
void registerImportGraphDef();
} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_TRANSLATION_H
