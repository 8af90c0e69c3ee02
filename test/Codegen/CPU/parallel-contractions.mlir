// RUN: tgc-opt %s --tgc-lower-contractions="vector-bytes=32 vector-registers=16" --canonicalize --split-input-file | FileCheck %s

#a = affine_map<(m, k, n) -> (m, k)>
#b = affine_map<(m, k, n) -> (k, n)>
#c = affine_map<(m, k, n) -> (m, n)>

// Many rows are shared out, in pieces that do not depend on the number of threads; 8 rows are one thread's work.
// CHECK-LABEL: func @entry
// CHECK: rt.parallel_for %arg0, @[[LARGE:tgc_contract_[0-9]+]](%arg1, %arg2, %arg3, %false) count %c167 grain %c11
// CHECK: call @tgc_contract_{{[0-9]+}}(%arg4
// CHECK: func private @[[LARGE]](%{{.*}}: i1, %{{.*}}: index, %{{.*}}: index)
func.func @entry(%frame: !llvm.ptr, %x: memref<1000x64xf32>, %w: memref<4096xf32>, %y: memref<1000x64xf32>, %u: memref<8x64xf32>, %v: memref<8x64xf32>)
    attributes {rt.feeds = []} {
  kernel.contract (%x, %w) into %y sizes [1000, 64, 64] attributes {indexing_maps = [#a, #b, #c], panel_width = 16} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<1000x64xf32>, memref<4096xf32> into memref<1000x64xf32>
  kernel.contract (%u, %w) into %v sizes [8, 64, 64] attributes {indexing_maps = [#a, #b, #c], panel_width = 16} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<8x64xf32>, memref<4096xf32> into memref<8x64xf32>
  return
}

// -----

#a = affine_map<(m, k, n) -> (m, k)>
#b = affine_map<(m, k, n) -> (k, n)>
#c = affine_map<(m, k, n) -> (m, n)>

// One row of many columns: panels are shared out. How much an open number of rows is worth is asked at run time.
// CHECK-LABEL: func @columns
// CHECK: rt.parallel_for %arg0, @tgc_contract_{{[0-9]+}}(%arg1, %arg2, %arg3, %true) count %c32
// CHECK: scf.if
// CHECK: rt.parallel_for
// CHECK: else
// CHECK: call
func.func @columns(%frame: !llvm.ptr, %x: memref<1x1024xf32>, %w: memref<2097152xf32>, %y: memref<1x2048xf32>, %u: memref<?x1024xf32>, %v: memref<?x2048xf32>)
    attributes {rt.feeds = []} {
  kernel.contract (%x, %w) into %y sizes [1, 1024, 2048] attributes {indexing_maps = [#a, #b, #c], panel_width = 64} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<1x1024xf32>, memref<2097152xf32> into memref<1x2048xf32>
  kernel.contract (%u, %w) into %v sizes [-9223372036854775808, 1024, 2048] attributes {indexing_maps = [#a, #b, #c], panel_width = 16} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<?x1024xf32>, memref<2097152xf32> into memref<?x2048xf32>
  return
}

// -----

#a = affine_map<(m, k, n) -> (m, k)>
#b = affine_map<(m, k, n) -> (n, k)>
#c = affine_map<(m, k, n) -> (m, n)>

// A kernel that packs: four panels of 16 columns are a share, which its thread packs for all rows.
// CHECK-LABEL: func @packing
// CHECK-NOT: tgc_pack
// CHECK: rt.parallel_for %arg0, @[[PACKING:tgc_contract_[0-9]+]](%arg1, %arg2, %arg3, %true) count %c16 grain %c1
// CHECK: func private @[[PACKING]](%{{.*}}: i1, %[[BEGIN:.*]]: index, %{{.*}}: index)
// CHECK: arith.muli %[[BEGIN]], %c4
func.func @packing(%frame: !llvm.ptr, %x: memref<60x600xf32>, %w: memref<1000x600xf32>, %y: memref<60x1000xf32>) attributes {rt.feeds = []} {
  kernel.contract (%x, %w) into %y sizes [60, 600, 1000] attributes {indexing_maps = [#a, #b, #c]} {
  ^bb0(%s: f32):
    kernel.yield %s : f32
  } : memref<60x600xf32>, memref<1000x600xf32> into memref<60x1000xf32>
  return
}
