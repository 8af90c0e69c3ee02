//===- WinogradVectors.h - Transforms of tiles on vectors ------*- C++ -*-===//
//
// What the kernels of Winograd.h share: arithmetic of vectors of f32, the transforms, and the region of the
// contraction, computed of a vector of results.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_CPU_WINOGRADVECTORS_H
#define TGC_COMPILER_CODEGEN_CPU_WINOGRADVECTORS_H

#include "compiler/Codegen/CPU/Winograd.h"

namespace tgc {

/// The phase of a channel, odd or even rows and columns, 0 or 1, and which channel of the operand it is.
struct ChannelPhase {
  mlir::OpFoldResult down, across, channel;
};

struct VectorMath {
  /// Vectors along one dimension of a tile.
  using Elements = llvm::SmallVector<mlir::Value, 9>;

  mlir::OpBuilder &builder;
  mlir::Location loc;
  IndexMath math;
  mlir::VectorType type;

  VectorMath(mlir::OpBuilder &builder, mlir::Location loc, int64_t lanes);

  mlir::Value constant(double value);
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value scale(double factor, mlir::Value a);
  /// factor * a + b
  mlir::Value scaleAdd(double factor, mlir::Value a, mlir::Value b);

  /// Null masks have all lanes.
  mlir::Value load(mlir::Value flat, mlir::OpFoldResult address, mlir::Value mask = {});
  void store(mlir::Value vector, mlir::Value flat, mlir::OpFoldResult address, mlir::Value mask = {});
  /// The vectors of `size` elements, with masks if all of them, `whole`, are not whole vectors.
  void forEachVector(mlir::OpFoldResult size, int64_t whole,
                     llvm::function_ref<void(mlir::OpFoldResult, mlir::Value)> body);
  void forEach(mlir::OpFoldResult begin, mlir::OpFoldResult end, int64_t step,
               llvm::function_ref<void(mlir::OpFoldResult)> body);
  void ifTrue(mlir::Value condition, llvm::function_ref<void()> body);
  mlir::Value isEqual(mlir::OpFoldResult a, mlir::OpFoldResult b);

  /// Transforms of one dimension: of a tile's elements (B'), of its sums to its results (A'), of the results'
  /// gradients to as many as there are elements (A), of the filter's weights (G) and of sums to those (G').
  Elements transformElements(const Elements &d, const TileSide &side);
  Elements transformSums(const Elements &m, const TileSide &side);
  Elements transformGradients(const Elements &g, const TileSide &side);
  Elements transformFilter(const Elements &g, const TileSide &side);
  Elements transformFilterSums(const Elements &m, const TileSide &side);

  /// A transform of both dimensions of `height` x `width` vectors of a tile; results are rows of columns.
  using Transform = Elements (VectorMath::*)(const Elements &, const TileSide &);
  llvm::SmallVector<Elements> transform(int64_t height, int64_t width, Transform transform,
                                        llvm::function_ref<mlir::Value(int64_t, int64_t)> load,
                                        const ImageTiles &tiles);

  ChannelPhase getPhase(const TilesPlan &plan, mlir::OpFoldResult channel);
  /// Element of a square of a phase; `address` is that of the phase of even rows and columns. Where windows
  /// of odd phases are smaller, the last row or column has nothing: 0.
  mlir::Value loadOfPhase(const TilesPlan &plan, ChannelPhase phase, bool isLastRow, bool isLastColumn,
                          const LinearAccess &access, mlir::OpFoldResult address, mlir::Value mask);

  /// Multiplies pairs of matrices, [product, m, k] by [product, k, n], as a kernel of its own would. With
  /// a panel width the right one is packed.
  void multiply(mlir::Value lhs, mlir::Value rhs, mlir::Value init,
                llvm::ArrayRef<llvm::ArrayRef<unsigned>> dims, llvm::ArrayRef<mlir::OpFoldResult> sizes,
                bool accumulates, int64_t panelWidth, VectorUnit unit);

private:
  /// Of vectors that belong to a point and to its negative: those of even and of odd powers.
  struct Parities {
    mlir::Value even, odd;
  };
  /// The sum of every other one of `vectors` from the one at `first` on, times `factors`, of which the last
  /// is 1.
  mlir::Value sumEveryOther(llvm::ArrayRef<double> factors, const Elements &vectors, int64_t first);
  /// What a polynomial with these coefficients, at least two, is at the points of a pair.
  Parities evaluate(const Elements &coefficients, double point);
  /// Sums over all points of their powers 0 to `count` - 1, at least two, times what belongs to them. Null if
  /// 0 is no point.
  Elements sumPowers(mlir::Value atZero, llvm::ArrayRef<Parities> pairs, mlir::Value atInfinity,
                     int64_t count, const TileSide &side);
  /// What of the elements `m` of a tile belongs to its pairs.
  llvm::SmallVector<Parities> getParities(const Elements &m, const TileSide &side);
};

/// A tile's first result in its image, and whether it is the last one of its column and row of tiles.
struct TilePlace {
  mlir::OpFoldResult image, y, x;
  mlir::Value isLastDown, isLastAcross;
};

/// What has the tiles of a contraction's images in common, whichever way they are multiplied.
struct TileEmitter : VectorMath {
  const TilesPlan &common;
  kernel::ContractOp op;
  const ContractOperands &in;
  ImageTiles tiles;
  int64_t lanes;
  llvm::SmallVector<LinearAccess> extras;

  TileEmitter(mlir::OpBuilder &builder, kernel::ContractOp op, const TilesPlan &plan,
              const ContractOperands &in);

  TilePlace locate(mlir::OpFoldResult tile);
  /// The address of what lies `i` and `j` from a tile's first element.
  mlir::OpFoldResult addressAt(const LinearAccess &access, const TilePlace &place, int64_t i, int64_t j);

  /// Memory on the stack, [product, tile, column]: its place, and that of an element.
  struct Matrices {
    mlir::Value flat;
    int64_t numTiles, tileStride;
  };
  Matrices allocate(int64_t numTiles, int64_t tileStride);
  mlir::OpFoldResult addressIn(const Matrices &matrices, mlir::OpFoldResult tile, int64_t product,
                               mlir::OpFoldResult column);
  /// The matrices of the first `rows` tiles and `columns`.
  mlir::Value view(const Matrices &matrices, mlir::OpFoldResult rows, int64_t columns);
  /// Transforms a vector of channels of a tile's elements.
  void transformTile(const LinearAccess &lhs, const TilePlace &place, ChannelPhase phase,
                     mlir::OpFoldResult channel, mlir::Value mask, const Matrices &to,
                     mlir::OpFoldResult tile, mlir::OpFoldResult column);

  /// The region, computed of a vector of sums. `addressOf` an operand's first element that belongs to it;
  /// `shared` has what is read that stays the same along `rows`, the loops that a tile of results spans.
  mlir::Value finish(mlir::Value sum, llvm::function_ref<mlir::OpFoldResult(const LinearAccess &)> addressOf,
                     llvm::ArrayRef<unsigned> rows, mlir::Value mask,
                     llvm::MutableArrayRef<mlir::Value> shared);

private:
  mlir::Value loadExtra(const LinearAccess &access, mlir::OpFoldResult address, mlir::Value mask);
};

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_WINOGRADVECTORS_H
