// RUN: tgc-opt %s --tgc-expand-gradients --canonicalize --cse --split-input-file | FileCheck %s

// CHECK-LABEL: func @sum
// CHECK-SAME: %[[X:.*]]: tensor<?x4xf32>, %[[DY:.*]]: tensor<?xf32>
// CHECK-DAG: %[[V1:.*]] = arith.constant 0 : index
// CHECK: %[[V2:.*]] = tensor.dim %[[X]], %[[V1]]
// CHECK: %[[V3:.*]] = tg.reshape %[[DY]][%[[V2]]]
// CHECK: %[[V4:.*]] = tg.broadcast_to %[[V3]][%[[V2]]] equal [0]
// CHECK: return %[[V4]]
func.func @sum(%x: tensor<?x4xf32>, %dy: tensor<?xf32>) -> tensor<?x4xf32> {
  %y = tg.reduce sum %x dimensions [1] : tensor<?x4xf32> -> tensor<?xf32>
  %d = tg.gradient (%y : tensor<?xf32>) seeds (%dy : tensor<?xf32>) wrt (%x : tensor<?x4xf32>)
  return %d : tensor<?x4xf32>
}

// -----

// Elements that are the maximum share its gradient.
// CHECK-LABEL: func @max
// CHECK-SAME: %[[X:.*]]: tensor<3x4xf32>, %[[DY:.*]]: tensor<3xf32>
// CHECK-DAG: %[[V1:.*]] = tg.constant dense<0.000000e+00> : tensor<3x4xf32>
// CHECK-DAG: %[[V2:.*]] = tg.constant dense<1.000000e+00> : tensor<3x4xf32>
// CHECK: %[[V3:.*]] = tg.reduce max %[[X]] dimensions [1]
// CHECK: %[[V4:.*]] = tg.reshape %[[DY]]
// CHECK: %[[V5:.*]] = tg.broadcast_to %[[V4]] equal [0]
// CHECK: %[[V6:.*]] = tg.reshape %[[V3]]
// CHECK: %[[V7:.*]] = tg.broadcast_to %[[V6]] equal [0]
// CHECK: %[[V8:.*]] = tg.compare eq %[[X]], %[[V7]]
// CHECK: %[[V9:.*]] = tg.select %[[V8]], %[[V2]], %[[V1]]
// CHECK: %[[V10:.*]] = tg.reduce sum %[[V9]] dimensions [1]
// CHECK: %[[V11:.*]] = tg.reshape %[[V10]]
// CHECK: %[[V12:.*]] = tg.broadcast_to %[[V11]] equal [0]
// CHECK: %[[V13:.*]] = tg.div %[[V9]], %[[V12]]
// CHECK: %[[V14:.*]] = tg.mul %[[V13]], %[[V5]]
// CHECK: return %[[V14]]
func.func @max(%x: tensor<3x4xf32>, %dy: tensor<3xf32>) -> tensor<3x4xf32> {
  %y = tg.reduce max %x dimensions [1] : tensor<3x4xf32> -> tensor<3xf32>
  %d = tg.gradient (%y : tensor<3xf32>) seeds (%dy : tensor<3xf32>) wrt (%x : tensor<3x4xf32>)
  return %d : tensor<3x4xf32>
}

// -----

// Products of all others, by running products from both ends.
// CHECK-LABEL: func @prod
// CHECK-SAME: %[[X:.*]]: tensor<3x4xf32>, %[[DY:.*]]: tensor<3xf32>
// CHECK: %[[V1:.*]] = tg.reshape %[[DY]]
// CHECK: %[[V2:.*]] = tg.broadcast_to %[[V1]] equal [0]
// CHECK: %[[V3:.*]] = tg.scan prod %[[X]] dimension 1 exclusive
// CHECK: %[[V4:.*]] = tg.scan prod %[[X]] dimension 1 exclusive reverse
// CHECK: %[[V5:.*]] = tg.mul %[[V3]], %[[V4]]
// CHECK: %[[V6:.*]] = tg.mul %[[V2]], %[[V5]]
// CHECK: return %[[V6]]
func.func @prod(%x: tensor<3x4xf32>, %dy: tensor<3xf32>) -> tensor<3x4xf32> {
  %y = tg.reduce prod %x dimensions [1] : tensor<3x4xf32> -> tensor<3xf32>
  %d = tg.gradient (%y : tensor<3xf32>) seeds (%dy : tensor<3xf32>) wrt (%x : tensor<3x4xf32>)
  return %d : tensor<3x4xf32>
}

