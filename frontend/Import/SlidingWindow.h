//===- SlidingWindow.h - Layouts and windows of convolution and pooling -*- C++ -*-===//
//
// Convolution, pooling, patches and dilation slide a window over spatial dimensions. They share how the
// layout, strides, dilations and paddings of a node are read and checked, and how many elements are padded,
// which may depend on sizes that are known only at run time.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_FRONTEND_IMPORT_SLIDINGWINDOW_H
#define TGC_FRONTEND_IMPORT_SLIDINGWINDOW_H

#include "frontend/Import/NodeImporter.h"

namespace tgc {

/// Where batch, channels and the spatial dimensions of a tensor are. The batch comes first.
struct DataLayout {
  int64_t rank;
  bool channelsFirst;

  int64_t spatialRank() const { return rank - 2; }
  int64_t channel() const { return channelsFirst ? 1 : rank - 1; }
  int64_t spatial(int64_t i) const { return channelsFirst ? i + 2 : i + 1; }

  /// The permutation that moves the channels last, and its inverse; the identity if they are there.
  llvm::SmallVector<int64_t> toChannelsLast() const;
  llvm::SmallVector<int64_t> fromChannelsLast() const;
  /// The elements of a list with one number per dimension that belong to the spatial dimensions.
  template <typename T> llvm::SmallVector<T> pickSpatial(llvm::ArrayRef<T> perDimension) const {
    llvm::SmallVector<T> picked;
    for (int64_t i = 0; i < spatialRank(); ++i)
      picked.push_back(perDimension[spatial(i)]);
    return picked;
  }
};

/// The layout that attr data_format names for tensors of `rank`. Vectorised layouts are refused.
mlir::FailureOr<DataLayout> getDataLayout(NodeImporter &n, int64_t rank);

/// A window over one dimension.
struct SlidingWindow {
  using Size = mlir::OpFoldResult;
  Size input;  ///< elements to slide over, without padding
  Size window; ///< elements under the window
  int64_t stride = 1, dilation = 1;
  Size low, high; ///< padding before and after
  Size output;    ///< number of positions

  bool isTrivial() const {
    return IndexBuilder::isConstant(window, 1) && stride == 1 && IndexBuilder::isConstant(low, 0) &&
           IndexBuilder::isConstant(high, 0);
  }
};

/// The attributes that describe windows, one number per dimension of the tensor.
struct WindowAttrs {
  llvm::SmallVector<int64_t> strides, dilations;
  llvm::StringRef padding;
  llvm::SmallVector<int64_t> explicitPaddings; ///< low and high per dimension, for EXPLICIT
};

/// Reads strides, dilations (all 1 where the op has none), padding and explicit_paddings and checks them for
/// tensors of `rank`.
mlir::FailureOr<WindowAttrs> getWindowAttrs(NodeImporter &n, int64_t rank,
                                            llvm::StringRef dilations = "dilations");
mlir::LogicalResult checkWindowAttrs(NodeImporter &n, const WindowAttrs &attrs, int64_t rank);
/// Refuses strides and dilations other than 1 in batch and channels.
mlir::LogicalResult checkSpatialOnly(NodeImporter &n, const WindowAttrs &attrs, const DataLayout &layout);

/// The window over dimension `dim`, of `input` elements.
mlir::FailureOr<SlidingWindow> getWindow(NodeImporter &n, const WindowAttrs &attrs, int64_t dim,
                                         mlir::OpFoldResult input, mlir::OpFoldResult window);

/// Pads `x` with the scalar `value`: one window per dimension of x.
mlir::Value padForWindows(NodeImporter &n, mlir::Value x, mlir::Value value,
                          llvm::ArrayRef<SlidingWindow> windows);

/// The elements of a padded tensor that lie at place `position` of each window: a tensor as large as the
/// outputs.
mlir::Value sliceAtPosition(NodeImporter &n, mlir::Value padded, llvm::ArrayRef<SlidingWindow> windows,
                            llvm::ArrayRef<int64_t> position);

/// The opposite: an input-sized tensor, zero but for the elements of `x` (as large as the outputs) at the
/// places that `position` of each window covers. What falls on padding is dropped.
mlir::Value spreadFromPosition(NodeImporter &n, mlir::Value x, llvm::ArrayRef<SlidingWindow> windows,
                               llvm::ArrayRef<int64_t> position);

/// Spreads `x` (as large as the outputs) as the transposed sliding does: `stride - 1` zeros between elements
/// and such a border that sliding a window of the same size and dilation with stride 1 over the result gives
/// the input's size.
mlir::Value padForTransposed(NodeImporter &n, mlir::Value x, llvm::ArrayRef<SlidingWindow> windows);

/// The sizes of the outputs, respectively of the inputs.
llvm::SmallVector<mlir::OpFoldResult> getOutputSizes(llvm::ArrayRef<SlidingWindow> windows);
llvm::SmallVector<mlir::OpFoldResult> getInputSizes(llvm::ArrayRef<SlidingWindow> windows);

/// Calls `fn(number, position)` for every place of the window in row-major order.
void forEachPlace(llvm::ArrayRef<int64_t> window,
                  llvm::function_ref<void(int64_t number, llvm::ArrayRef<int64_t> position)> fn);

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_SLIDINGWINDOW_H
