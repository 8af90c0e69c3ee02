// RUN: tgc-opt %s -convert-tg-to-linalg -split-input-file | FileCheck %s

// CHECK-LABEL: func @top_k
// CHECK-SAME: (%[[X:.+]]: tensor<?x?xf32>, %[[K:.+]]: index)
// CHECK-DAG: %[[VALUES:.+]] = tensor.empty(%{{.+}}, %[[K]]) : tensor<?x?xf32>
// CHECK-DAG: %[[INDICES:.+]] = tensor.empty(%{{.+}}, %[[K]]) : tensor<?x?xi32>
// CHECK: kernel.top_k(%[[X]]) into(%[[VALUES]], %[[INDICES]]) :
func.func @top_k(%x: tensor<?x?xf32>, %k: index) -> (tensor<?x?xf32>, tensor<?x?xi32>) {
  %v, %i = tg.top_k %x, %k : tensor<?x?xf32> -> tensor<?x?xf32>, tensor<?x?xi32>
  return %v, %i : tensor<?x?xf32>, tensor<?x?xi32>
}

// -----

// CHECK-LABEL: func @unsigned
// CHECK: kernel.top_k(%{{.+}}) into(%{{.+}}, %{{.+}}) unsigned : tensor<9xi8>
func.func @unsigned(%x: tensor<9xui8>) -> (tensor<3xui8>, tensor<3xi32>) {
  %k = arith.constant 3 : index
  %v, %i = tg.top_k %x, %k : tensor<9xui8> -> tensor<3xui8>, tensor<3xi32>
  return %v, %i : tensor<3xui8>, tensor<3xi32>
}
