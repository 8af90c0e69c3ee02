// RUN: tgc-opt %s -tgc-schedule-kernels -split-input-file | FileCheck %s
// RUN: tgc-opt %s -tgc-plan-buffers -canonicalize -split-input-file | FileCheck %s --check-prefix=GIVEN
// RUN: tgc-opt %s -tgc-schedule-kernels -tgc-plan-buffers -canonicalize -split-input-file | FileCheck %s --check-prefix=PLAN

// Two branches side by side: one after the other they share the memory of what is large. Allocations and views go along.
// GIVEN-LABEL: func.func @branches
// GIVEN: rt.workspace %{{.*}}, %c36864
// PLAN-LABEL: func.func @branches
// PLAN: rt.workspace %{{.*}}, %c24576
// CHECK-LABEL: func.func @branches
// CHECK: linalg.exp
// CHECK: memref.expand_shape
// CHECK: linalg.reduce
// CHECK: linalg.tanh
// CHECK: linalg.reduce
// CHECK: linalg.add
func.func @branches(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %x = rt.feed %frame[0] : memref<4096xf32>
  %y = rt.fetch %frame[0] () : memref<1024xf32>
  %a = memref.alloc() : memref<4096xf32>
  linalg.exp ins(%x : memref<4096xf32>) outs(%a : memref<4096xf32>)
  %b = memref.alloc() : memref<4096xf32>
  linalg.tanh ins(%x : memref<4096xf32>) outs(%b : memref<4096xf32>)
  %c = memref.alloc() : memref<1024xf32>
  %rows = memref.expand_shape %a [[0, 1]] output_shape [1024, 4] : memref<4096xf32> into memref<1024x4xf32>
  linalg.reduce { arith.addf } ins(%rows : memref<1024x4xf32>) outs(%c : memref<1024xf32>) dimensions = [1]
  %d = memref.alloc() : memref<1024xf32>
  %others = memref.expand_shape %b [[0, 1]] output_shape [1024, 4] : memref<4096xf32> into memref<1024x4xf32>
  linalg.reduce { arith.addf } ins(%others : memref<1024x4xf32>) outs(%d : memref<1024xf32>) dimensions = [1]
  linalg.add ins(%c, %d : memref<1024xf32>, memref<1024xf32>) outs(%y : memref<1024xf32>)
  return
}

// -----

// What one branch left is overwritten by the other: they stay as they are.
// CHECK-LABEL: func.func @shared
// CHECK: linalg.exp
// CHECK: linalg.tanh
// CHECK: linalg.copy
// CHECK: linalg.exp
// CHECK: linalg.copy
func.func @shared(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %x = rt.feed %frame[0] : memref<4096xf32>
  %y = rt.fetch %frame[0] () : memref<4096xf32>
  %a = memref.alloc() : memref<4096xf32>
  linalg.exp ins(%x : memref<4096xf32>) outs(%a : memref<4096xf32>)
  %b = memref.alloc() : memref<4096xf32>
  linalg.tanh ins(%a : memref<4096xf32>) outs(%b : memref<4096xf32>)
  linalg.copy ins(%a : memref<4096xf32>) outs(%y : memref<4096xf32>)
  linalg.exp ins(%b : memref<4096xf32>) outs(%a : memref<4096xf32>)
  linalg.copy ins(%a : memref<4096xf32>) outs(%y : memref<4096xf32>)
  return
}

// -----

