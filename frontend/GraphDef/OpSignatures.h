//===- OpSignatures.h - Inputs, outputs and attributes of TensorFlow's ops --===//
//
// Facts about the ops of the format: what a node must bring along and what it gives. The tables are in
// Signatures/, one file per family. An op that is in none of them is not supported.
//
//===----------------------------------------------------------------------===//

#ifndef TGC_FRONTEND_GRAPHDEF_OPSIGNATURES_H
#define TGC_FRONTEND_GRAPHDEF_OPSIGNATURES_H

#include "frontend/GraphDef/Graph.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"

namespace tgc {

/// One input or output: a single tensor, `N` tensors of one type, or a list of tensors of listed types.
struct OpArg {
  std::string name;
  proto::DataType type = proto::DT_INVALID; ///< a fixed type, or DT_INVALID
  std::string typeAttr;                     ///< attribute that holds the type
  std::string numberAttr;                   ///< attribute that holds how many tensors there are
  std::string typeListAttr;                 ///< attribute that holds a list of types, one per tensor
  bool isRef = false;                       ///< a variable's buffer, by reference
};

struct OpAttr {
  std::string name;
  std::string type; ///< "type", "int", "list(int)", "func", ... as TensorFlow spells them
  bool isRequired = true;
  proto::AttrValue defaultValue;             ///< if not required
  std::vector<std::string> allowed;          ///< of a string attribute; empty: anything
  std::vector<proto::DataType> allowedTypes; ///< of types; empty: anything
};

struct OpSignature {
  std::string name;
  std::vector<OpArg> inputs;
  std::vector<OpArg> outputs;
  std::vector<OpAttr> attrs;

  const OpAttr *findAttr(llvm::StringRef attr) const;
};

/// Null if the op is not in the tables.
const OpSignature *lookupOpSignature(llvm::StringRef op);

/// All ops in the tables, sorted.
std::vector<llvm::StringRef> listOpSignatures();

/// The node's attribute, or the op's default for it, or null.
const proto::AttrValue *findAttrOrDefault(const proto::NodeDef &node, const OpSignature &signature,
                                          llvm::StringRef name);

/// Writes the op's defaults into the node for attributes that it leaves out.
void addDefaultAttrs(proto::NodeDef &node, const OpSignature &signature);

/// Types of all inputs and outputs in order, lists unrolled. Reference outputs have reference types.
llvm::Expected<llvm::SmallVector<proto::DataType>> inputTypes(const proto::NodeDef &node,
                                                              const OpSignature &signature);
llvm::Expected<llvm::SmallVector<proto::DataType>> outputTypes(const proto::NodeDef &node,
                                                               const OpSignature &signature);

/// Where the outputs of an argument start and how many there are, to resolve "node:output_arg:index" of
/// function bodies.
struct OutputRange {
  int first = 0;
  int count = 0;
};
llvm::Expected<OutputRange> outputRange(const proto::NodeDef &node, const OpSignature &signature,
                                        llvm::StringRef arg);

/// Type of the tensor that node.input(input) names: none if it is not known (then it is not checked).
using InputTypeFn = llvm::function_ref<std::optional<proto::DataType>(int input)>;

/// Checks required attributes, their kinds and types, the number of inputs and, where `inputType` knows them,
/// their types. Messages begin with "node y (MatMul): ".
llvm::Error checkNode(const proto::NodeDef &node, const OpSignature &signature,
                      InputTypeFn inputType = nullptr);

} // namespace tgc

#endif // TGC_FRONTEND_GRAPHDEF_OPSIGNATURES_H
