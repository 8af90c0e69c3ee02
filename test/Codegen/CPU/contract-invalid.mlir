// RUN: tgc-opt %s -split-input-file -verify-diagnostics

#x = affine_map<(n, y, x, r, s, c, k) -> (n, y + r, x + s, c)>
#f = affine_map<(n, y, x, r, s, c, k) -> (r, s, c, k)>
#y = affine_map<(n, y, x, r, s, c, k) -> (n, y, x, k)>

func.func @not_by_tiles(%x: memref<7x18x18x32xf32>, %f: memref<3x3x32x32xf32>, %y: memref<7x8x8x32xf32>) {
  // expected-error@+1 {{pools the results of convolutions by tiles only}}
  kernel.contract (%x, %f) into %y sizes [7, 16, 16, 3, 3, 32, 32] pool sum attributes {indexing_maps = [#x, #f, #y]} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<7x18x18x32xf32>, memref<3x3x32x32xf32> into memref<7x8x8x32xf32>
  return
}

// -----

#x = affine_map<(n, y, x, r, s, c, k) -> (n, y + r, x + s, c)>
#f = affine_map<(n, y, x, r, s, c, k) -> (r, s, c, k)>
#y = affine_map<(n, y, x, r, s, c, k) -> (n, y, x, k)>

func.func @all_rows(%x: memref<7x18x18x32xf32>, %f: memref<3x3x32x32xf32>, %y: memref<7x16x8x32xf32>) {
  // expected-error@+1 {{expected half as many elements along dimension 1 of its init as its loop has, got 'memref<7x16x8x32xf32>'}}
  kernel.contract (%x, %f) into %y sizes [7, 16, 16, 3, 3, 32, 32] pool maximum attributes {indexing_maps = [#x, #f, #y], winograd} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<7x18x18x32xf32>, memref<3x3x32x32xf32> into memref<7x16x8x32xf32>
  return
}

// -----

#x = affine_map<(m, k, n) -> (m, k)>
#f = affine_map<(m, k, n) -> (k, n)>
#y = affine_map<(m, k, n) -> (m, n)>

func.func @no_images(%x: memref<16x32xf32>, %f: memref<32x32xf32>, %y: memref<8x32xf32>) {
  // expected-error@+1 {{pools images, expected an init of 4 dimensions, got 'memref<8x32xf32>'}}
  kernel.contract (%x, %f) into %y sizes [16, 32, 32] pool maximum attributes {indexing_maps = [#x, #f, #y], winograd} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<16x32xf32>, memref<32x32xf32> into memref<8x32xf32>
  return
}

// -----

#x = affine_map<(i, j, k) -> (i, k)>
#w = affine_map<(i, j, k) -> (k, j)>
#r = affine_map<(i, j, k) -> (i, j)>

func.func @two_numbers(%x: memref<4x8xf32>, %w: memref<8x16xf32>, %r: memref<4x16xf32>) {
  // expected-error @+1 {{zero_borders has 2 numbers, expected three for each dimension}}
  kernel.contract (%x, %w) into %r sizes [4, 16, 8] attributes {indexing_maps = [#x, #w, #r], zero_borders = array<i64: 1, 2>} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<4x8xf32>, memref<8x16xf32> into memref<4x16xf32>
  return
}

// -----

#x = affine_map<(i, j, k) -> (i, k)>
#w = affine_map<(i, j, k) -> (k, j)>
#r = affine_map<(i, j, k) -> (i, j)>

func.func @no_such_dimension(%x: memref<4x8xf32>, %w: memref<8x16xf32>, %r: memref<4x16xf32>) {
  // expected-error @+1 {{zero_borders names dimension 2, expected rising dimensions of 'memref<4x8xf32>'}}
  kernel.contract (%x, %w) into %r sizes [4, 16, 8] attributes {indexing_maps = [#x, #w, #r], zero_borders = array<i64: 2, 1, 2>} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<4x8xf32>, memref<8x16xf32> into memref<4x16xf32>
  return
}

// -----

#x = affine_map<(i, j, k) -> (i, k)>
#w = affine_map<(i, j, k) -> (k, j)>
#r = affine_map<(i, j, k) -> (i, j)>

func.func @twice(%x: memref<4x8xf32>, %w: memref<8x16xf32>, %r: memref<4x16xf32>) {
  // expected-error @+1 {{zero_borders names dimension 1, expected rising dimensions of 'memref<4x8xf32>'}}
  kernel.contract (%x, %w) into %r sizes [4, 16, 8] attributes {indexing_maps = [#x, #w, #r], zero_borders = array<i64: 1, 1, 7, 1, 2, 6>} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<4x8xf32>, memref<8x16xf32> into memref<4x16xf32>
  return
}

// -----

#x = affine_map<(i, j, k) -> (i, k)>
#w = affine_map<(i, j, k) -> (k, j)>
#r = affine_map<(i, j, k) -> (i, j)>

func.func @behind_the_end(%x: memref<4x8xf32>, %w: memref<8x16xf32>, %r: memref<4x16xf32>) {
  // expected-error @+1 {{zero_borders has the range [1, 9) of dimension 1 of 'memref<4x8xf32>'}}
  kernel.contract (%x, %w) into %r sizes [4, 16, 8] attributes {indexing_maps = [#x, #w, #r], zero_borders = array<i64: 1, 1, 9>} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<4x8xf32>, memref<8x16xf32> into memref<4x16xf32>
  return
}

// -----

#x = affine_map<(i, j, k) -> (i, k)>
#w = affine_map<(i, j, k) -> (k, j)>
#r = affine_map<(i, j, k) -> (i, j)>

func.func @does_not_move(%x: memref<4x8xf32>, %w: memref<8x16xf32>, %r: memref<4x16xf32>) {
  // expected-error @+1 {{reversed_rhs names 0, expected loops of known sizes of a right operand that is not packed}}
  kernel.contract (%x, %w) into %r sizes [4, 16, 8] attributes {indexing_maps = [#x, #w, #r], reversed_rhs = array<i64: 0>} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<4x8xf32>, memref<8x16xf32> into memref<4x16xf32>
  return
}
