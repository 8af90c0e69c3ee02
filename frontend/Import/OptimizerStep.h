//===- OptimizerStep.h - What the formulas of optimizers work with -*- C++ -*-===//
//
// A formula reads variables, hyperparameters and the gradient by the names of the op's signature and sets the
// variables. The step gives it whole variables, or the rows that a sparse gradient names; so one formula
// serves all forms of an optimizer.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_FRONTEND_IMPORT_OPTIMIZERSTEP_H
#define TGC_FRONTEND_IMPORT_OPTIMIZERSTEP_H

#include "frontend/Import/NodeImporter.h"

namespace tgc {

/// A tensor in a formula. A scalar operand is repeated to the other's shape; numbers take its element type.
struct Term {
  NodeImporter *n;
  mlir::Value value;

  /// The number `x` in the type of this term.
  Term number(double x) const;
};

Term operator+(Term a, Term b);
Term operator-(Term a, Term b);
Term operator*(Term a, Term b);
Term operator/(Term a, Term b);
Term operator-(Term a);
inline Term operator-(double a, Term b) { return b.number(a) - b; }
inline Term operator+(double a, Term b) { return b.number(a) + b; }
inline Term operator*(double a, Term b) { return b.number(a) * b; }
Term abs(Term x);
Term exp(Term x);
Term max(Term a, Term b);
Term pow(Term x, Term exponent);
Term rsqrt(Term x);
Term sign(Term x);
Term sqrt(Term x);
Term square(Term x);

/// What a formula is defined for: one that compares or takes signs is for real numbers alone.
enum class Numbers { Real, RealOrComplex };

class OptimizerStep {
public:
  /// `row`: of a sparse gradient that one alone; null: all at once.
  explicit OptimizerStep(NodeImporter &n, mlir::OpFoldResult row = {}) : n(n), row(row) {}

  /// Reads all inputs; an error if the hyperparameters are no scalars or the shapes differ.
  mlir::LogicalResult read(Numbers numbers);
  /// The variable, hyperparameter or gradient of this name in the op's signature.
  Term get(llvm::StringRef name) const;
  Term getGradient() const;
  bool getFlag(llvm::StringRef attr) const { return n.getBool(attr); }
  /// The new value of the variable of this name.
  void set(llvm::StringRef name, Term value);
  /// Writes the variables that were set.
  mlir::LogicalResult write();

private:
  NodeImporter &n;
  mlir::OpFoldResult row;
  llvm::StringMap<mlir::Value> operands;
  llvm::StringMap<std::string> variables; ///< the names of the variables by the names of the inputs
  llvm::SmallVector<std::pair<std::string, mlir::Value>> results;
  mlir::Value rows; ///< the indices of a sparse gradient, else null
};

/// Imports the step that `formula` describes. Rows of a sparse gradient are taken one after the other, as
/// TensorFlow does, unless no row comes twice.
mlir::LogicalResult importOptimizerStep(NodeImporter &n, void (*formula)(OptimizerStep &), Numbers numbers);

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_OPTIMIZERSTEP_H
