// RUN: tgc-opt %s --tgc-separate-destinations | FileCheck %s

// Two sums that start from one fill: each gets memory of its own.
// CHECK-LABEL: func.func @accumulate(
func.func @accumulate(%a: tensor<4x8xf32>, %b: tensor<4x8xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<4xf32>) -> tensor<4xf32>
  // CHECK-DAG: %[[E0:.+]] = tensor.empty()
  // CHECK-DAG: %[[E1:.+]] = tensor.empty()
  // CHECK-DAG: %[[S0:.+]] = linalg.fill {{.*}} outs(%[[E0]]
  // CHECK-DAG: %[[S1:.+]] = linalg.fill {{.*}} outs(%[[E1]]
  // CHECK: linalg.reduce {{.*}} ins(%arg0 : {{.*}}) outs(%[[SA:.+]] : tensor<4xf32>)
  // CHECK-NOT: outs(%[[SA]]
  // CHECK: linalg.reduce {{.*}} ins(%arg1
  %x = linalg.reduce { arith.addf } ins(%a : tensor<4x8xf32>) outs(%start : tensor<4xf32>) dimensions = [1]
  %y = linalg.reduce { arith.addf } ins(%b : tensor<4x8xf32>) outs(%start : tensor<4xf32>) dimensions = [1]
  return %x, %y : tensor<4xf32>, tensor<4xf32>
}

// A use in a loop is filled once, before the loop.
// CHECK-LABEL: func.func @loop(
func.func @loop(%a: tensor<4x8xf32>, %n: index) -> tensor<4xf32> {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %empty = tensor.empty() : tensor<4xf32>
  // CHECK-COUNT-2: linalg.fill
  // CHECK: scf.for
  // CHECK-NOT: linalg.fill
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<4xf32>) -> tensor<4xf32>
  %last = scf.for %i = %c0 to %n step %c1 iter_args(%v = %start) -> (tensor<4xf32>) {
    %x = linalg.reduce { arith.addf } ins(%a : tensor<4x8xf32>) outs(%start : tensor<4xf32>) dimensions = [1]
    scf.yield %x : tensor<4xf32>
  }
  return %last : tensor<4xf32>
}

// A loop that fills is a fill.
// CHECK-LABEL: func.func @generic(
// CHECK-COUNT-2: linalg.generic
// CHECK: return
func.func @generic(%n: index, %a: tensor<4xf32>, %b: tensor<4xf32>) -> (tensor<?xf32>, tensor<?xf32>) {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty(%n) : tensor<?xf32>
  %start = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} outs(%empty : tensor<?xf32>) {
  ^bb0(%o: f32):
    linalg.yield %zero : f32
  } -> tensor<?xf32>
  %x = tensor.insert_slice %a into %start[0] [4] [1] : tensor<4xf32> into tensor<?xf32>
  %y = tensor.insert_slice %b into %start[0] [4] [1] : tensor<4xf32> into tensor<?xf32>
  return %x, %y : tensor<?xf32>, tensor<?xf32>
}
