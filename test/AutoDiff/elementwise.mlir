// RUN: tgc-opt %s --tgc-expand-gradients --canonicalize --cse --split-input-file | FileCheck %s

// Forward values are shared: three exponentials in all.
// CHECK-LABEL: func @exp_exp_exp
// CHECK-COUNT-3: tg.exp
// CHECK-NOT: tg.exp
// CHECK-NOT: tg.gradient
func.func @exp_exp_exp(%x: tensor<4xf64>) -> (tensor<4xf64>, tensor<4xf64>) {
  %a = tg.exp %x : tensor<4xf64>
  %b = tg.exp %a : tensor<4xf64>
  %c = tg.exp %b : tensor<4xf64>
  %d = tg.gradient (%c : tensor<4xf64>) wrt (%x : tensor<4xf64>)
  return %c, %d : tensor<4xf64>, tensor<4xf64>
}

// -----

// A tie goes to the first operand.
// CHECK-LABEL: func @maximum
// CHECK-SAME: %[[X:.*]]: tensor<4xf32>, %[[Y:.*]]: tensor<4xf32>, %[[S:.*]]: tensor<4xf32>
// CHECK: %[[P:.*]] = tg.compare ge %[[X]], %[[Y]]
// CHECK-DAG: %[[DX:.*]] = tg.select %[[P]], %[[S]], %[[ZERO:.*]] :
// CHECK-DAG: %[[DY:.*]] = tg.select %[[P]], %[[ZERO]], %[[S]] :
// CHECK: return %[[DX]], %[[DY]]
func.func @maximum(%x: tensor<4xf32>, %y: tensor<4xf32>, %seed: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %a = tg.maximum %x, %y : tensor<4xf32>
  %d:2 = tg.gradient (%a : tensor<4xf32>) seeds (%seed : tensor<4xf32>) wrt (%x, %y : tensor<4xf32>, tensor<4xf32>)
  return %d#0, %d#1 : tensor<4xf32>, tensor<4xf32>
}

// -----

// Integers, booleans and what is not asked for are left alone; contributions are summed.
// CHECK-LABEL: func @active
// CHECK-SAME: %[[X:.*]]: tensor<?xf32>, %[[N:.*]]: tensor<?xi32>
// CHECK: %[[W:.*]] = tg.cast %[[N]]
// CHECK: %[[DY:.*]] = tg.broadcast_to
// CHECK: %[[A:.*]] = tg.mul %[[DY]], %[[W]]
// CHECK: %[[B:.*]] = tg.mul %[[DY]], %[[X]]
// CHECK: %[[SUM:.*]] = tg.add %[[A]], %[[B]]
// CHECK: tg.add %[[SUM]], %[[B]]
// CHECK-NOT: tg.cast
func.func @active(%x: tensor<?xf32>, %n: tensor<?xi32>) -> tensor<?xf32> {
  %w = tg.cast %n : tensor<?xi32> to tensor<?xf32>
  %a = tg.mul %x, %w : tensor<?xf32>
  %b = tg.mul %x, %x : tensor<?xf32>
  %y = tg.add %a, %b : tensor<?xf32>
  %d = tg.gradient (%y : tensor<?xf32>) wrt (%x : tensor<?xf32>)
  return %d : tensor<?xf32>
}

// -----

// CHECK-LABEL: func @stop
// CHECK-SAME: %[[X:.*]]: tensor<4xf32>
// CHECK: %[[E:.*]] = tg.exp %[[X]]
// CHECK: return %[[E]]
func.func @stop(%x: tensor<4xf32>) -> tensor<4xf32> {
  %e = tg.exp %x : tensor<4xf32>
  %s = tg.stop_gradient %e : tensor<4xf32>
  %y = tg.mul %s, %x : tensor<4xf32>
  %d = tg.gradient (%y : tensor<4xf32>) wrt (%x : tensor<4xf32>)
  return %d : tensor<4xf32>
}

// -----

// The second derivative of x * x.
// CHECK-LABEL: func @second
// CHECK: %[[TWO:.*]] = tg.constant dense<2.000000e+00> : tensor<4xf32>
// CHECK: return %[[TWO]]
func.func @second(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = tg.mul %x, %x : tensor<4xf32>
  %d = tg.gradient (%y : tensor<4xf32>) wrt (%x : tensor<4xf32>)
  %e = tg.gradient (%d : tensor<4xf32>) wrt (%x : tensor<4xf32>)
  return %e : tensor<4xf32>
}

// -----

// Only what uses the watched value counts.
// CHECK-LABEL: func @watch
// CHECK-SAME: %[[X:.*]]: tensor<4xf32>
// CHECK: return %[[X]]
func.func @watch(%x: tensor<4xf32>) -> tensor<4xf32> {
  %w = tg.watch %x : tensor<4xf32>
  %y = tg.mul %w, %x : tensor<4xf32>
  %d = tg.gradient (%y : tensor<4xf32>) wrt (%w : tensor<4xf32>)
  return %d : tensor<4xf32>
}