// Calls of the host keep their order, a check comes before what follows it, and a variable does not change before the run may end.
// CHECK-LABEL: func.func @order
// CHECK: rt.host_call %{{.*}}, "first"
// CHECK: rt.host_call %{{.*}}, "second"
// CHECK: rt.fail
// CHECK: linalg.copy
// CHECK: linalg.negf
// CHECK: linalg.abs
// CHECK: linalg.copy
func.func @order(%frame: !llvm.ptr, %fails: i1) attributes {rt.feeds = []} {
  %x = rt.feed %frame[0] : memref<4096xf32>
  %v = rt.variable %frame[0] : memref<4096xf32>
  %y = rt.fetch %frame[0] () : memref<1024xf32>
  %z = rt.fetch %frame[1] () : memref<1024xf32>
  %a = memref.alloc() : memref<4096xf32>
  rt.host_call %frame, "first" ("") ins(%x : memref<4096xf32>) outs(%a : memref<4096xf32>) dtypes [1, 1] slots [] found []
  %b = memref.alloc() : memref<4096xf32>
  rt.host_call %frame, "second" ("") ins(%x : memref<4096xf32>) outs(%b : memref<4096xf32>) dtypes [1, 1] slots [] found []
  scf.if %fails {
    rt.fail %frame, 3, "it is wrong" ()
  }
  %c = memref.alloc() : memref<4096xf32>
  linalg.negf ins(%b : memref<4096xf32>) outs(%c : memref<4096xf32>)
  linalg.abs ins(%c : memref<4096xf32>) outs(%v : memref<4096xf32>)
  %part = memref.subview %a[0] [1024] [1] : memref<4096xf32> to memref<1024xf32, strided<[1]>>
  linalg.copy ins(%part : memref<1024xf32, strided<[1]>>) outs(%y : memref<1024xf32>)
  %other = memref.subview %v[0] [1024] [1] : memref<4096xf32> to memref<1024xf32, strided<[1]>>
  linalg.copy ins(%other : memref<1024xf32, strided<[1]>>) outs(%z : memref<1024xf32>)
  return
}

// -----

// A gradient is used up by its update as soon as it is there, but not before the last reader of the old value.
// GIVEN-LABEL: func.func @updates
// GIVEN: rt.workspace %{{.*}}, %c49152
// PLAN-LABEL: func.func @updates
// PLAN: rt.workspace %{{.*}}, %c32768
// CHECK-LABEL: func.func @updates
// CHECK: %[[V:.*]] = rt.variable %{{.*}}[0]
// CHECK: %[[W:.*]] = rt.variable %{{.*}}[1]
// CHECK: linalg.exp
// CHECK: linalg.mul ins(%{{.*}}, %[[V]] :
// CHECK: linalg.sub ins(%[[V]], {{.*}} outs(%[[V]] :
// CHECK: linalg.tanh
// CHECK: linalg.sub ins(%[[W]], {{.*}} outs(%[[W]] :
func.func @updates(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %x = rt.feed %frame[0] : memref<4096xf32>
  %v = rt.variable %frame[0] : memref<4096xf32>
  %w = rt.variable %frame[1] : memref<4096xf32>
  %a = memref.alloc() : memref<4096xf32>
  %dv = memref.alloc() : memref<4096xf32>
  linalg.exp ins(%x : memref<4096xf32>) outs(%dv : memref<4096xf32>)
  linalg.mul ins(%x, %v : memref<4096xf32>, memref<4096xf32>) outs(%a : memref<4096xf32>)
  %dw = memref.alloc() : memref<4096xf32>
  linalg.tanh ins(%a : memref<4096xf32>) outs(%dw : memref<4096xf32>)
  linalg.sub ins(%v, %dv : memref<4096xf32>, memref<4096xf32>) outs(%v : memref<4096xf32>)
  linalg.sub ins(%w, %dw : memref<4096xf32>, memref<4096xf32>) outs(%w : memref<4096xf32>)
  return
}

// -----

