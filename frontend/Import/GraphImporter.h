//===- GraphImporter.h - Imports the nodes of one graph --------*- C++ -*-===//
//
// EntryImporter holds what belongs to one entry: its function, the sizes, the variables as they stand at this
// point of the order. GraphImporter walks the nodes of one graph, the main one or the body of a function that
// is inlined at its call.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_FRONTEND_IMPORT_GRAPHIMPORTER_H
#define TGC_FRONTEND_IMPORT_GRAPHIMPORTER_H

#include "frontend/Import/Import.h"
#include "frontend/Import/ImportedValue.h"
#include "frontend/Import/IndexBuilder.h"
#include "frontend/Import/OpRegistry.h"
#include "frontend/Import/Placement.h"
#include "frontend/Import/Schedule.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <map>
#include <set>

namespace tgc {

/// What the module knows of a variable, whichever entries use it.
struct ModuleVariable {
  mlir::RankedTensorType type;
  bool trainable = false;
  mlir::ElementsAttr initialValue; ///< null: uninitialised
  bool isOnHost = false;           ///< its node is placed on the CPU
};

/// Variables of this prefix are the state of random operators: no checkpoint holds them, and they start at
/// zero.
constexpr llvm::StringLiteral kRandomStatePrefix = "tgc.rng/";

/// State of the whole import: shared by all entries.
struct ModuleImport {
  const Model &model;
  const ImportOptions &options;
  mlir::ModuleOp module;
  llvm::StringMap<const proto::FunctionDef *> functions;
  std::map<std::string, ModuleVariable> variables;
  /// Node name (with the calls that lead to it) -> "node NAME (OP)", for messages.
  llvm::StringMap<std::string> descriptions;
  /// Values of the variables from the checkpoint: null if there is none or the checkpoint lacks the variable.
  std::function<llvm::Expected<mlir::ElementsAttr>(llvm::StringRef name, mlir::RankedTensorType type)>
      readCheckpoint;

  /// Whether a node writes a variable, itself or in a function that it calls.
  bool isUpdate(const proto::NodeDef &node) const;
  mutable llvm::StringMap<bool> functionsWithUpdates = {}; ///< what isUpdate has found out
  llvm::StringMap<std::string> functionGradients =
      {}; ///< function -> the one that the library states as its gradient
  Placement placement = Placement(options);
};

struct LearnedLoop;

class EntryImporter {
public:
  EntryImporter(ModuleImport &module, mlir::func::FuncOp function);

  ModuleImport &module;
  mlir::func::FuncOp function;
  mlir::OpBuilder builder;
  IndexBuilder sizes;

  /// The value of a variable now; its argument of the function on the first read.
  mlir::Value readVariable(llvm::StringRef name);
  void writeVariable(llvm::StringRef name, mlir::Value value);
  /// Makes the variable known to the module; fails (with an error at `loc`) if another node gave it another
  /// type.
  mlir::LogicalResult declareVariable(llvm::StringRef name, mlir::RankedTensorType type, mlir::Location loc);

  /// Whether gradients will be taken: then what tells them something is imported too.
  bool hasGradients = false;
  /// Tensors of the main graph that gradients are taken with respect to.
  llvm::DenseSet<std::pair<int, int>> watched;

  struct VariableState {
    mlir::Value value; ///< null: not read or written yet
    mlir::Value
        initial; ///< before the entry runs, in its first block; null: never read before it was written
    bool isWritten = false;
    /// The argument of the function that `initial` is; null if it is a constant.
    mlir::BlockArgument getArgument() const {
      return llvm::dyn_cast_if_present<mlir::BlockArgument>(initial);
    }
  };
  std::map<std::string, VariableState> variables;
  /// Tensor arrays and stacks as they stand at this point of the order, by the name of the handle
  /// (ListValue.h).
  using ListObjects = std::map<std::string, std::shared_ptr<const ListObject>>;
  ListObjects listObjects;
  /// The arrays that gradients of arrays add up in, made where they are first asked for: the array and the
  /// sizes in front of those of its elements.
  struct GradientArray {
    std::string source; ///< name of the array
    llvm::SmallVector<mlir::OpFoldResult> leadingSizes;
    std::string label;
  };
  std::map<std::string, GradientArray> gradientArrays;

