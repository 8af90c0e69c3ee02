// RUN: tgc-opt %s -tgc-lower-top-k | FileCheck %s

// CHECK-LABEL: func @top_k
// CHECK: scf.for
// CHECK: memref.load %arg0
// CHECK: scf.while
// CHECK: %[[ROW:.+]] = vector.transfer_read %arg0{{.*}} vector<16xf32>
// CHECK: %[[HITS:.+]] = arith.cmpf ugt, %[[ROW]]
// CHECK: vector.bitcast %[[HITS]] : vector<16xi1> to vector<1xi16>
// CHECK: scf.while
// CHECK: math.cttz
// CHECK: arith.cmpf ogt
// CHECK: kernel.independent
func.func @top_k(%x: memref<?x?xf32>, %values: memref<?x?xf32>, %indices: memref<?x?xi32>) {
  kernel.top_k(%x) into(%values, %indices) : memref<?x?xf32> into memref<?x?xf32>, memref<?x?xi32>
  return
}

// Whole rows are sorted where they lie: pass by pass, vectors of elements and those at a distance.
// CHECK-LABEL: func @sorted
// CHECK-NOT: memref.alloc
// CHECK: math.ctlz
// CHECK: vector.transfer_read %arg1{{.*}} vector<16xf32>
// CHECK: vector.transfer_read %arg2{{.*}} vector<16xi32>
// CHECK: vector.transfer_read %arg1{{.*}} vector<16xf32>
// CHECK: vector.transfer_write {{.*}} %arg1
// CHECK-NOT: scf.while
// CHECK: kernel.independent
func.func @sorted(%x: memref<512x256xf32>, %values: memref<512x256xf32>, %indices: memref<512x256xi32>) {
  kernel.top_k(%x) into(%values, %indices) : memref<512x256xf32> into memref<512x256xf32>, memref<512x256xi32>
  return
}

// Few elements, or not all of them, go through a heap.
// CHECK-LABEL: func @short
// CHECK-NOT: math.ctlz
// CHECK: scf.while
// CHECK-LABEL: func @part
// CHECK-NOT: math.ctlz
// CHECK: scf.while
func.func @short(%x: memref<512x31xf32>, %values: memref<512x31xf32>, %indices: memref<512x31xi32>) {
  kernel.top_k(%x) into(%values, %indices) : memref<512x31xf32> into memref<512x31xf32>, memref<512x31xi32>
  return
}
func.func @part(%x: memref<512x256xf32>, %values: memref<512x255xf32>, %indices: memref<512x255xi32>) {
  kernel.top_k(%x) into(%values, %indices) : memref<512x256xf32> into memref<512x255xf32>, memref<512x255xi32>
  return
}
