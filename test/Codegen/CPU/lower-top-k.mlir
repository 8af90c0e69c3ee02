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
