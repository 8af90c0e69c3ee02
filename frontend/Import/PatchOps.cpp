//===- PatchOps.cpp - Patches, and blocks moved between dimensions --------===//

#include "frontend/Import/PatchOps.h"
#include "frontend/Import/Indexing.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {

using Size = OpFoldResult;

/// x * factor
static Value scaleBy(NodeImporter &n, Value x, int64_t factor) {
  return factor == 1 ? x : n.mul(x, n.splatLike(x, factor));
}

Value extractPatches(NodeImporter &n, Value padded, ArrayRef<SlidingWindow> windows) {
  // Each dimension becomes two, place of the window and place in the window; then the latter all go last.
  Type i32 = n.builder.getI32Type();
  SmallVector<int64_t> outer, inner;
  int64_t dim = 0;
  Size elements = n.sizes.constant(1);
  for (const SlidingWindow &w : windows) {
    outer.push_back(dim);
    if (w.isTrivial()) {
      ++dim;
      continue;
    }
    SmallVector<Size> grid{w.output, w.window};
    Value place = n.iota(grid, i32, 0), within = n.iota(grid, i32, 1);
    Value index = n.add(scaleBy(n, place, w.stride), scaleBy(n, within, w.dilation));
    padded = n.create<tg::GatherOp>(padded, index, dim, 0, tg::BoundsMode::Error);
    inner.push_back(dim + 1);
    dim += 2;
    elements = n.sizes.mul(elements, w.window);
  }
  outer.append(inner);
  SmallVector<Size> shape = getOutputSizes(windows);
  shape.push_back(elements);
  return n.reshape(n.transpose(padded, outer), shape);
}

int64_t getWindowElements(ArrayRef<SlidingWindow> windows) {
  int64_t elements = 1;
  for (const SlidingWindow &w : windows)
    elements *= *IndexBuilder::getConstant(w.window);
  return elements;
}

Value flattenPositions(NodeImporter &n, Value winners, ArrayRef<SlidingWindow> windows, Type element,
                       bool countsBatch) {
  winners = n.cast(winners, element);
  SmallVector<Size> shape = getOutputSizes(windows);
  auto spread = [&](Size size) { return n.broadcastTo(n.sizeTensor(size, element), shape); };
  Value position = n.splatLike(winners, 0);
  int64_t inner = getWindowElements(windows);
  for (auto [dim, w] : llvm::enumerate(windows)) {
    int64_t extent = *IndexBuilder::getConstant(w.window);
    inner /= extent;
    if (dim == 0 && !countsBatch)
      continue;
    Value coordinate = scaleBy(n, n.iota(shape, element, dim), w.stride);
    if (extent > 1) {
      Value place = n.create<tg::FloorModOp>(n.create<tg::FloorDivOp>(winners, n.splatLike(winners, inner)),
                                             n.splatLike(winners, extent));
      coordinate = n.add(coordinate, scaleBy(n, place, w.dilation));
    }
    // Where the padding is as large as all that a window covers, the first of these wins.
    if (IndexBuilder::getConstant(w.low) != 0)
      coordinate = n.create<tg::MaximumOp>(n.sub(coordinate, spread(w.low)), n.splatLike(coordinate, 0));
    position = n.add(n.mul(position, spread(w.input)), coordinate);
  }
  return position;
}

Value addAtPositions(NodeImporter &n, Value positions, Value updates, ArrayRef<Size> shape) {
  Value zeros = n.broadcastTo(n.scalar(getElementTypeOrSelf(updates.getType()), 0), {n.sizes.product(shape)});
  Size count = n.sizes.product(n.sizes.sizesOf(updates));
  Value rows = n.reshape(positions, {count, n.sizes.constant(1)});
  Value sum = n.create<tg::ScatterOp>(tg::ScatterKind::Add, zeros, rows, n.reshape(updates, {count}));
  return n.reshape(sum, shape);
}

