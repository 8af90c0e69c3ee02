// Elementwise values that gradients read are computed again where that costs little and keeps nothing else in memory.

// RUN: tgc-opt %s --tgc-rematerialize --split-input-file | FileCheck %s --check-prefixes=CHECK,AUTO
// RUN: tgc-opt %s --tgc-rematerialize=recompute-all --split-input-file | FileCheck %s --check-prefixes=CHECK,ALL

#id = affine_map<(m) -> (m)>

// A sum of arguments is computed in the loop that reads it; the forward part keeps its own.
// CHECK-LABEL: func @cheap
// CHECK: %[[SUM:.*]] = linalg.generic
// CHECK: call @use(%[[SUM]])
// CHECK: %[[AGAIN:.*]] = linalg.generic {{.*}} ins(%arg0, %arg1
// CHECK: linalg.generic {{.*}} ins(%[[AGAIN]], %arg2
func.func @cheap(%x: tensor<64xf32>, %b: tensor<64xf32>, %dy: tensor<64xf32>) -> tensor<64xf32> {
  %empty = tensor.empty() : tensor<64xf32>
  %sum = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%x, %b : tensor<64xf32>, tensor<64xf32>)
      outs(%empty : tensor<64xf32>) {
  ^bb0(%in: f32, %in_0: f32, %out: f32):
    %0 = arith.addf %in, %in_0 : f32
    linalg.yield %0 : f32
  } -> tensor<64xf32> loc("add")
  func.call @use(%sum) : (tensor<64xf32>) -> ()
  %dx = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%sum, %dy : tensor<64xf32>, tensor<64xf32>)
      outs(%empty : tensor<64xf32>) {
  ^bb0(%in: f32, %in_0: f32, %out: f32):
    %0 = arith.mulf %in, %in_0 : f32
    linalg.yield %0 : f32
  } -> tensor<64xf32> loc("gradients/mul")
  return %dx : tensor<64xf32>
}
func.func private @use(tensor<64xf32>)

// -----

#id = affine_map<(m) -> (m)>

// An exponential costs more than memory.
// CHECK-LABEL: func @costly
// CHECK: %[[EXP:.*]] = linalg.generic
// AUTO: linalg.generic {{.*}} ins(%[[EXP]], %arg1
// ALL: %[[AGAIN:.*]] = linalg.generic {{.*}} ins(%arg0
// ALL: attrs = {tgc.again
// ALL: linalg.generic {{.*}} ins(%[[AGAIN]], %arg1
func.func @costly(%x: tensor<64xf32>, %dy: tensor<64xf32>) -> tensor<64xf32> {
  %empty = tensor.empty() : tensor<64xf32>
  %exp = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<64xf32>) outs(%empty : tensor<64xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = math.exp %in : f32
    linalg.yield %0 : f32
  } -> tensor<64xf32> loc("exp")
  func.call @use(%exp) : (tensor<64xf32>) -> ()
  %dx = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%exp, %dy : tensor<64xf32>, tensor<64xf32>)
      outs(%empty : tensor<64xf32>) {
  ^bb0(%in: f32, %in_0: f32, %out: f32):
    %0 = arith.mulf %in, %in_0 : f32
    linalg.yield %0 : f32
  } -> tensor<64xf32> loc("gradients/mul")
  return %dx : tensor<64xf32>
}
func.func private @use(tensor<64xf32>)

// -----

#id = affine_map<(m) -> (m)>

// To keep two values instead of their sum would save nothing.
// CHECK-LABEL: func @lost
// CHECK: %[[SUM:.*]] = linalg.generic
// CHECK: linalg.generic {{.*}} ins(%[[SUM]], %arg2
func.func @lost(%x: tensor<64xf32>, %b: tensor<64xf32>, %dy: tensor<64xf32>) -> tensor<64xf32> {
  %empty = tensor.empty() : tensor<64xf32>
  %p = func.call @make(%x) : (tensor<64xf32>) -> tensor<64xf32>
  %q = func.call @make(%b) : (tensor<64xf32>) -> tensor<64xf32>
  %sum = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%p, %q : tensor<64xf32>, tensor<64xf32>)
      outs(%empty : tensor<64xf32>) {
  ^bb0(%in: f32, %in_0: f32, %out: f32):
    %0 = arith.addf %in, %in_0 : f32
    linalg.yield %0 : f32
  } -> tensor<64xf32> loc("add")
  %other = func.call @make(%sum) : (tensor<64xf32>) -> tensor<64xf32>
  %dx = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%sum, %dy : tensor<64xf32>, tensor<64xf32>)
      outs(%empty : tensor<64xf32>) {
  ^bb0(%in: f32, %in_0: f32, %out: f32):
    %0 = arith.mulf %in, %in_0 : f32
    linalg.yield %0 : f32
  } -> tensor<64xf32> loc("gradients/mul")
  return %dx : tensor<64xf32>
}
func.func private @make(tensor<64xf32>) -> tensor<64xf32>

// -----

#id = affine_map<(m) -> (m)>

// A gradient of a maximum looks for the very bits.
// CHECK-LABEL: func @equality
// CHECK: %[[SUM:.*]] = linalg.generic
// CHECK: linalg.generic {{.*}} ins(%[[SUM]], %arg2
func.func @equality(%x: tensor<64xf32>, %b: tensor<64xf32>, %max: tensor<64xf32>) -> tensor<64xi1> {
  %empty = tensor.empty() : tensor<64xf32>
  %bits = tensor.empty() : tensor<64xi1>
  %sum = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%x, %b : tensor<64xf32>, tensor<64xf32>)
      outs(%empty : tensor<64xf32>) {
  ^bb0(%in: f32, %in_0: f32, %out: f32):
    %0 = arith.addf %in, %in_0 : f32
    linalg.yield %0 : f32
  } -> tensor<64xf32> loc("add")
  func.call @use(%sum) : (tensor<64xf32>) -> ()
  %is = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%sum, %max : tensor<64xf32>, tensor<64xf32>)
      outs(%bits : tensor<64xi1>) {
  ^bb0(%in: f32, %in_0: f32, %out: i1):
    %0 = arith.cmpf oeq, %in, %in_0 : f32
    linalg.yield %0 : i1
  } -> tensor<64xi1> loc("gradients/Max")
  return %is : tensor<64xi1>
}
func.func private @use(tensor<64xf32>)
