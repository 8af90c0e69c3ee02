// The new value of a variable is a product of the old one with itself: it must not be computed in its memory. Another is
// swapped with its neighbour.
// RUN: tgc-run %s | FileCheck %s

// CHECK: s:0 float32 [2,2]: 7 10 15 22
// CHECK: p:0 float32 []: 1
module {
  tg.variable @w : tensor<2x2xf32> = dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  tg.variable @p : tensor<f32> = dense<1.0> : tensor<f32>
  tg.variable @q : tensor<f32> = dense<2.0> : tensor<f32>
  func.func @main(%w: tensor<2x2xf32> {tg.variable = "w"}, %p: tensor<f32> {tg.variable = "p"}, %q: tensor<f32> {tg.variable = "q"})
     -> (tensor<2x2xf32> {tg.variable = "w"}, tensor<2x2xf32> {tg.fetch = "s:0"}, tensor<f32> {tg.variable = "p"},
         tensor<f32> {tg.variable = "q"}, tensor<f32> {tg.fetch = "p:0"}) attributes {tg.entry = "main"} {
    %empty = tensor.empty() : tensor<2x2xf32>
    %zero = arith.constant 0.0 : f32
    %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<2x2xf32>) -> tensor<2x2xf32>
    %new = linalg.matmul ins(%w, %w : tensor<2x2xf32>, tensor<2x2xf32>) outs(%init : tensor<2x2xf32>) -> tensor<2x2xf32>
    return %new, %new, %q, %p, %p : tensor<2x2xf32>, tensor<2x2xf32>, tensor<f32>, tensor<f32>, tensor<f32>
  }
}