  /// What the trials of a loop have found, by the place of the loop: where a loop around it is imported
  /// again, it need not be found again.
  llvm::StringMap<std::shared_ptr<const LearnedLoop>> learnedLoops;
  std::set<std::string> flaggedArrays; ///< whose accesses are no ranges (ArrayAccesses.h)
  unsigned numUnrolled = 0;            ///< loops around this point that are being unrolled
  /// What the innermost loop around this point is made of: it decides what form TensorFlow's gradients have.
  enum class LoopForm { None, Frame, Function };
  LoopForm loopForm = LoopForm::None;
  bool isBehindSwitch = false; ///< whether a branch around this point was raised from Switch and Merge

  //===--- What nodes change, as regions see it (RegionImporter.h) ---===//

  /// All that nodes read and write in order, as it stands. Keys are names of variables, tensor arrays and
  /// stacks.
  struct State {
    std::map<std::string, VariableState> variables;
    ListObjects listObjects;
  };
  State saveState() const { return {variables, listObjects}; }
  /// Back to how things stood; that something was read for the first time since then is remembered.
  void restoreState(const State &old);
  /// The keys of what has a value.
  std::vector<std::string> getStateKeys() const;
  /// Whether the state is there, or comes to be when it is read: all but arrays and stacks of another region.
  bool hasState(llvm::StringRef key) const;
  ImportedValue readState(llvm::StringRef key);
  mlir::LogicalResult writeState(llvm::StringRef key, const ImportedValue &value, mlir::Location loc);
};

class GraphImporter {
public:
  using Value = ImportedValue;

  /// `prefix`: the calls that lead here, "outer/inner/".
  GraphImporter(EntryImporter &entry, GraphEdges::Nodes nodes, const GraphEdges &edges, std::string prefix,
                GraphImporter *caller);

  EntryImporter &entry;
  const GraphEdges &edges;

  /// Gives a tensor in place of what its node would make, even where other outputs of the node are needed.
  void feed(NodeOutput output, ImportedValue value);
  /// Gives a tensor: an argument of a function, or what control flow made. What is fed stays.
  void setValue(NodeOutput output, ImportedValue value);
  bool hasValue(NodeOutput output) const { return values.count({output.node, output.output}); }
  /// The value of an imported output; an error if the node has no such output.
  mlir::FailureOr<ImportedValue> getValue(NodeOutput output, mlir::Location user);
  /// The same as a tensor.
  mlir::FailureOr<mlir::Value> getTensor(NodeOutput output, mlir::Location user);
  /// Imports one node whose data inputs are these. Which nodes, and in which order:
  /// ControlFlow/PlanImporter.h.
  mlir::LogicalResult importNode(int index, llvm::ArrayRef<ImportedValue> inputs);

  /// Inlines a function of the library at a call: the values of its results. `location` is the call's.
  mlir::FailureOr<llvm::SmallVector<ImportedValue>>
  inlineFunction(const proto::NameAttrList &function, llvm::ArrayRef<ImportedValue> arguments,
                 llvm::StringRef callName, mlir::Location location, const proto::NodeDef &call);

  mlir::Location getLoc(const proto::NodeDef &node);
  const proto::NodeDef &getNode(int index) const { return *nodes[index]; }
  /// How deep calls are nested here.
  int depth() const;

private:
  /// Imports a node whose op is the name of a function, as graphs of the first version call them.
  mlir::LogicalResult importCall(int index, llvm::ArrayRef<ImportedValue> inputs);

  /// The device that a node asks for, or those with which it must be.
  llvm::StringRef getDevice(const proto::NodeDef &node) const;

  GraphEdges::Nodes nodes;
  std::string prefix;
  GraphImporter *caller;
  llvm::DenseMap<std::pair<int, int>, ImportedValue> values;
  llvm::DenseSet<std::pair<int, int>> fed;
};

/// All ops that `order` needs (functions included) and the importer lacks, as one error.
llvm::Error findUnsupportedOps(const ModuleImport &module, GraphEdges::Nodes nodes,
                               llvm::ArrayRef<int> order);

/// The tg type of a data type; null for those tgc has no tensors of.
mlir::Type getElementType(mlir::MLIRContext *context, proto::DataType dtype);

/// The data type of a tg element type.
proto::DataType getDataType(mlir::Type element);

/// A constant as an attribute; large ones refer to the bytes, which must outlive the module.
mlir::ElementsAttr getElementsAttr(mlir::RankedTensorType type, const TensorData &data, llvm::StringRef name);

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_GRAPHIMPORTER_H
