// RUN: tgc %s --compile-to=tiled --target=cpu:x86-64-v3 | FileCheck %s

// The steps of an unrolled loop multiply with the same weights, which are packed once; read the other way round they are another
// constant.
// CHECK-LABEL: func.func @main
// CHECK-DAG: %[[W:.+]] = arith.constant dense_resource<tgc_packed> : tensor<64xf32>
// CHECK-DAG: %[[T:.+]] = arith.constant dense_resource<tgc_packed_1> : tensor<64xf32>
// CHECK: kernel.contract(%{{.+}}, %[[W]])
// CHECK: kernel.contract(%{{.+}}, %[[W]])
// CHECK: kernel.contract(%{{.+}}, %[[T]])
// CHECK-NOT: tgc_packed_2
func.func @main(%x: tensor<?x8xf32> {tg.feed = "x:0"}) -> (tensor<?x8xf32> {tg.fetch = "y:0"}) attributes {tg.entry = "main"} {
  %w = tg.constant dense<[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0],
                          [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0],
                          [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0],
                          [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]]> : tensor<8x8xf32>
  %0 = tg.matmul %x, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  %1 = tg.matmul %0, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  %2 = tg.matmul %1, %w {transpose_rhs} : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  return %2 : tensor<?x8xf32>
}
