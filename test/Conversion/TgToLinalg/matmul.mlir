// RUN: tgc-opt %s -convert-tg-to-linalg -split-input-file | FileCheck %s

// Rows of the right operand are contiguous: the innermost loop runs along them.
// CHECK-DAG: #[[$A:.+]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-DAG: #[[$B:.+]] = affine_map<(d0, d1, d2) -> (d1, d2)>
// CHECK-DAG: #[[$C:.+]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-LABEL: func @plain
// CHECK: linalg.generic {indexing_maps = [#[[$A]], #[[$B]], #[[$C]]], iterator_types = ["parallel", "reduction", "parallel"]}
// CHECK: arith.mulf
// CHECK: arith.addf %{{.+}} fastmath<reassoc,contract> : f32
func.func @plain(%a: tensor<?x784xf32>, %b: tensor<784x10xf32>) -> tensor<?x10xf32> {
  %r = tg.matmul %a, %b : (tensor<?x784xf32>, tensor<784x10xf32>) -> tensor<?x10xf32>
  return %r : tensor<?x10xf32>
}

// -----

// CHECK-DAG: #[[$A:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d3, d1)>
// CHECK-DAG: #[[$B:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d2, d3)>
// CHECK-DAG: #[[$C:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
// CHECK-LABEL: func @transposed_batches
// CHECK: linalg.generic {indexing_maps = [#[[$A]], #[[$B]], #[[$C]]], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
func.func @transposed_batches(%a: tensor<3x?x5xf32>, %b: tensor<3x7x?xf32>) -> tensor<3x5x7xf32> {
  %r = tg.matmul %a transposed, %b transposed : (tensor<3x?x5xf32>, tensor<3x7x?xf32>) -> tensor<3x5x7xf32>
  return %r : tensor<3x5x7xf32>
}

// -----

// CHECK-LABEL: func @half
// CHECK: linalg.fill ins(%{{.+}} : f32)
// CHECK: arith.extf %{{.+}} : f16 to f32
// CHECK: arith.truncf %{{.+}} : f32 to f16
func.func @half(%a: tensor<2x3xf16>, %b: tensor<3x4xf16>) -> tensor<2x4xf16> {
  %r = tg.matmul %a, %b : (tensor<2x3xf16>, tensor<3x4xf16>) -> tensor<2x4xf16>
  return %r : tensor<2x4xf16>
}

// -----

// CHECK-LABEL: func @no_inner_elements
// CHECK: linalg.fill
// CHECK-NOT: linalg.generic
func.func @no_inner_elements(%a: tensor<2x0xi32>, %b: tensor<0x4xi32>) -> tensor<2x4xi32> {
  %r = tg.matmul %a, %b : (tensor<2x0xi32>, tensor<0x4xi32>) -> tensor<2x4xi32>
  return %r : tensor<2x4xi32>
}
