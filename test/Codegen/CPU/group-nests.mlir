// RUN: tgc-opt %s --tgc-group-nests --canonicalize --split-input-file | FileCheck %s

#in = affine_map<(r, c) -> (r, c)>
#row = affine_map<(r, c) -> (r)>

// Two reads of a row, block by block. The buffer of maxima holds a block, on the stack; the other one is the memory of the result, which
// is computed of it element by element. The nest with a function fetches the next block of what it is not the first to read.
// CHECK-LABEL: func @entry
// CHECK-NOT: alloc
// CHECK: rt.parallel_for %arg0, @[[KERNEL:tgc_nests_[0-9]+]](%0, %1)
// CHECK-NOT: linalg
// CHECK: func private @[[KERNEL]](%{{.*}}: memref<4096x64xf32> {llvm.noalias}, %{{.*}}: memref<4096x64xf32> {llvm.noalias}
// CHECK: memref.alloca() {alignment = 64 : i64} : memref<32xf32>
// CHECK-NOT: alloca
// CHECK: scf.for
// CHECK-COUNT-2: linalg.generic
// CHECK: memref.reinterpret_cast %arg1
// CHECK: linalg.generic {{.*}}kernel.fetch_ahead = array<i64: 2048, 0, 0>
// CHECK: math.exp
// CHECK: linalg.generic
func.func @entry(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %x = rt.feed %frame[0] : memref<4096x64xf32>
  %y = rt.fetch %frame[0] () : memref<4096x64xf32>
  %low = arith.constant 0xFF800000 : f32
  %max = memref.alloc() : memref<4096xf32>
  linalg.fill ins(%low : f32) outs(%max : memref<4096xf32>)
  linalg.generic {indexing_maps = [#in, #row], iterator_types = ["parallel", "reduction"]} ins(%x : memref<4096x64xf32>) outs(%max : memref<4096xf32>) {
  ^bb0(%a: f32, %s: f32):
    %0 = arith.maximumf %s, %a : f32
    linalg.yield %0 : f32
  }
  %shifted = memref.alloc() : memref<4096x64xf32>
  linalg.generic {indexing_maps = [#in, #row, #in], iterator_types = ["parallel", "parallel"]} ins(%x, %max : memref<4096x64xf32>, memref<4096xf32>) outs(%shifted : memref<4096x64xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.subf %a, %b : f32
    %1 = math.exp %0 : f32
    linalg.yield %1 : f32
  }
  linalg.generic {indexing_maps = [#in, #in], iterator_types = ["parallel", "parallel"]} ins(%shifted : memref<4096x64xf32>) outs(%y : memref<4096x64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.negf %a : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

#id = affine_map<(r, c) -> (r, c)>

// What the variable held is still read, so the buffer between is not its memory.
// CHECK-LABEL: func @still_read
// CHECK: func private @tgc_nests_0
// CHECK: memref.alloca
// CHECK-NOT: memref.alloca
// CHECK: return
func.func @still_read(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %x = rt.feed %frame[0] : memref<4096x64xf32>
  %y = rt.fetch %frame[0] () : memref<4096x64xf32>
  %z = rt.fetch %frame[1] () : memref<4096x64xf32>
  %t = memref.alloc() : memref<4096x64xf32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : memref<4096x64xf32>) outs(%t : memref<4096x64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = math.exp %a : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%t, %y : memref<4096x64xf32>, memref<4096x64xf32>) outs(%z : memref<4096x64xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.addf %a, %b : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%t : memref<4096x64xf32>) outs(%y : memref<4096x64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.negf %a : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

#id = affine_map<(i) -> (i)>

// Two buffers of one result's size: one of them is its memory, the other one is not.
// CHECK-LABEL: func @both
// CHECK: func private @tgc_nests_0
// CHECK: memref.alloca
// CHECK-NOT: memref.alloca
// CHECK: return
func.func @both(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %x = rt.feed %frame[0] : memref<100000xf32>
  %y = rt.fetch %frame[0] () : memref<100000xf32>
  %s = memref.alloc() : memref<100000xf32>
  %t = memref.alloc() : memref<100000xf32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<100000xf32>) outs(%s : memref<100000xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = math.exp %a : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%s : memref<100000xf32>) outs(%t : memref<100000xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = math.tanh %a : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%s, %t : memref<100000xf32>, memref<100000xf32>) outs(%y : memref<100000xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.addf %a, %b : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

#id = affine_map<(r, c) -> (r, c)>
#turned = affine_map<(r, c) -> (c, r)>

// The second nest reads other rows than the first wrote.
// CHECK-LABEL: func @transposed
// CHECK: rt.parallel_for %arg0, @tgc_nests_0(
// CHECK: linalg.generic
// CHECK: return
func.func @transposed(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %x = rt.feed %frame[0] : memref<512x512xf32>
  %y = rt.fetch %frame[0] () : memref<512x512xf32>
  %t = memref.alloc() : memref<512x512xf32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : memref<512x512xf32>) outs(%t : memref<512x512xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.negf %a : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#turned, #id], iterator_types = ["parallel", "parallel"]} ins(%t : memref<512x512xf32>) outs(%y : memref<512x512xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = math.absf %a : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

#id = affine_map<(i) -> (i)>

// Two steps of an optimizer, apart in the program, on memory of their own: one pass over each. A small one stays as it is.
// CHECK-LABEL: func @steps
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : memref<10xf32>)
// CHECK: rt.parallel_for %arg0, @tgc_nests_0
// CHECK-NOT: rt.parallel_for
// CHECK: func private @tgc_nests_0
// CHECK-COUNT-2: linalg.generic
func.func @steps(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %g = rt.feed %frame[0] : memref<100000xf32>
  %h = rt.feed %frame[1] : memref<10xf32>
  %m = rt.variable %frame[0] : memref<100000xf32>
  %v = rt.variable %frame[1] : memref<100000xf32>
  %w = rt.variable %frame[2] : memref<10xf32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%g : memref<100000xf32>) outs(%m : memref<100000xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %o, %a : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%h : memref<10xf32>) outs(%w : memref<10xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %o, %a : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%g, %m : memref<100000xf32>, memref<100000xf32>) outs(%v : memref<100000xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.mulf %a, %b : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

#out = affine_map<(r) -> (r)>

// What the body of the second nest reads has been written before, all of it: two kernels.
// CHECK-LABEL: func @gather
// CHECK: rt.parallel_for %arg0, @tgc_nests_0(
// CHECK-NEXT: rt.parallel_for %arg0, @tgc_nests_1(
// CHECK: return
// CHECK: func private @tgc_nests_0
// CHECK: linalg.generic
// CHECK-NOT: linalg.generic
// CHECK: func private @tgc_nests_1
// CHECK: linalg.generic
// CHECK: memref.load
func.func @gather(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %x = rt.feed %frame[0] : memref<262144xf32>
  %rows = rt.feed %frame[1] : memref<262144xi32>
  %y = rt.fetch %frame[0] () : memref<262144xf32>
  %t = memref.alloc() : memref<262144xf32>
  linalg.generic {indexing_maps = [#out, #out], iterator_types = ["parallel"]} ins(%x : memref<262144xf32>) outs(%t : memref<262144xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.negf %a : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#out, #out], iterator_types = ["parallel"]} ins(%rows : memref<262144xi32>) outs(%y : memref<262144xf32>) {
  ^bb0(%i: i32, %o: f32):
    %1 = arith.index_cast %i : i32 to index
    %0 = memref.load %t[%1] : memref<262144xf32>
    linalg.yield %0 : f32
  }
  return
}

// -----

#id = affine_map<(r, c) -> (r, c)>

// A run that fails leaves the variable as it was at that point; a kernel without tensors may destroy it.
// CHECK-LABEL: func @points
// CHECK: rt.parallel_for
// CHECK: rt.fail
// CHECK: rt.parallel_for
// CHECK: rt.host_call
func.func @points(%frame: !llvm.ptr, %isBad: i1) attributes {rt.feeds = []} {
  %x = rt.feed %frame[0] : memref<512x512xf32>
  %v = rt.variable %frame[0] : memref<512x512xf32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : memref<512x512xf32>) outs(%v : memref<512x512xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.negf %a : f32
    linalg.yield %0 : f32
  }
  scf.if %isBad {
    rt.fail %frame, 3, "bad"()
  }
  %y = rt.fetch %frame[0] () : memref<512x512xf32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%v : memref<512x512xf32>) outs(%y : memref<512x512xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = math.exp %a : f32
    linalg.yield %0 : f32
  }
  rt.host_call %frame, "tgc_kernel_destroy_variable"("v") ins() outs() dtypes [] slots [] found []
  return
}

// -----

#row = affine_map<(r) -> (r)>

// A size that is asked for behind a nest counts its rows all the same.
// CHECK-LABEL: func @late
// CHECK: %[[ROWS:.*]] = memref.dim
// CHECK: rt.parallel_for
// CHECK: memref.dealloc
func.func @late(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %x = rt.feed %frame[0] : memref<?xf32>
  %y = rt.feed %frame[1] : memref<?xf32>
  linalg.generic {indexing_maps = [#row, #row], iterator_types = ["parallel"]} ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = math.exp %a : f32
    linalg.yield %0 : f32
  }
  memref.dealloc %y : memref<?xf32>
  %zero = arith.constant 0 : index
  %n = memref.dim %x, %zero : memref<?xf32>
  %z = rt.fetch %frame[0] (%n) : memref<?xf32>
  memref.copy %x, %z : memref<?xf32> to memref<?xf32>
  return
}

// -----

#same = affine_map<(r, c) -> (r, c)>

// A buffer that one of its views does not know the rows of stays in memory.
// CHECK-LABEL: func @views
// CHECK: memref.alloc
// CHECK: rt.parallel_for
// CHECK-NOT: memref.alloca
func.func @views(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %x = rt.feed %frame[0] : memref<4096x64xf32>
  %y = rt.fetch %frame[0] () : memref<4096x64xf32>
  %a = memref.alloc() : memref<4096x64xf32>
  %v = memref.cast %a : memref<4096x64xf32> to memref<4096x?xf32>
  linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]} ins(%x : memref<4096x64xf32>) outs(%a : memref<4096x64xf32>) {
  ^bb0(%b: f32, %o: f32):
    %0 = math.exp %b : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]} ins(%v : memref<4096x?xf32>) outs(%y : memref<4096x64xf32>) {
  ^bb0(%b: f32, %o: f32):
    %0 = math.sqrt %b : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]} ins(%a : memref<4096x64xf32>) outs(%y : memref<4096x64xf32>) {
  ^bb0(%b: f32, %o: f32):
    %0 = arith.addf %b, %o : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

#id = affine_map<(r, c) -> (r, c)>

// What only moves 16 MB goes past the caches; what is smaller, computes more, or is written where it is read, does not.
// CHECK-LABEL: func @moves
// CHECK-COUNT-4: rt.parallel_for
// CHECK-NOT: kernel.streamed
// CHECK: kernel.streamed
// CHECK-NEXT: ^bb0
// CHECK-NEXT: arith.negf
// CHECK-NOT: kernel.streamed
// CHECK: math.log
// CHECK-NOT: kernel.streamed
func.func @moves(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %x = rt.feed %frame[0] : memref<4096x1024xf32>
  %small = rt.feed %frame[1] : memref<4095x1024xf32>
  %w = rt.feed %frame[2] : memref<4096x1024xf32>
  %y = rt.fetch %frame[0] () : memref<4096x1024xf32>
  %z = rt.fetch %frame[1] () : memref<4096x1024xf32>
  %s = rt.fetch %frame[2] () : memref<4095x1024xf32>
  %v = rt.fetch %frame[3] () : memref<4096x1024xf32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : memref<4096x1024xf32>) outs(%y : memref<4096x1024xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.negf %a : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%small : memref<4095x1024xf32>) outs(%s : memref<4095x1024xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %a, %a : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]} outs(%v : memref<4096x1024xf32>) {
  ^bb0(%o: f32):
    %0 = arith.mulf %o, %o : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%w : memref<4096x1024xf32>) outs(%z : memref<4096x1024xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = math.exp %a : f32
    %1 = math.log %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// -----

#in = affine_map<(r, c) -> (r, c)>
#row = affine_map<(r, c) -> (r)>

// What a group moves in the end goes past the caches, too, and what it is computed of lies on the stack meanwhile. Functions of a row
// do not count, only what is computed of each element.
// CHECK-LABEL: func @moves_last
// CHECK: func private
// CHECK: memref.alloca() {{.*}} memref<1024xf32>
// CHECK-NOT: kernel.streamed
// CHECK: math.exp
// CHECK: linalg.generic
// CHECK-SAME: kernel.streamed
// CHECK-NEXT: ^bb0
// CHECK-NEXT: math.log
func.func @moves_last(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %low = arith.constant 0xFF800000 : f32
  %x = rt.feed %frame[0] : memref<4096x1024xf32>
  %y = rt.fetch %frame[0] () : memref<4096x1024xf32>
  %m = memref.alloc() : memref<4096xf32>
  %e = memref.alloc() : memref<4096x1024xf32>
  linalg.fill ins(%low : f32) outs(%m : memref<4096xf32>)
  linalg.generic {indexing_maps = [#in, #row], iterator_types = ["parallel", "reduction"]} ins(%x : memref<4096x1024xf32>) outs(%m : memref<4096xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.maximumf %a, %o : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#in, #row, #in], iterator_types = ["parallel", "parallel"]} ins(%x, %m : memref<4096x1024xf32>, memref<4096xf32>) outs(%e : memref<4096x1024xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.subf %a, %b : f32
    %1 = math.exp %0 : f32
    linalg.yield %1 : f32
  }
  linalg.generic {indexing_maps = [#in, #row, #in], iterator_types = ["parallel", "parallel"]} ins(%e, %m : memref<4096x1024xf32>, memref<4096xf32>) outs(%y : memref<4096x1024xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = math.log %b : f32
    %1 = arith.mulf %a, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// -----

#in = affine_map<(r, c) -> (r, c)>
#row = affine_map<(r, c) -> (r)>

// Of rows of more than 16 KB it would leave the nearest cache, so the result's memory holds it.
// CHECK-LABEL: func @moves_long_rows
// CHECK: func private
// CHECK-NOT: kernel.streamed
// CHECK: memref.alloca() {{.*}} memref<1xf32>
// CHECK-NOT: memref.alloca
// CHECK: math.log
func.func @moves_long_rows(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %low = arith.constant 0xFF800000 : f32
  %x = rt.feed %frame[0] : memref<1024x4097xf32>
  %y = rt.fetch %frame[0] () : memref<1024x4097xf32>
  %m = memref.alloc() : memref<1024xf32>
  %e = memref.alloc() : memref<1024x4097xf32>
  linalg.fill ins(%low : f32) outs(%m : memref<1024xf32>)
  linalg.generic {indexing_maps = [#in, #row], iterator_types = ["parallel", "reduction"]} ins(%x : memref<1024x4097xf32>) outs(%m : memref<1024xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.maximumf %a, %o : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#in, #row, #in], iterator_types = ["parallel", "parallel"]} ins(%x, %m : memref<1024x4097xf32>, memref<1024xf32>) outs(%e : memref<1024x4097xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.subf %a, %b : f32
    %1 = math.exp %0 : f32
    linalg.yield %1 : f32
  }
  linalg.generic {indexing_maps = [#in, #row, #in], iterator_types = ["parallel", "parallel"]} ins(%e, %m : memref<1024x4097xf32>, memref<1024xf32>) outs(%y : memref<1024x4097xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = math.log %b : f32
    %1 = arith.mulf %a, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// -----

#in = affine_map<(r, c) -> (r, c)>
#one = affine_map<(r, c) -> (r, 0)>
#each = affine_map<(r, u, c) -> (r, u, c)>
#sum = affine_map<(r, u, c) -> (r, u)>

// Differences are computed where they are squared and where they are scaled, of the row in the nearest cache. A row's functions are no
// reason to fetch the next row.
// CHECK-LABEL: func @centre
// CHECK: func private
// CHECK: memref.alloca() {{.*}} memref<16xf32>
// CHECK-NOT: memref.alloca
// CHECK-NOT: kernel.fetch_ahead
// CHECK: iterator_types = ["parallel", "parallel", "reduction"]} ins(%{{.*}}, %{{.*}} : memref<16x128xf32{{.*}}, memref<16x1xf32
// CHECK-NEXT: ^bb0(%[[A:.*]]: f32, %[[B:.*]]: f32, %[[O:.*]]: f32):
// CHECK-NEXT: %[[D:.*]] = arith.subf %[[A]], %[[B]]
// CHECK-NEXT: %[[Q:.*]] = arith.mulf %[[D]], %[[D]]
// CHECK-NEXT: arith.addf %[[Q]], %[[O]]
// CHECK: iterator_types = ["parallel", "parallel"]} ins(%{{.*}}, %{{.*}}, %{{.*}} :
// CHECK-NEXT: ^bb0(%[[A:.*]]: f32, %[[B:.*]]: f32, %[[S:.*]]: f32, %{{.*}}: f32):
// CHECK-NEXT: %[[D:.*]] = arith.subf %[[A]], %[[B]]
// CHECK-NEXT: arith.mulf %[[D]], %[[S]]
func.func @centre(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %zero = arith.constant 0.0 : f32
  %x = rt.feed %frame[0] : memref<512x128xf32>
  %m = rt.feed %frame[1] : memref<512x1xf32>
  %y = rt.fetch %frame[0] () : memref<512x128xf32>
  %s = memref.alloc() : memref<512x1xf32>
  %d = memref.alloc() : memref<512x128xf32>
  %v = memref.expand_shape %d [[0, 1], [2]] output_shape [512, 1, 128] : memref<512x128xf32> into memref<512x1x128xf32>
  linalg.fill ins(%zero : f32) outs(%s : memref<512x1xf32>)
  linalg.generic {indexing_maps = [#in, #one, #in], iterator_types = ["parallel", "parallel"]} ins(%x, %m : memref<512x128xf32>, memref<512x1xf32>) outs(%d : memref<512x128xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.subf %a, %b : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#each, #sum], iterator_types = ["parallel", "parallel", "reduction"]} ins(%v : memref<512x1x128xf32>) outs(%s : memref<512x1xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.mulf %a, %a : f32
    %1 = arith.addf %0, %o : f32
    linalg.yield %1 : f32
  }
  linalg.generic {indexing_maps = [#in, #one, #in], iterator_types = ["parallel", "parallel"]} ins(%d, %s : memref<512x128xf32>, memref<512x1xf32>) outs(%y : memref<512x128xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.mulf %a, %b : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

#in = affine_map<(r, c) -> (r, c)>
#one = affine_map<(r, c) -> (r, 0)>
#each = affine_map<(r, u, c) -> (r, u, c)>
#sum = affine_map<(r, u, c) -> (r, u)>

// Blocks of what goes past the caches are short: one row of 4 KB, of which another 4 KB are computed.
// CHECK-LABEL: func @moves_blocks
// CHECK: func private
// CHECK: memref.alloca() {{.*}} memref<1xf32>
// CHECK: memref.subview {{.*}} [1, 1024] [1, 1]
// CHECK: kernel.streamed
func.func @moves_blocks(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %zero = arith.constant 0.0 : f32
  %x = rt.feed %frame[0] : memref<4096x1024xf32>
  %m = rt.feed %frame[1] : memref<4096x1xf32>
  %y = rt.fetch %frame[0] () : memref<4096x1024xf32>
  %s = memref.alloc() : memref<4096x1xf32>
  %d = memref.alloc() : memref<4096x1024xf32>
  %v = memref.expand_shape %d [[0, 1], [2]] output_shape [4096, 1, 1024] : memref<4096x1024xf32> into memref<4096x1x1024xf32>
  linalg.fill ins(%zero : f32) outs(%s : memref<4096x1xf32>)
  linalg.generic {indexing_maps = [#in, #one, #in], iterator_types = ["parallel", "parallel"]} ins(%x, %m : memref<4096x1024xf32>, memref<4096x1xf32>) outs(%d : memref<4096x1024xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.subf %a, %b : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#each, #sum], iterator_types = ["parallel", "parallel", "reduction"]} ins(%v : memref<4096x1x1024xf32>) outs(%s : memref<4096x1xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.mulf %a, %a : f32
    %1 = arith.addf %0, %o : f32
    linalg.yield %1 : f32
  }
  linalg.generic {indexing_maps = [#in, #one, #in], iterator_types = ["parallel", "parallel"]} ins(%d, %s : memref<4096x1024xf32>, memref<4096x1xf32>) outs(%y : memref<4096x1024xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.mulf %a, %b : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

#in = affine_map<(r, c) -> (r, c)>
#one = affine_map<(r, c) -> (r, 0)>
#each = affine_map<(r, u, c) -> (r, u, c)>
#sum = affine_map<(r, u, c) -> (r, u)>

// Not of a row that changes in between, by more ops, by ops that one product's rounding may join, or if somebody else reads them.
// CHECK-LABEL: func @changed
// CHECK: func private
// CHECK: arith.subf
// CHECK-NOT: arith.subf
func.func @changed(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %zero = arith.constant 0.0 : f32
  %x = rt.feed %frame[0] : memref<512x128xf32>
  %m = rt.feed %frame[1] : memref<512x1xf32>
  %y = rt.fetch %frame[0] () : memref<512x128xf32>
  %s = memref.alloc() : memref<512x1xf32>
  %d = memref.alloc() : memref<512x128xf32>
  %v = memref.expand_shape %d [[0, 1], [2]] output_shape [512, 1, 128] : memref<512x128xf32> into memref<512x1x128xf32>
  linalg.fill ins(%zero : f32) outs(%s : memref<512x1xf32>)
  linalg.generic {indexing_maps = [#in, #one, #in], iterator_types = ["parallel", "parallel"]} ins(%x, %m : memref<512x128xf32>, memref<512x1xf32>) outs(%d : memref<512x128xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.subf %a, %b : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#in, #in], iterator_types = ["parallel", "parallel"]} ins(%x : memref<512x128xf32>) outs(%x : memref<512x128xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.negf %a : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#each, #sum], iterator_types = ["parallel", "parallel", "reduction"]} ins(%v : memref<512x1x128xf32>) outs(%s : memref<512x1xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.mulf %a, %a : f32
    %1 = arith.addf %0, %o : f32
    linalg.yield %1 : f32
  }
  linalg.generic {indexing_maps = [#in, #one, #in], iterator_types = ["parallel", "parallel"]} ins(%d, %s : memref<512x128xf32>, memref<512x1xf32>) outs(%y : memref<512x128xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.mulf %a, %b : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

#in = affine_map<(r, c) -> (r, c)>
#one = affine_map<(r, c) -> (r, 0)>
#each = affine_map<(r, u, c) -> (r, u, c)>
#sum = affine_map<(r, u, c) -> (r, u)>

// CHECK-LABEL: func @long
// CHECK: func private
// CHECK-COUNT-5: arith.addf %{{.*}}, %{{.*}} : f32
// CHECK-NOT: arith.addf
// CHECK: arith.mulf
func.func @long(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %zero = arith.constant 0.0 : f32
  %x = rt.feed %frame[0] : memref<512x128xf32>
  %m = rt.feed %frame[1] : memref<512x1xf32>
  %y = rt.fetch %frame[0] () : memref<512x128xf32>
  %s = memref.alloc() : memref<512x1xf32>
  %d = memref.alloc() : memref<512x128xf32>
  %v = memref.expand_shape %d [[0, 1], [2]] output_shape [512, 1, 128] : memref<512x128xf32> into memref<512x1x128xf32>
  linalg.fill ins(%zero : f32) outs(%s : memref<512x1xf32>)
  linalg.generic {indexing_maps = [#in, #one, #in], iterator_types = ["parallel", "parallel"]} ins(%x, %m : memref<512x128xf32>, memref<512x1xf32>) outs(%d : memref<512x128xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.addf %a, %b : f32
    %1 = arith.addf %0, %a : f32
    %2 = arith.addf %1, %b : f32
    %3 = arith.addf %2, %a : f32
    %4 = arith.addf %3, %b : f32
    linalg.yield %4 : f32
  }
  linalg.generic {indexing_maps = [#each, #sum], iterator_types = ["parallel", "parallel", "reduction"]} ins(%v : memref<512x1x128xf32>) outs(%s : memref<512x1xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.mulf %a, %a : f32
    %1 = arith.addf %0, %o : f32
    linalg.yield %1 : f32
  }
  linalg.generic {indexing_maps = [#in, #one, #in], iterator_types = ["parallel", "parallel"]} ins(%d, %s : memref<512x128xf32>, memref<512x1xf32>) outs(%y : memref<512x128xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.mulf %a, %b : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

#in = affine_map<(r, c) -> (r, c)>
#one = affine_map<(r, c) -> (r, 0)>
#each = affine_map<(r, u, c) -> (r, u, c)>
#sum = affine_map<(r, u, c) -> (r, u)>

// CHECK-LABEL: func @contracted
// CHECK: func private
// CHECK: arith.mulf {{.*}} fastmath<contract>
// CHECK-NOT: fastmath<contract>
func.func @contracted(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %zero = arith.constant 0.0 : f32
  %x = rt.feed %frame[0] : memref<512x128xf32>
  %m = rt.feed %frame[1] : memref<512x1xf32>
  %y = rt.fetch %frame[0] () : memref<512x128xf32>
  %s = memref.alloc() : memref<512x1xf32>
  %d = memref.alloc() : memref<512x128xf32>
  %v = memref.expand_shape %d [[0, 1], [2]] output_shape [512, 1, 128] : memref<512x128xf32> into memref<512x1x128xf32>
  linalg.fill ins(%zero : f32) outs(%s : memref<512x1xf32>)
  linalg.generic {indexing_maps = [#in, #one, #in], iterator_types = ["parallel", "parallel"]} ins(%x, %m : memref<512x128xf32>, memref<512x1xf32>) outs(%d : memref<512x128xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.mulf %a, %b fastmath<contract> : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#each, #sum], iterator_types = ["parallel", "parallel", "reduction"]} ins(%v : memref<512x1x128xf32>) outs(%s : memref<512x1xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.mulf %a, %a : f32
    %1 = arith.addf %0, %o : f32
    linalg.yield %1 : f32
  }
  linalg.generic {indexing_maps = [#in, #one, #in], iterator_types = ["parallel", "parallel"]} ins(%d, %s : memref<512x128xf32>, memref<512x1xf32>) outs(%y : memref<512x128xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.mulf %a, %b : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

#in = affine_map<(r, c) -> (r, c)>
#one = affine_map<(r, c) -> (r, 0)>
#each = affine_map<(r, u, c) -> (r, u, c)>
#sum = affine_map<(r, u, c) -> (r, u)>

// CHECK-LABEL: func @read_elsewhere
// CHECK: func private
// CHECK: arith.subf
// CHECK-NOT: arith.subf
func.func @read_elsewhere(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %zero = arith.constant 0.0 : f32
  %x = rt.feed %frame[0] : memref<512x128xf32>
  %m = rt.feed %frame[1] : memref<512x1xf32>
  %y = rt.fetch %frame[0] () : memref<512x128xf32>
  %s = memref.alloc() : memref<512x1xf32>
  %d = memref.alloc() : memref<512x128xf32>
  %v = memref.expand_shape %d [[0, 1], [2]] output_shape [512, 1, 128] : memref<512x128xf32> into memref<512x1x128xf32>
  linalg.fill ins(%zero : f32) outs(%s : memref<512x1xf32>)
  linalg.generic {indexing_maps = [#in, #one, #in], iterator_types = ["parallel", "parallel"]} ins(%x, %m : memref<512x128xf32>, memref<512x1xf32>) outs(%d : memref<512x128xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.subf %a, %b : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#each, #sum], iterator_types = ["parallel", "parallel", "reduction"]} ins(%v : memref<512x1x128xf32>) outs(%s : memref<512x1xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.mulf %a, %a : f32
    %1 = arith.addf %0, %o : f32
    linalg.yield %1 : f32
  }
  linalg.generic {indexing_maps = [#in, #one, #in], iterator_types = ["parallel", "parallel"]} ins(%d, %s : memref<512x128xf32>, memref<512x1xf32>) outs(%y : memref<512x128xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.mulf %a, %b : f32
    linalg.yield %0 : f32
  }
  %z = rt.fetch %frame[1] () : memref<512x128xf32>
  memref.copy %d, %z : memref<512x128xf32> to memref<512x128xf32>
  return
}

// -----

#row = affine_map<(r, u, c) -> (r, u)>
#all = affine_map<(r, u, c) -> (r, u, c)>

// Gathers to columns of one result, row by row, on all threads: checks between them do not touch it, and copies of what is in its place are none.
// CHECK-LABEL: func @columns
// CHECK: rt.fail
// CHECK: rt.parallel_for %arg0, @[[KERNEL:tgc_nests_[0-9]+]](
// CHECK-NEXT: memref.copy
// CHECK: func private @[[KERNEL]]
// CHECK: scf.for
// CHECK: memref.subview {{.*}}[%{{.*}}, 0, 0] [1, 1, 64]
// CHECK: linalg.generic
// CHECK: memref.load
// CHECK: linalg.generic
// CHECK: memref.load
func.func @columns(%frame: !llvm.ptr, %isBad: i1) attributes {rt.feeds = []} {
  %ids = rt.feed %frame[0] : memref<256x2xi32>
  %first = rt.weights 0 : memref<20000x64xf32>
  %second = rt.weights 5120000 : memref<20000x4096xf32>
  %y = rt.fetch %frame[0] () : memref<256x65x64xf32>
  %out = memref.alloc() : memref<256x65x64xf32>
  %c0 = arith.constant 0 : index
  %a = memref.subview %ids[0, 0] [256, 1] [1, 1] : memref<256x2xi32> to memref<256x1xi32, strided<[2, 1]>>
  %x = memref.subview %out[0, 0, 0] [256, 1, 64] [1, 1, 1] : memref<256x65x64xf32> to memref<256x1x64xf32, strided<[4160, 64, 1]>>
  linalg.generic {indexing_maps = [#row, #all], iterator_types = ["parallel", "parallel", "parallel"]} ins(%a : memref<256x1xi32, strided<[2, 1]>>) outs(%x : memref<256x1x64xf32, strided<[4160, 64, 1]>>) {
  ^bb0(%i: i32, %o: f32):
    %0 = arith.index_cast %i : i32 to index
    %1 = linalg.index 2 : index
    %2 = memref.load %first[%0, %1] : memref<20000x64xf32>
    linalg.yield %2 : f32
  }
  memref.copy %x, %x : memref<256x1x64xf32, strided<[4160, 64, 1]>> to memref<256x1x64xf32, strided<[4160, 64, 1]>>
  scf.if %isBad {
    rt.fail %frame, 3, "bad"()
  }
  %b = memref.subview %ids[0, 1] [256, 1] [1, 1] : memref<256x2xi32> to memref<256x1xi32, strided<[2, 1], offset: 1>>
  %z = memref.subview %out[0, 1, 0] [256, 64, 64] [1, 1, 1] : memref<256x65x64xf32> to memref<256x64x64xf32, strided<[4160, 64, 1], offset: 64>>
  %z2 = memref.collapse_shape %z [[0], [1, 2]] : memref<256x64x64xf32, strided<[4160, 64, 1], offset: 64>> into memref<256x4096xf32, strided<[4160, 1], offset: 64>>
  %z3 = memref.expand_shape %z2 [[0], [1, 2]] output_shape [256, 1, 4096] : memref<256x4096xf32, strided<[4160, 1], offset: 64>> into memref<256x1x4096xf32, strided<[4160, 4096, 1], offset: 64>>
  linalg.generic {indexing_maps = [#row, #all], iterator_types = ["parallel", "parallel", "parallel"]} ins(%b : memref<256x1xi32, strided<[2, 1], offset: 1>>) outs(%z3 : memref<256x1x4096xf32, strided<[4160, 4096, 1], offset: 64>>) {
  ^bb0(%i: i32, %o: f32):
    %0 = arith.index_cast %i : i32 to index
    %1 = linalg.index 2 : index
    %2 = memref.load %second[%0, %1] : memref<20000x4096xf32>
    linalg.yield %2 : f32
  }
  memref.copy %out, %y : memref<256x65x64xf32> to memref<256x65x64xf32>
  return
}

// -----

#id = affine_map<(r, c) -> (r, c)>

// Rows of the second half are not those of the first: the second nest reads what the first one writes elsewhere.
// CHECK-LABEL: func @halves
// CHECK: rt.parallel_for %arg0, @tgc_nests_0(
// CHECK-NEXT: rt.parallel_for %arg0, @tgc_nests_1(
func.func @halves(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %x = rt.feed %frame[0] : memref<512x512xf32>
  %y = rt.fetch %frame[0] () : memref<1024x512xf32>
  %low = memref.subview %y[0, 0] [512, 512] [1, 1] : memref<1024x512xf32> to memref<512x512xf32, strided<[512, 1]>>
  %high = memref.subview %y[256, 0] [512, 512] [1, 1] : memref<1024x512xf32> to memref<512x512xf32, strided<[512, 1], offset: 131072>>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : memref<512x512xf32>) outs(%low : memref<512x512xf32, strided<[512, 1]>>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.negf %a : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : memref<512x512xf32>) outs(%high : memref<512x512xf32, strided<[512, 1], offset: 131072>>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %a, %o : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

#id = affine_map<(r, c) -> (r, c)>

// Columns of open rows: the size of a part is that of what it is a part of.
// CHECK-LABEL: func @open
// CHECK-COUNT-1: rt.parallel_for %arg0, @tgc_nests_0(
// CHECK-NOT: rt.parallel_for
// CHECK: func private @tgc_nests_0
// CHECK-COUNT-2: linalg.generic
func.func @open(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %c0 = arith.constant 0 : index
  %x = rt.feed %frame[0] : memref<?x64xf32>
  %n = memref.dim %x, %c0 : memref<?x64xf32>
  %y = rt.fetch %frame[0] (%n) : memref<?x32xf32>
  %left = memref.subview %x[0, 0] [%n, 32] [1, 1] : memref<?x64xf32> to memref<?x32xf32, strided<[64, 1]>>
  %right = memref.subview %x[0, 32] [%n, 32] [1, 1] : memref<?x64xf32> to memref<?x32xf32, strided<[64, 1], offset: 32>>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%left : memref<?x32xf32, strided<[64, 1]>>) outs(%right : memref<?x32xf32, strided<[64, 1], offset: 32>>) {
  ^bb0(%a: f32, %o: f32):
    %0 = math.exp %a : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%right : memref<?x32xf32, strided<[64, 1], offset: 32>>) outs(%y : memref<?x32xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.negf %a : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

#whole = affine_map<(r, c) -> (r, c)>

// A function that a pass before has made keeps its name.
// CHECK-LABEL: func private @tgc_nests_0()
// CHECK: rt.parallel_for %arg0, @tgc_nests_1(
// CHECK: func private @tgc_nests_1(
func.func private @tgc_nests_0() {
  return
}
func.func @taken(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %x = rt.feed %frame[0] : memref<4096x64xf32>
  %y = rt.fetch %frame[0] () : memref<4096x64xf32>
  %b = memref.alloc() : memref<4096x64xf32>
  linalg.generic {indexing_maps = [#whole, #whole], iterator_types = ["parallel", "parallel"]} ins(%x : memref<4096x64xf32>) outs(%b : memref<4096x64xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = math.exp %in : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#whole, #whole], iterator_types = ["parallel", "parallel"]} ins(%b : memref<4096x64xf32>) outs(%y : memref<4096x64xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = math.exp %in : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

#same = affine_map<(k, r) -> (k, r)>
#in = affine_map<(r, k, c) -> (k, r)>
#one = affine_map<(r, k, c) -> (0, 0)>
#out = affine_map<(r, k, c) -> (r, c)>

// The one step of a sum is a loop that only a leading dimension knows of.
// CHECK-LABEL: func @one_step
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "reduction", "parallel"]
func.func @one_step(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %x = rt.feed %frame[0] : memref<1x4096xf32>
  %w = rt.feed %frame[1] : memref<1x1xf32>
  %y = rt.fetch %frame[0] () : memref<4096x1xf32>
  %zero = arith.constant 0.0 : f32
  %e = memref.alloc() : memref<1x4096xf32>
  linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]} ins(%x : memref<1x4096xf32>) outs(%e : memref<1x4096xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = math.exp %a : f32
    linalg.yield %0 : f32
  }
  linalg.fill ins(%zero : f32) outs(%y : memref<4096x1xf32>)
  linalg.generic {indexing_maps = [#in, #one, #out], iterator_types = ["parallel", "reduction", "parallel"]} ins(%e, %w : memref<1x4096xf32>, memref<1x1xf32>) outs(%y : memref<4096x1xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %s, %0 : f32
    linalg.yield %1 : f32
  }
  return
}
