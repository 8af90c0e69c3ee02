// RUN: tgc-opt %s -convert-tg-to-linalg -split-input-file | FileCheck %s

// CHECK-LABEL: func @unsigned
// CHECK: arith.constant dense<[1, -1]> : tensor<2xi8>
func.func @unsigned() -> tensor<2xui8> {
  %r = tg.constant dense<[1, 255]> : tensor<2xui8>
  return %r : tensor<2xui8>
}

// -----

// A splat stays one.
// CHECK-LABEL: func @splat
// CHECK: arith.constant dense<-2> : tensor<1000000xi32>
func.func @splat() -> tensor<1000000xui32> {
  %r = tg.constant dense<4294967294> : tensor<1000000xui32>
  return %r : tensor<1000000xui32>
}

// -----

// A resource keeps its blob.
// CHECK-LABEL: func @resource
// CHECK: arith.constant dense_resource<weights> : tensor<2xi32>
// CHECK: weights: "0x040000000100000002000000"
func.func @resource() -> tensor<2xui32> {
  %r = tg.constant dense_resource<weights> : tensor<2xui32>
  return %r : tensor<2xui32>
}
{-#
  dialect_resources: {
    builtin: {
      weights: "0x040000000100000002000000"
    }
  }
#-}

// -----

// Equal strings share their bytes.
// CHECK: llvm.mlir.global internal constant @[[$BYTES:.+]]("abc")
// CHECK-NOT: llvm.mlir.global
// CHECK-LABEL: func @strings
// CHECK: %[[ADDRESS:.+]] = llvm.mlir.addressof @[[$BYTES]]
// CHECK: %[[BASE:.+]] = llvm.ptrtoint %[[ADDRESS]]
// CHECK: arith.constant dense<[0, 2, 2]> : tensor<3xi64>
// CHECK: arith.constant dense<[2, 0, 1]> : tensor<3xi64>
// CHECK: linalg.generic
// CHECK: ^bb0(%[[OFFSET:.+]]: i64, %[[LENGTH:.+]]: i64, %{{.+}}: vector<2xi64>):
// CHECK: %[[POINTER:.+]] = arith.addi %[[BASE]], %[[OFFSET]]
// CHECK: vector.from_elements %[[POINTER]], %[[LENGTH]] : vector<2xi64>
func.func @strings() -> (tensor<3x!tg.string>, tensor<1x!tg.string>) {
  %r = tg.string_constant ["ab", "", "c"] : tensor<3x!tg.string>
  %s = tg.string_constant ["abc"] : tensor<1x!tg.string>
  return %r, %s : tensor<3x!tg.string>, tensor<1x!tg.string>
}

// -----

// CHECK-LABEL: func @iota
// CHECK-SAME: %[[N:.+]]: index
// CHECK: tensor.empty(%[[N]]) : tensor<2x?xf32>
// CHECK: linalg.index 1
// CHECK: arith.sitofp
func.func @iota(%n: index) -> tensor<2x?xf32> {
  %r = tg.iota[%n] dimension 1 : tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}
