//===- MetaGraph.h - Meta graphs and SavedModels to models -------------------===//
//
// Signatures, collections, savers and the checkpoint keys of variables, as the importer wants them.
//
//===----------------------------------------------------------------------===//

#ifndef TGC_FRONTEND_GRAPHDEF_METAGRAPH_H
#define TGC_FRONTEND_GRAPHDEF_METAGRAPH_H

#include "frontend/GraphDef/Graph.h"

namespace tgc {

/// Moves what the meta graph says into the model, its graph included.
void takeMetaGraph(proto::MetaGraphDef &&meta, Model &model);

/// Chooses the meta graph with the wanted tags. `path` is the file that was read; the checkpoint is looked
/// for beside it.
llvm::Expected<std::unique_ptr<Model>> modelFromSavedModel(proto::SavedModel &&saved, llvm::StringRef path,
                                                           const ReadOptions &options);

/// On a constant that names a file which comes with the model: its value is the path.
inline constexpr const char kAssetAttr[] = "_tgc_asset";

/// A table whose contents the checkpoint holds.
struct StoredTable {
  std::string node; ///< of the graph, that makes the table
  std::string keys, values;
};

/// Follows the restore op of the model's graph: which table is filled from which keys of the checkpoint.
void findStoredTables(llvm::StringRef restoreOp, Model &model, std::vector<StoredTable> &tables);

/// Follows the restore op of the model's graph: which variable is assigned from which key of the checkpoint,
/// or from a part of it. The variable is named by its node and, if it has one, by its shared_name.
void findVariableKeys(llvm::StringRef restoreOp, Model &model);

} // namespace tgc

#endif // TGC_FRONTEND_GRAPHDEF_METAGRAPH_H
