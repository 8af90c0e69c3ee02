// RUN: tgc-opt %s --tgc-limit-iterations=most=5 | FileCheck %s
// RUN: not tgc-run %s --max-iterations 5 2>&1 | FileCheck %s --check-prefix=LIMIT
// RUN: tgc-run %s --max-iterations 10 | FileCheck %s --check-prefix=ENDS

// LIMIT: RESOURCE_EXHAUSTED: the loop goes on after 5 iterations, the most that --max-iterations allows [node: while]
// ENDS: y:0 float32 []: 1024
// CHECK: tg.while (%{{.*}} = %{{.*}}, %{{.*}} = %{{.*}}, %{{.*}} = %{{.*}}) : (index, tensor<f32>, index)
// CHECK: } do (%{{.*}}, %{{.*}}, %[[COUNT:.*]]) {
// CHECK-NEXT: %[[MOST:.*]] = arith.constant 5
// CHECK-NEXT: %[[GOES:.*]] = arith.cmpi slt, %[[COUNT]], %[[MOST]]
// CHECK-NEXT: tg.check %[[GOES]], 8, "the loop goes on after %d iterations, the most that --max-iterations allows"(%[[MOST]])
func.func @main() -> (tensor<f32> {tg.fetch = "y:0"}) attributes {tg.entry = "main"} {
  %one = tg.constant dense<1.0> : tensor<f32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant 10 : index
  %r:2 = tg.while (%i = %c0, %y = %one) : (index, tensor<f32>) cond {
    %b = arith.cmpi slt, %i, %n : index
    tg.yield %b : i1
  } do {
    %z = tg.add %y, %y : tensor<f32>
    %i1 = arith.addi %i, %c1 : index
    tg.yield %i1, %z : index, tensor<f32>
  } loc("while")
  return %r#1 : tensor<f32>
}
