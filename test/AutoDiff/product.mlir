// RUN: tgc-opt %s --tgc-expand-gradients --canonicalize --cse --split-input-file | FileCheck %s

// CHECK-LABEL: func @matmul
// CHECK-SAME: %[[A:.*]]: tensor<?x3xf32>, %[[B:.*]]: tensor<3x4xf32>, %[[DY:.*]]: tensor<?x4xf32>
// CHECK: %[[V1:.*]] = tg.matmul %[[DY]], %[[B]] transposed
// CHECK: %[[V2:.*]] = tg.matmul %[[A]] transposed, %[[DY]]
// CHECK: return %[[V1]], %[[V2]]
func.func @matmul(%a: tensor<?x3xf32>, %b: tensor<3x4xf32>, %dy: tensor<?x4xf32>) -> (tensor<?x3xf32>, tensor<3x4xf32>) {
  %y = tg.matmul %a, %b : (tensor<?x3xf32>, tensor<3x4xf32>) -> tensor<?x4xf32>
  %d:2 = tg.gradient (%y : tensor<?x4xf32>) seeds (%dy : tensor<?x4xf32>) wrt (%a, %b : tensor<?x3xf32>, tensor<3x4xf32>)
  return %d#0, %d#1 : tensor<?x3xf32>, tensor<3x4xf32>
}

// -----

// Only what is asked for is built.
// CHECK-LABEL: func @matmul_transposed
// CHECK-SAME: %[[A:.*]]: tensor<3x5xf32>, %{{.*}}: tensor<4x3xf32>, %[[DY:.*]]: tensor<5x4xf32>
// CHECK: %[[V1:.*]] = tg.matmul %[[DY]] transposed, %[[A]] transposed
// CHECK: return %[[V1]]
func.func @matmul_transposed(%a: tensor<3x5xf32>, %b: tensor<4x3xf32>, %dy: tensor<5x4xf32>) -> tensor<4x3xf32> {
  %y = tg.matmul %a transposed, %b transposed : (tensor<3x5xf32>, tensor<4x3xf32>) -> tensor<5x4xf32>
  %d = tg.gradient (%y : tensor<5x4xf32>) seeds (%dy : tensor<5x4xf32>) wrt (%b : tensor<4x3xf32>)
  return %d : tensor<4x3xf32>
}

// -----

// CHECK-LABEL: func @conv
// CHECK-SAME: %[[X:.*]]: tensor<2x9x3xf32>, %[[F:.*]]: tensor<3x3x5xf32>, %[[DY:.*]]: tensor<2x4x5xf32>
// CHECK-DAG: %[[V1:.*]] = tg.constant dense<0.000000e+00> : tensor<f32>
// CHECK: %[[V2:.*]] = tg.transpose %[[F]] [0, 2, 1]
// CHECK: %[[V3:.*]] = tg.reverse %[[V2]] dimensions [0]
// CHECK: %[[V4:.*]] = tg.pad %[[DY]], %[[V1]] low [0, 2, 0] high [0, 2, 0] interior [0, 1, 0]
// CHECK: %[[V5:.*]] = tg.conv %[[V4]], %[[V3]] strides [1] dilations [1]
// CHECK: %[[V6:.*]] = tg.transpose %[[DY]] [1, 0, 2]
// CHECK: %[[V7:.*]] = tg.transpose %[[X]] [2, 1, 0]
// CHECK: %[[V8:.*]] = tg.conv %[[V7]], %[[V6]] strides [1] dilations [2]
// CHECK: %[[V9:.*]] = tg.transpose %[[V8]] [1, 0, 2]
// CHECK: return %[[V5]], %[[V9]]
func.func @conv(%x: tensor<2x9x3xf32>, %f: tensor<3x3x5xf32>, %dy: tensor<2x4x5xf32>) -> (tensor<2x9x3xf32>, tensor<3x3x5xf32>) {
  %y = tg.conv %x, %f strides [2] dilations [1] : (tensor<2x9x3xf32>, tensor<3x3x5xf32>) -> tensor<2x4x5xf32>
  %d:2 = tg.gradient (%y : tensor<2x4x5xf32>) seeds (%dy : tensor<2x4x5xf32>) wrt (%x, %f : tensor<2x9x3xf32>, tensor<3x3x5xf32>)
  return %d#0, %d#1 : tensor<2x9x3xf32>, tensor<3x3x5xf32>
}
