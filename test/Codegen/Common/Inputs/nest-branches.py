"""nest-branches.py COUNT: a function with COUNT conditions, each inside the one before."""
import sys

count = int(sys.argv[1])
predicates = ", ".join(f"%p{i}: i1" for i in range(count))
print(f"func.func @entry({predicates}, %x: tensor<4xf32>) -> tensor<4xf32> {{")
print("%zero = arith.constant 0.0 : f32")
for i in range(count):
    print(f"%r{i} = scf.if %p{i} -> (tensor<4xf32>) {{")
print("%e = tensor.empty() : tensor<4xf32>")
print("%inner = linalg.fill ins(%zero : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>")
for i in reversed(range(count)):
    value = "%inner" if i == count - 1 else f"%r{i + 1}"
    print(f"scf.yield {value} : tensor<4xf32>")
    print("} else {")
    print("scf.yield %x : tensor<4xf32>")
    print("}")
print("return %r0 : tensor<4xf32>")
print("}")
