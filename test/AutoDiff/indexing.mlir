// RUN: tgc-opt %s --tgc-expand-gradients --canonicalize --cse --split-input-file | FileCheck %s

// Two gathers from one table scatter into one sum.
// CHECK-LABEL: func @gather
// CHECK-SAME: %{{.*}}: tensor<9x4xf32>, %[[I:.*]]: tensor<?xi32>, %[[J:.*]]: tensor<?xi32>, %[[DA:.*]]: tensor<?x4xf32>, %[[DB:.*]]: tensor<?x4xf32>
// CHECK-DAG: %[[V1:.*]] = tg.constant dense<0.000000e+00> : tensor<9x4xf32>
// CHECK-DAG: %[[V2:.*]] = arith.constant 0 : index
// CHECK: %[[V3:.*]] = tensor.dim %[[J]], %[[V2]]
// CHECK: %[[V4:.*]] = tg.reshape %[[J]][%[[V3]]]
// CHECK: %[[V5:.*]] = tg.scatter add %[[V1]], %[[V4]], %[[DB]]
// CHECK: %[[V6:.*]] = tensor.dim %[[I]], %[[V2]]
// CHECK: %[[V7:.*]] = tg.reshape %[[I]][%[[V6]]]
// CHECK: %[[V8:.*]] = tg.scatter add %[[V5]], %[[V7]], %[[DA]]
// CHECK: return %[[V8]]
func.func @gather(%x: tensor<9x4xf32>, %i: tensor<?xi32>, %j: tensor<?xi32>, %da: tensor<?x4xf32>, %db: tensor<?x4xf32>) -> tensor<9x4xf32> {
  %a = tg.gather %x, %i axis 0 : (tensor<9x4xf32>, tensor<?xi32>) -> tensor<?x4xf32>
  %b = tg.gather %x, %j axis 0 : (tensor<9x4xf32>, tensor<?xi32>) -> tensor<?x4xf32>
  %d = tg.gradient (%a, %b : tensor<?x4xf32>, tensor<?x4xf32>) seeds (%da, %db : tensor<?x4xf32>, tensor<?x4xf32>) wrt (%x : tensor<9x4xf32>)
  return %d : tensor<9x4xf32>
}

// -----

// CHECK-LABEL: func @scatter_update
// CHECK-SAME: %{{.*}}: tensor<9x4xf32>, %[[I:.*]]: tensor<3x1xi32>, %{{.*}}: tensor<3x4xf32>, %[[DY:.*]]: tensor<9x4xf32>
// CHECK-DAG: %[[V1:.*]] = tg.constant dense<0.000000e+00> : tensor<3x4xf32>
// CHECK: %[[V2:.*]] = tg.scatter update %[[DY]], %[[I]], %[[V1]]
// CHECK: %[[V3:.*]] = tg.gather_nd %[[DY]], %[[I]]
// CHECK: return %[[V2]], %[[V3]]
func.func @scatter_update(%x: tensor<9x4xf32>, %i: tensor<3x1xi32>, %u: tensor<3x4xf32>, %dy: tensor<9x4xf32>) -> (tensor<9x4xf32>, tensor<3x4xf32>) {
  %y = tg.scatter update %x, %i, %u : tensor<9x4xf32>, tensor<3x1xi32>, tensor<3x4xf32>
  %d:2 = tg.gradient (%y : tensor<9x4xf32>) seeds (%dy : tensor<9x4xf32>) wrt (%x, %u : tensor<9x4xf32>, tensor<3x4xf32>)
  return %d#0, %d#1 : tensor<9x4xf32>, tensor<3x4xf32>
}

// -----

// CHECK-LABEL: func @top_k
// CHECK-SAME: %[[X:.*]]: tensor<3x5xf32>, %[[DY:.*]]: tensor<3x2xf32>
// CHECK-DAG: %[[V1:.*]] = tg.constant dense<0.000000e+00> : tensor<3x5xf32>
// CHECK-DAG: %[[V2:.*]] = arith.constant 2 : index
// CHECK: %values, %indices = tg.top_k %[[X]], %[[V2]]
// CHECK: %[[V3:.*]] = tg.iota dimension 0
// CHECK: %[[V4:.*]] = tg.reshape %indices
// CHECK: %[[V5:.*]] = tg.concat %[[V3]], %[[V4]] dimension 2
// CHECK: %[[V6:.*]] = tg.scatter add %[[V1]], %[[V5]], %[[DY]]
// CHECK: return %[[V6]]
func.func @top_k(%x: tensor<3x5xf32>, %dy: tensor<3x2xf32>) -> tensor<3x5xf32> {
  %k = arith.constant 2 : index
  %y, %i = tg.top_k %x, %k : tensor<3x5xf32> -> tensor<3x2xf32>, tensor<3x2xi32>
  %d = tg.gradient (%y : tensor<3x2xf32>) seeds (%dy : tensor<3x2xf32>) wrt (%x : tensor<3x5xf32>)
  return %d : tensor<3x5xf32>
}
