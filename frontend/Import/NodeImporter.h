//===- NodeImporter.h - What the importer of one op works with -*- C++ -*-===//
//
// A handler (one per TensorFlow op, in the file of its family) gets a NodeImporter: it asks for inputs and
// attributes, builds tg ops and sets the results. Node and attributes are checked against the op's signature
// and completed with the defaults before the handler runs, so handlers check only what signatures cannot say.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_FRONTEND_IMPORT_NODEIMPORTER_H
#define TGC_FRONTEND_IMPORT_NODEIMPORTER_H

#include "dialects/Tg/IR/TgOps.h"
#include "dialects/Tg/IR/TgShapes.h"
#include "frontend/GraphDef/Graph.h"
#include "frontend/Import/ImportedValue.h"
#include "frontend/Import/IndexBuilder.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Diagnostics.h"

namespace tgc {

class GraphImporter;

class NodeImporter {
public:
  using Value = mlir::Value;
  using Size = mlir::OpFoldResult;
  template <typename T> using FailureOr = mlir::FailureOr<T>;
  using LogicalResult = mlir::LogicalResult;

  NodeImporter(GraphImporter &graph, const proto::NodeDef &node, llvm::ArrayRef<ImportedValue> inputs,
               size_t numOutputs);

  const proto::NodeDef &node;
  mlir::OpBuilder &builder;
  IndexBuilder &sizes;
  mlir::Location loc;
  GraphImporter &graph;

  //===--- Inputs (data inputs only) ---===//

  size_t getNumInputs() const { return inputs.size(); }
  const ImportedValue &getInput(size_t i) const { return inputs[i]; }
  /// Input `i` as a tensor. A reference of a variable gives its value at this point of the order.
  Value getTensor(size_t i);
  llvm::SmallVector<Value> getTensors(size_t begin, size_t end);
  mlir::RankedTensorType getType(size_t i) {
    return llvm::cast<mlir::RankedTensorType>(getTensor(i).getType());
  }
  mlir::Type getElementType(size_t i) { return getType(i).getElementType(); }
  int64_t getRank(size_t i) { return getType(i).getRank(); }
  /// The elements of input `i`, if they are known as sizes; else null.
  const HostTensor *getHost(size_t i) const { return inputs[i].host.get(); }
  /// The elements of a 1-D (or scalar) integer input as sizes: known ones, or extracted from the tensor.
  /// Fails with an error if their number is not known. Tensors of up to `maxRank` dimensions are taken, in
  /// row-major order.
  FailureOr<llvm::SmallVector<Size>> getSizeOperand(size_t i, llvm::StringRef what, int64_t maxRank = 1);
  /// A scalar (or one-element) integer input as a size.
  FailureOr<Size> getScalarSize(size_t i, llvm::StringRef what);
  /// The elements of an integer input that must be known at compile time.
  FailureOr<llvm::SmallVector<int64_t>> getConstants(size_t i, llvm::StringRef what);
  FailureOr<int64_t> getConstant(size_t i, llvm::StringRef what);
  /// A constant axis within [-rank, rank), made non-negative; and a list of them, ascending and without
  /// doubles.
  FailureOr<int64_t> getAxis(size_t i, int64_t rank, llvm::StringRef what = "axis");
  FailureOr<llvm::SmallVector<int64_t>> getAxes(size_t i, int64_t rank, llvm::StringRef what = "axis");
  /// `axis` within [-rank, rank), made non-negative.
  FailureOr<int64_t> normalizeAxis(int64_t axis, int64_t rank, llvm::StringRef what = "axis");

  //===--- Attributes (defaults are filled in) ---===//

  int64_t getInt(llvm::StringRef name) const { return getIntAttr(node, name, 0); }
  float getFloat(llvm::StringRef name) const { return getFloatAttr(node, name, 0); }
  bool getBool(llvm::StringRef name) const { return getBoolAttr(node, name, false); }
  llvm::StringRef getString(llvm::StringRef name) const { return getStringAttr(node, name); }
  std::vector<int64_t> getInts(llvm::StringRef name) const { return getIntListAttr(node, name); }
  /// The element type that a type attribute names; an error for those tgc does not have.
  FailureOr<mlir::Type> getElementTypeAttr(llvm::StringRef name);

