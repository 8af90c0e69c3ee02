//===- Dataset.h - Examples as named columns --------------------*- C++ -*-===//
//
// Every format becomes columns of equally many rows, in memory; bindings turn columns into feeds.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_TOOLS_TRAIN_DATASET_H
#define TGC_TOOLS_TRAIN_DATASET_H

#include "tools/npz/Npz.h"
#include <map>

namespace tgc {

/// A field of a record: of fixed-length records all of them, of tf.Example those that are wanted.
struct FieldSpec {
  std::string name;
  tgc_dtype_t dtype = TGC_DTYPE_INVALID;
  std::vector<int64_t> shape;

  int64_t numElements() const;
};

/// What --data says: [FORMAT:]PATH[,PATH...][:KEY=VALUE...].
struct DataSpec {
  std::string format; // npz, npy, csv, idx, cifar10, cifar100, records, tfrecord, text
  std::vector<std::string> paths;
  std::vector<FieldSpec> fields;              // records, tfrecord: name=dtype[dims]
  std::map<std::string, std::string> options; // the other keys
};

llvm::Expected<DataSpec> parseDataSpec(llvm::StringRef text);

struct Dataset {
  NamedArrays columns;
  int64_t numRows = 0;

  const NumpyArray *find(llvm::StringRef name) const;
  /// "a, b": for messages.
  std::string listNames() const;
};

/// Token ids of text; the first corpus that is read fills it, later ones use it.
struct Vocabulary {
  std::map<std::string, int32_t> ids;
};

llvm::Expected<Dataset> readDataset(const DataSpec &spec, Vocabulary &vocabulary);

//===--- The formats; each reads one file, given as its bytes ---===//

/// Columns without names are called column0, column1, ...
llvm::Expected<NamedArrays> parseCsv(llvm::StringRef bytes,
                                     const std::map<std::string, std::string> &options = {});
llvm::Expected<NamedArrays> parseIdx(llvm::StringRef bytes);
llvm::Expected<NamedArrays> parseRecords(llvm::StringRef bytes, llvm::ArrayRef<FieldSpec> fields);
llvm::Expected<NamedArrays> parseTfRecords(llvm::StringRef bytes, llvm::ArrayRef<FieldSpec> fields);
/// Windows of `length` tokens and, as their targets, the same one token further on.
llvm::Expected<NamedArrays>
parseText(llvm::StringRef bytes, const std::map<std::string, std::string> &options, Vocabulary &vocabulary);

/// The bytes of a file, unpacked if it is a .gz.
llvm::Expected<std::string> readFileBytes(llvm::StringRef path);

/// Numbers of one type with room for `shape`, all zero.
NumpyArray makeArray(tgc_dtype_t dtype, std::vector<int64_t> shape);

} // namespace tgc

#endif // TGC_TOOLS_TRAIN_DATASET_H
