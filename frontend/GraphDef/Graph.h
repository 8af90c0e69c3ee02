//===- Graph.h - Models as TensorFlow stores them ---------------------------===//
//
// What the importer sees of a model file, whichever of TensorFlow's formats it came in. Nothing here knows
// MLIR's IR: the readers turn bytes into checked messages, the importer turns messages into operations.
//
//===----------------------------------------------------------------------===//

#ifndef TGC_FRONTEND_GRAPHDEF_GRAPH_H
#define TGC_FRONTEND_GRAPHDEF_GRAPH_H

#include "frontend/GraphDef/Schema.pb.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tgc {

//===----------------------------------------------------------------------===//
// Models
//===----------------------------------------------------------------------===//

enum class ModelFormat { GraphDefBinary, GraphDefText, MetaGraph, SavedModel };

/// "GraphDef", "GraphDef text", "MetaGraphDef" or "SavedModel".
llvm::StringRef modelFormatName(ModelFormat format);

/// One input or output of a signature.
struct SignatureTensor {
  std::string key;    ///< the name callers use
  std::string tensor; ///< "node:index"
  proto::DataType dtype = proto::DT_INVALID;
  std::optional<std::vector<int64_t>> shape; ///< none: unknown rank; -1: unknown dimension
};

struct Signature {
  std::string name;
  std::string methodName;
  std::vector<SignatureTensor> inputs;  ///< sorted by key
  std::vector<SignatureTensor> outputs; ///< sorted by key
};

/// A variable as a meta graph's collections (`variables`, `trainable_variables`) describe it.
struct CollectedVariable {
  std::string name;            ///< tensor name "v:0"
  std::string initializerName; ///< op "v/Assign"
  std::string snapshotName;    ///< tensor "v/read:0"
  std::string initialValueName;
  bool isResource = false;
  bool trainable = false; ///< it stands in `trainable_variables`
};

/// Where the checkpoint has the values of a part of a partitioned variable.
struct VariableSlice {
  std::string key;
  std::string spec; ///< "10 4 0,5:-", as SaveV2 names slices
};

struct Model {
  proto::GraphDef graph;
  std::string path; ///< the file that was read, for messages
  ModelFormat format = ModelFormat::GraphDefBinary;

  // What only meta graphs and SavedModels have.
  std::vector<std::string> tags;
  std::vector<Signature> signatures;        ///< sorted by name
  std::vector<CollectedVariable> variables; ///< in the order of the collections
  llvm::StringMap<std::vector<std::string>>
      nodeCollections; ///< other collections that list nodes (train_op, losses, ...)
  std::optional<proto::SaverDef> saver;
  std::string initOp;           ///< SavedModel: op that must run after the variables are restored, else empty
  std::string checkpointPrefix; ///< SavedModel: "DIR/variables/variables" if it has variables, else empty
  std::string missingIndex;     ///< SavedModel: the file that its variables should have been saved in
  /// TF2 SavedModels name their checkpoint entries after objects: node name (and shared_name) of a
  /// VarHandleOp -> key.
  llvm::StringMap<std::string> variableKeys;
  /// A part of a partitioned variable: node name -> what it is a slice of.
  llvm::StringMap<VariableSlice> variableSlices;
};

struct ReadOptions {
  /// The MetaGraph of a SavedModel is the one that has exactly these tags, or else the only one that has them
  /// all.
  std::vector<std::string> tags = {"serve"};
};

/// Reads `path`: a SavedModel directory, a GraphDef (.pb, .pbtxt) or a MetaGraphDef (.meta). Content decides
/// where the extension lies. The graph is what the file says; `validateGraph` says whether it makes sense.
llvm::Expected<std::unique_ptr<Model>> readModel(llvm::StringRef path, const ReadOptions &options = {});

/// The same for a GraphDef or MetaGraphDef in memory; `name` stands for the path in messages.
llvm::Expected<std::unique_ptr<Model>> readModelFromBytes(llvm::StringRef bytes, llvm::StringRef name);

/// TensorFlow's graph version whose ops and semantics are implemented (2.19.1 writes it).
constexpr int kGraphVersion = 2129;

/// Checks what needs no knowledge of ops: names, edges, versions, cycles, functions. The error joins all
/// problems found, one message each, "PATH: node NAME (OP): ...".
llvm::Error validateGraph(const proto::GraphDef &graph, llvm::StringRef path);

