// A right operand that is packed moves along loops outside of the columns too.

// RUN: tgc-opt %s --tgc-lower-contractions | FileCheck %s

#lhs = affine_map<(d0, d1, d2, d3) -> (d0, d3)>
#rhs = affine_map<(d0, d1, d2, d3) -> (d1, d2, d3)>
#out = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>

// CHECK-LABEL: func.func @f
// CHECK: memref.alloc() {{.*}} : memref<48xf32>
// CHECK: func.func private @tgc_pack_0
func.func @f(%a: memref<?x3xf32>, %b: memref<2x5x3xf32>, %c: memref<?x2x5xf32>) {
  kernel.contract(%a, %b) into %c sizes [-9223372036854775808, 2, 5, 3] attributes {indexing_maps = [#lhs, #rhs, #out]} {
  ^bb0(%x: f32):
    kernel.yield %x : f32
  } : memref<?x3xf32>, memref<2x5x3xf32> into memref<?x2x5xf32>
  return
}
