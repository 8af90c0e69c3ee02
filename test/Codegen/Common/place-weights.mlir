// RUN: tgc-opt %s -tgc-place-weights | FileCheck %s

// Equal constants share their bytes, each starts at a multiple of 64; small ones stay.
// CHECK: module attributes {rt.variables = [{initial_dims = array<i64: 2>, initial_offset = 128 : i64, name = "v"}]
// CHECK-SAME: rt.weights_data = dense_resource<tgc_weights> : tensor<136xi8>
// CHECK: memref.global "private" constant @small
// CHECK-NOT: @large
// CHECK: rt.weights 0 : memref<20xf32>
// CHECK: rt.weights 0 : memref<20xf32>
module attributes {rt.variables = [{name = "v", initial_value = dense<[1.0, 2.0]> : tensor<2xf32>}]} {
  memref.global "private" constant @small : memref<2xf32> = dense<[1.0, 2.0]>
  memref.global "private" constant @large : memref<20xf32> = dense<3.0>
  memref.global "private" constant @large_too : memref<20xf32> = dense<3.0>
  func.func @use() -> (memref<2xf32>, memref<20xf32>, memref<20xf32>) {
    %0 = memref.get_global @small : memref<2xf32>
    %1 = memref.get_global @large : memref<20xf32>
    %2 = memref.get_global @large_too : memref<20xf32>
    return %0, %1, %2 : memref<2xf32>, memref<20xf32>, memref<20xf32>
  }
}
