// RUN: tgc-opt %s --tgc-vectorize-nests="vector-bytes=64 vector-registers=32" --canonicalize --split-input-file | FileCheck %s
// RUN: tgc-opt %s --tgc-vectorize-nests="vector-bytes=16 vector-registers=16" --canonicalize --split-input-file | FileCheck %s --check-prefix=SSE

#in = affine_map<(r, c) -> (r, c)>
#column = affine_map<(r, c) -> (c)>

// Sums over rows: the sums of a tile of columns are carried in registers, and stored once.
// CHECK-LABEL: func @columns
// CHECK-COUNT-3: vector.load %{{.*}} : memref<{{.*}}>, vector<16xf32>
// CHECK: %[[SUMS:.*]]:3 = scf.for {{.*}} iter_args
// CHECK-NOT: store
// CHECK: scf.yield
// CHECK-COUNT-3: vector.store %[[SUMS]]
func.func @columns(%x: memref<100x48xf32>, %y: memref<48xf32>) {
  linalg.generic {indexing_maps = [#in, #column], iterator_types = ["reduction", "parallel"]} ins(%x : memref<100x48xf32>) outs(%y : memref<48xf32>) {
  ^bb0(%a: f32, %s: f32):
    %0 = arith.addf %s, %a : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

#in = affine_map<(r, c) -> (r, c)>
#row = affine_map<(r, c) -> (r)>

// The maximum of a row: four vectors, and the rest of 1000 elements under a mask.
// CHECK-LABEL: func @rows
// CHECK: scf.for
// CHECK: %[[PARTS:.*]]:4 = scf.for
// CHECK-COUNT-4: arith.maximumf {{.*}} : vector<16xf32>
// CHECK: vector.maskedload
// CHECK: arith.select
// CHECK: vector.reduction <maximumf>
func.func @rows(%x: memref<8x1000xf32>, %y: memref<8xf32>) {
  linalg.generic {indexing_maps = [#in, #row], iterator_types = ["parallel", "reduction"]} ins(%x : memref<8x1000xf32>) outs(%y : memref<8xf32>) {
  ^bb0(%a: f32, %s: f32):
    %0 = arith.maximumf %s, %a : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

#in = affine_map<(r, c) -> (r, c)>
#row = affine_map<(r, c) -> (r)>

// The order of this sum is the program's.
// CHECK-LABEL: func @ordered
// CHECK: linalg.generic
// CHECK-LABEL: func @free
// Four vectors of f32 are added, in pairs, before their sum is widened.
// CHECK: scf.for {{.*}} -> (vector<16xf64>)
// CHECK-COUNT-4: vector.load {{.*}} vector<16xf32>
// CHECK-COUNT-3: arith.addf {{.*}} : vector<16xf32>
// CHECK: %[[WIDE:.*]] = arith.extf {{.*}} : vector<16xf32> to vector<16xf64>
// CHECK: arith.addf %{{.*}}, %[[WIDE]] fastmath<reassoc> : vector<16xf64>
// CHECK: vector.reduction <add>, %{{.*}} fastmath<reassoc> : vector<16xf64> into f64
func.func @ordered(%x: memref<8x1000xf32>, %y: memref<8xf32>) {
  linalg.generic {indexing_maps = [#in, #row], iterator_types = ["parallel", "reduction"]} ins(%x : memref<8x1000xf32>) outs(%y : memref<8xf32>) {
  ^bb0(%a: f32, %s: f32):
    %0 = arith.addf %s, %a : f32
    linalg.yield %0 : f32
  }
  return
}
func.func @free(%x: memref<8x1024xf32>, %y: memref<8xf64>) {
  linalg.generic {indexing_maps = [#in, #row], iterator_types = ["parallel", "reduction"]} ins(%x : memref<8x1024xf32>) outs(%y : memref<8xf64>) {
  ^bb0(%a: f32, %s: f64):
    %0 = arith.extf %a : f32 to f64
    %1 = arith.addf %s, %0 fastmath<reassoc> : f64
    linalg.yield %1 : f64
  }
  return
}

// -----

#in = affine_map<(r, c) -> (r, c)>
#row = affine_map<(r, c) -> (r)>

// What belongs to the row is computed once for it.
// CHECK-LABEL: func @shared
// CHECK: scf.for
// CHECK: %[[SCALE:.*]] = math.sqrt %{{.*}} : f32
// CHECK: scf.for
// CHECK-NOT: math.sqrt
// CHECK: vector.broadcast %[[SCALE]]
// CHECK: arith.divf {{.*}} : vector<16xf32>
func.func @shared(%x: memref<?x?xf32>, %v: memref<?xf32>, %y: memref<?x?xf32>) {
  linalg.generic {indexing_maps = [#in, #row, #in], iterator_types = ["parallel", "parallel"]} ins(%x, %v : memref<?x?xf32>, memref<?xf32>) outs(%y : memref<?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = math.sqrt %b : f32
    %1 = arith.divf %a, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// -----

#index = affine_map<(i, c) -> (i)>
#id = affine_map<(i, c) -> (i, c)>

// Rows that indices name are moved in vectors, the index is read once for each; the rest of 40 elements under a mask.
// CHECK-LABEL: func @gather
// CHECK-SAME: %[[TABLE:.*]]: memref<100x40xf32>
// CHECK: scf.for %[[I:.*]] =
// CHECK: %[[ROW:.*]] = arith.minui
// CHECK: scf.for %[[AT:.*]] =
// CHECK: %[[VECTOR:.*]] = vector.load %[[TABLE]][%[[ROW]], %[[AT]]] : memref<100x40xf32>, vector<16xf32>
// CHECK: arith.mulf %[[VECTOR]]
// CHECK: vector.store
// CHECK: vector.maskedload %[[TABLE]][%[[ROW]], %c32]
// CHECK: vector.maskedstore
// CHECK-NOT: memref.load
func.func @gather(%table: memref<100x40xf32>, %rows: memref<8xi32>, %y: memref<8x40xf32>) {
  %two = arith.constant 2.0 : f32
  %last = arith.constant 99 : index
  linalg.generic {indexing_maps = [#index, #id], iterator_types = ["parallel", "parallel"]} ins(%rows : memref<8xi32>) outs(%y : memref<8x40xf32>) {
  ^bb0(%r: i32, %o: f32):
    %0 = arith.index_cast %r : i32 to index
    %1 = arith.minui %0, %last : index
    %2 = linalg.index 1 : index
    %3 = memref.load %table[%1, %2] : memref<100x40xf32>
    %4 = arith.mulf %3, %two : f32
    linalg.yield %4 : f32
  }
  return
}

// -----

#index = affine_map<(i, c) -> (i)>
#id = affine_map<(i, c) -> (i, c)>

// Where the columns are what is named, or their number is computed with, nothing is contiguous.
// CHECK-LABEL: func @scattered
// CHECK-COUNT-2: linalg.generic
func.func @scattered(%table: memref<40x100xf32>, %rows: memref<8xi32>, %y: memref<8x40xf32>) {
  %last = arith.constant 39 : index
  linalg.generic {indexing_maps = [#index, #id], iterator_types = ["parallel", "parallel"]} ins(%rows : memref<8xi32>) outs(%y : memref<8x40xf32>) {
  ^bb0(%r: i32, %o: f32):
    %0 = arith.index_cast %r : i32 to index
    %2 = linalg.index 1 : index
    %3 = memref.load %table[%2, %0] : memref<40x100xf32>
    linalg.yield %3 : f32
  }
  linalg.generic {indexing_maps = [#index, #id], iterator_types = ["parallel", "parallel"]} ins(%rows : memref<8xi32>) outs(%y : memref<8x40xf32>) {
  ^bb0(%r: i32, %o: f32):
    %0 = arith.index_cast %r : i32 to index
    %2 = linalg.index 1 : index
    %3 = arith.subi %last, %2 : index
    %4 = memref.load %table[%3, %0] : memref<40x100xf32>
    linalg.yield %4 : f32
  }
  return
}

// -----

// A copy between layouts is a nest like any other.
// CHECK-LABEL: func @copy
// CHECK-NOT: linalg.copy
// CHECK: vector.load
// CHECK: vector.store
func.func @copy(%x: memref<8x64xf32, strided<[100, 1]>>, %y: memref<8x64xf32>) {
  linalg.copy ins(%x : memref<8x64xf32, strided<[100, 1]>>) outs(%y : memref<8x64xf32>)
  return
}

// -----

#id = affine_map<(c) -> (c)>

// A long body is there once: the last vector, of which a part is left, differs in how it is loaded and stored.
// CHECK-LABEL: func @long_body
// CHECK: scf.for
// CHECK: %[[X:.*]] = scf.if %[[WHOLE:.*]] -> (vector<16xf32>)
// CHECK: vector.load
// CHECK: else
// CHECK: vector.maskedload
// CHECK: %[[Y:.*]] = math.tanh %[[X]] : vector<16xf32>
// CHECK-NOT: math.tanh
// CHECK: scf.if %[[WHOLE]]
// CHECK-NEXT: vector.store %[[Y]]
// CHECK: else
// CHECK: vector.maskedstore {{.*}}, %[[Y]]
// CHECK: llvm.loop_annotation
// CHECK-NOT: math.tanh
func.func @long_body(%x: memref<?xf32>, %y: memref<?xf32>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %0 = math.tanh %a : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

#id = affine_map<(i) -> (i)>

// The next block of what is read is fetched, a line for each vector; that of the other operand is not.
// CHECK-LABEL: func @ahead
// CHECK: scf.for
// CHECK: vector.load %[[X:.*]][%
// CHECK: memref.prefetch %[[X]][%{{.*}}], read, locality<3>, data
// CHECK: vector.load %[[Z:.*]][%
// CHECK-NOT: memref.prefetch %[[Z]][
// CHECK: return
func.func @ahead(%x: memref<4096xf32>, %z: memref<4096xf32>, %y: memref<4096xf32>) {
  linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%x, %z : memref<4096xf32>, memref<4096xf32>) outs(%y : memref<4096xf32>)
      attrs = {kernel.fetch_ahead = array<i64: 4096, 0, 0>} {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.addf %a, %b : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

#id = affine_map<(i) -> (i)>

// Past the caches where the result lies at multiples of a vector, with a fence in the end; vectors of 16 bytes are not worth it.
// CHECK-LABEL: func @streamed
// CHECK: memref.extract_aligned_pointer_as_index
// CHECK: scf.if
// CHECK-COUNT-4: vector.store {{.*}}{alignment = 64 : i64, nontemporal = true}
// CHECK: } else {
// CHECK-NOT: nontemporal
// CHECK: llvm.fence seq_cst
// CHECK-NEXT: return
// SSE-LABEL: func @streamed
// SSE-NOT: nontemporal
// SSE-NOT: llvm.fence
// SSE: return
func.func @streamed(%x: memref<4096xf32>, %y: memref<4096xf32>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<4096xf32>) outs(%y : memref<4096xf32>) attrs = {kernel.streamed} {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.negf %a : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

#id = affine_map<(r, c) -> (r, c)>
#row = affine_map<(r, c) -> (r)>

// A mask of an index: lanes count on from a scalar of the compared width, so 16 are compared at once.
// CHECK-LABEL: func @mask
// CHECK-DAG: %[[STEPS:.*]] = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]> : vector<16xi32>
// CHECK: %[[FIRST:.*]] = arith.trunci %{{.*}} : i64 to i32
// CHECK: %[[FIRSTS:.*]] = vector.broadcast %[[FIRST]] : i32 to vector<16xi32>
// CHECK: %[[INDEX:.*]] = arith.addi %[[FIRSTS]], %[[STEPS]] : vector<16xi32>
// CHECK: arith.cmpi eq, %[[INDEX]], %{{.*}} : vector<16xi32>
// CHECK: vector.store
// CHECK-NOT: linalg.index
func.func @mask(%labels: memref<8xi32>, %x: memref<8x64xf32>, %y: memref<8x64xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.generic {indexing_maps = [#row, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%labels, %x : memref<8xi32>, memref<8x64xf32>) outs(%y : memref<8x64xf32>) {
  ^bb0(%label: i32, %a: f32, %o: f32):
    %0 = linalg.index 1 : index
    %1 = arith.index_cast %0 : index to i64
    %2 = arith.trunci %1 : i64 to i32
    %3 = arith.cmpi eq, %2, %label : i32
    %4 = arith.select %3, %a, %zero : f32
    linalg.yield %4 : f32
  }
  return
}

// -----

#in = affine_map<(r, c) -> (r, c)>
#column = affine_map<(r, c) -> (c)>

// Wide columns in double precision: rows in the order of memory, four at a time, which are added in f32; the last two
// of them, and of the columns the last twelve, alone.
// CHECK-LABEL: func @wide
// CHECK: scf.for %{{.*}} = %c0 to %c100 step %c4
// CHECK: scf.for %{{.*}} = %c0 to %c288 step %c16
// CHECK-COUNT-4: vector.load %{{.*}} : memref<{{.*}}xf32{{.*}}>, vector<16xf32>
// CHECK-COUNT-3: arith.addf %{{.*}} : vector<16xf32>
// CHECK: vector.load %{{.*}} : memref<{{.*}}xf64{{.*}}>, vector<16xf64>
// CHECK: arith.extf %{{.*}} : vector<16xf32> to vector<16xf64>
// CHECK: arith.addf %{{.*}} : vector<16xf64>
// CHECK: vector.store %{{.*}} : memref<{{.*}}xf64{{.*}}>, vector<16xf64>
// CHECK-COUNT-4: vector.maskedload %{{.*}} : memref<{{.*}}xf32{{.*}}>
// CHECK: vector.maskedstore %{{.*}} : memref<{{.*}}xf64
// CHECK: scf.for %{{.*}} = %c100 to %c102 step %c1
// CHECK: vector.load %{{.*}} : memref<{{.*}}xf32{{.*}}>, vector<16xf32>
// CHECK-NEXT: vector.load %{{.*}} : memref<{{.*}}xf64{{.*}}>, vector<16xf64>
func.func @wide(%x: memref<102x300xf32>, %y: memref<300xf64>) {
  linalg.generic {indexing_maps = [#in, #column], iterator_types = ["reduction", "parallel"]}
      ins(%x : memref<102x300xf32>) outs(%y : memref<300xf64>) {
  ^bb0(%a: f32, %b: f64):
    %w = arith.extf %a : f32 to f64
    %s = arith.addf %b, %w fastmath<reassoc> : f64
    linalg.yield %s : f64
  }
  return
}
