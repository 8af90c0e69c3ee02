//===- NodeText.h - What a location says of its node -----------*- C++ -*-===//
#ifndef TGC_COMPILER_ABI_NODETEXT_H
#define TGC_COMPILER_ABI_NODETEXT_H

#include "mlir/IR/Location.h"
#include <string>

namespace tgc {

/// "conv1/Conv2D (Conv2D)": the innermost node that the location stands for, with its op where the location
/// knows it; empty if there is none.
std::string getNodeText(mlir::Location loc);

} // namespace tgc

#endif // TGC_COMPILER_ABI_NODETEXT_H
