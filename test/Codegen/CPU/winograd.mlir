// RUN: tgc-opt %s --tgc-form-contractions="vector-bytes=64 vector-registers=32" --split-input-file | FileCheck %s
// RUN: tgc-opt %s --tgc-form-contractions="vector-bytes=64 vector-registers=32 exact" --split-input-file | FileCheck %s --check-prefix=EXACT
// Sixteen registers of 16 bytes are too few for the transforms.
// RUN: tgc-opt %s --tgc-form-contractions="vector-bytes=16 vector-registers=16" --split-input-file | FileCheck %s --check-prefix=EXACT

#x = affine_map<(n, y, x, r, s, c, k) -> (n, y + r, x + s, c)>
#f = affine_map<(n, y, x, r, s, c, k) -> (r, s, c, k)>
#y = affine_map<(n, y, x, r, s, c, k) -> (n, y, x, k)>

// Enough channels, columns and images: by tiles; the filter is transformed in the run.
// CHECK-LABEL: func @tiles
// CHECK: kernel.contract{{.*}} winograd}
// EXACT-LABEL: func @tiles
// EXACT: kernel.contract
// EXACT-NOT: winograd
func.func @tiles(%x: tensor<?x16x16x32xf32>, %f: tensor<3x3x32x64xf32>, %n: index) -> tensor<?x14x14x64xf32> {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty(%n) : tensor<?x14x14x64xf32>
  %i = linalg.fill ins(%z : f32) outs(%e : tensor<?x14x14x64xf32>) -> tensor<?x14x14x64xf32>
  %y = linalg.generic {indexing_maps = [#x, #f, #y], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "reduction", "parallel"]} ins(%x, %f : tensor<?x16x16x32xf32>, tensor<3x3x32x64xf32>) outs(%i : tensor<?x14x14x64xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %p = arith.mulf %a, %b : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> tensor<?x14x14x64xf32>
  return %y : tensor<?x14x14x64xf32>
}

// -----

#x = affine_map<(n, y, x, r, s, c, k) -> (n, y + r, x + s, c)>
#f = affine_map<(n, y, x, r, s, c, k) -> (r, s, c, k)>
#y = affine_map<(n, y, x, r, s, c, k) -> (n, y, x, k)>

// Three channels: transforms would cost more than the products that they save.
// CHECK-LABEL: func @few_channels
// CHECK: kernel.contract
// CHECK-NOT: winograd
func.func @few_channels(%x: tensor<8x34x34x3xf32>, %f: tensor<3x3x3x64xf32>) -> tensor<8x32x32x64xf32> {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x32x32x64xf32>
  %i = linalg.fill ins(%z : f32) outs(%e : tensor<8x32x32x64xf32>) -> tensor<8x32x32x64xf32>
  %y = linalg.generic {indexing_maps = [#x, #f, #y], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "reduction", "parallel"]} ins(%x, %f : tensor<8x34x34x3xf32>, tensor<3x3x3x64xf32>) outs(%i : tensor<8x32x32x64xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %p = arith.mulf %a, %b : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> tensor<8x32x32x64xf32>
  return %y : tensor<8x32x32x64xf32>
}

// -----

#x = affine_map<(n, y, x, r, s, c, k) -> (n, y + r, x + s, c)>
#f = affine_map<(n, y, x, r, s, c, k) -> (r, s, c, k)>
#y = affine_map<(n, y, x, r, s, c, k) -> (n, y, x, k)>

// One tile of an image with many channels: a transformed filter is read for few products.
// CHECK-LABEL: func @few_tiles
// CHECK: kernel.contract
// CHECK-NOT: winograd
func.func @few_tiles(%x: tensor<1x6x6x256xf32>, %f: tensor<3x3x256x256xf32>) -> tensor<1x4x4x256xf32> {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x4x4x256xf32>
  %i = linalg.fill ins(%z : f32) outs(%e : tensor<1x4x4x256xf32>) -> tensor<1x4x4x256xf32>
  %y = linalg.generic {indexing_maps = [#x, #f, #y], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "reduction", "parallel"]} ins(%x, %f : tensor<1x6x6x256xf32>, tensor<3x3x256x256xf32>) outs(%i : tensor<1x4x4x256xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %p = arith.mulf %a, %b : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> tensor<1x4x4x256xf32>
  return %y : tensor<1x4x4x256xf32>
}

// -----

#x = affine_map<(n, y, x, r, s, c, k) -> (n, y + r, x + s, c)>
#f = affine_map<(n, y, x, r, s, c, k) -> (r, s, c, k)>
#y = affine_map<(n, y, x, r, s, c, k) -> (n, y, x, k)>

// Two results and five weights are the same six elements as four and three.
// CHECK-LABEL: func @five_by_five
// CHECK: kernel.contract{{.*}} winograd}
func.func @five_by_five(%x: tensor<8x20x20x32xf32>, %f: tensor<5x5x32x32xf32>) -> tensor<8x16x16x32xf32> {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x16x16x32xf32>
  %i = linalg.fill ins(%z : f32) outs(%e : tensor<8x16x16x32xf32>) -> tensor<8x16x16x32xf32>
  %y = linalg.generic {indexing_maps = [#x, #f, #y], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "reduction", "parallel"]} ins(%x, %f : tensor<8x20x20x32xf32>, tensor<5x5x32x32xf32>) outs(%i : tensor<8x16x16x32xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %p = arith.mulf %a, %b : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> tensor<8x16x16x32xf32>
  return %y : tensor<8x16x16x32xf32>
}

// Larger windows, and double precision.
// CHECK-LABEL: func @wide_windows
// CHECK: kernel.contract
// CHECK-NOT: winograd
func.func @wide_windows(%x: tensor<8x21x21x32xf32>, %f: tensor<6x6x32x32xf32>) -> tensor<8x16x16x32xf32> {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x16x16x32xf32>
  %i = linalg.fill ins(%z : f32) outs(%e : tensor<8x16x16x32xf32>) -> tensor<8x16x16x32xf32>
  %y = linalg.generic {indexing_maps = [#x, #f, #y], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "reduction", "parallel"]} ins(%x, %f : tensor<8x21x21x32xf32>, tensor<6x6x32x32xf32>) outs(%i : tensor<8x16x16x32xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %p = arith.mulf %a, %b : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> tensor<8x16x16x32xf32>
  return %y : tensor<8x16x16x32xf32>
}

// CHECK-LABEL: func @doubles
// CHECK: kernel.contract
// CHECK-NOT: winograd
func.func @doubles(%x: tensor<8x18x18x32xf64>, %f: tensor<3x3x32x32xf64>) -> tensor<8x16x16x32xf64> {
  %z = arith.constant 0.0 : f64
  %e = tensor.empty() : tensor<8x16x16x32xf64>
  %i = linalg.fill ins(%z : f64) outs(%e : tensor<8x16x16x32xf64>) -> tensor<8x16x16x32xf64>
  %y = linalg.generic {indexing_maps = [#x, #f, #y], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "reduction", "parallel"]} ins(%x, %f : tensor<8x18x18x32xf64>, tensor<3x3x32x32xf64>) outs(%i : tensor<8x16x16x32xf64>) {
  ^bb0(%a: f64, %b: f64, %s: f64):
    %p = arith.mulf %a, %b : f64
    %t = arith.addf %s, %p : f64
    linalg.yield %t : f64
  } -> tensor<8x16x16x32xf64>
  return %y : tensor<8x16x16x32xf64>
}

// -----

#x = affine_map<(n, y, x, r, s, c, k) -> (n, y + r, x + s, c)>
#f = affine_map<(n, y, x, r, s, c, k) -> (r, s, c, k)>
#y = affine_map<(n, y, x, r, s, c, k) -> (n, y, x, k)>
#e = affine_map<(n, y, x, r, s, k) -> (n, 2 * y + r, 2 * x + s, k)>
#b = affine_map<(n, y, x, r, s, k) -> (0, k)>
#w = affine_map<(n, y, x, r, s, k) -> (r, s)>
#p = affine_map<(n, y, x, r, s, k) -> (n, y, x, k)>

// A pool by 2 x 2 and what it computes of each element join the kernel; the last row, which no window has, is not computed.
// CHECK-LABEL: func @pool
// CHECK: kernel.contract(%{{.*}}, %{{.*}}) with(%{{.*}}) into %{{.*}} sizes [8, 14, 16, 3, 3, 32, 64] pool maximum
// CHECK: arith.addf
// CHECK-NOT: linalg.generic
// EXACT-LABEL: func @pool
// EXACT-NOT: pool maximum
func.func @pool(%x: tensor<8x17x18x32xf32>, %f: tensor<3x3x32x64xf32>, %g: tensor<1x64xf32>) -> tensor<8x7x8x64xf32> {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x15x16x64xf32>
  %i = linalg.fill ins(%z : f32) outs(%e : tensor<8x15x16x64xf32>) -> tensor<8x15x16x64xf32>
  %y = linalg.generic {indexing_maps = [#x, #f, #y], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "reduction", "parallel"]} ins(%x, %f : tensor<8x17x18x32xf32>, tensor<3x3x32x64xf32>) outs(%i : tensor<8x15x16x64xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %p = arith.mulf %a, %b : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> tensor<8x15x16x64xf32>
  %m = arith.constant 0xFF800000 : f32
  %q = tensor.empty() : tensor<8x7x8x64xf32>
  %j = linalg.fill ins(%m : f32) outs(%q : tensor<8x7x8x64xf32>) -> tensor<8x7x8x64xf32>
  %w = tensor.empty() : tensor<2x2xf32>
  %o = linalg.generic {indexing_maps = [#e, #b, #w, #p], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "parallel"]} ins(%y, %g, %w : tensor<8x15x16x64xf32>, tensor<1x64xf32>, tensor<2x2xf32>) outs(%j : tensor<8x7x8x64xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32, %s: f32):
    %t = arith.addf %a, %b : f32
    %u = arith.maximumf %s, %t : f32
    linalg.yield %u : f32
  } -> tensor<8x7x8x64xf32>
  return %o : tensor<8x7x8x64xf32>
}

// -----

#x = affine_map<(n, y, x, r, s, c, k) -> (n, y + r, x + s, c)>
#f = affine_map<(n, y, x, r, s, c, k) -> (r, s, c, k)>
#y = affine_map<(n, y, x, r, s, c, k) -> (n, y, x, k)>
#e = affine_map<(n, y, x, r, s, k) -> (n, 2 * y + r, 2 * x + s, k)>
#b = affine_map<(n, y, x, r, s, k) -> (0, k)>
#w = affine_map<(n, y, x, r, s, k) -> (r, s)>
#p = affine_map<(n, y, x, r, s, k) -> (n, y, x, k)>

// Another op reads the elements, so they are stored.
// CHECK-LABEL: func @pool_of_what_is_read
// CHECK: kernel.contract
// CHECK-NOT: pool maximum
// CHECK: linalg.generic
func.func @pool_of_what_is_read(%x: tensor<8x17x18x32xf32>, %f: tensor<3x3x32x64xf32>, %g: tensor<1x64xf32>) -> (tensor<8x7x8x64xf32>, tensor<8x15x16x64xf32>) {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x15x16x64xf32>
  %i = linalg.fill ins(%z : f32) outs(%e : tensor<8x15x16x64xf32>) -> tensor<8x15x16x64xf32>
  %y = linalg.generic {indexing_maps = [#x, #f, #y], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "reduction", "parallel"]} ins(%x, %f : tensor<8x17x18x32xf32>, tensor<3x3x32x64xf32>) outs(%i : tensor<8x15x16x64xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %p = arith.mulf %a, %b : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> tensor<8x15x16x64xf32>
  %m = arith.constant 0xFF800000 : f32
  %q = tensor.empty() : tensor<8x7x8x64xf32>
  %j = linalg.fill ins(%m : f32) outs(%q : tensor<8x7x8x64xf32>) -> tensor<8x7x8x64xf32>
  %w = tensor.empty() : tensor<2x2xf32>
  %o = linalg.generic {indexing_maps = [#e, #b, #w, #p], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "parallel"]} ins(%y, %g, %w : tensor<8x15x16x64xf32>, tensor<1x64xf32>, tensor<2x2xf32>) outs(%j : tensor<8x7x8x64xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32, %s: f32):
    %t = arith.addf %a, %b : f32
    %u = arith.maximumf %s, %t : f32
    linalg.yield %u : f32
  } -> tensor<8x7x8x64xf32>
  return %o, %y : tensor<8x7x8x64xf32>, tensor<8x15x16x64xf32>
}

// -----

#x = affine_map<(n, y, x, r, s, c, k) -> (n, y + r, x + s, c)>
#f = affine_map<(n, y, x, r, s, c, k) -> (r, s, k, c)>
#y = affine_map<(n, y, x, r, s, c, k) -> (n, y, x, k)>

// A gradient's filter has its columns elsewhere: it is copied to the order of vectors.
// CHECK-LABEL: func @turned_filter
// CHECK: %[[F:.*]] = linalg.generic {{.*}} ins(%{{.*}} : tensor<3x3x64x32xf32>) outs(%{{.*}} : tensor<3x3x32x64xf32>)
// CHECK: kernel.contract(%{{.*}}, %[[F]]) {{.*}} winograd}
// EXACT-LABEL: func @turned_filter
// EXACT-NOT: linalg.generic
// EXACT: kernel.contract(%{{.*}}, %arg1)
func.func @turned_filter(%x: tensor<8x16x16x32xf32>, %f: tensor<3x3x64x32xf32>) -> tensor<8x14x14x64xf32> {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x14x14x64xf32>
  %i = linalg.fill ins(%z : f32) outs(%e : tensor<8x14x14x64xf32>) -> tensor<8x14x14x64xf32>
  %y = linalg.generic {indexing_maps = [#x, #f, #y], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "reduction", "parallel"]} ins(%x, %f : tensor<8x16x16x32xf32>, tensor<3x3x64x32xf32>) outs(%i : tensor<8x14x14x64xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %p = arith.mulf %a, %b : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> tensor<8x14x14x64xf32>
  return %y : tensor<8x14x14x64xf32>
}

// -----

#x = affine_map<(n, y, x, r, s, c, k) -> (n, y + r, x + s, c)>
#f = affine_map<(n, y, x, r, s, c, k) -> (r, s, c, k)>
#y = affine_map<(n, y, x, r, s, c, k) -> (n, y, x, k)>

// Windows of one row, and of one column: tiles of nine elements.
// CHECK-LABEL: func @row
// CHECK: kernel.contract{{.*}} winograd}
func.func @row(%x: tensor<1x17x23x192xf32>, %f: tensor<1x7x192x192xf32>) -> tensor<1x17x17x192xf32> {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x17x17x192xf32>
  %i = linalg.fill ins(%z : f32) outs(%e : tensor<1x17x17x192xf32>) -> tensor<1x17x17x192xf32>
  %y = linalg.generic {indexing_maps = [#x, #f, #y], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "reduction", "parallel"]} ins(%x, %f : tensor<1x17x23x192xf32>, tensor<1x7x192x192xf32>) outs(%i : tensor<1x17x17x192xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %p = arith.mulf %a, %b : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> tensor<1x17x17x192xf32>
  return %y : tensor<1x17x17x192xf32>
}

// The same turned.
// CHECK-LABEL: func @column
// CHECK: kernel.contract{{.*}} winograd}
func.func @column(%x: tensor<1x23x17x192xf32>, %f: tensor<7x1x192x192xf32>) -> tensor<1x17x17x192xf32> {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x17x17x192xf32>
  %i = linalg.fill ins(%z : f32) outs(%e : tensor<1x17x17x192xf32>) -> tensor<1x17x17x192xf32>
  %y = linalg.generic {indexing_maps = [#x, #f, #y], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "reduction", "parallel"]} ins(%x, %f : tensor<1x23x17x192xf32>, tensor<7x1x192x192xf32>) outs(%i : tensor<1x17x17x192xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %p = arith.mulf %a, %b : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> tensor<1x17x17x192xf32>
  return %y : tensor<1x17x17x192xf32>
}

// Nine weights.
// CHECK-LABEL: func @wide_row
// CHECK: kernel.contract
// CHECK-NOT: winograd
func.func @wide_row(%x: tensor<8x17x25x64xf32>, %f: tensor<1x9x64x64xf32>) -> tensor<8x17x17x64xf32> {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x17x17x64xf32>
  %i = linalg.fill ins(%z : f32) outs(%e : tensor<8x17x17x64xf32>) -> tensor<8x17x17x64xf32>
  %y = linalg.generic {indexing_maps = [#x, #f, #y], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "reduction", "parallel"]} ins(%x, %f : tensor<8x17x25x64xf32>, tensor<1x9x64x64xf32>) outs(%i : tensor<8x17x17x64xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %p = arith.mulf %a, %b : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> tensor<8x17x17x64xf32>
  return %y : tensor<8x17x17x64xf32>
}

// Eight results of three weights take sixteen products by tiles of eight elements and twelve by tiles of six, of a filter that is
// read for few of them.
// CHECK-LABEL: func @few_rows
// CHECK: kernel.contract
// CHECK-NOT: winograd
func.func @few_rows(%x: tensor<1x8x10x384xf32>, %f: tensor<1x3x384x384xf32>) -> tensor<1x8x8x384xf32> {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x8x8x384xf32>
  %i = linalg.fill ins(%z : f32) outs(%e : tensor<1x8x8x384xf32>) -> tensor<1x8x8x384xf32>
  %y = linalg.generic {indexing_maps = [#x, #f, #y], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "reduction", "parallel"]} ins(%x, %f : tensor<1x8x10x384xf32>, tensor<1x3x384x384xf32>) outs(%i : tensor<1x8x8x384xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %p = arith.mulf %a, %b : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> tensor<1x8x8x384xf32>
  return %y : tensor<1x8x8x384xf32>
}
