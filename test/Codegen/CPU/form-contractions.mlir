// RUN: tgc-opt %s --tgc-form-contractions="vector-bytes=64 vector-registers=32" --split-input-file | FileCheck %s

#a = affine_map<(m, k, n) -> (m, k)>
#b = affine_map<(m, k, n) -> (k, n)>
#c = affine_map<(m, k, n) -> (m, n)>
#id = affine_map<(m, n) -> (m, n)>
#bias = affine_map<(m, n) -> (n)>

// The fill, the product and the chain behind it are one kernel.
// CHECK-LABEL: func @dense
// CHECK-NOT: linalg.generic
// CHECK: kernel.contract(%{{.*}}, %{{.*}}) with(%{{.*}}) into %{{.*}} sizes [-9223372036854775808, 70, 100]
// CHECK-NEXT: (%[[SUM:.*]]: f32, %[[BIAS:.*]]: f32)
// CHECK-NEXT: arith.addf %[[SUM]], %[[BIAS]]
// CHECK-NOT: linalg.generic
func.func @dense(%x: tensor<?x70xf32>, %w: tensor<70x100xf32>, %b: tensor<100xf32>, %m: index) -> tensor<?x100xf32> {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty(%m) : tensor<?x100xf32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<?x100xf32>) -> tensor<?x100xf32>
  %p = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "reduction", "parallel"]} ins(%x, %w : tensor<?x70xf32>, tensor<70x100xf32>) outs(%f : tensor<?x100xf32>) {
  ^bb0(%i: f32, %j: f32, %o: f32):
    %7 = arith.mulf %i, %j : f32
    %8 = arith.addf %o, %7 : f32
    linalg.yield %8 : f32
  } -> tensor<?x100xf32>
  %r = linalg.generic {indexing_maps = [#id, #bias, #id], iterator_types = ["parallel", "parallel"]} ins(%p, %b : tensor<?x100xf32>, tensor<100xf32>) outs(%e : tensor<?x100xf32>) {
  ^bb0(%i: f32, %j: f32, %o: f32):
    %7 = arith.addf %i, %j : f32
    linalg.yield %7 : f32
  } -> tensor<?x100xf32>
  return %r : tensor<?x100xf32>
}

// -----

#a = affine_map<(m, k, n) -> (m, k)>
#b = affine_map<(m, k, n) -> (n, k)>
#c = affine_map<(m, k, n) -> (m, n)>
#id = affine_map<(m, n) -> (m, n)>

// A constant is packed, transposed: 3 columns in panels of 4, for each of 200 steps. What has two users stays in memory.
// CHECK-LABEL: func @two_users
// CHECK-DAG: %[[PACKED:.*]] = arith.constant dense_resource<tgc_packed> : tensor<800xf32>
// CHECK: kernel.contract(%{{.*}}, %[[PACKED]]) into %{{.*}} sizes [8, 200, 3]
// CHECK-SAME: panel_width = 4
// CHECK: linalg.generic
func.func @two_users(%x: tensor<8x200xf32>) -> (tensor<8x3xf32>, tensor<8x3xf32>) {
  %w = arith.constant dense_resource<weights> : tensor<3x200xf32>
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x3xf32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<8x3xf32>) -> tensor<8x3xf32>
  %p = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "reduction", "parallel"]} ins(%x, %w : tensor<8x200xf32>, tensor<3x200xf32>) outs(%f : tensor<8x3xf32>) {
  ^bb0(%i: f32, %j: f32, %o: f32):
    %7 = arith.mulf %i, %j : f32
    %8 = arith.addf %o, %7 : f32
    linalg.yield %8 : f32
  } -> tensor<8x3xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%p : tensor<8x3xf32>) outs(%e : tensor<8x3xf32>) {
  ^bb0(%i: f32, %o: f32):
    %7 = arith.negf %i : f32
    linalg.yield %7 : f32
  } -> tensor<8x3xf32>
  return %p, %r : tensor<8x3xf32>, tensor<8x3xf32>
}

