// RUN: tgc-opt %s -convert-tg-to-linalg | FileCheck %s

// CHECK-LABEL: func @add_rows
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x4xf32>
// CHECK: tg.check %{{.+}}, 3, "indices[%d] = %d is not in [0, %d)"
// CHECK: scf.for %{{.+}} = %{{.+}} to %{{.+}} step %{{.+}} iter_args(%[[ACC:.+]] = %[[X]])
// CHECK: scf.if
// CHECK: %[[OLD:.+]] = tensor.extract_slice %[[ACC]][%[[AT:.+]], 0] [1, 4] [1, 1]
// CHECK: %[[NEW:.+]] = linalg.generic {{.*}} outs(%[[OLD]] : tensor<4xf32>)
// CHECK: tensor.insert_slice %[[NEW]] into %[[ACC]][%[[AT]], 0] [1, 4] [1, 1]
func.func @add_rows(%x: tensor<?x4xf32>, %i: tensor<?x1xi32>, %u: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %r = tg.scatter add %x, %i, %u : tensor<?x4xf32>, tensor<?x1xi32>, tensor<?x4xf32>
  return %r : tensor<?x4xf32>
}

// Unsigned numbers are ordered as such.
// CHECK-LABEL: func @largest
// CHECK-NOT: tg.check
// CHECK: scf.for
// CHECK: arith.maxui
// CHECK: tensor.insert
func.func @largest(%x: tensor<4x5xui8>, %i: tensor<?x2xi64>, %u: tensor<?xui8>) -> tensor<4x5xui8> {
  %r = tg.scatter max %x, %i, %u {bounds = 1 : i32} : tensor<4x5xui8>, tensor<?x2xi64>, tensor<?xui8>
  return %r : tensor<4x5xui8>
}
