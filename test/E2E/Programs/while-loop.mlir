// The body reads all of the carried matrix for each element that it writes: a + transpose(a), three times.
// REQUIRES: numpy
// RUN: %python -c "import numpy as np; np.savez('%t.npz', **{'x:0': np.arange(9, dtype=np.float32).reshape(3, 3), 'n:0': np.int32(3)})"
// RUN: tgc-run %s --feeds %t.npz | FileCheck %s

// CHECK: a:0 float32 [3,3]: 0 16 32 16 32 48 32 48 64
// CHECK: i:0 int32 []: 3
module {
  func.func @main(%x: tensor<3x3xf32> {tg.feed = "x:0"}, %n: tensor<i32> {tg.feed = "n:0"})
     -> (tensor<3x3xf32> {tg.fetch = "a:0"}, tensor<i32> {tg.fetch = "i:0"})
     attributes {tg.entry = "main"} {
    %z = tg.constant dense<0> : tensor<i32>
    %one = tg.constant dense<1> : tensor<i32>
    %r:2 = scf.while (%i = %z, %a = %x) : (tensor<i32>, tensor<3x3xf32>) -> (tensor<i32>, tensor<3x3xf32>) {
      %iv = tensor.extract %i[] : tensor<i32>
      %nv = tensor.extract %n[] : tensor<i32>
      %c = arith.cmpi slt, %iv, %nv : i32
      scf.condition(%c) %i, %a : tensor<i32>, tensor<3x3xf32>
    } do {
    ^bb0(%i: tensor<i32>, %a: tensor<3x3xf32>):
      %i2 = tg.add %i, %one : tensor<i32>
      %e = tensor.empty() : tensor<3x3xf32>
      %t = linalg.transpose ins(%a : tensor<3x3xf32>) outs(%e : tensor<3x3xf32>) permutation = [1, 0]
      %s = tg.add %t, %a : tensor<3x3xf32>
      scf.yield %i2, %s : tensor<i32>, tensor<3x3xf32>
    }
    return %r#1, %r#0 : tensor<3x3xf32>, tensor<i32>
  }
}
