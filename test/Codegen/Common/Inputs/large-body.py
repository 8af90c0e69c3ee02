"""large-body.py COUNT: a function of one loop nest whose body has COUNT additions."""
import sys

count = int(sys.argv[1])
print("#id = affine_map<(d0) -> (d0)>")
print("func.func @entry(%x: memref<?xf32>) {")
print("linalg.generic {indexing_maps = [#id], iterator_types = [\"parallel\"]} outs(%x : memref<?xf32>) {")
print("^bb0(%s0: f32):")
for i in range(count):
    print(f"%s{i + 1} = arith.addf %s{i}, %s0 : f32")
print(f"linalg.yield %s{count} : f32")
print("}")
print("return")
print("}")
