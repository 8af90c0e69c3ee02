//===- ConvOps.h - What convolutions and their gradients share -*- C++ -*-===//
#ifndef TGC_FRONTEND_IMPORT_CONVOPS_H
#define TGC_FRONTEND_IMPORT_CONVOPS_H

#include "frontend/Import/SlidingWindow.h"

namespace tgc {

/// Everything a convolution node says but its tensors. Filters are [spatial..., channels per group, output
/// channels].
struct Convolution {
  DataLayout layout;
  WindowAttrs attrs;
  llvm::SmallVector<SlidingWindow> windows; ///< one per spatial dimension
  int64_t groups = 1;

  llvm::SmallVector<int64_t> strides() const;
  llvm::SmallVector<int64_t> dilations() const;
  /// `windows` with those of batch and channels around them, for a tensor with the channels last.
  llvm::SmallVector<SlidingWindow> windowsOfAll(NodeImporter &n, mlir::OpFoldResult batch,
                                                mlir::OpFoldResult channels) const;
};

/// Reads the attributes and finds the windows and groups for an input of `inputSizes` (in the node's layout)
/// and a filter of `filterSizes`. `isDepthwise`: the filter is [spatial..., channels, multiplier].
mlir::FailureOr<Convolution> getConvolution(NodeImporter &n, llvm::ArrayRef<mlir::OpFoldResult> inputSizes,
                                            llvm::ArrayRef<mlir::OpFoldResult> filterSizes, bool isDepthwise);

/// A depthwise filter [spatial..., channels, multiplier] as that of a grouped convolution, [spatial..., 1,
/// channels * multiplier].
llvm::SmallVector<mlir::OpFoldResult> getGroupedFilterSizes(NodeImporter &n,
                                                            llvm::ArrayRef<mlir::OpFoldResult> depthwise);

/// input (in the node's layout) * filter, with the node's attributes; `isDepthwise` as above. `element`, if
/// any: what both are cast to after the input is padded.
mlir::FailureOr<mlir::Value> buildConvolution(NodeImporter &n, mlir::Value input, mlir::Value filter,
                                              bool isDepthwise, mlir::Type element = {});

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_CONVOPS_H
