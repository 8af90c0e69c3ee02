// RUN: tgc-opt %s -convert-tg-to-linalg -split-input-file | FileCheck %s

// CHECK-DAG: #[[$IN:.+]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1 * 2 + d3, d2 + d4 * 3, d5)>
// CHECK-DAG: #[[$FILTER:.+]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d3, d4, d5, d6)>
// CHECK-DAG: #[[$OUT:.+]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1, d2, d6)>
// CHECK-LABEL: func @conv2d
// CHECK: linalg.generic {indexing_maps = [#[[$IN]], #[[$FILTER]], #[[$OUT]]],
// CHECK-SAME: iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "reduction", "parallel"]
func.func @conv2d(%x: tensor<?x9x8x3xf32>, %f: tensor<3x2x3x16xf32>) -> tensor<?x4x5x16xf32> {
  %r = tg.conv %x, %f strides [2, 1] dilations [1, 3] : (tensor<?x9x8x3xf32>, tensor<3x2x3x16xf32>) -> tensor<?x4x5x16xf32>
  return %r : tensor<?x4x5x16xf32>
}

// -----

// CHECK-LABEL: func @two_groups
// CHECK: tensor.expand_shape %arg0 {{\[\[}}0], [1], [2, 3]]
// CHECK: tensor.expand_shape %arg1 {{\[\[}}0], [1], [2, 3]]
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "parallel"]
// CHECK: tensor.collapse_shape %{{.+}} {{\[\[}}0], [1], [2, 3]]
func.func @two_groups(%x: tensor<?x9x4xf32>, %f: tensor<3x2x6xf32>) -> tensor<?x7x6xf32> {
  %r = tg.conv %x, %f strides [1] dilations [1] groups 2 : (tensor<?x9x4xf32>, tensor<3x2x6xf32>) -> tensor<?x7x6xf32>
  return %r : tensor<?x7x6xf32>
}

// -----

// CHECK-DAG: #[[$IN:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d1 + d2, d3)>
// CHECK-DAG: #[[$FILTER:.+]] = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
// CHECK-DAG: #[[$OUT:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>
// CHECK-LABEL: func @depthwise
// CHECK: tensor.collapse_shape %arg1 {{\[\[}}0], [1, 2]]
// CHECK: linalg.generic {indexing_maps = [#[[$IN]], #[[$FILTER]], #[[$OUT]]]
func.func @depthwise(%x: tensor<?x9x4xf32>, %f: tensor<3x1x4xf32>) -> tensor<?x7x4xf32> {
  %r = tg.conv %x, %f strides [1] dilations [1] groups 4 : (tensor<?x9x4xf32>, tensor<3x1x4xf32>) -> tensor<?x7x4xf32>
  return %r : tensor<?x7x4xf32>
}
