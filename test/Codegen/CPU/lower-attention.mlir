// RUN: tgc-opt %s --tgc-lower-attention="vector-bytes=64 vector-registers=32" --split-input-file | FileCheck %s

#q = affine_map<(b, i, j, d, e) -> (b, i, d)>
#k = affine_map<(b, i, j, d, e) -> (b, j, d)>
#v = affine_map<(b, i, j, d, e) -> (b, j, e)>
#o = affine_map<(b, i, j, d, e) -> (b, i, e)>

// One function for both; what it needs is on its stack: scores of 32 queries and 128 keys, not of all.
// CHECK-LABEL: func @twice
// CHECK-NOT: memref.alloc
// CHECK: call @tgc_attention_0
// CHECK: call @tgc_attention_0
// CHECK: func private @tgc_attention_0
// CHECK-NOT: memref.alloc(
// CHECK: memref.alloca() {{.*}} : memref<128x32xf32>
// CHECK-NOT: memref.alloc(
// CHECK: scf.for
// CHECK: scf.for
// CHECK: kernel.contract
// CHECK: arith.maximumf
// CHECK: math.exp
// CHECK: kernel.contract
// CHECK-SAME: accumulates
// CHECK-SAME: in_place
// CHECK: arith.divf
func.func @twice(%q: memref<4x?x16xf32>, %k: memref<4x?x16xf32>, %v: memref<4x?x16xf32>, %o: memref<4x?x16xf32>) {
  kernel.attention(%q, %k, %v) into %o attributes {indexing_maps = [#q, #k, #v, #o]} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<4x?x16xf32>, memref<4x?x16xf32>, memref<4x?x16xf32> into memref<4x?x16xf32>
  kernel.attention(%o, %k, %v) into %q attributes {indexing_maps = [#q, #k, #v, #o]} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<4x?x16xf32>, memref<4x?x16xf32>, memref<4x?x16xf32> into memref<4x?x16xf32>
  return
}

// -----

#q = affine_map<(i, j, d, e) -> (i, d)>
#k = affine_map<(i, j, d, e) -> (j, d)>
#v = affine_map<(i, j, d, e) -> (j, e)>
#o = affine_map<(i, j, d, e) -> (i, e)>

// Few keys are one block: nothing that was summed before shrinks.
// CHECK-LABEL: func @few
// CHECK: func private @tgc_attention_0
// CHECK: memref<100x32xf32>
// CHECK: math.exp
// CHECK-NOT: math.exp
func.func @few(%q: memref<64x16xf32>, %k: memref<100x16xf32>, %v: memref<100x16xf32>, %o: memref<64x16xf32>) {
  kernel.attention(%q, %k, %v) into %o attributes {indexing_maps = [#q, #k, #v, #o]} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<64x16xf32>, memref<100x16xf32>, memref<100x16xf32> into memref<64x16xf32>
  return
}

// -----

#q = affine_map<(i, j, d, e) -> (i, d)>
#k = affine_map<(i, j, d, e) -> (j, d)>
#v = affine_map<(i, j, d, e) -> (j, e)>
#m = affine_map<(i, j, d, e) -> (i, j)>
#o = affine_map<(i, j, d, e) -> (i, e)>

// A mask that chooses leaves blocks out before their scores are computed, one that is added before their weights are.
// CHECK-LABEL: func @masks
// CHECK: call @tgc_attention_0
// CHECK: call @tgc_attention_1
// CHECK: func private @tgc_attention_0
// CHECK: scf.for
// CHECK: scf.for
// CHECK: math.absf
// CHECK: scf.if
// CHECK: kernel.contract
// CHECK: scf.if
// CHECK: math.exp
// CHECK: func private @tgc_attention_1
// CHECK: scf.for
// CHECK: scf.for
// CHECK-NOT: math.absf
// CHECK-NOT: scf.if
// CHECK: kernel.contract
// CHECK: scf.if
// CHECK: math.exp
func.func @masks(%q: memref<64x16xf32>, %k: memref<400x16xf32>, %v: memref<400x16xf32>, %m: memref<64x400xf32>, %o: memref<64x16xf32>) {
  %zero = arith.constant 0.0 : f32
  %low = arith.constant -1.0e9 : f32
  kernel.attention(%q, %k, %v) with(%m) into %o attributes {indexing_maps = [#q, #k, #v, #m, #o]} {
  ^bb0(%s: f32, %seen: f32):
    %isSeen = arith.cmpf une, %seen, %zero : f32
    %score = arith.select %isSeen, %s, %low : f32
    kernel.yield %score : f32
  } : memref<64x16xf32>, memref<400x16xf32>, memref<400x16xf32> with memref<64x400xf32> into memref<64x16xf32>
  kernel.attention(%o, %k, %v) with(%m) into %q attributes {indexing_maps = [#q, #k, #v, #m, #o]} {
  ^bb0(%s: f32, %hidden: f32):
    %score = arith.addf %s, %hidden : f32
    kernel.yield %score : f32
  } : memref<64x16xf32>, memref<400x16xf32>, memref<400x16xf32> with memref<64x400xf32> into memref<64x16xf32>
  return
}

// -----

#q = affine_map<(b, i, j, d, e) -> (b, i, d)>
#k = affine_map<(b, i, j, d, e) -> (b, j, d)>
#v = affine_map<(b, i, j, d, e) -> (b, j, e)>
#o = affine_map<(b, i, j, d, e) -> (b, i, e)>
#s = affine_map<(b, i, j, d, e) -> (b, i)>
#m = affine_map<(b, i, j, d, e) -> (i, j)>

// What gradients need of the weights is kept, a batch is a unit of their work, and both matrices of a block are on the stack: two products make
// them, three are added to what is there.
// CHECK-LABEL: func @gradients
// CHECK-NOT: memref.alloc(
// CHECK: call @tgc_attention_0
// CHECK: call @tgc_attention_grad_1
// CHECK: func private @tgc_attention_0
// CHECK: func private @tgc_attention_grad_1
// CHECK-NOT: memref.alloc(
// CHECK: memref.alloca() {{.*}} : memref<128x128xf32>
// CHECK: memref.alloca() {{.*}} : memref<128x128xf32>
// CHECK: scf.for
// CHECK: scf.for
// CHECK: scf.for
// CHECK: scf.if
// CHECK: kernel.contract
// CHECK: scf.if
// CHECK: math.exp
// CHECK: kernel.contract
// CHECK-COUNT-3: accumulates
func.func @gradients(%q: memref<4x300x16xf32>, %k: memref<4x300x16xf32>, %v: memref<4x300x8xf32>, %m: memref<300x300xf32>, %g: memref<4x300x8xf32>, %o: memref<4x300x8xf32>,
                     %l: memref<4x300xf32>, %s: memref<4x300xf32>, %dq: memref<4x300x16xf32>, %dk: memref<4x300x16xf32>, %dv: memref<4x300x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %low = arith.constant -1.0e9 : f32
  kernel.attention(%q, %k, %v) with(%m) into %o statistics(%l, %s) attributes {indexing_maps = [#q, #k, #v, #m, #o, #s, #s]} {
  ^bb0(%score: f32, %seen: f32):
    %isSeen = arith.cmpf une, %seen, %zero : f32
    %chosen = arith.select %isSeen, %score, %low : f32
    kernel.yield %chosen : f32
  } : memref<4x300x16xf32>, memref<4x300x16xf32>, memref<4x300x8xf32> with memref<300x300xf32> into memref<4x300x8xf32> statistics memref<4x300xf32>, memref<4x300xf32>
  kernel.attention_grad(%q, %k, %v, %o, %g, %l, %s) with(%m) into(%dq, %dk, %dv) attributes {indexing_maps = [#q, #k, #v, #o, #o, #s, #s, #m, #q, #k, #v]} scores {
  ^bb0(%score: f32, %seen: f32):
    %isSeen = arith.cmpf une, %seen, %zero : f32
    %chosen = arith.select %isSeen, %score, %low : f32
    kernel.yield %chosen : f32
  } gradient {
  ^bb0(%gradient: f32, %seen: f32):
    %isSeen = arith.cmpf une, %seen, %zero : f32
    %chosen = arith.select %isSeen, %gradient, %zero : f32
    kernel.yield %chosen : f32
  } : memref<4x300x16xf32>, memref<4x300x16xf32>, memref<4x300x8xf32>, memref<4x300x8xf32>, memref<4x300x8xf32>, memref<4x300xf32>, memref<4x300xf32> with memref<300x300xf32>
    into memref<4x300x16xf32>, memref<4x300x16xf32>, memref<4x300x8xf32>
  return
}
