// RUN: tgc-opt %s --tgc-lower-contractions --tgc-parallel-branches --split-input-file | FileCheck %s
// RUN: tgc-opt %s --tgc-lower-contractions --tgc-parallel-branches --tgc-plan-buffers --canonicalize --split-input-file | FileCheck %s --check-prefix=PLAN

// Two chains that meet in a sum are two pieces of one region, the longer one first; %a0 and %b0 would share bytes if the chains ran in turn.
// CHECK-LABEL: func @meet
// CHECK-NOT: linalg
// CHECK: %[[TWO:.*]] = arith.constant 2 : index
// CHECK: rt.parallel_for %arg0, @[[REGION:tgc_branches_[0-9]+]]({{.*}}) count %[[TWO]] grain
// CHECK-NEXT: linalg.add
// CHECK: func private @[[REGION]]
// CHECK: scf.index_switch
// CHECK: case 0
// CHECK-NEXT: linalg.exp
// CHECK-NEXT: linalg.tanh
// CHECK-NEXT: linalg.exp
// CHECK: default
// CHECK-NEXT: linalg.log
// CHECK-NEXT: linalg.sqrt
// PLAN-LABEL: func @meet
// PLAN-DAG: %[[C0:.*]] = arith.constant 0 : index
// PLAN-DAG: %[[C1:.*]] = arith.constant 16384 : index
// PLAN-DAG: %[[C2:.*]] = arith.constant 32768 : index
// PLAN-DAG: %[[C3:.*]] = arith.constant 49152 : index
// PLAN: rt.workspace
// PLAN-DAG: memref.view %{{.*}}[%[[C0]]][]
// PLAN-DAG: memref.view %{{.*}}[%[[C1]]][]
// PLAN-DAG: memref.view %{{.*}}[%[[C2]]][]
// PLAN-DAG: memref.view %{{.*}}[%[[C3]]][]
// PLAN: rt.parallel_for
func.func @meet(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %x = rt.feed %frame[0] : memref<64x64xf32>
  %y = rt.fetch %frame[0] () : memref<64x64xf32>
  %a0 = memref.alloc() : memref<64x64xf32>
  %a1 = memref.alloc() : memref<64x64xf32>
  %b0 = memref.alloc() : memref<64x64xf32>
  %b1 = memref.alloc() : memref<64x64xf32>
  linalg.exp ins(%x : memref<64x64xf32>) outs(%a0 : memref<64x64xf32>)
  linalg.tanh ins(%a0 : memref<64x64xf32>) outs(%a1 : memref<64x64xf32>)
  linalg.exp ins(%a1 : memref<64x64xf32>) outs(%a0 : memref<64x64xf32>)
  linalg.log ins(%x : memref<64x64xf32>) outs(%b0 : memref<64x64xf32>)
  linalg.sqrt ins(%b0 : memref<64x64xf32>) outs(%b1 : memref<64x64xf32>)
  linalg.add ins(%a0, %b1 : memref<64x64xf32>, memref<64x64xf32>) outs(%y : memref<64x64xf32>)
  return
}

// -----

// Small work stays on one thread.
// CHECK-LABEL: func @small
// CHECK-NOT: rt.parallel_for
func.func @small(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %x = rt.feed %frame[0] : memref<8x8xf32>
  %y = rt.fetch %frame[0] () : memref<8x8xf32>
  %a = memref.alloc() : memref<8x8xf32>
  %b = memref.alloc() : memref<8x8xf32>
  linalg.exp ins(%x : memref<8x8xf32>) outs(%a : memref<8x8xf32>)
  linalg.tanh ins(%x : memref<8x8xf32>) outs(%b : memref<8x8xf32>)
  linalg.add ins(%a, %b : memref<8x8xf32>, memref<8x8xf32>) outs(%y : memref<8x8xf32>)
  return
}

// -----

// What both branches read is computed before the region; a branch that reads what the other writes is no branch.
// CHECK-LABEL: func @trunk
// CHECK: linalg.exp
// CHECK-NEXT: %{{.*}} = arith.constant 2 : index
// CHECK: rt.parallel_for
// CHECK-NEXT: linalg.add
// CHECK-NEXT: return
// CHECK: case 0
// CHECK-NEXT: linalg.tanh
// CHECK: default
// CHECK-NEXT: linalg.log
func.func @trunk(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %x = rt.feed %frame[0] : memref<128x64xf32>
  %y = rt.fetch %frame[0] () : memref<128x64xf32>
  %t = memref.alloc() : memref<128x64xf32>
  %a = memref.alloc() : memref<128x64xf32>
  %b = memref.alloc() : memref<128x64xf32>
  linalg.exp ins(%x : memref<128x64xf32>) outs(%t : memref<128x64xf32>)
  linalg.tanh ins(%t : memref<128x64xf32>) outs(%a : memref<128x64xf32>)
  linalg.log ins(%t : memref<128x64xf32>) outs(%b : memref<128x64xf32>)
  linalg.add ins(%a, %b : memref<128x64xf32>, memref<128x64xf32>) outs(%y : memref<128x64xf32>)
  return
}

// -----

// CHECK-LABEL: func @chain
// CHECK-NOT: rt.parallel_for
// CHECK: return
func.func @chain(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %x = rt.feed %frame[0] : memref<128x64xf32>
  %y = rt.fetch %frame[0] () : memref<128x64xf32>
  %a = memref.alloc() : memref<128x64xf32>
  %b = memref.alloc() : memref<128x64xf32>
  linalg.tanh ins(%x : memref<128x64xf32>) outs(%a : memref<128x64xf32>)
  linalg.log ins(%a : memref<128x64xf32>) outs(%b : memref<128x64xf32>)
  linalg.exp ins(%x : memref<128x64xf32>) outs(%a : memref<128x64xf32>)
  linalg.add ins(%a, %b : memref<128x64xf32>, memref<128x64xf32>) outs(%y : memref<128x64xf32>)
  return
}

// -----

// Kernels that read one operand run side by side where their rows are few in this run; many rows are shared out kernel by kernel.
#a = affine_map<(m, k, n) -> (m, k)>
#b = affine_map<(m, k, n) -> (k, n)>
#c = affine_map<(m, k, n) -> (m, n)>
// CHECK-LABEL: func @open
// CHECK: arith.cmpi sge, %{{.*}}, %c262144
// CHECK-NEXT: %[[WORTH:.*]] = arith.andi
// CHECK-NEXT: scf.if %[[WORTH]] {
// CHECK: rt.parallel_for
// CHECK: } else {
// CHECK: scf.if
// CHECK: scf.if
// CHECK: return
func.func @open(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %w = rt.feed %frame[1] : memref<65536xf32>
  %v = rt.feed %frame[2] : memref<65536xf32>
  %x = rt.feed %frame[0] : memref<?x256xf32>
  %c0 = arith.constant 0 : index
  %rows = memref.dim %x, %c0 : memref<?x256xf32>
  %y = rt.fetch %frame[0] (%rows) : memref<?x256xf32>
  %z = rt.fetch %frame[1] (%rows) : memref<?x256xf32>
  kernel.contract (%x, %w) into %y sizes [-9223372036854775808, 256, 256] attributes {indexing_maps = [#a, #b, #c], panel_width = 16} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<?x256xf32>, memref<65536xf32> into memref<?x256xf32>
  kernel.contract (%x, %v) into %z sizes [-9223372036854775808, 256, 256] attributes {indexing_maps = [#a, #b, #c], panel_width = 16} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<?x256xf32>, memref<65536xf32> into memref<?x256xf32>
  return
}
