// RUN: tgc-opt %s --tgc-group-windows="vector-bytes=64 vector-registers=32" --canonicalize --split-input-file | FileCheck %s

#conv = affine_map<(n, y, x, p, q, c, f) -> (n, y + p, x + q, c)>
#filter = affine_map<(n, y, x, p, q, c, f) -> (p, q, c, f)>
#out = affine_map<(n, y, x, p, q, c, f) -> (n, y, x, f)>
#windows = affine_map<(n, y, x, p, q, f) -> (n, y * 2 + p, x * 2 + q, f)>
#window = affine_map<(n, y, x, p, q, f) -> (p, q)>
#pooled = affine_map<(n, y, x, p, q, f) -> (n, y, x, f)>

// A pool of many small images: the results of one image are on the stack, and nowhere else.
// CHECK-LABEL: func @images
// CHECK-NOT: 16x24x24x32
// CHECK: rt.parallel_for %arg0, @[[KERNEL:tgc_windows_[0-9]+]]({{.*}}) count %c16
// CHECK-NOT: linalg
// CHECK: func private @[[KERNEL]]
// CHECK: memref.alloca() {alignment = 64 : i64} : memref<1x24x24x32xf32>
// CHECK: scf.for
// CHECK: kernel.contract({{.*}}) into {{.*}} sizes [1, 24, 24, 5, 5, 8, 32] attributes {{{.*}}panel_width = 32{{.*}}zero_borders = array<i64: 1, 2, 26, 2, 2, 26>
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : f32) outs(%{{.*}} : memref<1x12x12x32xf32
// CHECK: linalg.generic
// CHECK: arith.maximumf
func.func @images(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %x = rt.feed %frame[0] : memref<16x28x28x8xf32>
  %w = rt.feed %frame[1] : memref<6400xf32>
  %y = rt.fetch %frame[0] () : memref<16x12x12x32xf32>
  %low = arith.constant 0xFF800000 : f32
  %z = memref.alloc() : memref<16x24x24x32xf32>
  %window = memref.alloc() : memref<2x2xf32>
  kernel.contract(%x, %w) into %z sizes [16, 24, 24, 5, 5, 8, 32] attributes {indexing_maps = [#conv, #filter, #out], panel_width = 32, zero_borders = array<i64: 1, 2, 26, 2, 2, 26>} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<16x28x28x8xf32>, memref<6400xf32> into memref<16x24x24x32xf32>
  linalg.fill ins(%low : f32) outs(%y : memref<16x12x12x32xf32>)
  linalg.generic {indexing_maps = [#windows, #window, #pooled], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "parallel"]}
      ins(%z, %window : memref<16x24x24x32xf32>, memref<2x2xf32>) outs(%y : memref<16x12x12x32xf32>) {
  ^bb0(%e: f32, %b: f32, %o: f32):
    %0 = arith.maximumf %o, %e : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

#conv = affine_map<(n, y, x, p, q, c, f) -> (n, y + p, x + q, c)>
#filter = affine_map<(n, y, x, p, q, c, f) -> (p, q, c, f)>
#out = affine_map<(n, y, x, p, q, c, f) -> (n, y, x, f)>
#windows = affine_map<(n, y, x, p, q, f) -> (n, y * 2 + p, x * 2 + q, f)>
#window = affine_map<(n, y, x, p, q, f) -> (p, q)>
#pooled = affine_map<(n, y, x, p, q, f) -> (n, y, x, f)>

// Large images, whose windows overlap and reach over the edges: each is cut into strips of blocks of rows; a block after the first of its strip moves the rows
// that it shares with the one before. What lies beside the results is filled once, rows of the border in the blocks that have them. Windows over two strips
// find their rows, the last of one and the first of the next, in memory of seams.
// CHECK-LABEL: func @rows
// CHECK-NOT: alloc() : memref<4x8
// CHECK: %[[SEAMS:.*]] = memref.alloc() {{.*}}: memref<12x3x81x64xf32>
// CHECK: rt.parallel_for %arg0, @[[KERNEL:tgc_windows_[0-9]+]]({{.*}}, %[[SEAMS]]) count %c16
// CHECK-NEXT: rt.parallel_for %arg0, @[[BETWEEN:tgc_window_seams_[0-9]+]]({{.*}}, %[[SEAMS]]) count %c12
// CHECK-NOT: linalg
// CHECK: func private @[[KERNEL]]
// CHECK: memref.alloca() {alignment = 64 : i64} : memref<1x[[ROWS:[0-9]+]]x81x64xf32>
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : memref<1x[[ROWS]]x1x64xf32
// CHECK: scf.for
// CHECK: scf.for
// CHECK: scf.if
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : memref<1x2x81x64xf32
// CHECK: kernel.contract({{.*}}) into {{.*}} sizes [1, 10, 80, 5, 5, 8, 64] attributes {{{.*}}zero_borders = array<i64: 2, 2, 82>
// CHECK: scf.if
// CHECK-NEXT: memref.subview %{{.*}}[0, 12, 0, 0] [1, 1, 81, 64]
// CHECK: scf.if
// CHECK-NEXT: memref.subview %{{.*}}[0, 2, 0, 0] [1, 1, 81, 64]
// CHECK: memref.subview %arg4[%{{.*}}, 2, 0, 0] [1, 1, 81, 64]
// CHECK: scf.if
// CHECK-NEXT: memref.subview %{{.*}}[0, 10, 0, 0] [1, 2, 81, 64]
// CHECK: memref.subview %arg4[%{{.*}}, 0, 0, 0] [1, 2, 81, 64]
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : memref<1x?x40x64xf32
// CHECK: func private @[[BETWEEN]]
// CHECK-NOT: kernel.contract
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : memref<1x?x40x64xf32
func.func @rows(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %x = rt.feed %frame[0] : memref<4x84x84x8xf32>
  %w = rt.feed %frame[1] : memref<12800xf32>
  %y = rt.fetch %frame[0] () : memref<4x40x40x64xf32>
  %low = arith.constant 0xFF800000 : f32
  %z = memref.alloc() : memref<4x81x81x64xf32>
  %below = memref.subview %z[0, 80, 0, 0] [4, 1, 81, 64] [1, 1, 1, 1] : memref<4x81x81x64xf32> to memref<4x1x81x64xf32, strided<[419904, 5184, 64, 1], offset: 414720>>
  linalg.fill ins(%low : f32) outs(%below : memref<4x1x81x64xf32, strided<[419904, 5184, 64, 1], offset: 414720>>)
  %right = memref.subview %z[0, 0, 80, 0] [4, 80, 1, 64] [1, 1, 1, 1] : memref<4x81x81x64xf32> to memref<4x80x1x64xf32, strided<[419904, 5184, 64, 1], offset: 5120>>
  linalg.fill ins(%low : f32) outs(%right : memref<4x80x1x64xf32, strided<[419904, 5184, 64, 1], offset: 5120>>)
  %part = memref.subview %z[0, 0, 0, 0] [4, 80, 80, 64] [1, 1, 1, 1] : memref<4x81x81x64xf32> to memref<4x80x80x64xf32, strided<[419904, 5184, 64, 1]>>
  %window = memref.alloc() : memref<3x3xf32>
  kernel.contract(%x, %w) into %part sizes [4, 80, 80, 5, 5, 8, 64] attributes {indexing_maps = [#conv, #filter, #out], panel_width = 32, zero_borders = array<i64: 1, 2, 82, 2, 2, 82>} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<4x84x84x8xf32>, memref<12800xf32> into memref<4x80x80x64xf32, strided<[419904, 5184, 64, 1]>>
  memref.copy %part, %part : memref<4x80x80x64xf32, strided<[419904, 5184, 64, 1]>> to memref<4x80x80x64xf32, strided<[419904, 5184, 64, 1]>>
  linalg.fill ins(%low : f32) outs(%y : memref<4x40x40x64xf32>)
  linalg.generic {indexing_maps = [#windows, #window, #pooled], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "parallel"]}
      ins(%z, %window : memref<4x81x81x64xf32>, memref<3x3xf32>) outs(%y : memref<4x40x40x64xf32>) {
  ^bb0(%e: f32, %b: f32, %o: f32):
    %0 = arith.maximumf %o, %e : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

#conv = affine_map<(n, y, x, p, q, c, f) -> (n, y + p, x + q, c)>
#filter = affine_map<(n, y, x, p, q, c, f) -> (p, q, c, f)>
#out = affine_map<(n, y, x, p, q, c, f) -> (n, y, x, f)>
#windows = affine_map<(n, y, x, p, q, f) -> (n, y * 2 + p, x * 2 + q, f)>
#window = affine_map<(n, y, x, p, q, f) -> (p, q)>
#pooled = affine_map<(n, y, x, p, q, f) -> (n, y, x, f)>

// What something behind the pool reads too is in memory anyway: there the pool finds an image's results while they are in the caches.
// CHECK-LABEL: func @two_readers
// CHECK: %[[RESULTS:.*]] = memref.alloc() : memref<16x24x24x32xf32>
// CHECK: rt.parallel_for %arg0, @[[KERNEL:tgc_windows_[0-9]+]]({{.*}}%[[RESULTS]]{{.*}}) count %c16
// CHECK: memref.copy %[[RESULTS]]
// CHECK: func private @[[KERNEL]]
// CHECK-NOT: alloca
// CHECK: %[[IMAGE:.*]] = memref.subview %[[ALL:arg[0-9]+]][%{{.*}}, 0, 0, 0] [1, 24, 24, 32]
// CHECK: kernel.contract({{.*}}) into %[[IMAGE]]
// CHECK: %[[SAME:.*]] = memref.subview %[[ALL]][%{{.*}}, 0, 0, 0] [1, 24, 24, 32]
// CHECK: linalg.generic {{.*}} ins(%[[SAME]]
func.func @two_readers(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %x = rt.feed %frame[0] : memref<16x28x28x8xf32>
  %w = rt.feed %frame[1] : memref<6400xf32>
  %y = rt.fetch %frame[0] () : memref<16x12x12x32xf32>
  %all = rt.fetch %frame[1] () : memref<16x24x24x32xf32>
  %z = memref.alloc() : memref<16x24x24x32xf32>
  %window = memref.alloc() : memref<2x2xf32>
  kernel.contract(%x, %w) into %z sizes [16, 24, 24, 5, 5, 8, 32] attributes {indexing_maps = [#conv, #filter, #out], panel_width = 32} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<16x28x28x8xf32>, memref<6400xf32> into memref<16x24x24x32xf32>
  linalg.generic {indexing_maps = [#windows, #window, #pooled], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "parallel"]}
      ins(%z, %window : memref<16x24x24x32xf32>, memref<2x2xf32>) outs(%y : memref<16x12x12x32xf32>) {
  ^bb0(%e: f32, %b: f32, %o: f32):
    %0 = arith.maximumf %o, %e : f32
    linalg.yield %0 : f32
  }
  memref.copy %z, %all : memref<16x24x24x32xf32> to memref<16x24x24x32xf32>
  return
}

// -----

#conv = affine_map<(n, y, x, p, q, c, f) -> (n, y + p, x + q, c)>
#filter = affine_map<(n, y, x, p, q, c, f) -> (p, q, c, f)>
#out = affine_map<(n, y, x, p, q, c, f) -> (n, y, x, f)>
#windows = affine_map<(n, y, x, p, q, f) -> (n, y * 2 + p, x * 2 + q, f)>
#window = affine_map<(n, y, x, p, q, f) -> (p, q)>
#pooled = affine_map<(n, y, x, p, q, f) -> (n, y, x, f)>

// By tiles: blocks have rows of whole tiles, the last one what is left besides, and the filter is transformed once.
// CHECK-LABEL: func @tiles
// CHECK: call @tgc_filter_
// CHECK: rt.parallel_for %arg0, @[[KERNEL:tgc_windows_[0-9]+]]({{.*}}) count %c
// CHECK-NEXT: rt.parallel_for %arg0, @tgc_window_seams_
// CHECK: func private @[[KERNEL]]
// CHECK: scf.if
// CHECK: kernel.contract({{.*}}) into {{.*}} sizes [1, 11, 99, 3, 3, 16, 32] attributes {{{.*}}kernel.is_part, panel_width = 32{{.*}}winograd
// CHECK: scf.if
// CHECK: kernel.contract({{.*}}) into {{.*}} sizes [1, 8, 99, 3, 3, 16, 32] attributes {{{.*}}kernel.is_part, panel_width = 32{{.*}}winograd
func.func @tiles(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %x = rt.feed %frame[0] : memref<1x101x101x16xf32>
  %w = rt.feed %frame[1] : memref<3x3x16x32xf32>
  %y = rt.fetch %frame[0] () : memref<1x49x49x32xf32>
  %z = memref.alloc() : memref<1x99x99x32xf32>
  %window = memref.alloc() : memref<3x3xf32>
  kernel.contract(%x, %w) into %z sizes [1, 99, 99, 3, 3, 16, 32] attributes {indexing_maps = [#conv, #filter, #out], winograd} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<1x101x101x16xf32>, memref<3x3x16x32xf32> into memref<1x99x99x32xf32>
  linalg.generic {indexing_maps = [#windows, #window, #pooled], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "parallel"]}
      ins(%z, %window : memref<1x99x99x32xf32>, memref<3x3xf32>) outs(%y : memref<1x49x49x32xf32>) {
  ^bb0(%e: f32, %b: f32, %o: f32):
    %0 = arith.maximumf %o, %e : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

#conv = affine_map<(n, y, x, p, q, c, f) -> (n, y + p, x + q, c)>
#filter = affine_map<(n, y, x, p, q, c, f) -> (p, q, c, f)>
#out = affine_map<(n, y, x, p, q, c, f) -> (n, y, x, f)>
#windows = affine_map<(n, y, x, p, q, f) -> (n, y * 2 + p, x * 2 + q, f)>
#window = affine_map<(n, y, x, p, q, f) -> (p, q)>
#pooled = affine_map<(n, y, x, p, q, f) -> (n, y, x, f)>

// Between them the image changes: the product stays where it is.
// CHECK-LABEL: func @changed_between
// CHECK-NOT: tgc_windows
func.func @changed_between(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %zero = arith.constant 0.0 : f32
  %x = memref.alloc() : memref<16x28x28x8xf32>
  %w = rt.feed %frame[1] : memref<6400xf32>
  %y = rt.fetch %frame[0] () : memref<16x12x12x32xf32>
  %z = memref.alloc() : memref<16x24x24x32xf32>
  %window = memref.alloc() : memref<2x2xf32>
  kernel.contract(%x, %w) into %z sizes [16, 24, 24, 5, 5, 8, 32] attributes {indexing_maps = [#conv, #filter, #out], panel_width = 32} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<16x28x28x8xf32>, memref<6400xf32> into memref<16x24x24x32xf32>
  linalg.fill ins(%zero : f32) outs(%x : memref<16x28x28x8xf32>)
  linalg.generic {indexing_maps = [#windows, #window, #pooled], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "parallel"]}
      ins(%z, %window : memref<16x24x24x32xf32>, memref<2x2xf32>) outs(%y : memref<16x12x12x32xf32>) {
  ^bb0(%e: f32, %b: f32, %o: f32):
    %0 = arith.maximumf %o, %e : f32
    linalg.yield %0 : f32
  }
  return
}
