// RUN: tgc-opt %s --tgc-split-nests --split-input-file | FileCheck %s

#rows = affine_map<(r, c) -> (r, c)>
#turned = affine_map<(r, c) -> (c, r)>

// Threads write rows of the transposed matrix.
// CHECK-LABEL: func @transpose
// CHECK-NOT: linalg
// CHECK: rt.parallel_for %arg0, @[[SHARE:tgc_share_[0-9]+]](
// CHECK: func private @[[SHARE]](%[[X:.*]]: memref<512x1024xf32>, %[[Y:.*]]: memref<1024x512xf32>, %[[BEGIN:.*]]: index, %[[END:.*]]: index)
// CHECK: memref.subview %[[X]][0, %[[BEGIN]]] [512, %{{.*}}] [1, 1]
// CHECK: memref.subview %[[Y]][%[[BEGIN]], 0] [%{{.*}}, 512] [1, 1]
// CHECK: linalg.generic
func.func @transpose(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %x = rt.feed %frame[0] : memref<512x1024xf32>
  %y = rt.fetch %frame[0] () : memref<1024x512xf32>
  linalg.generic {indexing_maps = [#turned, #rows], iterator_types = ["parallel", "parallel"]} ins(%x : memref<512x1024xf32>) outs(%y : memref<1024x512xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }
  return
}

// -----

#all = affine_map<(i) -> (i)>
#none = affine_map<(i) -> ()>

// One sum of many elements: a fixed number of blocks, each from zero, then their sum.
// CHECK-LABEL: func @sum
// CHECK: %[[PARTIAL:.*]] = memref.alloc() {alignment = 64 : i64} : memref<16xf32>
// CHECK: rt.parallel_for %arg0, @[[BLOCKS:tgc_blocks_[0-9]+]](%{{.*}}, %{{.*}}, %[[PARTIAL]]) count %c16{{.*}} grain %c1
// CHECK: linalg.generic {{.*}} iterator_types = ["reduction"]} ins({{.*}}memref<16xf32
// CHECK: arith.addf %{{.*}}, %{{.*}} fastmath<reassoc>
// CHECK: func private @[[BLOCKS]]
// CHECK: scf.for
// CHECK: linalg.fill
// CHECK: linalg.generic
func.func @sum(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %x = rt.feed %frame[0] : memref<1000000xf32>
  %y = rt.fetch %frame[0] () : memref<f32>
  linalg.generic {indexing_maps = [#all, #none], iterator_types = ["reduction"]} ins(%x : memref<1000000xf32>) outs(%y : memref<f32>) {
  ^bb0(%a: f32, %s: f32):
    %0 = arith.addf %s, %a fastmath<reassoc> : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

#all = affine_map<(i) -> (i)>
#none = affine_map<(i) -> ()>

// A sum whose order is not free.
// CHECK-LABEL: func @ordered
// CHECK-NOT: rt.parallel_for
// CHECK: return
func.func @ordered(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %x = rt.feed %frame[0] : memref<1000000xf32>
  %y = rt.fetch %frame[0] () : memref<f32>
  linalg.generic {indexing_maps = [#all, #none], iterator_types = ["reduction"]} ins(%x : memref<1000000xf32>) outs(%y : memref<f32>) {
  ^bb0(%a: f32, %s: f32):
    %0 = arith.addf %s, %a : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

#in = affine_map<(c, r) -> (r, c)>
#out = affine_map<(c, r) -> (c)>

// Sums of columns: a thread takes whole lines of the cache. Open sizes are asked at run time; one kernel serves both.
// CHECK-LABEL: func @columns
// CHECK: rt.parallel_for %arg0, @tgc_share_{{[0-9]+}}(%{{.*}}, %{{.*}}) count %c32
// CHECK-LABEL: func @open
// CHECK: scf.if
// CHECK: rt.parallel_for %arg0, @tgc_share_
// CHECK: } else {
// CHECK: call @tgc_share_
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @columns(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %x = rt.feed %frame[0] : memref<4096x2000xf32>
  %y = rt.fetch %frame[0] () : memref<2000xf32>
  linalg.generic {indexing_maps = [#in, #out], iterator_types = ["parallel", "reduction"]} ins(%x : memref<4096x2000xf32>) outs(%y : memref<2000xf32>) {
  ^bb0(%a: f32, %s: f32):
    %0 = arith.addf %s, %a : f32
    linalg.yield %0 : f32
  }
  return
}
func.func @open(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %x = rt.feed %frame[0] : memref<?x2000xf32>
  %y = rt.fetch %frame[0] () : memref<2000xf32>
  linalg.generic {indexing_maps = [#in, #out], iterator_types = ["parallel", "reduction"]} ins(%x : memref<?x2000xf32>) outs(%y : memref<2000xf32>) {
  ^bb0(%a: f32, %s: f32):
    %0 = arith.addf %s, %a : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

#window = affine_map<(r, c, k) -> (r * 2 + k, c)>
#kernel = affine_map<(r, c, k) -> (k)>
#result = affine_map<(r, c, k) -> (r, c)>

// Windows of rows: a part sees the rows that its windows reach.
// CHECK-LABEL: func @pool
// CHECK: rt.parallel_for
// CHECK: func private @tgc_share_{{[0-9]+}}(%[[X:.*]]: memref<2049x64xf32>, %{{.*}}: memref<3xf32>, %[[Y:.*]]: memref<1024x64xf32>, %[[BEGIN:.*]]: index, %[[END:.*]]: index)
// CHECK-DAG: %[[FIRST:.*]] = arith.muli %[[BEGIN]], %c2
// CHECK: memref.subview %[[X]][%[[FIRST]], 0] [%{{.*}}, 64]
func.func @pool(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %x = rt.feed %frame[0] : memref<2049x64xf32>
  %y = rt.fetch %frame[0] () : memref<1024x64xf32>
  %k = memref.alloc() : memref<3xf32>
  linalg.generic {indexing_maps = [#window, #kernel, #result], iterator_types = ["parallel", "parallel", "reduction"]} ins(%x, %k : memref<2049x64xf32>, memref<3xf32>) outs(%y : memref<1024x64xf32>) {
  ^bb0(%a: f32, %w: f32, %s: f32):
    %0 = arith.maximumf %s, %a : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

// A loop whose iterations are independent of each other, though it is no nest.
// CHECK-LABEL: func @independent
// CHECK: rt.parallel_for %arg0, @[[ROWS:tgc_rows_[0-9]+]]({{.*}}) count %c4096_0 grain %c256
// CHECK: func private @[[ROWS]](%[[X:.*]]: memref<4096x64xf32>, %[[Y:.*]]: memref<4096xf32>, %[[BEGIN:.*]]: index, %[[END:.*]]: index)
// CHECK: scf.for %[[I:.*]] = %[[BEGIN]] to %[[END]]
// CHECK: memref.load %[[X]][%[[I]]
func.func @independent(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4096 = arith.constant 4096 : index
  %x = rt.feed %frame[0] : memref<4096x64xf32>
  %y = rt.fetch %frame[0] () : memref<4096xf32>
  scf.for %i = %c0 to %c4096 step %c1 {
    %a = memref.load %x[%i, %c0] : memref<4096x64xf32>
    memref.store %a, %y[%i] : memref<4096xf32>
  } {kernel.independent}
  return
}
