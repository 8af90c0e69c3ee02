//===- MatrixCall.h - The words of gradients of matrix functions -*- C++ -*-===//
//
// Beside the words of all rules: products, adjoints and parts of (batches of) matrices, and calls of kernels
// of linear algebra.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_DIALECTS_TG_IR_MATRIXCALL_H
#define TGC_DIALECTS_TG_IR_MATRIXCALL_H

#include "dialects/Tg/IR/GradientBuilder.h"

namespace tgc::tg {

/// A call of a kernel of linear algebra that is differentiated.
struct MatrixCall {
  using Value = mlir::Value;

  mutable HostCallOp op;
  GradientBuilder &g;

  Value operand(unsigned i) const { return op.getInputs()[i]; }
  /// Calls a kernel; `sizes` are those of all results.
  llvm::SmallVector<Value> callAll(llvm::StringRef kernel, mlir::ValueRange operands, mlir::TypeRange types,
                                   llvm::ArrayRef<mlir::OpFoldResult> sizes, llvm::StringRef config) const;
  /// Calls a kernel whose result looks like `like`.
  Value call(llvm::StringRef kernel, mlir::ValueRange operands, Value like,
             llvm::StringRef config = "") const;
  Value matmul(Value lhs, bool adjointLhs, Value rhs, bool adjointRhs) const;
  Value adjoint(Value x) const;
  /// Where the row's number compares so with the column's.
  Value isPart(ComparisonDirection rowToColumn, Value like) const;
  /// The elements of that part, zeros elsewhere.
  Value part(ComparisonDirection rowToColumn, Value x) const;
  Value identity(Value like) const;
  /// A number per matrix, per row or per column, repeated over matrices like `like`.
  Value spread(Value x, Value like) const { return repeat(x, 2, like); }
  Value spreadRows(Value x, Value like) const;
  Value spreadColumns(Value x, Value like) const;
  Value inverse(Value x, bool isAdjoint) const {
    return call("tgc_kernel_matrix_inverse", x, x, isAdjoint ? "adjoint" : "");
  }
  /// The solution of a system with a triangular matrix; `side` is "lower" or "upper", or " adjoint" of these.
  Value solveTriangular(Value matrix, Value rhs, llvm::StringRef side) const {
    return call("tgc_kernel_matrix_triangular_solve", {matrix, rhs}, rhs, side);
  }
  /// Number of rows and columns, if it is known.
  int64_t rows(Value x) const { return g.getType(x).getDimSize(g.getRank(x) - 2); }
  int64_t columns(Value x) const { return g.getType(x).getDimSize(g.getRank(x) - 1); }

private:
  Value repeat(Value x, int64_t count, Value like) const;
};

/// Whether a kernel factorises matrices, or is a function of whole matrices, with a gradient here.
bool isFactorization(llvm::StringRef kernel);
mlir::FailureOr<llvm::SmallVector<mlir::Value>>
buildFactorizationGradients(const MatrixCall &call, llvm::ArrayRef<mlir::Value> gradients);
/// The gradients of kernels of images; none for others.
llvm::SmallVector<mlir::Value> buildImageGradients(const MatrixCall &call,
                                                   llvm::ArrayRef<mlir::Value> gradients);
/// The gradients of transforms and of sparse tensors; an error for kernels that have none.
mlir::FailureOr<llvm::SmallVector<mlir::Value>> buildKernelGradients(const MatrixCall &call,
                                                                     llvm::ArrayRef<mlir::Value> gradients);

} // namespace tgc::tg

#endif // TGC_DIALECTS_TG_IR_MATRIXCALL_H
