//===- Checkpoint.h - The values of variables --------------------------------===//
//
// A thin face of the runtime's checkpoint reader (tgc/checkpoint.h) in the terms of the readers: a prefix may
// be given in all the ways people give it, and errors say what the graph wanted.
//
//===----------------------------------------------------------------------===//

#ifndef TGC_FRONTEND_GRAPHDEF_CHECKPOINT_H
#define TGC_FRONTEND_GRAPHDEF_CHECKPOINT_H

#include "frontend/GraphDef/Graph.h"

#include "tgc/checkpoint.h"

namespace tgc {

/// What a checkpoint says of one tensor.
struct CheckpointEntry {
  proto::DataType dtype = proto::DT_INVALID;
  std::vector<int64_t> shape;
};

/// An open checkpoint. Immutable: several threads may read from it.
class Checkpoint {
public:
  llvm::StringRef prefix() const { return path; }

  /// All names, in byte order; they live as long as the checkpoint.
  std::vector<llvm::StringRef> keys() const;
  bool contains(llvm::StringRef key) const;

  /// An unknown key's error lists what there is. `slice`: the part of the tensor that is meant, all if empty.
  llvm::Expected<CheckpointEntry> lookup(llvm::StringRef key, llvm::StringRef slice = {}) const;
  /// The value, its checksum checked. It owns its bytes.
  llvm::Expected<TensorData> read(llvm::StringRef key, llvm::StringRef slice = {}) const;

  /// Says how the entry differs from what the graph wants: "checkpoint tensor v has shape [2,4], the graph
  /// wants [4,2]". Unknown dimensions of `shape` are not compared.
  llvm::Error check(llvm::StringRef key, proto::DataType dtype,
                    const std::optional<std::vector<int64_t>> &shape, llvm::StringRef slice = {}) const;

  /// Name of a variable in the program -> key, as the object graph of a TF2 checkpoint says; empty if it has
  /// none.
  llvm::Expected<llvm::StringMap<std::string>> objectKeys() const;

private:
  friend llvm::Expected<Checkpoint> openCheckpoint(llvm::StringRef path);
  struct Closer {
    void operator()(tgc_checkpoint_t *checkpoint) const { tgc_checkpoint_close(checkpoint); }
  };
  llvm::Error error(const tgc_error_t &error) const;
  llvm::Expected<tgc_checkpoint_entry_t> find(const std::string &key, const std::string &slice) const;

  std::unique_ptr<tgc_checkpoint_t, Closer> handle;
  std::string path;
};

/// What a user calls a checkpoint -> its prefix: a prefix, its index or data file, a `checkpoint` state file,
/// a directory with one, or a SavedModel.
llvm::Expected<std::string> resolveCheckpointPrefix(llvm::StringRef path);

/// Opens what `resolveCheckpointPrefix` finds.
llvm::Expected<Checkpoint> openCheckpoint(llvm::StringRef path);

} // namespace tgc

#endif // TGC_FRONTEND_GRAPHDEF_CHECKPOINT_H