  //===--- Results ---===//

  void setResult(size_t i, Value tensor) { outputs[i].tensor = tensor; }
  void setResult(Value tensor) { setResult(0, tensor); }
  /// A result known as sizes.
  void setHostResult(size_t i, HostTensor host);
  void setHostResult(HostTensor host) { setHostResult(0, std::move(host)); }
  /// A 1-D result of sizes.
  void setSizesResult(size_t i, llvm::ArrayRef<Size> elements, mlir::Type elementType);
  void forward(size_t output, size_t input) { outputs[output] = inputs[input]; }
  void setOutput(size_t i, ImportedValue value) { outputs[i] = std::move(value); }
  llvm::MutableArrayRef<ImportedValue> getOutputs() { return outputs; }

  //===--- Errors ---===//

  /// An error at the node's location; whoever shows it adds file, node and op.
  mlir::InFlightDiagnostic error();

  //===--- Building ---===//

  /// Builds an op of one result.
  template <typename Op, typename... Args> Value create(Args &&...args) {
    return Op::create(builder, loc, std::forward<Args>(args)...).getOperation()->getResult(0);
  }
  /// Builds an op whose result type is inferred from its operands; an error of the inference becomes the
  /// node's.
  template <typename Op, typename... Args> FailureOr<Value> tryCreate(Args &&...args);

