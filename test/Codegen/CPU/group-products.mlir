// RUN: tgc-opt %s --tgc-group-nests="products" --canonicalize --split-input-file | FileCheck %s

#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (k, n)>
#out = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(r, c) -> (r, c)>
#row = affine_map<(r, c) -> (r)>

// What is computed of the left operand's rows is on the stack, as many as the nearest cache likes, and the product reads it there.
// CHECK-LABEL: func @before
// CHECK-NOT: alloc
// CHECK: rt.parallel_for %arg0, @[[ROWS:tgc_product_rows_[0-9]+]](%0, %1, %2)
// CHECK-NOT: kernel.contract
// CHECK: func private @[[ROWS]]
// CHECK: memref.alloca() {alignment = 64 : i64} : memref<4096xf32>
// CHECK: scf.for
// CHECK: linalg.generic
// CHECK: kernel.contract({{.*}}) into %{{.*}} sizes [64, 32, 64] attributes {{{.*}}in_place
// CHECK-NOT: kernel.contract
func.func @before(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %x = rt.feed %frame[0] : memref<4096x64xf32>
  %w = rt.feed %frame[1] : memref<64x32xf32>
  %y = rt.fetch %frame[0] () : memref<4096x32xf32>
  %zero = arith.constant 0.0 : f32
  %a = memref.alloc() : memref<4096x64xf32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : memref<4096x64xf32>) outs(%a : memref<4096x64xf32>) {
  ^bb0(%e: f32, %o: f32):
    %0 = arith.maximumf %e, %zero : f32
    linalg.yield %0 : f32
  }
  kernel.contract(%a, %w) into %y sizes [4096, 32, 64] attributes {indexing_maps = [#lhs, #rhs, #out], in_place} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<4096x64xf32>, memref<64x32xf32> into memref<4096x32xf32>
  return
}

// -----

#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (k, n)>
#out = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(r, c) -> (r, c)>
#row = affine_map<(r, c) -> (r)>

// A reduction of the result's rows follows in the block; the right operand is packed once for all blocks.
// CHECK-LABEL: func @after
// CHECK: %[[PACKED:.*]] = memref.alloc() {alignment = 64 : i64} : memref<2048xf32>
// CHECK: @tgc_pack_rows_0(%{{.*}}, %[[PACKED]]
// CHECK: rt.parallel_for %arg0, @[[ROWS:tgc_product_rows_[0-9]+]](%{{.*}}, %[[PACKED]], %{{.*}})
// CHECK: func private @[[ROWS]]
// CHECK: memref.alloca
// CHECK: kernel.contract{{.*}}panel_width = 16
// CHECK: linalg.generic {{.*}}"reduction"
func.func @after(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %x = rt.feed %frame[0] : memref<4096x64xf32>
  %w = rt.feed %frame[1] : memref<64x32xf32>
  %y = rt.fetch %frame[0] () : memref<4096xf32>
  %z = memref.alloc() : memref<4096x32xf32>
  kernel.contract(%x, %w) into %z sizes [4096, 32, 64] attributes {indexing_maps = [#lhs, #rhs, #out]} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<4096x64xf32>, memref<64x32xf32> into memref<4096x32xf32>
  linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]} ins(%z : memref<4096x32xf32>) outs(%y : memref<4096xf32>) {
  ^bb0(%e: f32, %o: f32):
    %0 = arith.maximumf %e, %o : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (k, n)>
#out = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(r, c) -> (r, c)>

// What another op reads too is in memory anyway; a second product begins a group of its own, which has nothing to keep.
// CHECK-LABEL: func @two_readers
// CHECK-NOT: tgc_product_rows
func.func @two_readers(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %x = rt.feed %frame[0] : memref<4096x64xf32>
  %w = rt.feed %frame[1] : memref<64x32xf32>
  %y = rt.fetch %frame[0] () : memref<4096x32xf32>
  %v = rt.fetch %frame[1] () : memref<4096x32xf32>
  %zero = arith.constant 0.0 : f32
  %a = memref.alloc() : memref<4096x64xf32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : memref<4096x64xf32>) outs(%a : memref<4096x64xf32>) {
  ^bb0(%e: f32, %o: f32):
    %0 = arith.maximumf %e, %zero : f32
    linalg.yield %0 : f32
  }
  kernel.contract(%a, %w) into %y sizes [4096, 32, 64] attributes {indexing_maps = [#lhs, #rhs, #out], in_place} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<4096x64xf32>, memref<64x32xf32> into memref<4096x32xf32>
  kernel.contract(%a, %w) into %v sizes [4096, 32, 64] attributes {indexing_maps = [#lhs, #rhs, #out], in_place} {
  ^bb0(%s: f32):
    %0 = arith.negf %s : f32
    kernel.yield %0 : f32
  } : memref<4096x64xf32>, memref<64x32xf32> into memref<4096x32xf32>
  return
}

// -----

#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (k, n)>
#out = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(r, c) -> (r, c)>

// Few rows of a large product: columns give all threads work, blocks of rows would not.
// CHECK-LABEL: func @few_rows
// CHECK-NOT: tgc_product_rows
func.func @few_rows(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %x = rt.feed %frame[0] : memref<64x256xf32>
  %w = rt.feed %frame[1] : memref<256x1024xf32>
  %y = rt.fetch %frame[0] () : memref<64x1024xf32>
  %zero = arith.constant 0.0 : f32
  %a = memref.alloc() : memref<64x256xf32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : memref<64x256xf32>) outs(%a : memref<64x256xf32>) {
  ^bb0(%e: f32, %o: f32):
    %0 = arith.maximumf %e, %zero : f32
    linalg.yield %0 : f32
  }
  kernel.contract(%a, %w) into %y sizes [64, 1024, 256] attributes {indexing_maps = [#lhs, #rhs, #out], in_place} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<64x256xf32>, memref<256x1024xf32> into memref<64x1024xf32>
  return
}

// -----

#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (k, n)>
#out = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(r, c) -> (r, c)>

// Rows that only the run counts; a block of them is less than what is worth all threads.
// CHECK-LABEL: func @open_rows
// CHECK: rt.parallel_for {{.*}}@tgc_product_rows_0
// CHECK: kernel.contract({{.*}}) into %{{.*}} sizes [-9223372036854775808, 32, 64]
func.func @open_rows(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %c0 = arith.constant 0 : index
  %x = rt.feed %frame[0] : memref<?x64xf32>
  %w = rt.feed %frame[1] : memref<64x32xf32>
  %n = memref.dim %x, %c0 : memref<?x64xf32>
  %y = rt.fetch %frame[0] (%n) : memref<?x32xf32>
  %zero = arith.constant 0.0 : f32
  %a = memref.alloc(%n) : memref<?x64xf32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : memref<?x64xf32>) outs(%a : memref<?x64xf32>) {
  ^bb0(%e: f32, %o: f32):
    %0 = arith.maximumf %e, %zero : f32
    linalg.yield %0 : f32
  }
  kernel.contract(%a, %w) into %y sizes [-9223372036854775808, 32, 64] attributes {indexing_maps = [#lhs, #rhs, #out], in_place} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<?x64xf32>, memref<64x32xf32> into memref<?x32xf32>
  return
}
