// RUN: tgc-opt %s -canonicalize | FileCheck %s

// CHECK-LABEL: func @transpose_of_transpose
// CHECK-SAME: (%[[X:.+]]: tensor<2x3x4xf32>
// CHECK: %[[R:.+]] = tg.transpose %[[X]] [1, 0, 2] : tensor<2x3x4xf32> -> tensor<3x2x4xf32>
// CHECK: return %[[R]], %[[X]]
func.func @transpose_of_transpose(%x: tensor<2x3x4xf32>) -> (tensor<3x2x4xf32>, tensor<2x3x4xf32>) {
  %a = tg.transpose %x [2, 0, 1] : tensor<2x3x4xf32> -> tensor<4x2x3xf32>
  %b = tg.transpose %a [2, 1, 0] : tensor<4x2x3xf32> -> tensor<3x2x4xf32>
  %c = tg.transpose %a [1, 2, 0] : tensor<4x2x3xf32> -> tensor<2x3x4xf32>
  return %b, %c : tensor<3x2x4xf32>, tensor<2x3x4xf32>
}

// CHECK-LABEL: func @reshape_of_reshape
// CHECK-SAME: (%[[X:.+]]: tensor<2x6xf32>)
// CHECK: %[[R:.+]] = tg.reshape %[[X]] : tensor<2x6xf32> -> tensor<3x4xf32>
// CHECK: return %[[R]], %[[X]]
func.func @reshape_of_reshape(%x: tensor<2x6xf32>) -> (tensor<3x4xf32>, tensor<2x6xf32>) {
  %a = tg.reshape %x : tensor<2x6xf32> -> tensor<12xf32>
  %b = tg.reshape %a : tensor<12xf32> -> tensor<3x4xf32>
  %c = tg.reshape %a : tensor<12xf32> -> tensor<2x6xf32>
  return %b, %c : tensor<3x4xf32>, tensor<2x6xf32>
}

// Two `?` sizes may have changed even though the types agree.
// CHECK-LABEL: func @reshape_between_dynamic_sizes
// CHECK: tg.reshape
func.func @reshape_between_dynamic_sizes(%x: tensor<?x?xf32>, %n: index, %m: index) -> tensor<?x?xf32> {
  %a = tg.reshape %x[%n, %m] : tensor<?x?xf32> -> tensor<?x?xf32>
  return %a : tensor<?x?xf32>
}

// CHECK-LABEL: func @whole_slice
// CHECK-SAME: (%[[X:.+]]: tensor<2x3xf32>)
// CHECK: return %[[X]]
func.func @whole_slice(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %a = tg.slice %x [0, 0] [2, 3] [1, 1] : tensor<2x3xf32> -> tensor<2x3xf32>
  return %a : tensor<2x3xf32>
}

// A reversing slice has the operand's type as well.
// CHECK-LABEL: func @reversing_slice
// CHECK: tg.slice
func.func @reversing_slice(%x: tensor<3xf32>) -> tensor<3xf32> {
  %a = tg.slice %x [2] [3] [-1] : tensor<3xf32> -> tensor<3xf32>
  return %a : tensor<3xf32>
}

// CHECK-LABEL: func @splats
// CHECK-DAG: %[[B:.+]] = tg.constant dense<7> : tensor<2x3xui8>
// CHECK-DAG: %[[T:.+]] = tg.constant dense<7> : tensor<3x2xui8>
// CHECK-DAG: %[[S:.+]] = tg.constant dense<7> : tensor<1x2xui8>
// CHECK: return %[[B]], %[[T]], %[[S]]
func.func @splats() -> (tensor<2x3xui8>, tensor<3x2xui8>, tensor<1x2xui8>) {
  %c = tg.constant dense<7> : tensor<ui8>
  %b = tg.broadcast_to %c : tensor<ui8> -> tensor<2x3xui8>
  %t = tg.transpose %b [1, 0] : tensor<2x3xui8> -> tensor<3x2xui8>
  %s = tg.slice %b [1, 1] [1, 2] [1, 1] : tensor<2x3xui8> -> tensor<1x2xui8>
  return %b, %t, %s : tensor<2x3xui8>, tensor<3x2xui8>, tensor<1x2xui8>
}

// CHECK-LABEL: func @broadcast_to_itself
// CHECK-SAME: (%[[X:.+]]: tensor<?x3xf32>, %[[N:.+]]: index)
// CHECK: %[[R:.+]] = tg.broadcast_to %[[X]][%[[N]]] : tensor<?x3xf32> -> tensor<?x3xf32>
// CHECK: return %[[X]], %[[R]]
func.func @broadcast_to_itself(%x: tensor<?x3xf32>, %n: index) -> (tensor<?x3xf32>, tensor<?x3xf32>) {
  %a = tg.broadcast_to %x[%n] equal [0] : tensor<?x3xf32> -> tensor<?x3xf32>
  %b = tg.broadcast_to %x[%n] : tensor<?x3xf32> -> tensor<?x3xf32>
  return %a, %b : tensor<?x3xf32>, tensor<?x3xf32>
}

// CHECK-LABEL: func @reduction_of_no_dimension
// CHECK-SAME: (%[[X:.+]]: tensor<2xf32>)
// CHECK: return %[[X]]
func.func @reduction_of_no_dimension(%x: tensor<2xf32>) -> tensor<2xf32> {
  %a = tg.reduce sum %x dimensions [] : tensor<2xf32> -> tensor<2xf32>
  return %a : tensor<2xf32>
}

// CHECK-LABEL: func @neutral_elements
// CHECK-SAME: (%[[X:.+]]: tensor<2xf32>)
// CHECK: return %[[X]], %[[X]], %[[X]], %[[X]]
func.func @neutral_elements(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
  %one = tg.constant dense<1.0> : tensor<2xf32>
  %zero = tg.constant dense<0.0> : tensor<2xf32>
  %minus_zero = tg.constant dense<-0.0> : tensor<2xf32>
  %a = tg.add %x, %minus_zero : tensor<2xf32>
  %b = tg.sub %x, %zero : tensor<2xf32>
  %c = tg.mul %x, %one : tensor<2xf32>
  %d = tg.div %x, %one : tensor<2xf32>
  return %a, %b, %c, %d : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}

// -0.0 + 0.0 is 0.0, so adding a zero changes something.
// CHECK-LABEL: func @sum_with_zero
// CHECK: tg.add
func.func @sum_with_zero(%x: tensor<2xf32>) -> tensor<2xf32> {
  %zero = tg.constant dense<0.0> : tensor<2xf32>
  %a = tg.add %x, %zero : tensor<2xf32>
  return %a : tensor<2xf32>
}

// CHECK-LABEL: func @checks
// CHECK-NEXT: tg.check %{{.+}}, 3, "no"
// CHECK-NEXT: return
func.func @checks(%c: i1) {
  %true = arith.constant true
  tg.check %true, 3, "yes"
  tg.check %c, 3, "no"
  return
}
