// RUN: tgc-opt %s --tgc-move-transposes --canonicalize | FileCheck %s

// Between two convolutions nothing is transposed: bias, activation, pool and pad are computed with the channels last.
// CHECK-LABEL: @channels_first
// CHECK-NOT: tg.transpose
// CHECK: tg.conv
// CHECK: %[[BIAS:.*]] = tg.reshape %{{.*}} : tensor<4xf32> -> tensor<1x1x1x4xf32>
// CHECK: tg.broadcast_to %[[BIAS]] equal [3] : tensor<1x1x1x4xf32> -> tensor<2x8x6x4xf32>
// CHECK: tg.relu %{{.*}} : tensor<2x8x6x4xf32>
// CHECK: tg.reduce_window max %{{.*}} window [1, 2, 3, 1] strides [1, 2, 3, 1]
// CHECK: tg.pad {{.*}} low [0, 1, 0, 0] high [0, 2, 1, 0]
// CHECK: tg.conv
// CHECK: %[[T:.*]] = tg.transpose %{{.*}} [0, 3, 1, 2] : tensor<2x5x1x5xf32> -> tensor<2x5x5x1xf32>
// CHECK: return %[[T]]
func.func @channels_first(%x: tensor<2x10x8x3xf32>, %w: tensor<3x3x3x4xf32>, %b: tensor<4xf32>, %v: tensor<3x3x4x5xf32>, %zero: tensor<f32>) -> tensor<2x5x5x1xf32> {
  %c = tg.conv %x, %w strides [1, 1] dilations [1, 1] : (tensor<2x10x8x3xf32>, tensor<3x3x3x4xf32>) -> tensor<2x8x6x4xf32>
  %t = tg.transpose %c [0, 3, 1, 2] : tensor<2x8x6x4xf32> -> tensor<2x4x8x6xf32>
  %rows = tg.reshape %b : tensor<4xf32> -> tensor<4x1x1xf32>
  %bias = tg.broadcast_to %rows equal [1] : tensor<4x1x1xf32> -> tensor<2x4x8x6xf32>
  %sum = tg.add %t, %bias : tensor<2x4x8x6xf32>
  %r = tg.relu %sum : tensor<2x4x8x6xf32>
  %p = tg.reduce_window max %r window [1, 1, 2, 3] strides [1, 1, 2, 3] dilations [1, 1, 1, 1] : tensor<2x4x8x6xf32> -> tensor<2x4x4x2xf32>
  %q = tg.pad %p, %zero low [0, 0, 1, 0] high [0, 0, 2, 1] interior [0, 0, 0, 0] : tensor<2x4x4x2xf32>, tensor<f32> -> tensor<2x4x7x3xf32>
  %u = tg.transpose %q [0, 2, 3, 1] : tensor<2x4x7x3xf32> -> tensor<2x7x3x4xf32>
  %d = tg.conv %u, %v strides [1, 1] dilations [1, 1] : (tensor<2x7x3x4xf32>, tensor<3x3x4x5xf32>) -> tensor<2x5x1x5xf32>
  %y = tg.transpose %d [0, 3, 1, 2] : tensor<2x5x1x5xf32> -> tensor<2x5x5x1xf32>
  return %y : tensor<2x5x5x1xf32>
}