// An iteration of a loop has an order of its own.
// GIVEN-LABEL: func.func @loop(
// GIVEN: rt.workspace %{{.*}}, %c36864
// PLAN-LABEL: func.func @loop(
// PLAN: rt.workspace %{{.*}}, %c24576
// CHECK-LABEL: func.func @loop(
// CHECK: scf.for
// CHECK: linalg.exp
// CHECK: linalg.reduce
// CHECK: linalg.tanh
// CHECK: linalg.reduce
func.func @loop(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c9 = arith.constant 9 : index
  %x = rt.feed %frame[0] : memref<1024x4xf32>
  %y = rt.fetch %frame[0] () : memref<1024xf32>
  scf.for %i = %c0 to %c9 step %c1 {
    %a = memref.alloc() : memref<1024x4xf32>
    linalg.exp ins(%x : memref<1024x4xf32>) outs(%a : memref<1024x4xf32>)
    %b = memref.alloc() : memref<1024x4xf32>
    linalg.tanh ins(%x : memref<1024x4xf32>) outs(%b : memref<1024x4xf32>)
    %c = memref.alloc() : memref<1024xf32>
    linalg.reduce { arith.addf } ins(%a : memref<1024x4xf32>) outs(%c : memref<1024xf32>) dimensions = [1]
    %d = memref.alloc() : memref<1024xf32>
    linalg.reduce { arith.addf } ins(%b : memref<1024x4xf32>) outs(%d : memref<1024xf32>) dimensions = [1]
    linalg.add ins(%c, %d : memref<1024xf32>, memref<1024xf32>) outs(%y : memref<1024xf32>)
  }
  return
}

// -----

// What loops hand on may be any memory: nothing passes them, and they do not pass each other.
// CHECK-LABEL: func.func @loops
// CHECK: linalg.exp
// CHECK: scf.for
// CHECK: scf.for
// CHECK: linalg.tanh
// CHECK: linalg.copy
func.func @loops(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c9 = arith.constant 9 : index
  %x = rt.feed %frame[0] : memref<4096xf32>
  %y = rt.fetch %frame[0] () : memref<4096xf32>
  %a = memref.alloc() : memref<4096xf32>
  %b = memref.alloc() : memref<4096xf32>
  %c = memref.alloc() : memref<4096xf32>
  linalg.exp ins(%x : memref<4096xf32>) outs(%a : memref<4096xf32>)
  %first:2 = scf.for %i = %c0 to %c9 step %c1 iter_args(%from = %a, %to = %b) -> (memref<4096xf32>, memref<4096xf32>) {
    linalg.abs ins(%from : memref<4096xf32>) outs(%to : memref<4096xf32>)
    scf.yield %to, %from : memref<4096xf32>, memref<4096xf32>
  }
  scf.for %i = %c0 to %c9 step %c1 {
    linalg.negf ins(%first#1 : memref<4096xf32>) outs(%first#0 : memref<4096xf32>)
  }
  linalg.tanh ins(%x : memref<4096xf32>) outs(%c : memref<4096xf32>)
  linalg.copy ins(%first#0 : memref<4096xf32>) outs(%y : memref<4096xf32>)
  linalg.add ins(%c, %y : memref<4096xf32>, memref<4096xf32>) outs(%y : memref<4096xf32>)
  return
}

// -----

// Open sizes count as equal: the branches with the batch in them come one after the other.
// CHECK-LABEL: func.func @open
// CHECK: linalg.exp
// CHECK: linalg.reduce
// CHECK: linalg.tanh
// CHECK: linalg.reduce
func.func @open(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %c0 = arith.constant 0 : index
  %x = rt.feed %frame[0] : memref<?x64xf32>
  %n = memref.dim %x, %c0 : memref<?x64xf32>
  %y = rt.fetch %frame[0] (%n) : memref<?xf32>
  %z = rt.fetch %frame[1] (%n) : memref<?xf32>
  %a = memref.alloc(%n) : memref<?x64xf32>
  linalg.exp ins(%x : memref<?x64xf32>) outs(%a : memref<?x64xf32>)
  %b = memref.alloc(%n) : memref<?x64xf32>
  linalg.tanh ins(%x : memref<?x64xf32>) outs(%b : memref<?x64xf32>)
  linalg.reduce { arith.addf } ins(%a : memref<?x64xf32>) outs(%y : memref<?xf32>) dimensions = [1]
  linalg.reduce { arith.addf } ins(%b : memref<?x64xf32>) outs(%z : memref<?xf32>) dimensions = [1]
  return
}
