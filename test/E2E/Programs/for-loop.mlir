// Loop-carried values: two that feed each other, and one that grows by an element in each iteration (Fibonacci's numbers).
// REQUIRES: numpy
// RUN: %python -c "import numpy as np; np.savez('%t.npz', **{'x:0': np.array([1, 2, 3, 4], np.float32), 'n:0': np.int32(5), 'e:0': np.array([1, 2, 3, 4], np.float32)})"
// RUN: tgc-run %s --feeds %t.npz | FileCheck %s

// CHECK: a:0 float32 [4]: 8 16 24 32
// CHECK: b:0 float32 [4]: 13 26 39 52
// CHECK: c:0 float32 [9]: 1 2 3 4 2 3 5 8 13
module {
  func.func @main(%x: tensor<4xf32> {tg.feed = "x:0"}, %n: tensor<i32> {tg.feed = "n:0"}, %e: tensor<?xf32> {tg.feed = "e:0"})
     -> (tensor<4xf32> {tg.fetch = "a:0"}, tensor<4xf32> {tg.fetch = "b:0"}, tensor<?xf32> {tg.fetch = "c:0"})
     attributes {tg.entry = "main"} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %ni = tensor.extract %n[] : tensor<i32>
    %nn = arith.index_cast %ni : i32 to index
    %r:3 = scf.for %i = %c0 to %nn step %c1 iter_args(%a = %x, %b = %x, %c = %e) -> (tensor<4xf32>, tensor<4xf32>, tensor<?xf32>) {
      %s = tg.add %a, %b : tensor<4xf32>
      %d = tensor.dim %c, %c0 : tensor<?xf32>
      %d1 = arith.addi %d, %c1 : index
      %em = tensor.empty(%d1) : tensor<?xf32>
      %v = tensor.extract %s[%c0] : tensor<4xf32>
      %f = linalg.fill ins(%v : f32) outs(%em : tensor<?xf32>) -> tensor<?xf32>
      %ins = tensor.insert_slice %c into %f[0][%d][1] : tensor<?xf32> into tensor<?xf32>
      scf.yield %b, %s, %ins : tensor<4xf32>, tensor<4xf32>, tensor<?xf32>
    }
    return %r#0, %r#1, %r#2 : tensor<4xf32>, tensor<4xf32>, tensor<?xf32>
  }
}