// The residual has a transpose of its own, as has its user; sizes that only the run knows go along.
// CHECK-LABEL: @residual
// CHECK-SAME: %[[A:[a-z0-9]*]]: tensor<?x?x7x4xf32>, %[[B:[a-z0-9]*]]: tensor<?x?x7x4xf32>, %[[N:[a-z0-9]*]]: index
// CHECK: %[[SUM:.*]] = tg.add %[[A]], %[[B]]
// CHECK: %[[SLICE:.*]] = tg.slice %[[SUM]] [0, %[[N]], 0, 1] [1, %[[N]], 7, 2] [1, 1, 1, 1]
// CHECK: return %[[SUM]], %[[SLICE]]
func.func @residual(%a: tensor<?x?x7x4xf32>, %b: tensor<?x?x7x4xf32>, %n: index) -> (tensor<?x?x7x4xf32>, tensor<1x?x7x2xf32>) {
  %s = tg.transpose %a [0, 3, 1, 2] : tensor<?x?x7x4xf32> -> tensor<?x4x?x7xf32>
  %t = tg.transpose %b [0, 3, 1, 2] : tensor<?x?x7x4xf32> -> tensor<?x4x?x7xf32>
  %sum = tg.add %s, %t : tensor<?x4x?x7xf32>
  %part = tg.slice %sum [0, 1, %n, 0] [1, 2, %n, 7] [1, 1, 1, 1] : tensor<?x4x?x7xf32> -> tensor<1x2x?x7xf32>
  %y = tg.transpose %sum [0, 2, 3, 1] : tensor<?x4x?x7xf32> -> tensor<?x?x7x4xf32>
  %z = tg.transpose %part [0, 2, 3, 1] : tensor<1x2x?x7xf32> -> tensor<1x?x7x2xf32>
  return %y, %z : tensor<?x?x7x4xf32>, tensor<1x?x7x2xf32>
}

// A mask that is not transposed is, once, as the transpose of what it masks goes away; without that nothing changes.
// CHECK-LABEL: @masked
// CHECK-SAME: %[[A:[a-z0-9]*]]: tensor<2x3x4xf32>, %[[M:[a-z0-9]*]]: tensor<4x2x3xf32>
// CHECK: %[[T:.*]] = tg.transpose %[[M]] [1, 2, 0]
// CHECK: %[[Y:.*]] = tg.mul %[[A]], %[[T]]
// CHECK: return %[[Y]]
func.func @masked(%a: tensor<2x3x4xf32>, %m: tensor<4x2x3xf32>) -> tensor<2x3x4xf32> {
  %t = tg.transpose %a [2, 0, 1] : tensor<2x3x4xf32> -> tensor<4x2x3xf32>
  %p = tg.mul %t, %m : tensor<4x2x3xf32>
  %y = tg.transpose %p [1, 2, 0] : tensor<4x2x3xf32> -> tensor<2x3x4xf32>
  return %y : tensor<2x3x4xf32>
}
// CHECK-LABEL: @stays
// CHECK: %[[T:.*]] = tg.transpose
// CHECK: tg.mul %[[T]]
// CHECK: tg.exp %[[T]]
func.func @stays(%a: tensor<2x3x4xf32>, %m: tensor<4x2x3xf32>) -> (tensor<4x2x3xf32>, tensor<4x2x3xf32>) {
  %t = tg.transpose %a [2, 0, 1] : tensor<2x3x4xf32> -> tensor<4x2x3xf32>
  %p = tg.mul %t, %m : tensor<4x2x3xf32>
  %e = tg.exp %t : tensor<4x2x3xf32>
  return %p, %e : tensor<4x2x3xf32>, tensor<4x2x3xf32>
}

// A reduction takes the dimensions away, whatever else reads the operand; what is left may be in another order.
// CHECK-LABEL: @reduced
// CHECK-SAME: %[[A:[a-z0-9]*]]: tensor<2x3x4x5xf32>
// CHECK: %[[S:.*]] = tg.reduce sum %[[A]] dimensions [1, 2] : tensor<2x3x4x5xf32> -> tensor<2x5xf32>
// CHECK: %[[M:.*]] = tg.reduce max %[[A]] dimensions [0, 1] : tensor<2x3x4x5xf32> -> tensor<4x5xf32>
// CHECK: %[[T:.*]] = tg.transpose %[[M]] [1, 0]
// CHECK: return %[[S]], %[[T]]
func.func @reduced(%a: tensor<2x3x4x5xf32>) -> (tensor<2x5xf32>, tensor<5x4xf32>) {
  %t = tg.transpose %a [0, 3, 1, 2] : tensor<2x3x4x5xf32> -> tensor<2x5x3x4xf32>
  %s = tg.reduce sum %t dimensions [2, 3] : tensor<2x5x3x4xf32> -> tensor<2x5xf32>
  %m = tg.reduce max %t dimensions [0, 2] : tensor<2x5x3x4xf32> -> tensor<5x4xf32>
  return %s, %m : tensor<2x5xf32>, tensor<5x4xf32>
}

