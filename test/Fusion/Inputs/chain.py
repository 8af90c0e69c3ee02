"""chain.py COUNT: a function with a chain of COUNT exponentials."""
import sys

count = int(sys.argv[1])
print("#id = affine_map<(d0) -> (d0)>")
print("func.func @chain(%v0: tensor<8xf32>) -> tensor<8xf32> {")
print("%e = tensor.empty() : tensor<8xf32>")
for i in range(count):
    print(f"%v{i + 1} = linalg.generic {{indexing_maps = [#id, #id], iterator_types = [\"parallel\"]}}"
          f" ins(%v{i} : tensor<8xf32>) outs(%e : tensor<8xf32>) {{")
    print("^bb0(%i: f32, %o: f32):")
    print("%y = math.exp %i : f32")
    print("linalg.yield %y : f32")
    print("} -> tensor<8xf32>")
print(f"return %v{count} : tensor<8xf32>")
print("}")
