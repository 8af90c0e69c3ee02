//===- RandomGenerator.h - Where random operators draw from ----*- C++ -*-===//
//
// All random operators draw from Philox with a key and a counter. Stateful ones keep how far their counter
// has come in a variable of their own, which no checkpoint holds; each run moves it on as TensorFlow's CPU
// kernels do.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_FRONTEND_IMPORT_RANDOMGENERATOR_H
#define TGC_FRONTEND_IMPORT_RANDOMGENERATOR_H

#include "frontend/Import/NodeImporter.h"

namespace tgc {

struct RandomGenerator {
  mlir::Value key, counter; ///< tensor<1xui64>, tensor<2xui64>
};

/// The generator of a stateful node; moves its counter on by `reserved` steps.
mlir::FailureOr<RandomGenerator> getStatefulGenerator(NodeImporter &n, mlir::OpFoldResult reserved);
/// What most stateful operators reserve: 256 steps for each element of a shape.
mlir::OpFoldResult getReservedSteps(NodeImporter &n, llvm::ArrayRef<mlir::OpFoldResult> shape);
/// The generator that a seed of two integers gives.
mlir::FailureOr<RandomGenerator> getStatelessGenerator(NodeImporter &n, mlir::Value seed);
/// The generator that the variable of input 0 holds; moves it on by `steps` (a rank-0 ui64 tensor).
mlir::FailureOr<RandomGenerator> getVariableGenerator(NodeImporter &n, mlir::Value steps);
/// An error unless input `i` names Philox or leaves the choice to us.
mlir::LogicalResult checkAlgorithm(NodeImporter &n, size_t i, llvm::StringRef what);

/// Result 0: a tensor of `shape`, filled by a kernel of runtime/kernels/random. `more`: its operands behind
/// the generator.
void fillRandom(NodeImporter &n, llvm::StringRef kernel, RandomGenerator generator,
                llvm::ArrayRef<mlir::OpFoldResult> shape, mlir::Type element, mlir::ValueRange more = {},
                llvm::StringRef config = "");

/// The derivative of a sample of the gamma distribution by its shape.
mlir::Value differentiateGammaSample(NodeImporter &n, mlir::Value alpha, mlir::Value sample);
/// The derivatives of a sample of the truncated normal distribution by its mean, deviation and two ends
/// (Figurnov et al., Implicit Reparameterization Gradients, 2018).
llvm::SmallVector<mlir::Value> differentiateTruncatedSample(NodeImporter &n, mlir::ValueRange parameters,
                                                            mlir::Value sample);

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_RANDOMGENERATOR_H
