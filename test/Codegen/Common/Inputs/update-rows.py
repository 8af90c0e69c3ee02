"""update-rows.py COUNT: a function that computes COUNT rows of its memory, each from the one before, and checks each."""
import sys

count = int(sys.argv[1])
print("#id = affine_map<(d0) -> (d0)>")
print(f"func.func @entry(%frame: !llvm.ptr, %fetch: memref<{count}x4xf32>, %x: tensor<4xf32>) {{")
print(f"%y0 = tensor.empty() : tensor<{count}x4xf32>")
for i in range(count):
    print(f"%i{i} = arith.constant {i} : index")
    print(f"%e{i} = tensor.empty() : tensor<4xf32>")
    before = "%x" if i == 0 else f"%row{i - 1}"
    print(f"%row{i} = linalg.generic {{indexing_maps = [#id, #id], iterator_types = [\"parallel\"]}} ins({before} : tensor<4xf32>) outs(%e{i} : tensor<4xf32>) {{")
    print("^bb0(%in: f32, %out: f32):")
    print("%s = arith.addf %in, %in : f32")
    print("linalg.yield %s : f32")
    print("} -> tensor<4xf32>")
    print(f"%v{i} = tensor.extract %row{i}[%i0] : tensor<4xf32>")
    print(f"%p{i} = arith.cmpf ult, %v{i}, %v0 : f32")
    print(f"scf.if %p{i} {{")
    print(f"rt.fail %frame, 3, \"row %d is small\"(%i{i})")
    print("}")
    print(f"%y{i + 1} = tensor.insert_slice %row{i} into %y{i}[{i}, 0] [1, 4] [1, 1] : tensor<4xf32> into tensor<{count}x4xf32>")
print(f"bufferization.materialize_in_destination %y{count} in restrict writable %fetch : (tensor<{count}x4xf32>, memref<{count}x4xf32>) -> ()")
print("return")
print("}")