// CHECK-LABEL: @joined
// CHECK-SAME: %[[A:[a-z0-9]*]]: tensor<2x3x4xf32>, %[[B:[a-z0-9]*]]: tensor<2x3x1xf32>
// CHECK: %[[C:.*]] = tg.concat %[[A]], %[[B]] dimension 2
// CHECK: %[[R:.*]] = tg.reverse %[[C]] dimensions [0, 2]
// CHECK: %[[S:.*]] = tg.scan sum %[[R]] dimension 1
// CHECK: %[[T:.*]] = tg.transpose %[[S]] [2, 0, 1]
// CHECK: return %[[T]]
func.func @joined(%a: tensor<2x3x4xf32>, %b: tensor<2x3x1xf32>) -> tensor<5x2x3xf32> {
  %s = tg.transpose %a [2, 0, 1] : tensor<2x3x4xf32> -> tensor<4x2x3xf32>
  %t = tg.transpose %b [2, 0, 1] : tensor<2x3x1xf32> -> tensor<1x2x3xf32>
  %c = tg.concat %s, %t dimension 0 : (tensor<4x2x3xf32>, tensor<1x2x3xf32>) -> tensor<5x2x3xf32>
  %r = tg.reverse %c dimensions [0, 1] : tensor<5x2x3xf32>
  %y = tg.scan sum %r dimension 2 : tensor<5x2x3xf32>
  return %y : tensor<5x2x3xf32>
}

// Sizes of one move by a change of the shape alone.
// CHECK-LABEL: @ones
// CHECK-SAME: %[[A:[a-z0-9]*]]: tensor<2x1x1x4xf32>
// CHECK: tg.reshape %[[A]] : tensor<2x1x1x4xf32> -> tensor<2x4xf32>
// CHECK-NOT: tg.transpose
func.func @ones(%a: tensor<2x1x1x4xf32>) -> tensor<2x4xf32> {
  %t = tg.transpose %a [0, 3, 1, 2] : tensor<2x1x1x4xf32> -> tensor<2x4x1x1xf32>
  %y = tg.reshape %t : tensor<2x4x1x1xf32> -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// A size that the pad's type alone states stays stated.
// CHECK-LABEL: @stated
// CHECK: tg.pad %{{.*}} low [%{{.*}}, 0] high [0, 0] interior [0, 0] : tensor<?x3xf32>, tensor<f32> -> tensor<5x3xf32>
// CHECK: tg.transpose %{{.*}} [1, 0] : tensor<5x3xf32> -> tensor<3x5xf32>
func.func @stated(%x: tensor<?x3xf32>, %z: tensor<f32>, %n: index) -> tensor<3x5xf32> {
  %t = tg.transpose %x [1, 0] : tensor<?x3xf32> -> tensor<3x?xf32>
  %p = tg.pad %t, %z low [0, %n] high [0, 0] interior [0, 0] : tensor<3x?xf32>, tensor<f32> -> tensor<3x5xf32>
  return %p : tensor<3x5xf32>
}

// What is transposed once for all iterations is not transposed in each.
// CHECK-LABEL: @loop
// CHECK: %[[T:.*]] = tg.transpose
// CHECK: tg.while
// CHECK-NOT: tg.transpose
// CHECK: tg.add %{{.*}}, %[[T]]
func.func @loop(%x: tensor<3x4xf32>, %y: tensor<4x3xf32>, %n: index) -> tensor<4x3xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %t = tg.transpose %x [1, 0] : tensor<3x4xf32> -> tensor<4x3xf32>
  %r:2 = tg.while (%i = %c0, %h = %y) : (index, tensor<4x3xf32>) cond {
    %b = arith.cmpi slt, %i, %n : index
    tg.yield %b : i1
  } do {
    %s = tg.add %h, %t : tensor<4x3xf32>
    %e = tg.exp %s : tensor<4x3xf32>
    %j = arith.addi %i, %c1 : index
    tg.yield %j, %e : index, tensor<4x3xf32>
  }
  return %r#1 : tensor<4x3xf32>
}
