// Two products of the same matrices start from equal zeros and go to two fetches; each keeps its own numbers.
// REQUIRES: numpy
// RUN: %python -c "import numpy as np; np.savez(r'%t.npz', **{'x:0': np.array([[1, 2], [3, 4]], np.float32)})"
// RUN: tgc-run %s --feeds %t.npz --out %t.out.npz
// RUN: %python -c "import numpy as np; o = np.load(r'%t.out.npz'); print(o['a:0'].tolist(), o['b:0'].tolist())" | FileCheck %s
// CHECK: {{\[\[}}10.0, 14.0], [14.0, 20.0]] {{\[\[}}7.0, 10.0], [15.0, 22.0]]

func.func @main(%x: tensor<2x2xf32> {tg.feed = "x:0"}) -> (tensor<2x2xf32> {tg.fetch = "a:0"}, tensor<2x2xf32> {tg.fetch = "b:0"})
    attributes {tg.entry = "main"} {
  %a = tg.matmul %x transposed, %x : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %b = tg.matmul %x, %x : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return %a, %b : tensor<2x2xf32>, tensor<2x2xf32>
}
