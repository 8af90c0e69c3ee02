// RUN: tgc-opt %s -convert-tg-to-linalg -split-input-file | FileCheck %s

// CHECK-LABEL: func @running_sum
// CHECK-DAG: %[[OUT:.+]] = tensor.empty(%{{.+}}) : tensor<?x4xf32>
// CHECK-DAG: %[[ZERO:.+]] = arith.constant 0.000000e+00 : f32
// CHECK: kernel.scan(%arg0) into %[[OUT]] start %[[ZERO]] dimension 0 {
// CHECK: ^bb0(%[[SUM:.+]]: f32, %[[X:.+]]: f32):
// CHECK: %[[NEXT:.+]] = arith.addf %[[SUM]], %[[X]]
// CHECK: kernel.yield %[[NEXT]]
func.func @running_sum(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %r = tg.scan sum %x dimension 0 : tensor<?x4xf32>
  return %r : tensor<?x4xf32>
}

// -----

// CHECK-LABEL: func @exclusive_reverse_product
// CHECK: %[[ONE:.+]] = arith.constant 1 : i8
// CHECK: kernel.scan(%{{.+}}) into %{{.+}} start %[[ONE]] dimension 0 exclusive reverse
// CHECK: arith.muli
func.func @exclusive_reverse_product(%x: tensor<5xui8>) -> tensor<5xui8> {
  %r = tg.scan prod %x dimension 0 exclusive reverse : tensor<5xui8>
  return %r : tensor<5xui8>
}