//===----------------------------------------------------------------------===//
// Names and attributes
//===----------------------------------------------------------------------===//

/// An input of a node, or a feed or fetch. In a graph "node:2", "node" or "^node"; in a function body "arg",
/// "node:output_arg:2" or "^node".
struct TensorName {
  llvm::StringRef node;
  llvm::StringRef outputArg; ///< only in function bodies, else empty
  int index = 0;
  bool isControl = false;

  /// "node:index" or "^node".
  std::string str() const;
};

/// None if `text` is not of that form. The references point into `text`.
std::optional<TensorName> parseTensorName(llvm::StringRef text);

/// "y (MatMul)", as messages name nodes.
std::string describeNode(const proto::NodeDef &node);
/// A name as it may stand in a message of one line: bytes that are not printable as \xff.
std::string printableName(llvm::StringRef name);

/// The attribute or null.
const proto::AttrValue *findAttr(const proto::NodeDef &node, llvm::StringRef name);

/// The value of an attribute, or `otherwise` if the node has none of that name and kind.
int64_t getIntAttr(const proto::NodeDef &node, llvm::StringRef name, int64_t otherwise);
float getFloatAttr(const proto::NodeDef &node, llvm::StringRef name, float otherwise);
bool getBoolAttr(const proto::NodeDef &node, llvm::StringRef name, bool otherwise);
llvm::StringRef getStringAttr(const proto::NodeDef &node, llvm::StringRef name,
                              llvm::StringRef otherwise = "");
proto::DataType getTypeAttr(const proto::NodeDef &node, llvm::StringRef name,
                            proto::DataType otherwise = proto::DT_INVALID);
std::vector<int64_t> getIntListAttr(const proto::NodeDef &node, llvm::StringRef name,
                                    std::vector<int64_t> otherwise = {});
std::vector<std::string> getStringListAttr(const proto::NodeDef &node, llvm::StringRef name);
std::vector<proto::DataType> getTypeListAttr(const proto::NodeDef &node, llvm::StringRef name);
/// Name of the function that a `func` attribute refers to, or "".
llvm::StringRef getFunctionAttr(const proto::NodeDef &node, llvm::StringRef name);
/// A shape attribute; none if it is missing or says unknown rank, -1 for unknown dimensions.
std::optional<std::vector<int64_t>> getShapeAttr(const proto::NodeDef &node, llvm::StringRef name);

//===----------------------------------------------------------------------===//
// Data types and tensors
//===----------------------------------------------------------------------===//

/// "float32", "int64", "string"; "dtype 77" for a number that means nothing.
std::string dataTypeName(proto::DataType dtype);

/// Is it one of the listed types (references included)?
bool isKnownDataType(proto::DataType dtype);

/// DT_FLOAT for DT_FLOAT_REF, others unchanged.
proto::DataType withoutReference(proto::DataType dtype);
bool isReference(proto::DataType dtype);

/// Bytes of one element in memory (bool: 1); 0 for strings, handles and types that tgc does not store.
size_t dataTypeSize(proto::DataType dtype);

/// "[4,?]", "[]" or "[unknown rank]".
std::string shapeToString(const std::optional<std::vector<int64_t>> &shape);

/// None for unknown rank; unknown dimensions are -1.
std::optional<std::vector<int64_t>> shapeFromProto(const proto::TensorShapeProto &shape);

/// A constant. Elements are little-endian, row-major, dense; complex is (real, imaginary), bool one byte.
struct TensorData {
  proto::DataType dtype = proto::DT_INVALID;
  std::vector<int64_t> shape;
  int64_t elementCount = 0;
  /// All elements are equal: `bytes` (or `strings`) has just one, whatever the shape claims.
  bool isSplat = false;
  llvm::ArrayRef<char> bytes; ///< into `owned` or into the message that was decoded, which must outlive this
  std::string owned;
  std::vector<std::string> strings; ///< DT_STRING only

  TensorData() = default;
  TensorData(const TensorData &) = delete;
  TensorData &operator=(const TensorData &) = delete;
  TensorData(TensorData &&other);
  TensorData &operator=(TensorData &&other);
};

/// Checks and decodes a constant. `nodeDescription` ("node w (Const)") opens every message.
llvm::Expected<TensorData> decodeTensor(const proto::TensorProto &tensor, llvm::StringRef nodeDescription);

} // namespace tgc

#endif // TGC_FRONTEND_GRAPHDEF_GRAPH_H
