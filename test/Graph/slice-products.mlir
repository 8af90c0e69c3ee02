// RUN: tgc-opt %s --tgc-slice-products --canonicalize | FileCheck %s

// Columns of the product are rows of a transposed right operand.
// CHECK-LABEL: func @columns
// CHECK-SAME: (%[[G:.*]]: tensor<8x64xf32>, %[[W:.*]]: tensor<28x64xf32>)
// CHECK: %[[P:.*]] = tg.slice %[[W]] {{\[12, 0\] \[16, 64\]}}
// CHECK: tg.matmul %[[G]], %[[P]] transposed {{.*}} -> tensor<8x16xf32>
func.func @columns(%g: tensor<8x64xf32>, %w: tensor<28x64xf32>) -> tensor<8x16xf32> {
  %p = tg.matmul %g, %w transposed : (tensor<8x64xf32>, tensor<28x64xf32>) -> tensor<8x28xf32>
  %s = tg.slice %p [0, 12] [8, 16] [1, 1] : tensor<8x28xf32> -> tensor<8x16xf32>
  return %s : tensor<8x16xf32>
}

// Rows and columns.
// CHECK-LABEL: func @rows
// CHECK-SAME: (%[[X:.*]]: tensor<64x8xf32>, %[[W:.*]]: tensor<64x28xf32>)
// CHECK: %[[A:.*]] = tg.slice %[[X]] {{\[0, 3\] \[64, 4\]}}
// CHECK: %[[B:.*]] = tg.slice %[[W]] {{\[0, 12\] \[64, 16\]}}
// CHECK: tg.matmul %[[A]] transposed, %[[B]] {{.*}} -> tensor<4x16xf32>
func.func @rows(%x: tensor<64x8xf32>, %w: tensor<64x28xf32>) -> tensor<4x16xf32> {
  %p = tg.matmul %x transposed, %w : (tensor<64x8xf32>, tensor<64x28xf32>) -> tensor<8x28xf32>
  %s = tg.slice %p [3, 12] [4, 16] [1, 1] : tensor<8x28xf32> -> tensor<4x16xf32>
  return %s : tensor<4x16xf32>
}

// Both parts are read: one product, and steps between elements.
// CHECK-LABEL: func @both
// CHECK: tg.matmul {{.*}} -> tensor<8x28xf32>
// CHECK: tg.matmul {{.*}} -> tensor<8x28xf32>
func.func @both(%g: tensor<8x64xf32>, %w: tensor<64x28xf32>) -> (tensor<8x12xf32>, tensor<8x16xf32>, tensor<8x14xf32>) {
  %p = tg.matmul %g, %w : (tensor<8x64xf32>, tensor<64x28xf32>) -> tensor<8x28xf32>
  %a = tg.slice %p [0, 0] [8, 12] [1, 1] : tensor<8x28xf32> -> tensor<8x12xf32>
  %b = tg.slice %p [0, 12] [8, 16] [1, 1] : tensor<8x28xf32> -> tensor<8x16xf32>
  %n = tg.neg %g : tensor<8x64xf32>
  %q = tg.matmul %n, %w : (tensor<8x64xf32>, tensor<64x28xf32>) -> tensor<8x28xf32>
  %c = tg.slice %q [0, 0] [8, 14] [1, 2] : tensor<8x28xf32> -> tensor<8x14xf32>
  return %a, %b, %c : tensor<8x12xf32>, tensor<8x16xf32>, tensor<8x14xf32>
}
