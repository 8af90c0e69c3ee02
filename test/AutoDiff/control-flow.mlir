// RUN: tgc-opt %s --tgc-expand-gradients --canonicalize --cse --split-input-file | FileCheck %s

// Each branch walks back over itself; what a branch does not use gets zero.
// CHECK-LABEL: func @if
// CHECK-SAME: %[[P:.*]]: i1, %[[X:.*]]: tensor<4xf32>, %[[Y:.*]]: tensor<4xf32>, %[[DY:.*]]: tensor<4xf32>
// CHECK: %[[ZERO:.*]] = tg.constant dense<0.000000e+00> : tensor<4xf32>
// CHECK: %[[R:.*]]:2 = tg.if %[[P]] -> (tensor<4xf32>, tensor<4xf32>)
// CHECK: %[[DX:.*]] = tg.mul %[[DY]], %[[Y]]
// CHECK: %[[DW:.*]] = tg.mul %[[DY]], %[[X]]
// CHECK: tg.yield %[[DX]], %[[DW]]
// CHECK: } else {
// CHECK: %[[NEG:.*]] = tg.neg %[[DY]]
// CHECK: tg.yield %[[NEG]], %[[ZERO]]
// CHECK: return %[[R]]#0, %[[R]]#1
func.func @if(%p: i1, %x: tensor<4xf32>, %y: tensor<4xf32>, %dy: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %r = tg.if %p -> (tensor<4xf32>) {
    %a = tg.mul %x, %y : tensor<4xf32>
    tg.yield %a : tensor<4xf32>
  } else {
    %a = tg.neg %x : tensor<4xf32>
    tg.yield %a : tensor<4xf32>
  }
  %d:2 = tg.gradient (%r : tensor<4xf32>) seeds (%dy : tensor<4xf32>) wrt (%x, %y : tensor<4xf32>, tensor<4xf32>)
  return %d#0, %d#1 : tensor<4xf32>, tensor<4xf32>
}

// -----

// The iterations are counted by what the condition needs; the way back reads one stack, for the derivative of the sine.
// CHECK-LABEL: func @while
// CHECK: tg.while ({{.*}}) : (index, index) cond
// CHECK-NOT: tg.sin
// CHECK: tg.while ({{.*}}) : (tensor<4xf32>, index, index, tensor<?x4xf32>) cond
// CHECK: tg.insert_slice
// CHECK: tg.while ({{.*}}) : (index, tensor<4xf32>) cond
// CHECK: arith.subi
// CHECK: tg.slice
// CHECK: tg.cos
// CHECK: tg.mul
func.func @while(%x: tensor<4xf32>, %n: index) -> (tensor<4xf32>, tensor<4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r:2 = tg.while (%a = %x, %i = %c0) : (tensor<4xf32>, index) cond {
    %p = arith.cmpi slt, %i, %n : index
    tg.yield %p : i1
  } do {
    %b = tg.sin %a : tensor<4xf32>
    %j = arith.addi %i, %c1 : index
    tg.yield %b, %j : tensor<4xf32>, index
  }
  %d = tg.gradient (%r#0 : tensor<4xf32>) wrt (%x : tensor<4xf32>)
  return %r#0, %d : tensor<4xf32>, tensor<4xf32>
}

// -----

// A sum needs no forward value: nothing is kept.
// CHECK-LABEL: func @linear
// CHECK-NOT: tg.insert_slice
// CHECK: return
func.func @linear(%x: tensor<4xf32>, %w: tensor<4xf32>, %n: index) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r:2 = tg.while (%a = %x, %i = %c0) : (tensor<4xf32>, index) cond {
    %p = arith.cmpi slt, %i, %n : index
    tg.yield %p : i1
  } do {
    %b = tg.add %a, %w : tensor<4xf32>
    %j = arith.addi %i, %c1 : index
    tg.yield %b, %j : tensor<4xf32>, index
  }
  %d = tg.gradient (%r#0 : tensor<4xf32>) wrt (%w : tensor<4xf32>)
  return %d : tensor<4xf32>
}

// -----

// Data decides how often it runs: the loop runs once, and its stack doubles.
// CHECK-LABEL: func @until_large
// CHECK: %[[FORWARD:.*]]:3 = tg.while ({{.*}}) : (tensor<3xf32>, index, tensor<?x3xf32>) cond
// CHECK: } do (%[[A:.*]], %[[AT:.*]], %[[STACK:.*]]) {
// CHECK: %[[ROOM:.*]] = tg.if
// CHECK: arith.addi %[[ROWS:.*]], %[[ROWS]]
// CHECK: tg.insert_slice %[[A]] into %[[ROOM]] [%[[AT]], 0]
// CHECK: tg.while (%{{.*}} = %[[FORWARD]]#1,
// CHECK: tg.slice %[[FORWARD]]#2
// CHECK-NOT: tg.while
func.func @until_large(%x: tensor<3xf32>, %y: tensor<3xf32>) -> tensor<3xf32> {
  %limit = tg.constant dense<40.0> : tensor<f32>
  %l = tg.while (%a = %x) : (tensor<3xf32>) cond {
    %s = tg.reduce sum %a dimensions [0] : tensor<3xf32> -> tensor<f32>
    %q = tg.compare lt %s, %limit : tensor<f32>
    %p = tensor.extract %q[] : tensor<i1>
    tg.yield %p : i1
  } do {
    %b = tg.mul %a, %y : tensor<3xf32>
    tg.yield %b : tensor<3xf32>
  }
  %d = tg.gradient (%l : tensor<3xf32>) wrt (%y : tensor<3xf32>)
  return %d : tensor<3xf32>
}

// -----

// What grows is kept one behind the other, with its place and size.
// CHECK-LABEL: func @grows
// CHECK: tg.while ({{.*}}) : (tensor<?xf32>, index, index, index, tensor<?x2xi64>, tensor<?xf32>) cond
// CHECK: %[[PLACE:.*]] = tensor.from_elements {{.*}} : tensor<2xi64>
// CHECK: tg.insert_slice %[[PLACE]] into
// CHECK: tg.while ({{.*}}) : (index, tensor<?xf32>) cond
// CHECK: tg.slice {{.*}} : tensor<?x2xi64> -> tensor<1x2xi64>
// CHECK: tg.slice {{.*}} : tensor<?xf32> -> tensor<?xf32>
func.func @grows(%x: tensor<?xf32>, %n: index) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %l:2 = tg.while (%a = %x, %i = %c0) : (tensor<?xf32>, index) cond {
    %p = arith.cmpi slt, %i, %n : index
    tg.yield %p : i1
  } do {
    %s = tg.sin %a : tensor<?xf32>
    %b = tg.concat %s, %s dimension 0 : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
    %j = arith.addi %i, %c1 : index
    tg.yield %b, %j : tensor<?xf32>, index
  }
  %d = tg.gradient (%l#0 : tensor<?xf32>) wrt (%x : tensor<?xf32>)
  return %d : tensor<?xf32>
}
