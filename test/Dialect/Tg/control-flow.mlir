// RUN: tgc-opt %s | FileCheck %s
// RUN: tgc-opt %s | tgc-opt | FileCheck %s
// RUN: tgc-opt %s --mlir-print-op-generic | tgc-opt | FileCheck %s
// RUN: tgc-opt %s --emit-bytecode | tgc-opt | FileCheck %s

// CHECK-LABEL: @condition
// CHECK: tg.if %{{.*}} -> (tensor<?xf32>, index) {
// CHECK: tg.yield %{{.*}}, %{{.*}} : tensor<?xf32>, index
// CHECK: } else {
// CHECK: tg.yield
func.func @condition(%p: i1, %x: tensor<?xf32>, %i: index, %j: index) -> (tensor<?xf32>, index) {
  %r:2 = tg.if %p -> (tensor<?xf32>, index) {
    %y = tg.exp %x : tensor<?xf32>
    tg.yield %y, %i : tensor<?xf32>, index
  } else {
    tg.yield %x, %j : tensor<?xf32>, index
  }
  return %r#0, %r#1 : tensor<?xf32>, index
}

// CHECK-LABEL: @effects_only
// CHECK: tg.if %{{[a-z0-9]+}} {
// CHECK-NEXT: tg.check
// CHECK-NEXT: } else {
// CHECK-NEXT: }
func.func @effects_only(%p: i1, %q: i1) {
  tg.if %p {
    tg.check %q, 3, "no"
  } else {
  }
  return
}

// CHECK-LABEL: @loop
// CHECK: %{{.*}}:2 = tg.while (%[[X:.*]] = %{{.*}}, %[[I:.*]] = %{{.*}}) : (tensor<?xf32>, index) cond {
// CHECK: arith.cmpi slt, %[[I]]
// CHECK: tg.yield %{{.*}} : i1
// CHECK: } do (%[[X1:.*]], %[[I1:.*]]) {
// CHECK: tg.exp %[[X1]]
// CHECK: tg.yield %{{.*}}, %{{.*}} : tensor<?xf32>, index
func.func @loop(%x0: tensor<?xf32>, %n: index, %c0: index, %c1: index) -> tensor<?xf32> {
  %r:2 = tg.while (%x = %x0, %i = %c0) : (tensor<?xf32>, index) cond {
    %b = arith.cmpi slt, %i, %n : index
    tg.yield %b : i1
  } do {
    %y = tg.exp %x : tensor<?xf32>
    %i1 = arith.addi %i, %c1 : index
    tg.yield %y, %i1 : tensor<?xf32>, index
  }
  return %r#0 : tensor<?xf32>
}

// CHECK-LABEL: @carries_nothing
// CHECK: tg.while () : () cond {
// CHECK: } do {
func.func @carries_nothing(%p: i1) {
  tg.while () : () cond {
    tg.yield %p : i1
  } do {
    tg.yield
  }
  return
}
