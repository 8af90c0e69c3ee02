// RUN: tgc-opt %s --tgc-lower-contractions="vector-bytes=64 vector-registers=32" --split-input-file --canonicalize --cse | FileCheck %s

#x = affine_map<(n, y, x, p, q, c, f) -> (n, y + p, x + q, c)>
#w = affine_map<(n, y, x, p, q, c, f) -> (p, q, c, f)>
#r = affine_map<(n, y, x, p, q, c, f) -> (n, y, x, f)>

// A window of 3 x 3 over an image of 7 x 7 in borders of zeros: the rows of the window that lie within the image are summed, and its first and its
// last column are summed for the 6 of 7 results that meet the image in them.
// CHECK-LABEL: func @both
// CHECK: func private @tgc_contract_
// CHECK: arith.subi %c1, %[[ROW:.*]] : index
// CHECK: arith.subi %c8, %[[ROW]] : index
// CHECK: arith.maxsi
// CHECK: arith.minsi
// CHECK: %[[BEGIN:.*]] = arith.maxsi
// CHECK: %[[END:.*]] = arith.minsi
// CHECK: :14 = scf.for %{{.*}} = %[[BEGIN]] to %[[END]]
// CHECK: :12 = scf.for %{{.*}} = %c0 to %c16
// CHECK: :14 = scf.for %{{.*}} = %c16 to %c32
// CHECK: :12 = scf.for %{{.*}} = %c32 to %c48
// CHECK-COUNT-14: vector.store
func.func @both(%x: memref<2x9x9x16xf32>, %w: memref<3x3x16x32xf32>, %r: memref<2x7x7x32xf32>) {
  kernel.contract (%x, %w) into %r sizes [2, 7, 7, 3, 3, 16, 32]
      attributes {indexing_maps = [#x, #w, #r], in_place, zero_borders = array<i64: 1, 1, 8, 2, 1, 8>} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<2x9x9x16xf32>, memref<3x3x16x32xf32> into memref<2x7x7x32xf32>
  return
}

// -----

#x = affine_map<(n, y, x, p, q, c, f) -> (n, y + p, x + q, c)>
#w = affine_map<(n, y, x, p, q, c, f) -> (p, q, c, f)>
#r = affine_map<(n, y, x, p, q, c, f) -> (n, y, x, f)>

// Of a wide image so few products are with zeros that all are summed.
// CHECK-LABEL: func @wide
// CHECK: func private @tgc_contract_
// CHECK: :28 = scf.for %{{.*}} = %c0 to %c3
// CHECK: :28 = scf.for %{{.*}} = %c0 to %c48
func.func @wide(%x: memref<2x58x58x16xf32>, %w: memref<3x3x16x32xf32>, %r: memref<2x56x56x32xf32>) {
  kernel.contract (%x, %w) into %r sizes [2, 56, 56, 3, 3, 16, 32]
      attributes {indexing_maps = [#x, #w, #r], in_place, zero_borders = array<i64: 1, 1, 57, 2, 1, 57>} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<2x58x58x16xf32>, memref<3x3x16x32xf32> into memref<2x56x56x32xf32>
  return
}

// -----

#x = affine_map<(n, y, x, p, q, c, f) -> (n, y + 2 * p, x + 2 * q, c)>
#w = affine_map<(n, y, x, p, q, c, f) -> (p, q, c, f)>
#r = affine_map<(n, y, x, p, q, c, f) -> (n, y, x, f)>

// Of four tiles of a row the first meets the image in the first column of the window with 12 of its pixels, the last in the last column; those
// between have no zeros.
// CHECK-LABEL: func @edges
// CHECK: func private @tgc_contract_
// CHECK: arith.cmpi eq, %{{.*}}, %c0
// CHECK: scf.if
// CHECK: :24 = scf.for %{{.*}} = %c0 to %c64
// CHECK: :28 = scf.for %{{.*}} = %c0 to %c64
// CHECK: :28 = scf.for %{{.*}} = %c0 to %c64
// CHECK: arith.cmpi eq, %{{.*}}, %c3
// CHECK: scf.if
// CHECK: :28 = scf.for %{{.*}} = %c0 to %c64
// CHECK: :28 = scf.for %{{.*}} = %c0 to %c64
// CHECK: :24 = scf.for %{{.*}} = %c0 to %c64
// CHECK: :28 = scf.for %{{.*}} = %c0 to %c3
func.func @edges(%x: memref<1x60x60x64xf32>, %w: memref<3x3x64x32xf32>, %r: memref<1x56x56x32xf32>) {
  kernel.contract (%x, %w) into %r sizes [1, 56, 56, 3, 3, 64, 32]
      attributes {indexing_maps = [#x, #w, #r], in_place, zero_borders = array<i64: 1, 2, 58, 2, 2, 58>} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<1x60x60x64xf32>, memref<3x3x64x32xf32> into memref<1x56x56x32xf32>
  return
}

// -----

#x = affine_map<(n, y, x, p, q, c, f) -> (n, y + p, x + q, c)>
#w = affine_map<(n, y, x, p, q, c, f) -> (p, q, f, c)>
#r = affine_map<(n, y, x, p, q, c, f) -> (n, y, x, f)>

// A filter that is read from its last pixel on is packed from there: two rows of three pixels of 32 x 16 elements further on, and back.
// CHECK-LABEL: func @reversed
// CHECK: func private @tgc_pack_
// CHECK: %[[ROW:.*]] = arith.muli %{{.*}}, %c-1536
// CHECK: arith.addi %[[ROW]], %c4096
// CHECK: arith.muli %{{.*}}, %c-512
func.func @reversed(%x: memref<1x10x60x16xf32>, %w: memref<3x3x32x16xf32>, %r: memref<1x8x58x32xf32>) {
  kernel.contract (%x, %w) into %r sizes [1, 8, 58, 3, 3, 16, 32] attributes {indexing_maps = [#x, #w, #r], reversed_rhs = array<i64: 3, 4>} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<1x10x60x16xf32>, memref<3x3x32x16xf32> into memref<1x8x58x32xf32>
  return
}
