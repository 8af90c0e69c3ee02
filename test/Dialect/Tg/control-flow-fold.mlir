// RUN: tgc-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: @known
// CHECK-NEXT: %[[Y:.*]] = tg.exp
// CHECK-NEXT: return %[[Y]]
func.func @known(%x: tensor<3xf32>) -> tensor<3xf32> {
  %p = arith.constant true
  %r = tg.if %p -> (tensor<3xf32>) {
    %y = tg.exp %x : tensor<3xf32>
    tg.yield %y : tensor<3xf32>
  } else {
    tg.yield %x : tensor<3xf32>
  }
  return %r : tensor<3xf32>
}

// A result that is the same either way, one that nobody uses, and one that is the condition; what is left has an effect.
// CHECK-LABEL: @results
// CHECK-SAME: %[[P:.*]]: i1, %[[Q:.*]]: i1, %[[X:.*]]: tensor<3xf32>
// CHECK: tg.if %[[P]] {
// CHECK-NEXT: tg.check %[[Q]]
// CHECK-NEXT: } else {
// CHECK-NEXT: }
// CHECK-NEXT: return %[[X]], %[[P]]
func.func @results(%p: i1, %q: i1, %x: tensor<3xf32>) -> (tensor<3xf32>, i1) {
  %yes = arith.constant true
  %no = arith.constant false
  %r:3 = tg.if %p -> (tensor<3xf32>, tensor<3xf32>, i1) {
    tg.check %q, 3, "no"
    %y = tg.exp %x : tensor<3xf32>
    tg.yield %x, %y, %yes : tensor<3xf32>, tensor<3xf32>, i1
  } else {
    tg.yield %x, %x, %no : tensor<3xf32>, tensor<3xf32>, i1
  }
  return %r#0, %r#2 : tensor<3xf32>, i1
}

// Inside a branch the condition is known, so the inner tg.if goes.
// CHECK-LABEL: @nested
// CHECK: tg.if
// CHECK-NEXT: tg.exp
// CHECK-NOT: tg.if
// CHECK-NOT: tg.abs
// CHECK: return
func.func @nested(%p: i1, %x: tensor<3xf32>) -> tensor<3xf32> {
  %r = tg.if %p -> (tensor<3xf32>) {
    %s = tg.if %p -> (tensor<3xf32>) {
      %y = tg.exp %x : tensor<3xf32>
      tg.yield %y : tensor<3xf32>
    } else {
      %y = tg.abs %x : tensor<3xf32>
      tg.yield %y : tensor<3xf32>
    }
    tg.yield %s : tensor<3xf32>
  } else {
    tg.yield %x : tensor<3xf32>
  }
  return %r : tensor<3xf32>
}

// %w never changes, %d matters to itself only.
// CHECK-LABEL: @carried
// CHECK-SAME: %[[X:.*]]: tensor<3xf32>, %[[W:.*]]: tensor<3xf32>
// CHECK: %[[R:.*]]:2 = tg.while (%[[A:.*]] = %[[X]], %[[I:.*]] = %{{.*}}) : (tensor<3xf32>, index) cond {
// CHECK: } do (%[[A1:.*]], %{{.*}}) {
// CHECK-NEXT: tg.add %[[A1]], %[[W]]
// CHECK-NOT: tg.exp
// CHECK: return %[[R]]#0, %[[W]]
func.func @carried(%x: tensor<3xf32>, %w0: tensor<3xf32>, %n: index) -> (tensor<3xf32>, tensor<3xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r:4 = tg.while (%a = %x, %d = %x, %w = %w0, %i = %c0) : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, index) cond {
    %b = arith.cmpi slt, %i, %n : index
    tg.yield %b : i1
  } do {
    %a1 = tg.add %a, %w : tensor<3xf32>
    %d1 = tg.exp %d : tensor<3xf32>
    %i1 = arith.addi %i, %c1 : index
    tg.yield %a1, %d1, %w, %i1 : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, index
  }
  return %r#0, %r#2 : tensor<3xf32>, tensor<3xf32>
}

// %d matters to a check.
// CHECK-LABEL: @checked
// CHECK: tg.while (%{{.*}} = %{{.*}}, %{{.*}} = %{{.*}}) : (index, index) cond
func.func @checked(%x: index, %n: index) {
  %c1 = arith.constant 1 : index
  %r:2 = tg.while (%d = %x, %i = %x) : (index, index) cond {
    %b = arith.cmpi slt, %i, %n : index
    tg.yield %b : i1
  } do {
    %q = arith.cmpi sle, %d, %n : index
    tg.check %q, 3, "no"
    %d1 = arith.muli %d, %d : index
    %i1 = arith.addi %i, %c1 : index
    tg.yield %d1, %i1 : index, index
  }
  return
}

// CHECK-LABEL: @never
// CHECK-SAME: %[[X:.*]]: tensor<3xf32>
// CHECK-NEXT: return %[[X]]
func.func @never(%x: tensor<3xf32>) -> tensor<3xf32> {
  %no = arith.constant false
  %r = tg.while (%a = %x) : (tensor<3xf32>) cond {
    tg.yield %no : i1
  } do {
    %b = tg.exp %a : tensor<3xf32>
    tg.yield %b : tensor<3xf32>
  }
  return %r : tensor<3xf32>
}
