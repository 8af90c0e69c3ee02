// RUN: tgc-opt %s -convert-tg-to-linalg -split-input-file | FileCheck %s

// CHECK-LABEL: func @same_width
// CHECK: arith.bitcast %{{.+}} : f32 to i32
func.func @same_width(%x: tensor<?xf32>) -> tensor<?xui32> {
  %r = tg.bitcast %x : tensor<?xf32> to tensor<?xui32>
  return %r : tensor<?xui32>
}

// -----

// CHECK-LABEL: func @narrower
// CHECK: %[[BITS:.+]] = arith.bitcast %{{.+}} : f32 to i32
// CHECK: %[[PIECE:.+]] = arith.shrui %[[BITS]], %{{.+}} : i32
// CHECK: arith.trunci %[[PIECE]] : i32 to i8
func.func @narrower(%x: tensor<?xf32>) -> tensor<?x4xui8> {
  %r = tg.bitcast %x : tensor<?xf32> to tensor<?x4xui8>
  return %r : tensor<?x4xui8>
}

// -----

// CHECK-DAG: #[[$LOW:.+]] = affine_map<(d0) -> (d0, 0)>
// CHECK-DAG: #[[$HIGH:.+]] = affine_map<(d0) -> (d0, 1)>
// CHECK-LABEL: func @wider
// CHECK: linalg.generic {indexing_maps = [#[[$LOW]], #[[$HIGH]], #{{.+}}]
// CHECK: ^bb0(%[[LOW:.+]]: i16, %[[HIGH:.+]]: i16, %{{.+}}: f32):
// CHECK-DAG: arith.extui %[[LOW]] : i16 to i32
// CHECK-DAG: %[[WIDE:.+]] = arith.extui %[[HIGH]] : i16 to i32
// CHECK: arith.shli %[[WIDE]], %{{.+}} : i32
// CHECK: arith.bitcast %{{.+}} : i32 to f32
func.func @wider(%x: tensor<?x2xi16>) -> tensor<?xf32> {
  %r = tg.bitcast %x : tensor<?x2xi16> to tensor<?xf32>
  return %r : tensor<?xf32>
}
