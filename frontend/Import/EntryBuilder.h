//===- EntryBuilder.h - One entry of a model --------------------*- C++ -*-===//

#ifndef TGC_FRONTEND_IMPORT_ENTRYBUILDER_H
#define TGC_FRONTEND_IMPORT_ENTRYBUILDER_H

#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/Import.h"

namespace tgc {

/// Imports what an entry needs of the graph into a function of the module, named after the entry. Messages
/// about nodes go to the context's diagnostics; the error is then empty.
llvm::Error importEntry(ModuleImport &module, GraphEdges::Nodes nodes, const GraphEdges &edges,
                        const EntrySpec &spec);

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_ENTRYBUILDER_H
