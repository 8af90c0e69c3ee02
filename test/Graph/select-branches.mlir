// RUN: tgc-opt %s --tgc-select-branches | FileCheck %s

// CHECK-LABEL: @small
// CHECK-NOT: tg.if
// CHECK: %[[E:.*]] = tg.exp
// CHECK: %[[N:.*]] = tg.neg
// CHECK: %[[M:.*]] = tg.broadcast_to
// CHECK: tg.select %[[M]], %[[E]], %[[N]]
// CHECK: arith.select
func.func @small(%p: i1, %x: tensor<4xf32>, %i: index, %j: index) -> (tensor<4xf32>, index) {
  %r:2 = tg.if %p -> (tensor<4xf32>, index) {
    %y = tg.exp %x : tensor<4xf32>
    tg.yield %y, %i : tensor<4xf32>, index
  } else {
    %y = tg.neg %x : tensor<4xf32>
    tg.yield %y, %j : tensor<4xf32>, index
  }
  return %r#0, %r#1 : tensor<4xf32>, index
}

// Integers might be divided by zero, tensors might be large.
// CHECK-LABEL: @stays
// CHECK: tg.if
// CHECK: tg.if
func.func @stays(%p: i1, %x: tensor<4xi32>, %y: tensor<?xf32>) -> (tensor<4xi32>, tensor<?xf32>) {
  %r = tg.if %p -> (tensor<4xi32>) {
    %z = tg.div %x, %x : tensor<4xi32>
    tg.yield %z : tensor<4xi32>
  } else {
    tg.yield %x : tensor<4xi32>
  }
  %s = tg.if %p -> (tensor<?xf32>) {
    %z = tg.exp %y : tensor<?xf32>
    tg.yield %z : tensor<?xf32>
  } else {
    tg.yield %y : tensor<?xf32>
  }
  return %r, %s : tensor<4xi32>, tensor<?xf32>
}
