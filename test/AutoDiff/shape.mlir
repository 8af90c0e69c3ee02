// RUN: tgc-opt %s --tgc-expand-gradients --canonicalize --cse --split-input-file | FileCheck %s

// A dimension that may or may not have been repeated: [n] is summed as [n / m, m].
// CHECK-LABEL: func @broadcast
// CHECK-SAME: %[[X:.*]]: tensor<?x1x3xf32>, %{{.*}}: index, %[[DY:.*]]: tensor<5x?x4x3xf32>
// CHECK-DAG: %[[V1:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[V2:.*]] = arith.constant 1 : index
// CHECK: %[[V3:.*]] = tensor.dim %[[DY]], %[[V2]]
// CHECK: %[[V4:.*]] = tensor.dim %[[X]], %[[V1]]
// CHECK: %[[V5:.*]] = arith.maxsi %[[V4]], %[[V2]]
// CHECK: %[[V6:.*]] = arith.divsi %[[V3]], %[[V5]]
// CHECK: %[[V7:.*]] = tg.reshape %[[DY]][%[[V6]], %[[V4]]]
// CHECK: %[[V8:.*]] = tg.reduce sum %[[V7]] dimensions [0, 1, 3]
// CHECK: %[[V9:.*]] = tg.reshape %[[V8]][%[[V4]]]
// CHECK: return %[[V9]]
func.func @broadcast(%x: tensor<?x1x3xf32>, %n: index, %dy: tensor<5x?x4x3xf32>) -> tensor<?x1x3xf32> {
  %y = tg.broadcast_to %x [%n] : tensor<?x1x3xf32> -> tensor<5x?x4x3xf32>
  %d = tg.gradient (%y : tensor<5x?x4x3xf32>) seeds (%dy : tensor<5x?x4x3xf32>) wrt (%x : tensor<?x1x3xf32>)
  return %d : tensor<?x1x3xf32>
}

// -----

// CHECK-LABEL: func @broadcast_equal
// CHECK-SAME: %[[X:.*]]: tensor<?x1xf32>, %{{.*}}: index, %[[DY:.*]]: tensor<?x4xf32>
// CHECK-DAG: %[[V1:.*]] = arith.constant 0 : index
// CHECK: %[[V2:.*]] = tensor.dim %[[X]], %[[V1]]
// CHECK: %[[V3:.*]] = tg.reduce sum %[[DY]] dimensions [1]
// CHECK: %[[V4:.*]] = tg.reshape %[[V3]][%[[V2]]]
// CHECK: return %[[V4]]
func.func @broadcast_equal(%x: tensor<?x1xf32>, %n: index, %dy: tensor<?x4xf32>) -> tensor<?x1xf32> {
  %y = tg.broadcast_to %x [%n] equal [0] : tensor<?x1xf32> -> tensor<?x4xf32>
  %d = tg.gradient (%y : tensor<?x4xf32>) seeds (%dy : tensor<?x4xf32>) wrt (%x : tensor<?x1xf32>)
  return %d : tensor<?x1xf32>
}

// -----

// CHECK-LABEL: func @parts
// CHECK-SAME: %{{.*}}: tensor<2x6xf32>, %{{.*}}: tensor<2x2xf32>, %[[DY:.*]]: tensor<2x8xf32>
// CHECK: %[[V1:.*]] = tg.slice %[[DY]] [0, 0] [2, 6] [1, 1]
// CHECK: %[[V2:.*]] = tg.slice %[[DY]] [0, 6] [2, 2] [1, 1]
// CHECK: return %[[V1]], %[[V2]]
func.func @parts(%x: tensor<2x6xf32>, %z: tensor<2x2xf32>, %dy: tensor<2x8xf32>) -> (tensor<2x6xf32>, tensor<2x2xf32>) {
  %y = tg.concat %x, %z dimension 1 : (tensor<2x6xf32>, tensor<2x2xf32>) -> tensor<2x8xf32>
  %d:2 = tg.gradient (%y : tensor<2x8xf32>) seeds (%dy : tensor<2x8xf32>) wrt (%x, %z : tensor<2x6xf32>, tensor<2x2xf32>)
  return %d#0, %d#1 : tensor<2x6xf32>, tensor<2x2xf32>
}

// -----

