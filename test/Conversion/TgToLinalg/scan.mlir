// RUN: tgc-opt %s -convert-tg-to-linalg -split-input-file | FileCheck %s

// The first element is copied, each other one adds to its predecessor in the result.
// CHECK-LABEL: func @running_sum
// CHECK: scf.for
// CHECK: scf.for
// CHECK: scf.for
// CHECK: %[[ROW:.+]] = scf.for %{{.+}} iter_args(%[[OUT:.+]] = %{{.+}})
// CHECK-DAG: %[[SUM:.+]] = tensor.extract %[[OUT]]
// CHECK-DAG: %[[X:.+]] = tensor.extract %arg0
// CHECK: %[[NEXT:.+]] = arith.addf %[[SUM]], %[[X]]
// CHECK: tensor.insert %[[NEXT]] into %[[OUT]]
func.func @running_sum(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %r = tg.scan sum %x dimension 0 : tensor<?x4xf32>
  return %r : tensor<?x4xf32>
}

// -----

// CHECK-LABEL: func @exclusive_reverse_product
// CHECK: tensor.insert %{{.+}} into
// CHECK: arith.muli
func.func @exclusive_reverse_product(%x: tensor<5xui8>) -> tensor<5xui8> {
  %r = tg.scan prod %x dimension 0 exclusive reverse : tensor<5xui8>
  return %r : tensor<5xui8>
}