{-#
  dialect_resources: {
    builtin: {
      weights: "0x04000000000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F0000004000004040000080400000A0400000C040000000000000803F000000400000404000008040"
    }
  }
#-}

// -----

#a = affine_map<(m, k, n) -> (m, k)>
#b = affine_map<(m, k, n) -> (k, n)>
#c = affine_map<(m, k, n) -> (m, n)>

// Few products stay loops; so does a sum that is not one of products.
// CHECK-LABEL: func @others
// CHECK-NOT: kernel.contract
func.func @others(%x: tensor<2x3xf32>, %y: tensor<3x4xf32>, %f: tensor<2x4xf32>, %u: tensor<64x64xf32>, %v: tensor<64x64xf32>)
    -> (tensor<2x4xf32>, tensor<64x64xf32>) {
  %p = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "reduction", "parallel"]} ins(%x, %y : tensor<2x3xf32>, tensor<3x4xf32>) outs(%f : tensor<2x4xf32>) {
  ^bb0(%i: f32, %j: f32, %o: f32):
    %7 = arith.mulf %i, %j : f32
    %8 = arith.addf %o, %7 : f32
    linalg.yield %8 : f32
  } -> tensor<2x4xf32>
  %q = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "reduction", "parallel"]} ins(%u, %v : tensor<64x64xf32>, tensor<64x64xf32>) outs(%u : tensor<64x64xf32>) {
  ^bb0(%i: f32, %j: f32, %o: f32):
    %7 = arith.addf %i, %j : f32
    %8 = arith.addf %o, %7 : f32
    linalg.yield %8 : f32
  } -> tensor<64x64xf32>
  return %p, %q : tensor<2x4xf32>, tensor<64x64xf32>
}

// -----

#a = affine_map<(m, k, n) -> (m, k)>
#b = affine_map<(m, k, n) -> (k, n)>
#c = affine_map<(m, k, n) -> (m, n)>
#id = affine_map<(m, n) -> (m, n)>
#bias = affine_map<(m, n) -> (n)>

// A bias that was spread over the rows for several users is read where it came from; a constant is packed through a reshape.
// CHECK-LABEL: func @spread
// CHECK-SAME: (%{{.*}}: tensor<8x16xf32>, %[[BIAS:.*]]: tensor<4xf32>
// CHECK-DAG: %[[PACKED:.*]] = arith.constant dense_resource<tgc_packed> : tensor<64xf32>
// CHECK: kernel.contract(%{{.*}}, %[[PACKED]]) with(%[[BIAS]]) into
// CHECK-NOT: tensor<8x4xf32> with
func.func @spread(%x: tensor<8x16xf32>, %b: tensor<4xf32>) -> (tensor<8x4xf32>, tensor<8x4xf32>) {
  %w = arith.constant dense<"0x000000000000803F0000004000004040000080400000A0400000C0400000E0400000004100001041000020410000304100004041000050410000604100007041000080410000884100009041000098410000A0410000A8410000B0410000B8410000C0410000C8410000D0410000D8410000E0410000E8410000F0410000F84100000042000004420000084200000C4200001042000014420000184200001C4200002042000024420000284200002C4200003042000034420000384200003C4200004042000044420000484200004C4200005042000054420000584200005C4200006042000064420000684200006C4200007042000074420000784200007C42"> : tensor<4x4x4xf32>
  %v = tensor.collapse_shape %w [[0, 1], [2]] : tensor<4x4x4xf32> into tensor<16x4xf32>
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x4xf32>
  %s = linalg.generic {indexing_maps = [#bias, #id], iterator_types = ["parallel", "parallel"]} ins(%b : tensor<4xf32>) outs(%e : tensor<8x4xf32>) {
  ^bb0(%i: f32, %o: f32):
    linalg.yield %i : f32
  } -> tensor<8x4xf32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<8x4xf32>) -> tensor<8x4xf32>
  %p = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "reduction", "parallel"]} ins(%x, %v : tensor<8x16xf32>, tensor<16x4xf32>) outs(%f : tensor<8x4xf32>) {
  ^bb0(%i: f32, %j: f32, %o: f32):
    %7 = arith.mulf %i, %j : f32
    %8 = arith.addf %o, %7 : f32
    linalg.yield %8 : f32
  } -> tensor<8x4xf32>
  %r = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%p, %s : tensor<8x4xf32>, tensor<8x4xf32>) outs(%e : tensor<8x4xf32>) {
  ^bb0(%i: f32, %j: f32, %o: f32):
    %7 = arith.addf %i, %j : f32
    linalg.yield %7 : f32
  } -> tensor<8x4xf32>
  return %r, %s : tensor<8x4xf32>, tensor<8x4xf32>
}