// Two parts of one tensor: each adds to its place of one sum.
// CHECK-LABEL: func @slices
// CHECK-SAME: %{{.*}}: tensor<8xf32>, %[[I:.*]]: index, %[[J:.*]]: index, %[[DA:.*]]: tensor<2xf32>, %[[DB:.*]]: tensor<2xf32>
// CHECK-DAG: %[[V1:.*]] = tg.constant dense<0.000000e+00> : tensor<8xf32>
// CHECK: %[[V2:.*]] = tg.insert_slice %[[DB]] into %[[V1]] [%[[J]]]
// CHECK: %[[V3:.*]] = tg.slice %[[V2]] [%[[I]]] [2] [1]
// CHECK: %[[V4:.*]] = tg.add %[[V3]], %[[DA]]
// CHECK: %[[V5:.*]] = tg.insert_slice %[[V4]] into %[[V2]] [%[[I]]]
// CHECK: return %[[V5]]
func.func @slices(%x: tensor<8xf32>, %i: index, %j: index, %da: tensor<2xf32>, %db: tensor<2xf32>) -> tensor<8xf32> {
  %a = tg.slice %x [%i] [2] [1] : tensor<8xf32> -> tensor<2xf32>
  %b = tg.slice %x [%j] [2] [1] : tensor<8xf32> -> tensor<2xf32>
  %d = tg.gradient (%a, %b : tensor<2xf32>, tensor<2xf32>) seeds (%da, %db : tensor<2xf32>, tensor<2xf32>) wrt (%x : tensor<8xf32>)
  return %d : tensor<8xf32>
}

// -----

// CHECK-LABEL: func @strided
// CHECK-SAME: %{{.*}}: tensor<8xf32>, %[[DY:.*]]: tensor<3xf32>
// CHECK-DAG: %[[V1:.*]] = tg.constant dense<0.000000e+00> : tensor<f32>
// CHECK: %[[V2:.*]] = tg.reverse %[[DY]] dimensions [0]
// CHECK: %[[V3:.*]] = tg.pad %[[V2]], %[[V1]] low [1] high [0] interior [2]
// CHECK: return %[[V3]]
func.func @strided(%x: tensor<8xf32>, %dy: tensor<3xf32>) -> tensor<8xf32> {
  %y = tg.slice %x [7] [3] [-3] : tensor<8xf32> -> tensor<3xf32>
  %d = tg.gradient (%y : tensor<3xf32>) seeds (%dy : tensor<3xf32>) wrt (%x : tensor<8xf32>)
  return %d : tensor<8xf32>
}

// -----

// CHECK-LABEL: func @pad
// CHECK-SAME: %{{.*}}: tensor<3xf32>, %{{.*}}: tensor<f32>, %[[DY:.*]]: tensor<8xf32>
// CHECK: %[[V1:.*]] = tg.slice %[[DY]] [1] [3] [2]
// CHECK: return %[[V1]]
func.func @pad(%x: tensor<3xf32>, %zero: tensor<f32>, %dy: tensor<8xf32>) -> tensor<3xf32> {
  %y = tg.pad %x, %zero low [1] high [2] interior [1] : tensor<3xf32>, tensor<f32> -> tensor<8xf32>
  %d = tg.gradient (%y : tensor<8xf32>) seeds (%dy : tensor<8xf32>) wrt (%x : tensor<3xf32>)
  return %d : tensor<3xf32>
}

// -----

// CHECK-LABEL: func @transpose
// CHECK-SAME: %{{.*}}: tensor<2x3x4xf32>, %[[DY:.*]]: tensor<4x2x3xf32>
// CHECK: %[[V1:.*]] = tg.transpose %[[DY]] [1, 2, 0]
// CHECK: return %[[V1]]
func.func @transpose(%x: tensor<2x3x4xf32>, %dy: tensor<4x2x3xf32>) -> tensor<2x3x4xf32> {
  %y = tg.transpose %x [2, 0, 1] : tensor<2x3x4xf32> -> tensor<4x2x3xf32>
  %d = tg.gradient (%y : tensor<4x2x3xf32>) seeds (%dy : tensor<4x2x3xf32>) wrt (%x : tensor<2x3x4xf32>)
  return %d : tensor<2x3x4xf32>
}