  /// A splat of `number` of the type and run-time sizes of `like`, or a scalar (rank 0) of `element`. Strings
  /// are empty.
  Value splatLike(Value like, double number);
  Value scalar(mlir::Type element, double number);
  /// A size as a tensor: of rank 0, or repeated to `sizes`.
  Value sizeTensor(Size size, mlir::Type element);
  Value sizeTensor(Size size, mlir::Type element, llvm::ArrayRef<Size> sizes) {
    return broadcastTo(sizeTensor(size, element), sizes);
  }
  /// A constant tensor of integers.
  Value constantInts(llvm::ArrayRef<int64_t> values, mlir::Type elementType);
  /// An uninteresting repetition: `x` repeated to `sizes`. Dimensions that are known to be equal are marked
  /// so.
  Value broadcastTo(Value x, llvm::ArrayRef<Size> sizes);
  /// The sizes of the broadcast of two shapes, checked at run time where they are not known to fit.
  FailureOr<llvm::SmallVector<Size>> broadcastSizes(llvm::ArrayRef<Size> a, llvm::ArrayRef<Size> b);
  /// All operands broadcast to their common shape.
  FailureOr<llvm::SmallVector<Value>> broadcastTogether(mlir::ValueRange operands);
  /// A vector along dimension `dim`, repeated to `sizes`.
  Value broadcastAlong(Value vector, int64_t dim, llvm::ArrayRef<Size> sizes);
  /// Operands that must have one shape (a gradient and what it is the gradient of): checked, at run time
  /// where it is not known, and given the most precise type.
  FailureOr<llvm::SmallVector<Value>> withOneShape(mlir::ValueRange operands);
  /// The same, where the shape is known to be `shape`.
  FailureOr<llvm::SmallVector<Value>> withShape(mlir::ValueRange operands, llvm::ArrayRef<Size> shape);
  /// Checks that sizes which data gives are at least 1, at run time where they are not known.
  LogicalResult checkPositive(llvm::ArrayRef<Size> sizes, llvm::StringRef what);
  /// The same tensor, whose sizes are known to be `sizes`.
  Value withSizes(Value x, llvm::ArrayRef<Size> sizes);
  /// The neutral element of the maximum, of rank 0: -infinity or the lowest integer.
  Value lowest(mlir::Type element);
  /// What sums of `element` are kept in: f32 for half precision, else the type itself.
  mlir::Type getSumType(mlir::Type element);
  /// `x` with other sizes, the same number of elements.
  Value reshape(Value x, llvm::ArrayRef<Size> sizes);
  Value transpose(Value x, llvm::ArrayRef<int64_t> permutation);
  Value cast(Value x, mlir::Type element);
  /// The same tensor with the static sizes of `type`, which are known to hold.
  Value refine(Value x, mlir::Type type);
  Value slice(Value x, llvm::ArrayRef<Size> offsets, llvm::ArrayRef<Size> sizes,
              llvm::ArrayRef<int64_t> strides = {});
  Value pad(Value x, Value value, llvm::ArrayRef<Size> low, llvm::ArrayRef<Size> high,
            llvm::ArrayRef<int64_t> interior = {});
  Value iota(llvm::ArrayRef<Size> sizes, mlir::Type element, int64_t dimension);
  Value reduce(tg::ReductionKind kind, Value x, llvm::ArrayRef<int64_t> dimensions, bool keepDims = false);
  Value compare(tg::ComparisonDirection direction, Value x, Value y) {
    return create<tg::CompareOp>(direction, x, y);
  }
  Value select(Value condition, Value x, Value y) { return create<tg::SelectOp>(condition, x, y); }
  Value add(Value x, Value y) { return create<tg::AddOp>(x, y); }
  Value sub(Value x, Value y) { return create<tg::SubOp>(x, y); }
  Value mul(Value x, Value y) { return create<tg::MulOp>(x, y); }
  Value div(Value x, Value y) { return create<tg::DivOp>(x, y); }
  /// Whether the entry takes gradients.
  bool wantsGradients() const;
  /// `x`, a constant to gradients. What is only there for numerical reasons says so.
  Value stopGradient(Value x);
  /// `y`, whose gradient with respect to `x` is what flows back times `partial` of x's type; y has the
  /// leading dimensions of x.
  Value withPartials(Value y, mlir::ValueRange xs, mlir::ValueRange partials);
  /// Ends the run with INVALID_ARGUMENT and the message unless `condition` (an i1) holds.
  void check(Value condition, const llvm::Twine &message, mlir::ValueRange values = {},
             tg::StatusCode code = tg::StatusCode::InvalidArgument);
  /// The same for a tensor of i1: all of it must hold.
  void checkAll(Value conditions, const llvm::Twine &message, mlir::ValueRange values = {});
  /// An error, or a check at run time where it is not known, that a <= b, or that a == b. Each %d of the
  /// message takes one of the two.
  LogicalResult requireAtMost(Size a, Size b, const llvm::Twine &message);
  LogicalResult requireEqual(Size a, Size b, const llvm::Twine &message);
  /// A call of a hand-written kernel. `sizes`: of the results' dynamic dimensions, in order.
  llvm::SmallVector<Value> hostCall(llvm::StringRef kernel, mlir::ValueRange operands,
                                    mlir::TypeRange results, llvm::StringRef config = "",
                                    mlir::ValueRange sizes = {}, bool isPure = true, bool findsSizes = false);
  /// An element of a tensor as a size.
  Size extract(Value tensor, llvm::ArrayRef<int64_t> position);

private:
  llvm::ArrayRef<ImportedValue> inputs;
  llvm::SmallVector<ImportedValue> outputs;
};

template <typename Op, typename... Args>
mlir::FailureOr<mlir::Value> NodeImporter::tryCreate(Args &&...args) {
  // The builders of ops with inferred types abort on a failed inference, so build the state with a type that
  // is replaced, and infer here.
  mlir::OperationState state(loc, Op::getOperationName());
  Op::build(builder, state, mlir::Type(mlir::RankedTensorType::get({}, builder.getI1Type())),
            std::forward<Args>(args)...);
  llvm::SmallVector<mlir::Type> types;
  if (mlir::failed(Op::inferReturnTypes(builder.getContext(), loc, state.operands,
                                        state.attributes.getDictionary(builder.getContext()),
                                        state.getRawProperties(), state.regions, types)))
    return mlir::failure();
  state.types.assign(types.begin(), types.end());
  return builder.create(state)->getResult(0);
}

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_NODEIMPORTER_H