// -----

#x = affine_map<(n, h, w, r, s, c) -> (n, h + r, w + s, c)>
#w = affine_map<(n, h, w, r, s, c) -> (r, s, c)>
#y = affine_map<(n, h, w, r, s, c) -> (n, h, w, c)>
#id = affine_map<(n, h, w, c) -> (n, h, w, c)>

// A depthwise convolution multiplies lane by lane; what follows joins it. Sums without rows that share a factor stay loops.
// CHECK-LABEL: func @depthwise
// CHECK-NOT: linalg.generic
// CHECK: kernel.contract(%{{.*}}, %{{.*}}) into %{{.*}} sizes [1, 8, 8, 3, 3, 40]
// CHECK: arith.negf
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @depthwise(%x: tensor<1x10x10x40xf32>, %w: tensor<3x3x40xf32>) -> tensor<1x8x8x40xf32> {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x8x8x40xf32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<1x8x8x40xf32>) -> tensor<1x8x8x40xf32>
  %p = linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "parallel"]} ins(%x, %w : tensor<1x10x10x40xf32>, tensor<3x3x40xf32>) outs(%f : tensor<1x8x8x40xf32>) {
  ^bb0(%i: f32, %j: f32, %o: f32):
    %7 = arith.mulf %i, %j : f32
    %8 = arith.addf %o, %7 : f32
    linalg.yield %8 : f32
  } -> tensor<1x8x8x40xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%p : tensor<1x8x8x40xf32>) outs(%e : tensor<1x8x8x40xf32>) {
  ^bb0(%i: f32, %o: f32):
    %7 = arith.negf %i : f32
    linalg.yield %7 : f32
  } -> tensor<1x8x8x40xf32>
  return %r : tensor<1x8x8x40xf32>
}

// -----

#a = affine_map<(n, c) -> (n, c)>
#c = affine_map<(n, c) -> (c)>

