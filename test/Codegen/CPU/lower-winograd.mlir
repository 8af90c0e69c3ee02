// RUN: tgc-opt %s --tgc-lower-contractions="vector-bytes=64 vector-registers=32" --split-input-file --canonicalize --cse | FileCheck %s

#x = affine_map<(n, y, x, r, s, c, k) -> (n, y + r, x + s, c)>
#f = affine_map<(n, y, x, r, s, c, k) -> (r, s, c, k)>
#y = affine_map<(n, y, x, r, s, c, k) -> (n, y, x, k)>

// A fed filter is transformed before; 36 products per tile are one contraction, whose operands are on the stack; the region is
// computed of 16 vectors of results, and nothing else is stored in the image.
// CHECK-LABEL: func @tiles
// CHECK: %[[FILTER:.*]] = memref.alloc() {alignment = 64 : i64} : memref<36864xf32>
// CHECK: call @tgc_filter_0(%{{.*}}, %[[FILTER]],
// CHECK: call @tgc_contract_1(%{{.*}}, %[[FILTER]],
// CHECK: func private @tgc_filter_0
// CHECK-COUNT-9: vector.load
// CHECK-NOT: vector.load
// CHECK-COUNT-36: vector.store
// CHECK: func private @tgc_contract_1
// CHECK-COUNT-2: memref.alloca
// CHECK-NOT: memref.alloc
// CHECK-COUNT-36: vector.load
// CHECK-NOT: vector.load
// CHECK-COUNT-36: vector.store
// CHECK: :16 = scf.for
// CHECK: scf.yield
// CHECK-COUNT-16: vector.store
// CHECK-COUNT-36: vector.load
// CHECK-NOT: vector.load
// CHECK-COUNT-16: arith.negf
// CHECK-NOT: scf.for
func.func @tiles(%x: memref<7x18x18x32xf32>, %f: memref<3x3x32x32xf32>, %y: memref<7x16x16x32xf32>) {
  kernel.contract (%x, %f) into %y sizes [7, 16, 16, 3, 3, 32, 32] attributes {indexing_maps = [#x, #f, #y], winograd} {
  ^bb0(%s: f32):
    %t = arith.negf %s : f32
    kernel.yield %t : f32
  } : memref<7x18x18x32xf32>, memref<3x3x32x32xf32> into memref<7x16x16x32xf32>
  return
}

// -----

#x = affine_map<(n, y, x, r, s, c, k) -> (n, y + r, x + s, c)>
#f = affine_map<(n, y, x, r, s, c, k) -> (r, s, c, k)>
#y = affine_map<(n, y, x, r, s, c, k) -> (n, y, x, k)>

// Tiles of 496 channels do not lie 2048 bytes apart, where lines of the cache collide and a contraction copies its rows together; no memory
// of the stack is taken in a loop.
// CHECK-LABEL: func @channels
// CHECK: func private @tgc_contract_1
// CHECK: arith.constant 528 : index
// CHECK-COUNT-2: memref.alloca
// CHECK: scf.for
// CHECK-NOT: memref.alloca
func.func @channels(%x: memref<64x34x34x496xf32>, %f: memref<3x3x496x1024xf32>, %y: memref<64x32x32x1024xf32>) {
  kernel.contract (%x, %f) into %y sizes [64, 32, 32, 3, 3, 496, 1024] attributes {indexing_maps = [#x, #f, #y], winograd} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<64x34x34x496xf32>, memref<3x3x496x1024xf32> into memref<64x32x32x1024xf32>
  return
}

// -----

#gx = affine_map<(r, s, c, n, y, x, k) -> (n, y + r, x + s, c)>
#gy = affine_map<(r, s, c, n, y, x, k) -> (n, y, x, k)>
#gf = affine_map<(r, s, c, n, y, x, k) -> (r, s, c, k)>

// The gradient by the filter: four parts of the tiles have sums of their own, which are added before the filter's elements are
// made of them. The last of two tiles down shares a result with the one before it, which is not counted twice.
// CHECK-LABEL: func @gradient
// CHECK: %[[SUMS:.*]] = memref.alloc() {alignment = 64 : i64} : memref<147456xf32>
// CHECK: call @tgc_gradient_0(%{{.*}}, %{{.*}}, %[[SUMS]],
// CHECK: call @tgc_contract_1(%{{.*}}, %[[SUMS]],
// CHECK: func private @tgc_gradient_0
// CHECK-COUNT-2: memref.alloca
// CHECK-COUNT-36: vector.load
// CHECK-COUNT-36: vector.store
// CHECK-COUNT-16: vector.load
// CHECK-NOT: vector.load
// CHECK-COUNT-36: vector.store
// CHECK: func private @tgc_contract_1
// CHECK-COUNT-144: vector.load
// CHECK-NOT: vector.load
// CHECK-COUNT-9: vector.store
// CHECK-NOT: vector.store
func.func @gradient(%x: memref<8x9x18x32xf32>, %g: memref<8x7x16x32xf32>, %f: memref<3x3x32x32xf32>) {
  kernel.contract (%x, %g) into %f sizes [3, 3, 32, 8, 7, 16, 32] attributes {indexing_maps = [#gx, #gy, #gf], winograd} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<8x9x18x32xf32>, memref<8x7x16x32xf32> into memref<3x3x32x32xf32>
  return
}

// -----

#x = affine_map<(n, y, x, r, s, c, k) -> (n, y + r, x + s, c)>
#f = affine_map<(n, y, x, r, s, c, k) -> (r, s, c, k)>
#y = affine_map<(n, y, x, r, s, c, k) -> (n, y, x, k)>

// Four windows of a tile: 16 elements, 12 maxima, 4 stores.
// CHECK-LABEL: func @pool
// CHECK: func private @tgc_contract_1
// CHECK-COUNT-16: arith.negf
// CHECK-NOT: arith.negf
// CHECK: return
func.func @pool(%x: memref<7x18x18x32xf32>, %f: memref<3x3x32x32xf32>, %y: memref<7x8x8x32xf32>) {
  kernel.contract (%x, %f) into %y sizes [7, 16, 16, 3, 3, 32, 32] pool maximum attributes {indexing_maps = [#x, #f, #y], winograd} {
  ^bb0(%s: f32):
    %t = arith.negf %s : f32
    kernel.yield %t : f32
  } : memref<7x18x18x32xf32>, memref<3x3x32x32xf32> into memref<7x8x8x32xf32>
  return
}

// -----

#x = affine_map<(n, y, x, r, s, c, k) -> (n, y + r, x + s, c)>
#f = affine_map<(n, y, x, r, s, c, k) -> (r, s, c, k)>
#y = affine_map<(n, y, x, r, s, c, k) -> (n, y, x, k)>

// Windows of seven weights in one row: nine products of nine elements and of a transformed filter make three results. Each tile is
// transformed once, in one direction.
// CHECK-LABEL: func @row
// CHECK: memref.alloc() {alignment = 64 : i64} : memref<9216xf32>
// CHECK: func private @tgc_filter_0
// CHECK-COUNT-7: vector.load
// CHECK-NOT: vector.load
// CHECK-COUNT-9: vector.store
// CHECK-NOT: vector.store
// CHECK: func private @tgc_contract_1
// CHECK-COUNT-2: memref.alloca
// CHECK-COUNT-9: vector.load
// CHECK-NOT: vector.load
// CHECK-COUNT-9: vector.store
// CHECK-COUNT-3: arith.negf
// CHECK-NOT: arith.negf
func.func @row(%x: memref<7x16x24x32xf32>, %f: memref<1x7x32x32xf32>, %y: memref<7x16x18x32xf32>) {
  kernel.contract (%x, %f) into %y sizes [7, 16, 18, 1, 7, 32, 32] attributes {indexing_maps = [#x, #f, #y], winograd} {
  ^bb0(%s: f32):
    %t = arith.negf %s : f32
    kernel.yield %t : f32
  } : memref<7x16x24x32xf32>, memref<1x7x32x32xf32> into memref<7x16x18x32xf32>
  return
}

// -----

#gx = affine_map<(r, s, c, n, y, x, k) -> (n, y + r, x + s, c)>
#gy = affine_map<(r, s, c, n, y, x, k) -> (n, y, x, k)>
#gf = affine_map<(r, s, c, n, y, x, k) -> (r, s, c, k)>

// The gradient by such a filter of three weights in one column: eight products of eight elements and six gradients.
// CHECK-LABEL: func @column_gradient
// CHECK: func private @tgc_gradient_0
// CHECK-COUNT-2: memref.alloca
// CHECK-COUNT-8: vector.load
// CHECK-COUNT-8: vector.store
// CHECK-COUNT-6: vector.load
// CHECK-NOT: vector.load
// CHECK-COUNT-8: vector.store
// CHECK: func private @tgc_contract_1
// CHECK-COUNT-3: vector.store
// CHECK-NOT: vector.store
func.func @column_gradient(%x: memref<8x20x16x32xf32>, %g: memref<8x18x16x32xf32>, %f: memref<3x1x32x32xf32>) {
  kernel.contract (%x, %g) into %f sizes [3, 1, 32, 8, 18, 16, 32] attributes {indexing_maps = [#gx, #gy, #gf], winograd} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<8x20x16x32xf32>, memref<8x18x16x32xf32> into memref<3x1x32x32xf32>
  return
}
