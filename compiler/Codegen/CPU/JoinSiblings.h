//===- JoinSiblings.h - Narrow products of one operand as one --*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_CPU_JOINSIBLINGS_H
#define TGC_COMPILER_CODEGEN_CPU_JOINSIBLINGS_H

#include "compiler/Codegen/CPU/SelectTiling.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace tgc {

/// A sum of products, and which of its inputs is the left and which the right operand.
struct SumOfProducts {
  mlir::linalg::GenericOp op;
  unsigned lhs, rhs;
};

/// Joins sums that read the same left operand and constants, where one sum over all their columns costs less.
/// The new ones take the place of those that they compute.
void joinSiblings(llvm::SmallVectorImpl<SumOfProducts> &sums, VectorUnit unit);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_JOINSIBLINGS_H
