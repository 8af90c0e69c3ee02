// RUN: tgc-opt %s --tgc-hoist-loop-invariants | FileCheck %s

// What has static sizes and does not change leaves both loops; what relies on a check, or changes, stays.
// CHECK-LABEL: @nested
// CHECK: %[[T:.*]] = tg.transpose %[[W:[a-z0-9]*]]
// CHECK: %[[E:.*]] = tg.exp %[[T]]
// CHECK: tg.while
// CHECK: } do
// CHECK: tg.while
// CHECK: } do
// CHECK: tg.check
// CHECK: tg.slice %[[W]]
// CHECK: tg.add %{{.*}}, %[[E]]
func.func @nested(%w: tensor<4x4xf32>, %x: tensor<4x4xf32>, %n: index, %k: index) -> tensor<4x4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r:2 = tg.while (%i = %c0, %y = %x) : (index, tensor<4x4xf32>) cond {
    %b = arith.cmpi slt, %i, %n : index
    tg.yield %b : i1
  } do {
    %s:2 = tg.while (%j = %c0, %z = %y) : (index, tensor<4x4xf32>) cond {
      %b = arith.cmpi slt, %j, %i : index
      tg.yield %b : i1
    } do {
      %t = tg.transpose %w [1, 0] : tensor<4x4xf32> -> tensor<4x4xf32>
      %e = tg.exp %t : tensor<4x4xf32>
      %fits = arith.cmpi slt, %k, %c1 : index
      tg.check %fits, 3, "too far"
      %part = tg.slice %w [%k, 0] [4, 4] [1, 1] : tensor<4x4xf32> -> tensor<4x4xf32>
      %sum = tg.add %z, %e : tensor<4x4xf32>
      %more = tg.add %sum, %part : tensor<4x4xf32>
      %j1 = arith.addi %j, %c1 : index
      tg.yield %j1, %more : index, tensor<4x4xf32>
    }
    %i1 = arith.addi %i, %c1 : index
    tg.yield %i1, %s#1 : index, tensor<4x4xf32>
  }
  return %r#1 : tensor<4x4xf32>
}
