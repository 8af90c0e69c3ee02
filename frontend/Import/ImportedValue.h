//===- ImportedValue.h - What a tensor of the graph has become -*- C++ -*-===//
#ifndef TGC_FRONTEND_IMPORT_IMPORTEDVALUE_H
#define TGC_FRONTEND_IMPORT_IMPORTEDVALUE_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/Value.h"
#include "mlir/Support/LogicalResult.h"

#include <memory>
#include <optional>
#include <vector>

namespace tgc {

/// A small integer or boolean tensor whose elements are known as sizes: a constant, a shape, or arithmetic on
/// shapes. It becomes a tensor only if somebody uses it as data.
struct HostTensor {
  mlir::Type elementType;                         ///< i32, i64, i1, ...
  llvm::SmallVector<int64_t> shape;               ///< always static
  llvm::SmallVector<mlir::OpFoldResult> elements; ///< row-major; index attributes or index values
  /// Axes of a gradient's sum that are known at run time only: (dimension, the size it has after the sum),
  /// which is the size before it, or one. Only Sum can use them so.
  llvm::SmallVector<std::pair<int64_t, mlir::OpFoldResult>> possibleAxes = {};
  /// If the run decides which axes there are, for everybody else: the two shapes, and of which the axes are.
  /// (Of equal shapes TensorFlow names no axes, not even those of one element, which do not matter to Sum.)
  std::vector<mlir::OpFoldResult> broadcastShapes[2] = {};
  int broadcastOperand = 0;

  bool isScalar() const { return shape.empty(); }
  /// All elements as numbers, if all are constant.
  std::optional<llvm::SmallVector<int64_t>> getConstants() const;
};

/// Finds the axes along which the gradients of two shapes are summed up.
constexpr llvm::StringLiteral kBroadcastGradientArgsKernel = "tgc_kernel_broadcast_gradient_args";

/// Host tensors have at most this many elements; larger ones are data.
constexpr int64_t kMaxHostElements = 1024;

/// A variable that an edge of the graph names: the reference of a VariableV2 or the handle of a VarHandleOp.
struct VariableReference {
  std::string name; ///< as in the checkpoint
};

/// A tensor lies in the buffer of a reference variable, or does where a condition holds: who uses it after an
/// update of the variable sees the update (docs/decisions/0027).
struct BufferAlias {
  std::string variable;
  mlir::Value seen;      ///< the variable's value that the tensor has been taken from
  mlir::Value condition; ///< an i1 that says whether it lies there; null: it does
  bool whenTrue = true;  ///< what the condition must be

  /// Whether it lies there, as an i1.
  mlir::Value holds(mlir::OpBuilder &builder, mlir::Location loc) const;
};

/// A tensor that a checkpoint holds, of a shape that only its consumer knows.
struct RestoredTensor {
  mlir::Value prefix; ///< a string scalar
  std::string name;
  std::string slice; ///< which part of it, as SaveV2 writes slices; empty: all
};

/// The object that a handle names, a tensor array or a stack; its elements are state of the entry. The flow
/// of a tensor array is the same reference: what happens to the array is ordered by it.
struct ListReference {
  std::string name; ///< begins with kPrefix: no variable has such a name
  static constexpr llvm::StringLiteral kPrefix = "list ";
  static bool isName(llvm::StringRef name) { return name.starts_with(kPrefix); }
};

struct ListValue;
struct ListObject;
struct OptionalValue;

/// One output of a node.
struct ImportedValue {
  mlir::Value tensor;               ///< null until a host tensor is used as data
  std::shared_ptr<HostTensor> host; ///< the elements, if they are known
  std::optional<VariableReference> variable;
  std::vector<BufferAlias> aliases; ///< of `tensor`
  std::shared_ptr<RestoredTensor> restored;
  std::shared_ptr<const ListValue> list;         ///< a variant that is a list of tensors (ListValue.h)
  std::shared_ptr<const OptionalValue> optional; ///< a variant that may hold tensors (ListValue.h)
  std::optional<ListReference> listObject;

  bool isNull() const {
    return !tensor && !host && !variable && !restored && !list && !optional && !listObject;
  }
};

class EntryImporter;

/// Whether two edges are known to carry the same: the same SSA value, equal elements, one variable.
bool isSame(const ImportedValue &a, const ImportedValue &b);

/// Where the buffers lie that `value` lies in, for a tensor that is handed on in it as `tensor`.
std::vector<BufferAlias> getAliases(EntryImporter &entry, const ImportedValue &value, mlir::Value tensor);

/// The edge as data; built where it is none yet. The reference of a variable gives its value at this point of
/// the order.
mlir::FailureOr<mlir::Value> getTensor(EntryImporter &entry, mlir::Location loc, const ImportedValue &value);

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_IMPORTEDVALUE_H
