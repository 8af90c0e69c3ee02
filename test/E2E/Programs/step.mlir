// A step of a program with variables, compiled to a library and in memory: a variable that is fetched and updated gives the
// value before the update.
// REQUIRES: numpy
// RUN: %python -c "import numpy as np; np.savez('%t.npz', **{'x:0': np.array([[1, 2], [3, 4], [5, 6]], np.float32)})"
// RUN: tgc %s -o %t.so
// RUN: tgc-run %t.so --feeds %t.npz | FileCheck %s
// RUN: tgc-run %s --feeds %t.npz | FileCheck %s

// CHECK: y:0 float32 [3,2]: 2 4 6 8 10 12
// CHECK: n:0 int64 []: 10
// CHECK: w:0 float32 [4,2]: 2 2 2 2 2 2 2 2
module {
  tg.variable @w : tensor<4x2xf32> trainable = dense<2.0> : tensor<4x2xf32>
  tg.variable @n : tensor<i64> = dense<5> : tensor<i64>
  func.func @main(%x: tensor<?x2xf32> {tg.feed = "x:0"}, %w: tensor<4x2xf32> {tg.variable = "w"}, %n: tensor<i64> {tg.variable = "n"})
     -> (tensor<?x2xf32> {tg.fetch = "y:0"}, tensor<4x2xf32> {tg.variable = "w"}, tensor<i64> {tg.variable = "n"},
         tensor<i64> {tg.fetch = "n:0"}, tensor<4x2xf32> {tg.fetch = "w:0"}) attributes {tg.entry = "train", tg.targets = ["step"]} {
    %y = tg.add %x, %x : tensor<?x2xf32>
    %w2 = tg.mul %w, %w : tensor<4x2xf32>
    %n2 = tg.add %n, %n : tensor<i64>
    return %y, %w2, %n2, %n2, %w : tensor<?x2xf32>, tensor<4x2xf32>, tensor<i64>, tensor<i64>, tensor<4x2xf32>
  }
}
