"""Prints an entry that fills N buffers with zeros and a last one with ones."""
import sys

count = int(sys.argv[1])
print("func.func @entry(" + ", ".join(f"%b{i}: memref<?xf32>" for i in range(count + 1)) + ") {")
print("  %zero = arith.constant 0.0 : f32\n  %one = arith.constant 1.0 : f32")
for i in range(count + 1):
    print(f"  linalg.fill ins({'%one' if i == count else '%zero'} : f32) outs(%b{i} : memref<?xf32>)")
print("  return\n}")
