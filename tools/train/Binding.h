//===- Binding.h - Columns as feeds -----------------------------*- C++ -*-===//
#ifndef TGC_TOOLS_TRAIN_BINDING_H
#define TGC_TOOLS_TRAIN_BINDING_H

#include "tools/train/Dataset.h"

namespace tgc {

/// What --bind says: TENSOR=COLUMN[+COLUMN...][,OP...] or TENSOR=NUMBER. Ops: /N *N +N -N, onehot:K, nhwc
/// (from channels first).
struct Binding {
  struct Op {
    enum class Kind { Scale, Shift, OneHot, ChannelsLast } kind;
    double value = 0;
  };
  std::string tensor;
  std::vector<std::string> columns;
  std::vector<Op> ops;
  std::optional<double> constant;
};

llvm::Expected<Binding> parseBinding(llvm::StringRef text);

/// The bindings with one for each further column whose name is a feed's, with or without ":0".
std::vector<Binding> completeBindings(std::vector<Binding> bindings, const Dataset &data,
                                      llvm::ArrayRef<std::string> feeds);

/// An array that is fed: rows of examples, or the same in every step.
struct BoundFeed {
  NumpyArray array;
  bool isConstant = false;
};

/// The feed's whole column, converted to its type and reshaped to its sizes.
llvm::Expected<BoundFeed> bindFeed(const Binding &binding, const Dataset &data,
                                   const tgc_tensor_info_t &feed);

/// Rows `rows` of a column.
NumpyArray gatherRows(const NumpyArray &column, llvm::ArrayRef<int64_t> rows);

} // namespace tgc

#endif // TGC_TOOLS_TRAIN_BINDING_H
