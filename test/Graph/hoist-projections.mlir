// RUN: tgc-opt %s --tgc-hoist-projections --canonicalize | FileCheck %s

// CHECK-LABEL: @recurrent
// CHECK-SAME: %[[X:[a-z0-9]*]]: tensor<?x?x5xf32>, %[[W:[a-z0-9]*]]: tensor<5x8xf32>, %[[U:[a-z0-9]*]]: tensor<8x8xf32>
// CHECK: %[[ROWS:.*]] = tg.reshape %[[X]]{{.*}} : tensor<?x?x5xf32> -> tensor<?x5xf32>
// CHECK: %[[ALL:.*]] = tg.matmul %[[ROWS]], %[[W]]
// CHECK: %[[STEPS:.*]] = tg.reshape %[[ALL]]{{.*}} : tensor<?x8xf32> -> tensor<?x?x8xf32>
// CHECK: tg.while (%[[I:.*]] = %{{.*}}, %[[H:.*]] = %{{.*}})
// CHECK: } do (%[[J:.*]], %[[K:.*]]) {
// CHECK: tg.slice %[[STEPS]] [%[[J]], 0, 0]
// CHECK: tg.matmul %[[K]], %[[U]]
// CHECK-NOT: tg.matmul
func.func @recurrent(%x: tensor<?x?x5xf32>, %w: tensor<5x8xf32>, %u: tensor<8x8xf32>, %h0: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %steps = tensor.dim %x, %c0 : tensor<?x?x5xf32>
  %batch = tensor.dim %x, %c1 : tensor<?x?x5xf32>
  %r:2 = tg.while (%i = %c0, %h = %h0) : (index, tensor<?x8xf32>) cond {
    %b = arith.cmpi slt, %i, %steps : index
    tg.yield %b : i1
  } do {
    %s = tg.slice %x [%i, 0, 0] [1, %batch, 5] [1, 1, 1] : tensor<?x?x5xf32> -> tensor<1x?x5xf32>
    %m = tg.reshape %s [%batch] : tensor<1x?x5xf32> -> tensor<?x5xf32>
    %p = tg.matmul %m, %w : (tensor<?x5xf32>, tensor<5x8xf32>) -> tensor<?x8xf32>
    %q = tg.matmul %h, %u : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
    %sum = tg.add %p, %q : tensor<?x8xf32>
    %i1 = arith.addi %i, %c1 : index
    tg.yield %i1, %sum : index, tensor<?x8xf32>
  }
  return %r#1 : tensor<?x8xf32>
}

// One product with [x, h] becomes two, of which the first leaves the loop.
// CHECK-LABEL: @joined
// CHECK-SAME: %[[X:[a-z0-9]*]]: tensor<7x2x5xf32>, %[[W:[a-z0-9]*]]: tensor<13x8xf32>
// CHECK-DAG: %[[TOP:.*]] = tg.slice %[[W]] [0, 0] [5, 8]
// CHECK-DAG: %[[BOTTOM:.*]] = tg.slice %[[W]] [5, 0] [8, 8]
// CHECK: tg.matmul %{{.*}}, %[[TOP]] : (tensor<14x5xf32>, tensor<5x8xf32>) -> tensor<14x8xf32>
// CHECK: tg.while
// CHECK: } do
// CHECK: tg.matmul %{{.*}}, %[[BOTTOM]]
// CHECK-NOT: tg.matmul
func.func @joined(%x: tensor<7x2x5xf32>, %w: tensor<13x8xf32>, %h0: tensor<2x8xf32>) -> tensor<2x8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c7 = arith.constant 7 : index
  %r:2 = tg.while (%i = %c0, %h = %h0) : (index, tensor<2x8xf32>) cond {
    %b = arith.cmpi slt, %i, %c7 : index
    tg.yield %b : i1
  } do {
    %s = tg.slice %x [%i, 0, 0] [1, 2, 5] [1, 1, 1] : tensor<7x2x5xf32> -> tensor<1x2x5xf32>
    %m = tg.reshape %s : tensor<1x2x5xf32> -> tensor<2x5xf32>
    %both = tg.concat %m, %h dimension 1 : (tensor<2x5xf32>, tensor<2x8xf32>) -> tensor<2x13xf32>
    %p = tg.matmul %both, %w : (tensor<2x13xf32>, tensor<13x8xf32>) -> tensor<2x8xf32>
    %i1 = arith.addi %i, %c1 : index
    tg.yield %i1, %p : index, tensor<2x8xf32>
  }
  return %r#1 : tensor<2x8xf32>
}