namespace {

/// Patches of images or volumes: [batch, outputs..., elements of a window * channels].
LogicalResult importExtractPatches(NodeImporter &n) {
  int64_t rank = n.node.op() == "ExtractVolumePatches" ? 5 : 4;
  Value x = n.getTensor(0);
  if (n.getRank(0) != rank)
    return n.error() << "expects a tensor of rank " << rank << ", got " << x.getType();
  auto attrs = getWindowAttrs(n, rank, "rates");
  if (failed(attrs))
    return failure();
  std::vector<int64_t> ksizes = n.getInts("ksizes");
  if (static_cast<int64_t>(ksizes.size()) != rank)
    return n.error() << "ksizes has " << ksizes.size() << " numbers, expected " << rank;
  DataLayout layout{rank, false};
  if (failed(checkSpatialOnly(n, *attrs, layout)))
    return failure();
  SmallVector<SlidingWindow> windows;
  SmallVector<Size> sizes = n.sizes.sizesOf(x);
  for (int64_t dim = 0; dim < rank; ++dim) {
    if (ksizes[dim] < 1 || ((dim == 0 || dim == rank - 1) && ksizes[dim] != 1))
      return n.error() << "ksizes " << ksizes[dim] << " in dimension " << dim
                       << ", expected a positive number, and 1 for batch and channels";
    auto window = getWindow(n, *attrs, dim, sizes[dim], n.sizes.constant(ksizes[dim]));
    if (failed(window))
      return failure();
    windows.push_back(*window);
  }
  Value patches = extractPatches(n, padForWindows(n, x, n.scalar(n.getElementType(0), 0), windows), windows);
  // [batch, outputs..., channels, elements] -> [batch, outputs..., elements * channels]
  SmallVector<int64_t> permutation = llvm::to_vector(llvm::seq<int64_t>(0, rank - 1));
  permutation.append({rank, rank - 1});
  SmallVector<Size> shape = n.sizes.sizesOf(patches);
  Size elements = shape.pop_back_val();
  shape.back() = n.sizes.mul(elements, shape.back());
  n.setResult(n.reshape(n.transpose(patches, permutation), shape));
  return success();
}

/// The sizes `size / block`, checked.
FailureOr<Size> divideSize(NodeImporter &n, Size size, int64_t block, int64_t dim) {
  if (auto known = IndexBuilder::getConstant(size); known && *known % block) {
    n.error() << "dimension " << dim << " has " << *known
              << " elements, which are no multiple of the block size " << block;
    return failure();
  }
  if (!IndexBuilder::getConstant(size))
    n.check(n.sizes.equals(n.sizes.floorMod(size, n.sizes.constant(block)), n.sizes.constant(0)),
            "dimension " + Twine(dim) + " has %d elements, which are no multiple of the block size " +
                Twine(block),
            n.sizes.get(size));
  return n.sizes.floorDiv(size, n.sizes.constant(block));
}

/// Images, channels last, whose blocks of pixels become channels or the other way round.
struct BlockedImages {
  DataLayout layout;
  int64_t block;
  Value pixels;
};

FailureOr<BlockedImages> getBlockedImages(NodeImporter &n) {
  auto layout = getDataLayout(n, n.getRank(0));
  if (failed(layout))
    return failure();
  int64_t block = n.getInt("block_size");
  if (block < 2)
    return n.error() << "block_size " << block << " is less than 2";
  if (layout->rank != 4)
    return n.error() << "expects a tensor of rank 4, got " << n.getType(0);
  return BlockedImages{*layout, block, n.transpose(n.getTensor(0), layout->toChannelsLast())};
}

/// Blocks of pixels become channels.
LogicalResult importSpaceToDepth(NodeImporter &n) {
  auto images = getBlockedImages(n);
  if (failed(images))
    return failure();
  auto [layout, block, x] = *images;
  SmallVector<Size> s = n.sizes.sizesOf(x);
  auto rows = divideSize(n, s[1], block, layout.spatial(0)),
       columns = divideSize(n, s[2], block, layout.spatial(1));
  if (failed(rows) || failed(columns))
    return failure();
  Size b = n.sizes.constant(block);
  Value split = n.reshape(x, {s[0], *rows, b, *columns, b, s[3]});
  Value moved = n.transpose(split, {0, 1, 3, 2, 4, 5});
  Value joined =
      n.reshape(moved, {s[0], *rows, *columns, n.sizes.mul(s[3], n.sizes.constant(block * block))});
  n.setResult(n.transpose(joined, layout.fromChannelsLast()));
  return success();
}

/// Channels become blocks of pixels.
LogicalResult importDepthToSpace(NodeImporter &n) {
  auto images = getBlockedImages(n);
  if (failed(images))
    return failure();
  auto [layout, block, x] = *images;
  SmallVector<Size> s = n.sizes.sizesOf(x);
  auto channels = divideSize(n, s[3], block * block, layout.channel());
  if (failed(channels))
    return failure();
  Size b = n.sizes.constant(block);
  Value split = n.reshape(x, {s[0], s[1], s[2], b, b, *channels});
  Value moved = n.transpose(split, {0, 1, 3, 2, 4, 5});
  Value joined = n.reshape(moved, {s[0], n.sizes.mul(s[1], b), n.sizes.mul(s[2], b), *channels});
  n.setResult(n.transpose(joined, layout.fromChannelsLast()));
  return success();
}

/// What SpaceToBatch and BatchToSpace say: block sizes of the dimensions after the batch, and two numbers for
/// each to pad or crop.
struct Blocks {
  SmallVector<int64_t> sizes;
  SmallVector<Size> low, high;
};

FailureOr<Blocks> getBlocks(NodeImporter &n) {
  Blocks blocks;
  bool isGeneral = n.getNumInputs() == 3;
  if (isGeneral) {
    auto sizes = n.getConstants(1, "block_shape");
    if (failed(sizes))
      return failure();
    blocks.sizes = *sizes;
  } else {
    blocks.sizes.assign(2, n.getInt("block_size"));
  }
  for (int64_t size : blocks.sizes)
    if (size < 1) {
      n.error() << "block size " << size << " is not positive";
      return failure();
    }
  size_t borderInput = isGeneral ? 2 : 1;
  SmallVector<Size> borders;
  if (const HostTensor *host = n.getHost(borderInput)) {
    borders = host->elements;
  } else {
    RankedTensorType type = n.getType(borderInput);
    if (type.getRank() != 2 || !type.hasStaticShape()) {
      n.error() << "paddings or crops must be a matrix of known size, got " << type;
      return failure();
    }
    for (int64_t row = 0; row < type.getDimSize(0); ++row)
      for (int64_t column = 0; column < type.getDimSize(1); ++column)
        borders.push_back(n.extract(n.getTensor(borderInput), {row, column}));
  }
  if (borders.size() != 2 * blocks.sizes.size() ||
      static_cast<int64_t>(blocks.sizes.size()) >= n.getRank(0)) {
    n.error() << borders.size() << " paddings or crops and " << blocks.sizes.size()
              << " block sizes do not fit each other and " << n.getType(0);
    return failure();
  }
  for (size_t i = 0; i < blocks.sizes.size(); ++i) {
    for (Size border : {borders[2 * i], borders[2 * i + 1]})
      if (!IndexBuilder::isNonNegative(border) &&
          (failed(
               n.requireAtMost(n.sizes.constant(0), border, "paddings and crops are at least %d, got %d")) ||
           failed(n.requireAtMost(border, n.sizes.constant(kMostElements),
                                  "a padding or crop of %d is more than any memory holds, at most %d"))))
        return failure();
    blocks.low.push_back(borders[2 * i]);
    blocks.high.push_back(borders[2 * i + 1]);
  }
  return blocks;
}

LogicalResult importSpaceToBatch(NodeImporter &n) {
  auto blocks = getBlocks(n);
  if (failed(blocks))
    return failure();
  Value x = n.getTensor(0);
  int64_t rank = n.getRank(0), count = blocks->sizes.size();
  SmallVector<Size> low(rank, n.sizes.constant(0)), high = low;
  for (int64_t i = 0; i < count; ++i) {
    low[i + 1] = blocks->low[i];
    high[i + 1] = blocks->high[i];
  }
  Value padded = n.pad(x, n.scalar(n.getElementType(0), 0), low, high);
  SmallVector<Size> sizes = n.sizes.sizesOf(padded), split{sizes[0]}, joined;
  SmallVector<int64_t> permutation;
  Size batch = sizes[0];
  for (int64_t i = 0; i < count; ++i) {
    auto part = divideSize(n, sizes[i + 1], blocks->sizes[i], i + 1);
    if (failed(part))
      return failure();
    split.append({*part, n.sizes.constant(blocks->sizes[i])});
    joined.push_back(*part);
    permutation.push_back(2 * i + 2);
    batch = n.sizes.mul(batch, n.sizes.constant(blocks->sizes[i]));
  }
  permutation.push_back(0);
  for (int64_t i = 0; i < count; ++i)
    permutation.push_back(2 * i + 1);
  joined.insert(joined.begin(), batch);
  for (int64_t dim = count + 1; dim < rank; ++dim) {
    split.push_back(sizes[dim]);
    joined.push_back(sizes[dim]);
    permutation.push_back(dim + count);
  }
  n.setResult(n.reshape(n.transpose(n.reshape(padded, split), permutation), joined));
  return success();
}

LogicalResult importBatchToSpace(NodeImporter &n) {
  auto blocks = getBlocks(n);
  if (failed(blocks))
    return failure();
  Value x = n.getTensor(0);
  int64_t rank = n.getRank(0), count = blocks->sizes.size(), elements = 1;
  for (int64_t size : blocks->sizes)
    elements *= size;
  SmallVector<Size> sizes = n.sizes.sizesOf(x), split, joined;
  auto batch = divideSize(n, sizes[0], elements, 0);
  if (failed(batch))
    return failure();
  for (int64_t size : blocks->sizes)
    split.push_back(n.sizes.constant(size));
  split.push_back(*batch);
  split.append(sizes.begin() + 1, sizes.end());
  SmallVector<int64_t> permutation{count};
  joined.push_back(*batch);
  for (int64_t i = 0; i < count; ++i) {
    permutation.append({count + 1 + i, i});
    joined.push_back(n.sizes.mul(sizes[i + 1], n.sizes.constant(blocks->sizes[i])));
  }
  for (int64_t dim = count + 1; dim < rank; ++dim) {
    permutation.push_back(dim + count);
    joined.push_back(sizes[dim]);
  }
  Value whole = n.reshape(n.transpose(n.reshape(x, split), permutation), joined);
  SmallVector<Size> low(rank, n.sizes.constant(0)), cropped = joined;
  for (int64_t i = 0; i < count; ++i) {
    low[i + 1] = blocks->low[i];
    Size left = n.sizes.sub(joined[i + 1], n.sizes.add(blocks->low[i], blocks->high[i]));
    if (auto known = IndexBuilder::getConstant(left); known && *known < 0)
      return n.error() << "crops take " << -*known << " more elements than dimension " << i + 1 << " has";
    if (!IndexBuilder::getConstant(left))
      n.check(n.sizes.equals(n.sizes.max(left, n.sizes.constant(0)), left),
              "crops take more elements than dimension " + Twine(i + 1) + " has");
    cropped[i + 1] = left;
  }
  n.setResult(n.slice(whole, low, cropped));
  return success();
}

} // namespace

void registerPatchOps(OpRegistry &registry) {
  registry.add({"ExtractImagePatches", "ExtractVolumePatches"}, importExtractPatches);
  registry.add({"SpaceToDepth"}, importSpaceToDepth);
  registry.add({"DepthToSpace"}, importDepthToSpace);
  registry.add({"SpaceToBatchND", "SpaceToBatch"}, importSpaceToBatch);
  registry.add({"BatchToSpaceND", "BatchToSpace"}, importBatchToSpace);
}

} // namespace tgc
