//===- LinearAccess.h - Addresses of operands as sums of loops -*- C++ -*-===//
//
// Kernels see an operand as a row of elements and the address of an iteration as offset + sum of stride *
// loop. Layouts, transposes, broadcasts and the windows of convolutions are all strides; what is known of
// them when compiling folds.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_CPU_LINEARACCESS_H
#define TGC_COMPILER_CODEGEN_CPU_LINEARACCESS_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace tgc {

/// Arithmetic on sizes and addresses that computes what is known at once.
class IndexMath {
public:
  IndexMath(mlir::OpBuilder &builder, mlir::Location loc) : builder(builder), loc(loc) {}

  mlir::OpFoldResult known(int64_t value) const { return builder.getIndexAttr(value); }
  mlir::Value materialize(mlir::OpFoldResult value) const;
  mlir::OpFoldResult add(mlir::OpFoldResult a, mlir::OpFoldResult b) const;
  mlir::OpFoldResult sub(mlir::OpFoldResult a, mlir::OpFoldResult b) const;
  mlir::OpFoldResult mul(mlir::OpFoldResult a, mlir::OpFoldResult b) const;
  mlir::OpFoldResult min(mlir::OpFoldResult a, mlir::OpFoldResult b) const;
  mlir::OpFoldResult max(mlir::OpFoldResult a, mlir::OpFoldResult b) const;
  mlir::OpFoldResult div(mlir::OpFoldResult a, mlir::OpFoldResult b) const;
  mlir::OpFoldResult rem(mlir::OpFoldResult a, mlir::OpFoldResult b) const;
  mlir::OpFoldResult ceilDiv(mlir::OpFoldResult a, mlir::OpFoldResult b) const;

private:
  mlir::OpBuilder &builder;
  mlir::Location loc;
};

struct LinearAccess {
  /// The whole buffer as a memref of one dimension with stride 1.
  mlir::Value flat;
  mlir::OpFoldResult offset;
  /// One stride per loop; 0 where the loop does not move the operand.
  llvm::SmallVector<mlir::OpFoldResult> strides;

  /// The access of a memref through `map`.
  static LinearAccess create(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value memref,
                             mlir::AffineMap map);

  bool moves(unsigned loop) const { return !mlir::isConstantIntValue(strides[loop], 0); }
};

/// The addresses of an iteration, one per access.
using Addresses = llvm::SmallVector<mlir::OpFoldResult>;

/// `place`, so many steps of the loop further on.
Addresses moveAlong(const IndexMath &math, llvm::ArrayRef<LinearAccess> accesses, const Addresses &place,
                    unsigned loop, mlir::OpFoldResult steps);

/// A sum of loops with constant factors.
bool isLinear(mlir::AffineExpr expr);

/// The strides per loop of a memref's access through `map`, ShapedType::kDynamic where they are not known.
llvm::SmallVector<int64_t> getKnownStrides(mlir::MemRefType type, mlir::AffineMap map);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_LINEARACCESS_H
