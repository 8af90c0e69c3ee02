// RUN: tgc-opt %s --tgc-lower-contractions="vector-bytes=64 vector-registers=32" --split-input-file --canonicalize --cse | FileCheck %s
// RUN: sed "s/panel_width = 32/panel_width = 16/" %s | tgc-opt - --tgc-lower-contractions="vector-bytes=32 vector-registers=16" --split-input-file --canonicalize --cse | FileCheck --check-prefix=AVX2 %s

#a = affine_map<(m, k, n) -> (m, k)>
#b = affine_map<(m, k, n) -> (k, n)>
#c = affine_map<(m, k, n) -> (m, n)>
#bias = affine_map<(m, k, n) -> (n)>

// Two layers of one shape call one kernel. A tile is 12 rows of 2 vectors of 16, or 6 of 2 of 8, and the rows that are left
// are tiles of powers of two; the epilogue is computed before anything is stored.
// CHECK-LABEL: func @layers
// CHECK: call @[[KERNEL:tgc_contract_[0-9]+]](
// CHECK: call @[[KERNEL]](
// CHECK: func private @[[KERNEL]]
// CHECK: scf.for
// CHECK: scf.if
// CHECK: scf.for
// CHECK: %[[SUMS:.*]]:24 = scf.for
// CHECK-COUNT-2: vector.load {{.*}} vector<16xf32>
// CHECK-NOT: vector.load
// CHECK: scf.yield
// CHECK: %[[BIAS:.*]] = vector.load
// CHECK: arith.addf %[[SUMS]]#0, %[[BIAS]]
// CHECK-NOT: vector.store
// CHECK: arith.addf %[[SUMS]]#23
// CHECK-COUNT-24: vector.store
// CHECK: else
// CHECK: :16 = scf.for
// CHECK: :8 = scf.for
// CHECK: :4 = scf.for
// CHECK: :2 = scf.for
// CHECK-NOT: func private
// AVX2: :12 = scf.for
// AVX2: vector<8xf32>
// AVX2: :8 = scf.for
// AVX2: :4 = scf.for
// AVX2: :2 = scf.for
func.func @layers(%x: memref<?x256xf32>, %w: memref<65536xf32>, %v: memref<65536xf32>, %b: memref<256xf32>, %h: memref<?x256xf32>, %y: memref<?x256xf32>) {
  kernel.contract (%x, %w) with (%b) into %h sizes [-9223372036854775808, 256, 256] attributes {indexing_maps = [#a, #b, #bias, #c], panel_width = 32} {
  ^bb0(%s: f32, %e: f32):
    %t = arith.addf %s, %e : f32
    kernel.yield %t : f32
  } : memref<?x256xf32>, memref<65536xf32> with memref<256xf32> into memref<?x256xf32>
  kernel.contract (%h, %v) with (%b) into %y sizes [-9223372036854775808, 256, 256] attributes {indexing_maps = [#a, #b, #bias, #c], panel_width = 32} {
  ^bb0(%s: f32, %e: f32):
    %t = arith.addf %s, %e : f32
    kernel.yield %t : f32
  } : memref<?x256xf32>, memref<65536xf32> with memref<256xf32> into memref<?x256xf32>
  return
}

// -----

#a = affine_map<(m, k, n) -> (m, k)>
#b = affine_map<(m, k, n) -> (k, n)>
#c = affine_map<(m, k, n) -> (m, n)>

// One row of few columns: the operand is read where it lies, under a mask.
// CHECK-LABEL: func @row
// CHECK-NOT: memref.alloc
// CHECK: func private
// CHECK: scf.for
// CHECK: vector.maskedload {{.*}} vector<16xf32>
// CHECK: vector.maskedstore
// CHECK-NOT: scf.for
func.func @row(%x: memref<1x100xf32>, %w: memref<100x10xf32>, %y: memref<1x10xf32>) {
  kernel.contract (%x, %w) into %y sizes [1, 100, 10] attributes {indexing_maps = [#a, #b, #c]} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<1x100xf32>, memref<100x10xf32> into memref<1x10xf32>
  return
}

// -----

#a = affine_map<(m, k, n) -> (m, k)>
#b = affine_map<(m, k, n) -> (k, n)>
#c = affine_map<(m, k, n) -> (m, n)>

// Few rows, which lie 8192 bytes apart, read a constant of 4 MB: tiles of 5 rows, in place, and one of 4.
// CHECK-LABEL: func @colliding
// CHECK: func private @tgc_contract_
// CHECK-NOT: memref.alloca
// CHECK: :10 = scf.for
// CHECK: :8 = scf.for
func.func @colliding(%x: memref<49x2048xf32>, %w: memref<1048576xf32>, %y: memref<49x512xf32>) {
  kernel.contract (%x, %w) into %y sizes [49, 2048, 512] attributes {indexing_maps = [#a, #b, #c], panel_width = 32} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<49x2048xf32>, memref<1048576xf32> into memref<49x512xf32>
  return
}

// -----

#a = affine_map<(m, k, n) -> (m, k)>
#b = affine_map<(m, k, n) -> (n, k)>
#c = affine_map<(m, k, n) -> (m, n)>

// A transposed operand is packed first. The sum is long: blocks meet in the result's memory.
// CHECK-LABEL: func @transposed
// CHECK: %[[PACKED:.*]] = memref.alloc() {alignment = 64 : i64} : memref<262144xf32>
// CHECK: call @[[PACK:tgc_pack_[0-9]+]]({{.*}}, %[[PACKED]]
// CHECK: call @[[KERNEL:tgc_contract_[0-9]+]]({{.*}}, %[[PACKED]]
// CHECK: func private @[[PACK]]
// CHECK: func private @[[KERNEL]]
// CHECK: %c4096 = arith.constant 4096 : index
// CHECK: arith.minsi {{.*}}, %c4096
// CHECK: :26 = scf.for
// CHECK: scf.if
func.func @transposed(%x: memref<52x4096xf32>, %w: memref<64x4096xf32>, %y: memref<52x64xf32>) {
  kernel.contract (%x, %w) into %y sizes [52, 4096, 64] attributes {indexing_maps = [#a, #b, #c]} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<52x4096xf32>, memref<64x4096xf32> into memref<52x64xf32>
  return
}

// -----

#a = affine_map<(m, k, n) -> (m, k)>
#b = affine_map<(m, k, n) -> (n, k)>
#c = affine_map<(m, k, n) -> (m, n)>

// Seven rows by a transposed operand, which is read where it lies: vectors of 16 steps of four rows (then three) and four
// columns, a masked one at the end. The lanes of four columns are added until one vector has all, those of a row again, the epilogue
// follows.
// CHECK-LABEL: func @along_sum
// CHECK-NOT: memref.alloc
// CHECK: call @[[KERNEL:tgc_contract_[0-9]+]](%arg0, %arg1, %arg2,
// CHECK: func private @[[KERNEL]]
// CHECK: memref.alloca() {alignment = 64 : i64} : memref<256xf32>
// CHECK: scf.for
// CHECK: arith.minsi
// CHECK: %[[SUMS:.*]]:16 = scf.for {{.*}} step %c16
// CHECK-COUNT-4: vector.load
// CHECK-COUNT-4: vector.load
// CHECK-NOT: vector.load
// CHECK: scf.yield
// CHECK-COUNT-8: vector.maskedload
// CHECK-COUNT-6: vector.shuffle
// CHECK: vector.store
// CHECK: vector.load
// CHECK: math.absf
// CHECK: :12 = scf.for
// AVX2-LABEL: func @along_sum
// AVX2: :8 = scf.for {{.*}} step %c8
func.func @along_sum(%x: memref<7x300xf32>, %w: memref<42x300xf32>, %y: memref<7x42xf32>) {
  kernel.contract (%x, %w) into %y sizes [7, 300, 42] attributes {indexing_maps = [#a, #b, #c]} {
  ^bb0(%s: f32):
    %t = math.absf %s : f32
    kernel.yield %t : f32
  } : memref<7x300xf32>, memref<42x300xf32> into memref<7x42xf32>
  return
}

// -----

#a = affine_map<(m, k, n) -> (m, k)>
#b = affine_map<(m, k, n) -> (k, n)>
#c = affine_map<(m, k, n) -> (m, n)>

// An open number of rows: many are worth packing, few are not; one kernel serves both.
// CHECK-LABEL: func @open
// CHECK: %[[MANY:.*]] = arith.cmpi sge, %{{.*}}, %c24
// CHECK: scf.if %[[MANY]]
// CHECK: memref.alloc
// CHECK: call @tgc_pack_
// CHECK: call @[[KERNEL:tgc_contract_[0-9]+]]({{.*}}, %c32, %c32768
// CHECK: else
// CHECK-NOT: memref.alloc
// CHECK: call @[[KERNEL]]({{.*}}, %c1024, %c32
// CHECK: func private @tgc_pack_
// CHECK: func private @[[KERNEL]]
// CHECK-NOT: func private
func.func @open(%x: memref<?x1024xf32>, %w: memref<1024x1024xf32>, %y: memref<?x1024xf32>) {
  kernel.contract (%x, %w) into %y sizes [-9223372036854775808, 1024, 1024] attributes {indexing_maps = [#a, #b, #c]} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<?x1024xf32>, memref<1024x1024xf32> into memref<?x1024xf32>
  return
}

// -----

#a = affine_map<(m, k, n) -> (m, k)>
#b = affine_map<(m, k, n) -> (n, k)>
#c = affine_map<(m, k, n) -> (m, n)>

// Panels of an operand that is transposed are squares of vectors, transposed in registers. Its two blocks of the sum, the groups of 11
// panels, a copy of a tile's rows (they lie 4096 bytes apart) for each group, then the tiles of the group; each step
// fetches a line of what the result holds of the next tile, which is that of the next panel or the first of the next rows.
// CHECK-LABEL: func @blocked
// CHECK: func private @tgc_pack_
// CHECK-COUNT-16: vector.load
// CHECK-COUNT-64: vector.shuffle
// CHECK-COUNT-16: vector.store
// CHECK: func private @tgc_contract_
// CHECK: memref.alloca() {alignment = 64 : i64} : memref<7392xf32>
// CHECK: scf.for {{.*}} step %c11
// CHECK: scf.for
// CHECK: scf.for
// CHECK: scf.for {{.*}} step %c16
// CHECK-COUNT-14: vector.store
// CHECK-NOT: vector.store
// CHECK: scf.for
// CHECK: %[[LAST:.*]] = arith.cmpi sge
// CHECK: arith.select %[[LAST]]
// CHECK-NOT: memref.prefetch
// CHECK: :28 = scf.for %[[STEP:[a-z0-9]+]] =
// CHECK: arith.remui %[[STEP]], %c32
// CHECK: memref.prefetch {{.*}}, write, locality<3>
func.func @blocked(%x: memref<1022x1024xf32>, %w: memref<1024x1024xf32>, %y: memref<1022x1024xf32>) {
  kernel.contract (%x, %w) into %y sizes [1022, 1024, 1024] attributes {indexing_maps = [#a, #b, #c]} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<1022x1024xf32>, memref<1024x1024xf32> into memref<1022x1024xf32>
  return
}

// -----

#a = affine_map<(m, k, n) -> (k, m)>
#b = affine_map<(m, k, n) -> (k, n)>
#c = affine_map<(m, k, n) -> (m, n)>

// The steps of a transposed left operand lie on pages of their own: a tile of it is copied together, a vector for each step, and the next tile's
// is fetched while this one is summed.
// CHECK-LABEL: func @transposed_rows
// CHECK: func private @tgc_contract_
// CHECK: memref.alloca() {alignment = 64 : i64} : memref<3200xf32>
// CHECK: vector.maskedload
// CHECK-NEXT: vector.store
// CHECK-NEXT: }
// CHECK: :28 = scf.for
// CHECK: %[[NEXT:.*]] = arith.addi %{{.*}}, %c13
// CHECK-NEXT: memref.prefetch %{{.*}}[%[[NEXT]]], read, locality<2>
func.func @transposed_rows(%x: memref<200x1360xf32>, %w: memref<51200xf32>, %y: memref<1344x256xf32>) {
  %l = memref.subview %x[0, 0] [200, 1344] [1, 1] : memref<200x1360xf32> to memref<200x1344xf32, strided<[1360, 1]>>
  kernel.contract (%l, %w) into %y sizes [1344, 200, 256] attributes {indexing_maps = [#a, #b, #c], panel_width = 32} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<200x1344xf32, strided<[1360, 1]>>, memref<51200xf32> into memref<1344x256xf32>
  return
}

// -----

#a = affine_map<(m, k, n) -> (k, m)>
#b = affine_map<(m, k, n) -> (k, n)>
#c = affine_map<(m, k, n) -> (m, n)>

// Four panels do not pay for the copy. What stays in the second-level cache is not fetched while a tile before is summed.
// CHECK-LABEL: func @few_panels
// CHECK: func private @tgc_contract_
// CHECK-NOT: memref.alloca
// CHECK-COUNT-28: memref.prefetch {{.*}}, write
// CHECK: :28 = scf.for
// CHECK-NOT: memref.prefetch {{.*}}, read, locality<2>
func.func @few_panels(%x: memref<200x1360xf32>, %w: memref<25600xf32>, %y: memref<504x128xf32>) {
  %l = memref.subview %x[0, 0] [200, 504] [1, 1] : memref<200x1360xf32> to memref<200x504xf32, strided<[1360, 1]>>
  kernel.contract (%l, %w) into %y sizes [504, 200, 128] attributes {indexing_maps = [#a, #b, #c], panel_width = 32} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<200x504xf32, strided<[1360, 1]>>, memref<25600xf32> into memref<504x128xf32>
  return
}

// -----

#a = affine_map<(m, k, n) -> (k, m)>
#b = affine_map<(m, k, n) -> (k, n)>
#c = affine_map<(m, k, n) -> (m, n)>

// As in a gradient by a filter: a right operand of two panels is read in place by 512 rows, however long the sum is, and packed for more.
// CHECK-LABEL: func @narrow
// CHECK-NOT: call @tgc_pack_
// CHECK: call @tgc_contract_
// CHECK: call @tgc_pack_
// CHECK: call @tgc_contract_
// CHECK-LABEL: func @narrow_open
// CHECK-NOT: call @tgc_pack_
// CHECK: call @tgc_contract_
// AVX2-LABEL: func @narrow
// AVX2: call @tgc_pack_
// AVX2: call @tgc_contract_
func.func @narrow(%x: memref<12000x512xf32>, %long: memref<12000x600xf32>, %w: memref<12000x64xf32>, %y: memref<512x64xf32>, %z: memref<600x64xf32>) {
  kernel.contract (%x, %w) into %y sizes [512, 12000, 64] attributes {indexing_maps = [#a, #b, #c]} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<12000x512xf32>, memref<12000x64xf32> into memref<512x64xf32>
  kernel.contract (%long, %w) into %z sizes [600, 12000, 64] attributes {indexing_maps = [#a, #b, #c]} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<12000x600xf32>, memref<12000x64xf32> into memref<600x64xf32>
  return
}
func.func @narrow_open(%x: memref<?x512xf32>, %w: memref<?x64xf32>, %y: memref<512x64xf32>) {
  kernel.contract (%x, %w) into %y sizes [512, -9223372036854775808, 64] attributes {indexing_maps = [#a, #b, #c]} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<?x512xf32>, memref<?x64xf32> into memref<512x64xf32>
  return
}

// -----

#a = affine_map<(m, k, n) -> (m, k)>
#b = affine_map<(m, k, n) -> (k, n)>
#c = affine_map<(m, k, n) -> (m, n)>

// Rows that do not stay in the second-level cache: each step of the sum fetches a line of one of the next tile's.
// CHECK-LABEL: func @far_rows
// CHECK: func private @tgc_contract_
// CHECK: %[[ROW:.*]] = arith.muli %{{.*}}, %c3584
// CHECK: %[[NEXT:.*]] = arith.addi %{{.*}}, %c3584
// CHECK: :28 = scf.for %[[STEP:[a-z0-9]+]] = %c0
// CHECK: %[[REST:.*]] = arith.remui %[[STEP]], %c16
// CHECK: %[[LINE:.*]] = arith.subi %[[STEP]], %[[REST]]
// CHECK: %[[ROW:.*]] = arith.muli %[[REST]], %c256
// CHECK: %[[BEGIN:.*]] = arith.addi %[[NEXT]], %[[LINE]]
// CHECK: %[[AT:.*]] = arith.addi %[[BEGIN]], %[[ROW]]
// CHECK: memref.prefetch %{{.*}}[%[[AT]]], read, locality<2>
func.func @far_rows(%x: memref<1120x256xf32>, %w: memref<65536xf32>, %y: memref<1120x256xf32>) {
  kernel.contract (%x, %w) into %y sizes [1120, 256, 256] attributes {indexing_maps = [#a, #b, #c], panel_width = 32} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<1120x256xf32>, memref<65536xf32> into memref<1120x256xf32>
  return
}

// -----

#x = affine_map<(h, w, r, s, c) -> (h + r, w + s, c)>
#w = affine_map<(h, w, r, s, c) -> (r, s, c)>
#y = affine_map<(h, w, r, s, c) -> (h, w, c)>

// Depthwise: 14 pixels share a load of two vectors of weights, whose channels the operand's are multiplied with.
// CHECK-LABEL: func @depthwise
// CHECK: func private @tgc_contract_
// CHECK: :28 = scf.for
// CHECK: :28 = scf.for
// CHECK-COUNT-30: vector.load
// CHECK-NOT: vector.load
// CHECK-NOT: vector.broadcast
// CHECK: scf.yield
func.func @depthwise(%x: memref<30x30x64xf32>, %w: memref<576xf32>, %y: memref<28x28x64xf32>) {
  kernel.contract (%x, %w) into %y sizes [28, 28, 3, 3, 64] attributes {indexing_maps = [#x, #w, #y], panel_width = 32} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<30x30x64xf32>, memref<576xf32> into memref<28x28x64xf32>
  return
}

// -----

#a = affine_map<(m, k, n) -> (m, k)>
#b = affine_map<(m, k, n) -> (k, n)>
#c = affine_map<(m, k, n) -> (m, n)>

// One row: so many vectors at once that long pieces of a row are read, 24 at most, or eight where there are 16 registers.
// CHECK-LABEL: func @wide_row
// CHECK: func private @tgc_contract_
// CHECK-NOT: memref.prefetch
// CHECK: :16 = scf.for
// AVX2-LABEL: func @wide_row
// AVX2: func private @tgc_contract_
// AVX2: :8 = scf.for
func.func @wide_row(%x: memref<1x256xf32>, %w: memref<256x512xf32>, %y: memref<1x512xf32>) {
  kernel.contract (%x, %w) into %y sizes [1, 256, 512] attributes {indexing_maps = [#a, #b, #c]} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<1x256xf32>, memref<256x512xf32> into memref<1x512xf32>
  return
}

// -----

#a = affine_map<(m, k, n) -> (m, k)>
#b = affine_map<(m, k, n) -> (k, n)>
#c = affine_map<(m, k, n) -> (m, n)>

// Of 72 columns the last 8 take one vector under a mask; whole panels have no masks.
// CHECK-LABEL: func @last_panel
// CHECK: func private @tgc_contract_
// CHECK: :28 = scf.for
// CHECK-COUNT-28: vector.store
// CHECK-NOT: vector.store
// CHECK: scf.if
// CHECK: :14 = scf.for
// CHECK-COUNT-14: vector.maskedstore
// CHECK-NOT: vector.maskedstore
func.func @last_panel(%x: memref<28x70xf32>, %w: memref<6720xf32>, %y: memref<28x72xf32>) {
  kernel.contract (%x, %w) into %y sizes [28, 70, 72] attributes {indexing_maps = [#a, #b, #c], panel_width = 32} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<28x70xf32>, memref<6720xf32> into memref<28x72xf32>
  return
}

// -----

#a = affine_map<(m, k, n) -> (m, k)>
#b = affine_map<(m, k, n) -> (k, n)>
#c = affine_map<(m, k, n) -> (m, n)>

// A tile that was measured: 8 rows of 3 vectors, read in place where the table packs.
// CHECK-LABEL: func @measured
// CHECK-NOT: tgc_pack
// CHECK: :24 = scf.for
// CHECK-COUNT-3: vector.load {{.*}} vector<16xf32>
// CHECK-NOT: vector.load
// CHECK: scf.yield
func.func @measured(%x: memref<64x256xf32>, %w: memref<256x480xf32>, %y: memref<64x480xf32>) {
  kernel.contract (%x, %w) into %y sizes [64, 256, 480] attributes {indexing_maps = [#a, #b, #c], kernel.tile = array<i64: 3, 8, 0, 1>} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<64x256xf32>, memref<256x480xf32> into memref<64x480xf32>
  return
}

// -----

#a = affine_map<(m, k, n) -> (m, k)>
#b = affine_map<(m, k, n) -> (k, n)>
#c = affine_map<(m, k, n) -> (m, n)>

// Numbers that no code can be made for are as good as none.
// CHECK-LABEL: func @senseless
// CHECK: memref.alloca
// CHECK: :26 = scf.for
func.func @senseless(%x: memref<128x1024xf32>, %w: memref<1024x1024xf32>, %y: memref<128x1024xf32>) {
  kernel.contract (%x, %w) into %y sizes [128, 1024, 1024] attributes {indexing_maps = [#a, #b, #c], kernel.tile = array<i64: 90000, 8, 0, 1>} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<128x1024xf32>, memref<1024x1024xf32> into memref<128x1024xf32>
  return
}

// -----

#a = affine_map<(m, k, n) -> (m, k)>
#b = affine_map<(m, k, n) -> (k, n)>
#c = affine_map<(m, k, n) -> (m, n)>

// Few rows by many columns: the kernel packs blocks of 224 steps (a fifth, in whole vectors) of a group of panels on its stack, and each
// tile of rows fetches its part of the block that comes next.
// CHECK-LABEL: func @few_rows
// CHECK-NOT: memref.alloc
// CHECK: call @tgc_contract_
// CHECK: func private @tgc_contract_
// CHECK-DAG: %c1100 = arith.constant 1100
// CHECK: %[[BLOCK:.*]] = memref.alloca() {alignment = 64 : i64} : memref<57344xf32>
// CHECK: scf.for
// CHECK: arith.minsi
// CHECK: vector.store {{.*}}, %[[BLOCK]]
// CHECK: :26 = scf.for
// CHECK: memref.prefetch {{.*}}, read, locality<2>
// CHECK: vector.load %[[BLOCK]]
func.func @few_rows(%x: memref<128x1100xf32>, %w: memref<1100x1024xf32>, %y: memref<128x1024xf32>) {
  kernel.contract (%x, %w) into %y sizes [128, 1100, 1024] attributes {indexing_maps = [#a, #b, #c]} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<128x1100xf32>, memref<1100x1024xf32> into memref<128x1024xf32>
  return
}

// -----

#a = affine_map<(m, k, n) -> (m, k)>
#b = affine_map<(m, k, n) -> (k, n)>
#c = affine_map<(m, k, n) -> (m, n)>

// More rows, too, if there are columns enough for many threads; else the operand is packed before.
// CHECK-LABEL: func @wide
// CHECK-NOT: memref.alloc
// CHECK-NOT: call @tgc_pack_
// CHECK: call @tgc_contract_
// CHECK: return
// CHECK-LABEL: func @narrow
// CHECK: call @tgc_pack_
func.func @wide(%x: memref<400x1100xf32>, %w: memref<1100x1024xf32>, %y: memref<400x1024xf32>) {
  kernel.contract (%x, %w) into %y sizes [400, 1100, 1024] attributes {indexing_maps = [#a, #b, #c]} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<400x1100xf32>, memref<1100x1024xf32> into memref<400x1024xf32>
  return
}
func.func @narrow(%x: memref<400x1100xf32>, %w: memref<1100x960xf32>, %y: memref<400x960xf32>) {
  kernel.contract (%x, %w) into %y sizes [400, 1100, 960] attributes {indexing_maps = [#a, #b, #c]} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<400x1100xf32>, memref<1100x960xf32> into memref<400x960xf32>
  return
}

// -----

#a = affine_map<(m, k, n) -> (m, k)>
#b = affine_map<(m, k, n) -> (k, n)>
#c = affine_map<(m, k, n) -> (m, n)>

// A step of a tile of large vectors takes longer than to fetch a piece of a row: the right operand is read in place, by any
// number of rows. Others have the call choose.
// CHECK-LABEL: func @in_place
// CHECK-NOT: memref.alloc
// CHECK-NOT: scf.if
// CHECK: call @tgc_contract_
// CHECK-NOT: vector.store
// CHECK: :24 = scf.for
// CHECK: vector.load
// AVX2-LABEL: func @in_place
// AVX2: scf.if
// AVX2: call @tgc_pack_
func.func @in_place(%x: memref<?x784xf32>, %w: memref<784x320xf32>, %y: memref<?x320xf32>) {
  kernel.contract (%x, %w) into %y sizes [-9223372036854775808, 784, 320] attributes {indexing_maps = [#a, #b, #c]} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<?x784xf32>, memref<784x320xf32> into memref<?x320xf32>
  return
}

// -----

#a = affine_map<(m, k, n) -> (m, k)>
#b = affine_map<(m, k, n) -> (k, n)>
#c = affine_map<(m, k, n) -> (m, n)>

// Few rows read 4 MB in place; of more, whose pieces would come from memory one by one, the kernel packs a block at a time. Less than
// 128 columns stay in place: their rows are short.
// CHECK-LABEL: func @far
// CHECK-NOT: call @tgc_pack_
// CHECK: return
// CHECK-LABEL: func private @tgc_contract_{{.*}}memref<2048x512xf32>
// CHECK-NOT: memref<65536xf32>
// CHECK: return
// CHECK-LABEL: func private @tgc_contract_{{.*}}memref<4608x512xf32>
// CHECK: memref.alloca() {alignment = 64 : i64} : memref<65536xf32>
// CHECK: return
// CHECK-LABEL: func private @tgc_contract_{{.*}}memref<20000x100xf32>
// CHECK-NOT: memref.alloca
// CHECK: return
func.func @far(%x: memref<49x2048xf32>, %w: memref<2048x512xf32>, %y: memref<49x512xf32>, %far: memref<49x4608xf32>, %v: memref<4608x512xf32>,
               %long: memref<49x20000xf32>, %u: memref<20000x100xf32>, %z: memref<49x100xf32>) {
  kernel.contract (%x, %w) into %y sizes [49, 2048, 512] attributes {indexing_maps = [#a, #b, #c]} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<49x2048xf32>, memref<2048x512xf32> into memref<49x512xf32>
  kernel.contract (%far, %v) into %y sizes [49, 4608, 512] attributes {indexing_maps = [#a, #b, #c]} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<49x4608xf32>, memref<4608x512xf32> into memref<49x512xf32>
  kernel.contract (%long, %u) into %z sizes [49, 20000, 100] attributes {indexing_maps = [#a, #b, #c]} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<49x20000xf32>, memref<20000x100xf32> into memref<49x100xf32>
  return
}

// -----

#a = affine_map<(m, k, n) -> (m, k)>
#b = affine_map<(m, k, n) -> (k, n)>
#c = affine_map<(m, k, n) -> (m, n)>

// A long epilogue is there twice for a tile, not 24 times: the sums go through memory, and a loop over the rows takes them
// from there.
// CHECK-LABEL: func @long_epilogue
// CHECK: %[[PARKED:.*]] = memref.alloca() {{.*}} : memref<384xf32>
// CHECK: %[[SUMS:.*]]:24 = scf.for
// CHECK: vector.store %[[SUMS]]#0, %[[PARKED]]
// CHECK: vector.store %[[SUMS]]#23, %[[PARKED]]
// CHECK: scf.for
// CHECK-COUNT-2: vector.load %[[PARKED]]
// CHECK: math.tanh
// CHECK: math.tanh
// CHECK-NOT: math.tanh
// CHECK: llvm.loop_annotation = #[[KEPT:.*]]}
func.func @long_epilogue(%x: memref<24x256xf32>, %w: memref<65536xf32>, %y: memref<24x256xf32>) {
  kernel.contract (%x, %w) into %y sizes [24, 256, 256] attributes {indexing_maps = [#a, #b, #c], panel_width = 32} {
  ^bb0(%s: f32):
    %t = math.tanh %s : f32
    kernel.yield %t : f32
  } : memref<24x256xf32>, memref<65536xf32> into memref<24x256xf32>
  return
}

// -----

#a = affine_map<(y, x, k, n) -> (2 * y, 2 * x, k)>
#b = affine_map<(y, x, k, n) -> (k, n)>
#c = affine_map<(y, x, k, n) -> (y, x, n)>

// So are 7 rows of every other pixel: 4 and 3 of them.
// CHECK-LABEL: func @colliding_pixels
// CHECK: func private @tgc_contract_
// CHECK-NOT: memref.alloca
// CHECK: :8 = scf.for
// CHECK: :6 = scf.for
func.func @colliding_pixels(%x: memref<14x14x1024xf32>, %w: memref<524288xf32>, %y: memref<7x7x512xf32>) {
  kernel.contract (%x, %w) into %y sizes [7, 7, 1024, 512] attributes {indexing_maps = [#a, #b, #c], panel_width = 32} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<14x14x1024xf32>, memref<524288xf32> into memref<7x7x512xf32>
  return
}

// -----

#a = affine_map<(m, k, n) -> (m, k)>
#b = affine_map<(m, k, n) -> (k, n)>
#c = affine_map<(m, k, n) -> (m, n)>

// Panels from memory that four rows read once are not fetched ahead, those that twenty rows read twice are.
// CHECK-LABEL: func @stream
// CHECK: func private @tgc_contract_
// CHECK-NOT: memref.prefetch
// CHECK-LABEL: func @read_twice
// CHECK: func private @tgc_contract_
// CHECK: memref.prefetch
func.func @stream(%x: memref<4x2048xf32>, %w: memref<4194304xf32>, %y: memref<4x2048xf32>) {
  kernel.contract (%x, %w) into %y sizes [4, 2048, 2048] attributes {indexing_maps = [#a, #b, #c], panel_width = 32} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<4x2048xf32>, memref<4194304xf32> into memref<4x2048xf32>
  return
}

// -----

#a = affine_map<(m, k, n) -> (m, k)>
#b = affine_map<(m, k, n) -> (k, n)>
#c = affine_map<(m, k, n) -> (m, n)>

func.func @read_twice(%x: memref<20x2048xf32>, %w: memref<4194304xf32>, %y: memref<20x2048xf32>) {
  kernel.contract (%x, %w) into %y sizes [20, 2048, 2048] attributes {indexing_maps = [#a, #b, #c], panel_width = 32} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<20x2048xf32>, memref<4194304xf32> into memref<20x2048xf32>
  return
}
