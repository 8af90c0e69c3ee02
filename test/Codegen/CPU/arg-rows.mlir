// RUN: tgc-opt %s --tgc-vectorize-nests="vector-bytes=64 vector-registers=32" --split-input-file | FileCheck %s

#x = affine_map<(m, k) -> (m, k)>
#m = affine_map<(m, k) -> (m)>

// Each lane compares for itself; then the first lane of those that have the largest element; the last four one by one.
// CHECK-LABEL: func @largest
// CHECK: scf.for
// CHECK: scf.for {{.*}} -> (vector<16xf32>, vector<16xi64>)
// CHECK: vector.load {{.*}} vector<16xf32>
// CHECK: arith.cmpf ogt, {{.*}} : vector<16xf32>
// CHECK-COUNT-2: arith.select {{.*}} : vector<16xi1>, vector<16x
// CHECK: vector.reduction <maxnumf>
// CHECK: arith.cmpf oeq
// CHECK: vector.reduction <minsi>
// CHECK: scf.for {{.*}} -> (f32, i64)
func.func @largest(%x: memref<8x100xf32>, %best: memref<8xf32>, %where: memref<8xi64>) {
  linalg.generic {indexing_maps = [#x, #m, #m], iterator_types = ["parallel", "reduction"]} ins(%x : memref<8x100xf32>) outs(%best, %where : memref<8xf32>, memref<8xi64>) {
  ^bb0(%in: f32, %b: f32, %w: i64):
    %1 = arith.cmpf ogt, %in, %b : f32
    %2 = linalg.index 1 : index
    %3 = arith.index_cast %2 : index to i64
    %4 = arith.select %1, %in, %b : f32
    %5 = arith.select %1, %3, %w : i64
    linalg.yield %4, %5 : f32, i64
  }
  return
}

// -----

#x = affine_map<(m, k) -> (m, k)>
#m = affine_map<(m, k) -> (m)>

// The last of equals is another question.
// CHECK-LABEL: func @last
// CHECK-NOT: vector
// CHECK: linalg.generic
func.func @last(%x: memref<8x100xf32>, %best: memref<8xf32>, %where: memref<8xi64>) {
  linalg.generic {indexing_maps = [#x, #m, #m], iterator_types = ["parallel", "reduction"]} ins(%x : memref<8x100xf32>) outs(%best, %where : memref<8xf32>, memref<8xi64>) {
  ^bb0(%in: f32, %b: f32, %w: i64):
    %1 = arith.cmpf oge, %in, %b : f32
    %2 = linalg.index 1 : index
    %3 = arith.index_cast %2 : index to i64
    %4 = arith.select %1, %in, %b : f32
    %5 = arith.select %1, %3, %w : i64
    linalg.yield %4, %5 : f32, i64
  }
  return
}
