// RUN: tgc-opt %s -convert-tg-to-linalg -split-input-file | FileCheck %s

// Channels run innermost, inside the window.
// CHECK-DAG: #[[$IN:.+]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1 * 2 + d3, d2 * 2 + d4 * 3, d5)>
// CHECK-DAG: #[[$WINDOW:.+]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d3, d4)>
// CHECK-DAG: #[[$OUT:.+]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d5)>
// CHECK-LABEL: func @max_pool
// CHECK: tensor.empty() : tensor<3x2xf32>
// CHECK: linalg.generic {indexing_maps = [#[[$IN]], #[[$WINDOW]], #[[$OUT]]], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "parallel"]}
// CHECK: arith.maximumf
func.func @max_pool(%x: tensor<?x9x12x8xf32>) -> tensor<?x4x5x8xf32> {
  %r = tg.reduce_window max %x window [1, 3, 2, 1] strides [1, 2, 2, 1] dilations [1, 1, 3, 1] : tensor<?x9x12x8xf32> -> tensor<?x4x5x8xf32>
  return %r : tensor<?x4x5x8xf32>
}

// -----

// CHECK-LABEL: func @window_that_does_not_fit
// CHECK: tensor.empty() : tensor<0xf32>
// CHECK-NEXT: return
func.func @window_that_does_not_fit(%x: tensor<4xf32>) -> tensor<0xf32> {
  %r = tg.reduce_window sum %x window [5] strides [1] dilations [1] : tensor<4xf32> -> tensor<0xf32>
  return %r : tensor<0xf32>
}