// -----

// CHECK-LABEL: func @scan
// CHECK-SAME: %{{.*}}: tensor<3x4xf32>, %[[DY:.*]]: tensor<3x4xf32>
// CHECK: %[[V1:.*]] = tg.scan sum %[[DY]] dimension 1 exclusive reverse
// CHECK: return %[[V1]]
func.func @scan(%x: tensor<3x4xf32>, %dy: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %y = tg.scan sum %x dimension 1 exclusive : tensor<3x4xf32>
  %d = tg.gradient (%y : tensor<3x4xf32>) seeds (%dy : tensor<3x4xf32>) wrt (%x : tensor<3x4xf32>)
  return %d : tensor<3x4xf32>
}

// -----

// CHECK-LABEL: func @window_sum
// CHECK-SAME: %{{.*}}: tensor<7xf32>, %[[DY:.*]]: tensor<3xf32>
// CHECK-DAG: %[[V1:.*]] = tg.constant dense<0.000000e+00> : tensor<f32>
// CHECK: %[[V2:.*]] = tg.pad %[[DY]], %[[V1]] low [1] high [2] interior [1]
// CHECK: %[[V3:.*]] = tg.reduce_window sum %[[V2]] window [2] strides [1] dilations [1]
// CHECK: return %[[V3]]
func.func @window_sum(%x: tensor<7xf32>, %dy: tensor<3xf32>) -> tensor<7xf32> {
  %y = tg.reduce_window sum %x window [2] strides [2] dilations [1] : tensor<7xf32> -> tensor<3xf32>
  %d = tg.gradient (%y : tensor<3xf32>) seeds (%dy : tensor<3xf32>) wrt (%x : tensor<7xf32>)
  return %d : tensor<7xf32>
}

// -----

// The first of the largest under the window wins.
// CHECK-LABEL: func @window_max
// CHECK-SAME: %[[X:.*]]: tensor<4xf32>, %[[DY:.*]]: tensor<2xf32>
// CHECK-DAG: %[[V1:.*]] = tg.constant dense<0.000000e+00> : tensor<f32>
// CHECK-DAG: %[[V2:.*]] = tg.constant dense<0.000000e+00> : tensor<2xf32>
// CHECK: %[[V3:.*]] = tg.reduce_window max %[[X]] window [2] strides [2] dilations [1]
// CHECK: %[[V4:.*]] = tg.slice %[[X]] [0] [2] [2]
// CHECK: %[[V5:.*]] = tg.compare eq %[[V4]], %[[V3]]
// CHECK: %[[V6:.*]] = tg.select %[[V5]], %[[DY]], %[[V2]]
// CHECK: %[[V7:.*]] = tg.pad %[[V6]], %[[V1]] low [0] high [1] interior [1]
// CHECK: %[[V8:.*]] = tg.slice %[[X]] [1] [2] [2]
// CHECK: %[[V9:.*]] = tg.compare eq %[[V8]], %[[V3]]
// CHECK: %[[V10:.*]] = tg.select %[[V9]], %[[DY]], %[[V2]]
// CHECK: %[[V11:.*]] = tg.select %[[V5]], %[[V2]], %[[V10]]
// CHECK: %[[V12:.*]] = tg.pad %[[V11]], %[[V1]] low [1] high [0] interior [1]
// CHECK: %[[V13:.*]] = tg.add %[[V7]], %[[V12]]
// CHECK: return %[[V13]]
func.func @window_max(%x: tensor<4xf32>, %dy: tensor<2xf32>) -> tensor<4xf32> {
  %y = tg.reduce_window max %x window [2] strides [2] dilations [1] : tensor<4xf32> -> tensor<2xf32>
  %d = tg.gradient (%y : tensor<2xf32>) seeds (%dy : tensor<2xf32>) wrt (%x : tensor<4xf32>)
  return %d : tensor<4xf32>
}