// CHECK-LABEL: func @no_rows
// CHECK: linalg.generic
// CHECK-NOT: kernel.contract
func.func @no_rows(%x: tensor<64x40xf32>, %w: tensor<64x40xf32>, %e: tensor<40xf32>) -> tensor<40xf32> {
  %p = linalg.generic {indexing_maps = [#a, #a, #c], iterator_types = ["reduction", "parallel"]} ins(%x, %w : tensor<64x40xf32>, tensor<64x40xf32>) outs(%e : tensor<40xf32>) {
  ^bb0(%i: f32, %j: f32, %o: f32):
    %7 = arith.mulf %i, %j : f32
    %8 = arith.addf %o, %7 : f32
    linalg.yield %8 : f32
  } -> tensor<40xf32>
  return %p : tensor<40xf32>
}

// -----

#x = affine_map<(c, r, s, h, w, n, f) -> (n, h + r, w + s, c)>
#y = affine_map<(c, r, s, h, w, n, f) -> (n, h, w, f)>
#d = affine_map<(c, r, s, h, w, n, f) -> (c, r, s, f)>
#id = affine_map<(r, s, c, f) -> (r, s, c, f)>
#swap = affine_map<(r, s, c, f) -> (c, r, s, f)>

// A convolution's gradient by filter: the result is stored as it is read, images are the outermost summed loop, channels the
// innermost of the rows, beside the filter's columns.
// CHECK: #map = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d3, d0 + d4, d1 + d5, d2)>
// CHECK-NEXT: #map1 = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d3, d4, d5, d6)>
// CHECK-NEXT: #map2 = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1, d2, d6)>
// CHECK-LABEL: func @filter_gradient
// CHECK: kernel.contract(%{{.*}}, %{{.*}}) into %{{.*}} sizes [3, 5, 16, 8, 10, 12, 32] attributes {indexing_maps = [#map, #map1, #map2], winograd}
// CHECK: arith.negf
// CHECK-NOT: linalg.generic
func.func @filter_gradient(%x: tensor<8x12x16x16xf32>, %g: tensor<8x10x12x32xf32>) -> tensor<3x5x16x32xf32> {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<16x3x5x32xf32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<16x3x5x32xf32>) -> tensor<16x3x5x32xf32>
  %p = linalg.generic {indexing_maps = [#x, #y, #d], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "reduction", "parallel"]} ins(%x, %g : tensor<8x12x16x16xf32>, tensor<8x10x12x32xf32>) outs(%f : tensor<16x3x5x32xf32>) {
  ^bb0(%i: f32, %j: f32, %o: f32):
    %7 = arith.mulf %i, %j : f32
    %8 = arith.addf %o, %7 : f32
    linalg.yield %8 : f32
  } -> tensor<16x3x5x32xf32>
  %t = tensor.empty() : tensor<3x5x16x32xf32>
  %r = linalg.generic {indexing_maps = [#swap, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%p : tensor<16x3x5x32xf32>) outs(%t : tensor<3x5x16x32xf32>) {
  ^bb0(%i: f32, %o: f32):
    %7 = arith.negf %i : f32
    linalg.yield %7 : f32
  } -> tensor<3x5x16x32xf32>
  return %r : tensor<3x5x16x32xf32>
}

// -----

#a = affine_map<(b, s, k, n) -> (b, s, k)>
#w = affine_map<(b, s, k, n) -> (k, n)>
#c = affine_map<(b, s, k, n) -> (b, s, n)>
#id = affine_map<(m, n) -> (m, n)>
#bias = affine_map<(m, n) -> (n)>

// Rows that are one dimension to what follows are one loop, and what follows joins the kernel.
// CHECK-LABEL: func @joined_rows
// CHECK: %[[X:.*]] = tensor.collapse_shape %{{.*}} {{\[\[}}0, 1], [2]] : tensor<4x5x70xf32> into tensor<20x70xf32>
// CHECK: kernel.contract(%[[X]], %{{.*}}) with(%{{.*}}) into %{{.*}} sizes [20, 70, 100]
// CHECK: arith.addf
// CHECK-NOT: linalg.generic
func.func @joined_rows(%x: tensor<4x5x70xf32>, %y: tensor<70x100xf32>, %b: tensor<100xf32>) -> tensor<20x100xf32> {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x5x100xf32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<4x5x100xf32>) -> tensor<4x5x100xf32>
  %p = linalg.generic {indexing_maps = [#a, #w, #c], iterator_types = ["parallel", "parallel", "reduction", "parallel"]} ins(%x, %y : tensor<4x5x70xf32>, tensor<70x100xf32>) outs(%f : tensor<4x5x100xf32>) {
  ^bb0(%i: f32, %j: f32, %o: f32):
    %7 = arith.mulf %i, %j : f32
    %8 = arith.addf %o, %7 : f32
    linalg.yield %8 : f32
  } -> tensor<4x5x100xf32>
  %l = tensor.collapse_shape %p [[0, 1], [2]] : tensor<4x5x100xf32> into tensor<20x100xf32>
  %d = tensor.empty() : tensor<20x100xf32>
  %r = linalg.generic {indexing_maps = [#id, #bias, #id], iterator_types = ["parallel", "parallel"]} ins(%l, %b : tensor<20x100xf32>, tensor<100xf32>) outs(%d : tensor<20x100xf32>) {
  ^bb0(%i: f32, %j: f32, %o: f32):
    %7 = arith.addf %i, %j : f32
    linalg.yield %7 : f32
  } -> tensor<20x100xf32>
  return %r : tensor<20x100xf32>
}

// -----

#a = affine_map<(b, y, x, ky, kx, k, n) -> (b, y + ky, x + kx, k)>
#w = affine_map<(b, y, x, ky, kx, k, n) -> (ky, kx, k, n)>
#c = affine_map<(b, y, x, ky, kx, k, n) -> (b, y, x, n)>

// Loops over windows of an operand are not one dimension of it.
// CHECK-LABEL: func @windows_stay
// CHECK: kernel.contract({{.*}}sizes [2, 8, 10, 3, 3, 16, 32]
// CHECK: tensor.collapse_shape
func.func @windows_stay(%x: tensor<2x10x12x16xf32>, %y: tensor<3x3x16x32xf32>) -> tensor<2x80x32xf32> {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x8x10x32xf32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<2x8x10x32xf32>) -> tensor<2x8x10x32xf32>
  %p = linalg.generic {indexing_maps = [#a, #w, #c], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "reduction", "parallel"]} ins(%x, %y : tensor<2x10x12x16xf32>, tensor<3x3x16x32xf32>) outs(%f : tensor<2x8x10x32xf32>) {
  ^bb0(%i: f32, %j: f32, %o: f32):
    %7 = arith.mulf %i, %j : f32
    %8 = arith.addf %o, %7 : f32
    linalg.yield %8 : f32
  } -> tensor<2x8x10x32xf32>
  %l = tensor.collapse_shape %p [[0], [1, 2], [3]] : tensor<2x8x10x32xf32> into tensor<2x80x32xf32>
  return %l : tensor<2x80x32xf32>
}

// -----

#x = affine_map<(n, y, x, f, p, q, c) -> (n, y + p, x + q, c)>
#w = affine_map<(n, y, x, f, p, q, c) -> (p, q, c, f)>
#r = affine_map<(n, y, x, f, p, q, c) -> (n, y, x, f)>

// An image that is put into zeros says where they are; one that is put into something else does not.
// CHECK-LABEL: func @borders
// CHECK: kernel.contract({{.*}}zero_borders = array<i64: 1, 2, 14, 2, 2, 14>
// CHECK-NOT: zero_borders
func.func @borders(%x: tensor<?x12x12x8xf32>, %other: tensor<?x16x16x8xf32>, %w: tensor<5x5x8x40xf32>, %n: index) -> (tensor<?x12x12x40xf32>, tensor<?x12x12x40xf32>) {
  %z = arith.constant 0.0 : f32
  %room = tensor.empty(%n) : tensor<?x16x16x8xf32>
  %zeros = linalg.fill ins(%z : f32) outs(%room : tensor<?x16x16x8xf32>) -> tensor<?x16x16x8xf32>
  %padded = tensor.insert_slice %x into %zeros[0, 2, 2, 0] [%n, 12, 12, 8] [1, 1, 1, 1] : tensor<?x12x12x8xf32> into tensor<?x16x16x8xf32>
  %mixed = tensor.insert_slice %x into %other[0, 2, 2, 0] [%n, 12, 12, 8] [1, 1, 1, 1] : tensor<?x12x12x8xf32> into tensor<?x16x16x8xf32>
  %e = tensor.empty(%n) : tensor<?x12x12x40xf32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<?x12x12x40xf32>) -> tensor<?x12x12x40xf32>
  %0 = linalg.generic {indexing_maps = [#x, #w, #r], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%padded, %w : tensor<?x16x16x8xf32>, tensor<5x5x8x40xf32>) outs(%f : tensor<?x12x12x40xf32>) {
  ^bb0(%i: f32, %j: f32, %o: f32):
    %7 = arith.mulf %i, %j : f32
    %8 = arith.addf %o, %7 : f32
    linalg.yield %8 : f32
  } -> tensor<?x12x12x40xf32>
  %1 = linalg.generic {indexing_maps = [#x, #w, #r], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%mixed, %w : tensor<?x16x16x8xf32>, tensor<5x5x8x40xf32>) outs(%f : tensor<?x12x12x40xf32>) {
  ^bb0(%i: f32, %j: f32, %o: f32):
    %7 = arith.mulf %i, %j : f32
    %8 = arith.addf %o, %7 : f32
    linalg.yield %8 : f32
  } -> tensor<?x12x12x40xf32>
  return %0, %1 : tensor<?x12x12x40xf32>, tensor<?x12x12x40xf32>
}

// -----

#copy = affine_map<(p, q, c, f) -> (p, q, c, f)>
#turned = affine_map<(p, q, c, f) -> (p, q, f, c)>
#x = affine_map<(n, y, x, f, p, q, c) -> (n, y + p, x + q, c)>
#w = affine_map<(n, y, x, f, p, q, c) -> (p, q, c, f)>
#r = affine_map<(n, y, x, f, p, q, c) -> (n, y, x, f)>

// A phase of a gradient by data: every other pixel of the filter, from the last on, with the channels exchanged. The filter itself is read. Of an
// image that is a part of a padded one the zeros are known too.
// CHECK-DAG: #[[$FILTER:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d3, d4, d6, d5)>
// CHECK-LABEL: func @phase
// CHECK-SAME: %[[FED:[a-z0-9]*]]: tensor<3x3x40x16xf32>
// CHECK: %[[PART:.*]] = tensor.extract_slice %[[FED]][0, 1, 0, 0] [2, 1, 40, 16] [2, 2, 1, 1]
// CHECK: kernel.contract(%{{.*}}, %[[PART]]) {{.*}} sizes [2, 7, 9, 2, 1, 16, 40] attributes {indexing_maps = [#{{.*}}, #[[$FILTER]], #{{.*}}], reversed_rhs = array<i64: 3>, zero_borders = array<i64: 1, 1, 8>}
func.func @phase(%y: tensor<2x7x9x16xf32>, %fed: tensor<3x3x40x16xf32>) -> tensor<2x7x9x40xf32> {
  %z = arith.constant 0.0 : f32
  %c2 = arith.constant 2 : index
  %room = tensor.empty() : tensor<2x8x10x16xf32>
  %zeros = linalg.fill ins(%z : f32) outs(%room : tensor<2x8x10x16xf32>) -> tensor<2x8x10x16xf32>
  %padded = tensor.insert_slice %y into %zeros[0, 1, 1, 0] [2, 7, 9, 16] [1, 1, 1, 1] : tensor<2x7x9x16xf32> into tensor<2x8x10x16xf32>
  %image = tensor.extract_slice %padded[0, 0, 1, 0] [2, 8, 9, 16] [1, 1, 1, 1] : tensor<2x8x10x16xf32> to tensor<2x8x9x16xf32>
  %e0 = tensor.empty() : tensor<3x3x40x16xf32>
  %reversed = linalg.generic {indexing_maps = [#copy], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%e0 : tensor<3x3x40x16xf32>) {
  ^bb0(%o: f32):
    %i0 = linalg.index 0 : index
    %p = arith.subi %c2, %i0 : index
    %i1 = linalg.index 1 : index
    %q = arith.subi %c2, %i1 : index
    %c = linalg.index 2 : index
    %f = linalg.index 3 : index
    %v = tensor.extract %fed[%p, %q, %c, %f] : tensor<3x3x40x16xf32>
    linalg.yield %v : f32
  } -> tensor<3x3x40x16xf32>
  %e1 = tensor.empty() : tensor<3x3x16x40xf32>
  %exchanged = linalg.generic {indexing_maps = [#turned, #copy], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%reversed : tensor<3x3x40x16xf32>) outs(%e1 : tensor<3x3x16x40xf32>) {
  ^bb0(%i: f32, %o: f32):
    linalg.yield %i : f32
  } -> tensor<3x3x16x40xf32>
  %filter = tensor.extract_slice %exchanged[0, 1, 0, 0] [2, 1, 16, 40] [2, 2, 1, 1] : tensor<3x3x16x40xf32> to tensor<2x1x16x40xf32>
  %e2 = tensor.empty() : tensor<2x7x9x40xf32>
  %init = linalg.fill ins(%z : f32) outs(%e2 : tensor<2x7x9x40xf32>) -> tensor<2x7x9x40xf32>
  %0 = linalg.generic {indexing_maps = [#x, #w, #r], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%image, %filter : tensor<2x8x9x16xf32>, tensor<2x1x16x40xf32>) outs(%init : tensor<2x7x9x40xf32>) {
  ^bb0(%i: f32, %j: f32, %o: f32):
    %7 = arith.mulf %i, %j : f32
    %8 = arith.addf %o, %7 : f32
    linalg.yield %8 : f32
  } -> tensor<2x7x9x40xf32>
  return %0 : tensor<2x7x9x40xf32>
}

// -----

#turned = affine_map<(k, n) -> (n, k)>
#copy = affine_map<(k, n) -> (k, n)>
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>

// A copy that is made before a loop stays before it.
// CHECK-LABEL: func @before_a_loop
// CHECK: %[[COPY:.*]] = linalg.generic
// CHECK: kernel.contract(%{{.*}}, %[[COPY]])
func.func @before_a_loop(%x: tensor<32x64xf32>, %w: tensor<64x64xf32>, %n: index) -> tensor<32x64xf32> {
  %z = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %e = tensor.empty() : tensor<64x64xf32>
  %t = linalg.generic {indexing_maps = [#turned, #copy], iterator_types = ["parallel", "parallel"]} ins(%w : tensor<64x64xf32>) outs(%e : tensor<64x64xf32>) {
  ^bb0(%i: f32, %o: f32):
    linalg.yield %i : f32
  } -> tensor<64x64xf32>
  %r = scf.for %step = %c0 to %n step %c1 iter_args(%h = %x) -> tensor<32x64xf32> {
    %room = tensor.empty() : tensor<32x64xf32>
    %init = linalg.fill ins(%z : f32) outs(%room : tensor<32x64xf32>) -> tensor<32x64xf32>
    %0 = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]} ins(%h, %t : tensor<32x64xf32>, tensor<64x64xf32>) outs(%init : tensor<32x64xf32>) {
    ^bb0(%i: f32, %j: f32, %o: f32):
      %7 = arith.mulf %i, %j : f32
      %8 = arith.addf %o, %7 : f32
      linalg.yield %8 : f32
    } -> tensor<32x64xf32>
    scf.yield %0 : tensor<32x64xf32>
  }
  return %r : tensor<32x64xf32>
}

// -----

#a = affine_map<(m, n, k) -> (k, m)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>

// Both operands lie transposed: few rows are turned, so that the right operand can stay; of many, the kernel turns what it reads.
// CHECK-DAG: #[[$TURNED:.*]] = affine_map<(d0, d1) -> (d1, d0)>
// CHECK-LABEL: func @across_the_sum
// CHECK-SAME: %[[FEW:.*]]: tensor<?x7xf32>, %[[MANY:.*]]: tensor<?x300xf32>
// CHECK: %[[TURN:.*]] = linalg.generic {indexing_maps = [#[[$TURNED]]
// CHECK-SAME: ins(%[[FEW]] : tensor<?x7xf32>) outs(%{{.*}} : tensor<7x?xf32>)
// CHECK: kernel.contract(%[[TURN]]
// CHECK-NOT: linalg.generic
// CHECK: kernel.contract(%[[MANY]]
func.func @across_the_sum(%x: tensor<?x7xf32>, %y: tensor<?x300xf32>, %w: tensor<64x?xf32>) -> (tensor<7x64xf32>, tensor<300x64xf32>) {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<7x64xf32>
  %f = tensor.empty() : tensor<300x64xf32>
  %few = linalg.fill ins(%z : f32) outs(%e : tensor<7x64xf32>) -> tensor<7x64xf32>
  %many = linalg.fill ins(%z : f32) outs(%f : tensor<300x64xf32>) -> tensor<300x64xf32>
  %0 = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]} ins(%x, %w : tensor<?x7xf32>, tensor<64x?xf32>) outs(%few : tensor<7x64xf32>) {
  ^bb0(%i: f32, %j: f32, %o: f32):
    %7 = arith.mulf %i, %j : f32
    %8 = arith.addf %o, %7 : f32
    linalg.yield %8 : f32
  } -> tensor<7x64xf32>
  %1 = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]} ins(%y, %w : tensor<?x300xf32>, tensor<64x?xf32>) outs(%many : tensor<300x64xf32>) {
  ^bb0(%i: f32, %j: f32, %o: f32):
    %7 = arith.mulf %i, %j : f32
    %8 = arith.addf %o, %7 : f32
    linalg.yield %8 : f32
  } -> tensor<300x64xf32>
  return %0, %1 : tensor<7x64xf32>, tensor<300x64xf32>
}
