// RUN: tgc-opt %s --tgc-vectorize-nests="vector-bytes=64 vector-registers=32" --split-input-file | FileCheck %s
// RUN: tgc-opt %s --tgc-vectorize-nests="vector-bytes=32" --split-input-file | FileCheck %s --check-prefix=AVX

#in = affine_map<(r, c) -> (c, r)>
#row = affine_map<(r, c) -> (r)>
#id = affine_map<(r, c) -> (r, c)>

// Squares of sixteen vectors, four along the rows of the operand; the last ones end with the row and the column. What is the
// same for a row of the result is loaded as it is.
// CHECK-LABEL: func @matrix
// CHECK: %[[BLOCK_STEP:.*]] = arith.constant 64 : index
// CHECK: scf.for %[[BLOCK:.*]] = %{{.*}} to %{{.*}} step %[[BLOCK_STEP]]
// CHECK: scf.for %[[COLUMN:.*]] = %{{.*}} to %{{.*}} step %c16
// CHECK: %[[LAST_COLUMN:.*]] = arith.constant 84 : index
// CHECK: arith.minsi %[[COLUMN]], %[[LAST_COLUMN]]
// CHECK: scf.for %[[ROW:.*]] = %[[BLOCK]] to %{{.*}} step %c16
// CHECK: %[[LAST_ROW:.*]] = arith.constant 52 : index
// CHECK: arith.minsi %[[ROW]], %[[LAST_ROW]]
// CHECK-COUNT-16: vector.load {{.*}} vector<16xf32>
// CHECK-COUNT-64: vector.shuffle
// CHECK-COUNT-16: memref.load
// CHECK: arith.mulf {{.*}} : vector<16xf32>
// CHECK-COUNT-16: vector.store
// CHECK-NOT: vector.store
// AVX-LABEL: func @matrix
// AVX-COUNT-8: vector.load {{.*}} vector<8xf32>
// AVX-COUNT-24: vector.shuffle
// AVX: vector.store
func.func @matrix(%x: memref<100x68xf32>, %scale: memref<68xf32>, %y: memref<68x100xf32>) {
  linalg.generic {indexing_maps = [#in, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%x, %scale : memref<100x68xf32>, memref<68xf32>) outs(%y : memref<68x100xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    linalg.yield %m : f32
  }
  return
}

// -----

#in = affine_map<(r, c) -> (c, r)>
#id = affine_map<(r, c) -> (r, c)>

// Rows that are known in the run only: as many lanes as there are, else four, else one by one.
// CHECK-LABEL: func @open
// CHECK: %[[LONG:.*]] = arith.cmpi sge, %{{.*}}, %c16
// CHECK: scf.if %[[LONG]]
// CHECK: vector<16xf32>
// CHECK: } else {
// CHECK: %[[SHORT:.*]] = arith.cmpi sge, %{{.*}}, %c4
// CHECK: scf.if %[[SHORT]]
// CHECK: vector<4xf32>
// CHECK: } else {
// CHECK: linalg.generic
func.func @open(%x: memref<100x?xf32>, %y: memref<?x100xf32>) {
  linalg.generic {indexing_maps = [#in, #id], iterator_types = ["parallel", "parallel"]} ins(%x : memref<100x?xf32>) outs(%y : memref<?x100xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }
  return
}

// -----

#in = affine_map<(r, c) -> (c, r)>
#id = affine_map<(r, c) -> (r, c)>

// An operand that lies like the result may be its memory: elements must not be computed twice.
// CHECK-LABEL: func @sum
// CHECK-NOT: vector
// CHECK: linalg.generic
func.func @sum(%x: memref<100x68xf32>, %y: memref<68x100xf32>) {
  linalg.generic {indexing_maps = [#in, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%x, %y : memref<100x68xf32>, memref<68x100xf32>) outs(%y : memref<68x100xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  }
  return
}
