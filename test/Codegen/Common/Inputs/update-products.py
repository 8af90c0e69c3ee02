"""update-products.py COUNT: a function that computes COUNT images of its memory, each the product of the one before with a matrix."""
import sys

count = int(sys.argv[1])
print("#x = affine_map<(i, j, k) -> (i, k)>")
print("#w = affine_map<(i, j, k) -> (k, j)>")
print("#r = affine_map<(i, j, k) -> (i, j)>")
print(f"func.func @entry(%frame: !llvm.ptr, %fetch: memref<{count}x32x32xf32>, %p0: tensor<32x32xf32>, %w: tensor<32x32xf32>) {{")
print(f"%y0 = tensor.empty() : tensor<{count}x32x32xf32>")
for i in range(count):
    print(f"%e{i} = tensor.empty() : tensor<32x32xf32>")
    print(f"%p{i + 1} = kernel.contract (%p{i}, %w) into %e{i} sizes [32, 32, 32] attributes {{indexing_maps = [#x, #w, #r]}} {{")
    print("^bb0(%sum: f32):")
    print("kernel.yield %sum : f32")
    print("} : tensor<32x32xf32>, tensor<32x32xf32> into tensor<32x32xf32> -> tensor<32x32xf32>")
    print(f"%y{i + 1} = tensor.insert_slice %p{i + 1} into %y{i}[{i}, 0, 0] [1, 32, 32] [1, 1, 1] : tensor<32x32xf32> into tensor<{count}x32x32xf32>")
print(f"bufferization.materialize_in_destination %y{count} in restrict writable %fetch : (tensor<{count}x32x32xf32>, memref<{count}x32x32xf32>) -> ()")
print("return")
print("}")
