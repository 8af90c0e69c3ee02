// RUN: tgc-opt %s -convert-tg-to-linalg -split-input-file | FileCheck %s

// One division a row: the sum is at least 1.
// CHECK-LABEL: func @softmax
// CHECK: arith.divf %{{.+}}, %{{.+}} : f32
// CHECK: } -> tensor<?x1xf32>
// CHECK: linalg.generic {{.*}} ins(%{{.+}}, %{{.+}} : tensor<?x96xf32>, tensor<?x1xf32>)
// CHECK: arith.mulf
// CHECK-NOT: arith.divf
func.func @softmax(%x: tensor<?x96xf32>, %n: index) -> tensor<?x96xf32> {
  %0 = tg.reduce max %x dimensions [1] : tensor<?x96xf32> -> tensor<?xf32>
  %1 = tg.reshape %0[%n] : tensor<?xf32> -> tensor<?x1xf32>
  %2 = tg.broadcast_to %1[%n] equal [0] : tensor<?x1xf32> -> tensor<?x96xf32>
  %3 = tg.sub %x, %2 : tensor<?x96xf32>
  %4 = tg.exp %3 : tensor<?x96xf32>
  %5 = tg.reduce sum %4 dimensions [1] : tensor<?x96xf32> -> tensor<?xf32>
  %6 = tg.reshape %5[%n] : tensor<?xf32> -> tensor<?x1xf32>
  %7 = tg.broadcast_to %6[%n] equal [0] : tensor<?x1xf32> -> tensor<?x96xf32>
  %8 = tg.div %4, %7 : tensor<?x96xf32>
  return %8 : tensor<?x96xf32>
}

// -----

// The sum of any exponentials may have no normal reciprocal.
// CHECK-LABEL: func @not_shifted
// CHECK-NOT: arith.mulf
// CHECK: arith.divf
func.func @not_shifted(%x: tensor<8x96xf32>) -> tensor<8x96xf32> {
  %4 = tg.exp %x : tensor<8x96xf32>
  %5 = tg.reduce sum %4 dimensions [1] : tensor<8x96xf32> -> tensor<8xf32>
  %6 = tg.reshape %5 : tensor<8xf32> -> tensor<8x1xf32>
  %7 = tg.broadcast_to %6 equal [0] : tensor<8x1xf32> -> tensor<8x96xf32>
  %8 = tg.div %4, %7 : tensor<8x96xf32>
  return %8 : tensor<8x96xf32>
}

// -----

// The largest along columns does not bound a sum along rows.
// CHECK-LABEL: func @other_dimension
// CHECK-NOT: arith.mulf
// CHECK: arith.divf
func.func @other_dimension(%x: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %0 = tg.reduce max %x dimensions [0] : tensor<8x8xf32> -> tensor<8xf32>
  %1 = tg.reshape %0 : tensor<8xf32> -> tensor<1x8xf32>
  %2 = tg.broadcast_to %1 equal [1] : tensor<1x8xf32> -> tensor<8x8xf32>
  %3 = tg.sub %x, %2 : tensor<8x8xf32>
  %4 = tg.exp %3 : tensor<8x8xf32>
  %5 = tg.reduce sum %4 dimensions [1] : tensor<8x8xf32> -> tensor<8xf32>
  %6 = tg.reshape %5 : tensor<8xf32> -> tensor<8x1xf32>
  %7 = tg.broadcast_to %6 equal [0] : tensor<8x1xf32> -> tensor<8x8xf32>
  %8 = tg.div %4, %7 : tensor<8x8xf32>
  return %8 : tensor<8x8xf32>
}
