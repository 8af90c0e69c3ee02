// RUN: tgc-opt %s -tgc-lower-scan -split-input-file | FileCheck %s

// Columns are independent: some of them at a time. The first element of each is copied, each other one adds
// to its predecessor in the result.
// CHECK-LABEL: func @running_sum
// CHECK: scf.for
// CHECK: scf.for
// CHECK: scf.for
// CHECK: %[[FIRST:.+]] = memref.load %arg0
// CHECK: memref.store %[[FIRST]], %arg1
// CHECK: scf.for
// CHECK: scf.for
// CHECK-DAG: %[[SUM:.+]] = memref.load %arg1
// CHECK-DAG: %[[X:.+]] = memref.load %arg0
// CHECK: %[[NEXT:.+]] = arith.addf %[[SUM]], %[[X]]
// CHECK: memref.store %[[NEXT]], %arg1
// CHECK: kernel.independent
func.func @running_sum(%x: memref<?x4xf32>, %out: memref<?x4xf32>) {
  %zero = arith.constant 0.0 : f32
  kernel.scan(%x) into %out start %zero dimension 0 {
  ^bb0(%sum: f32, %next: f32):
    %all = arith.addf %sum, %next : f32
    kernel.yield %all : f32
  } : memref<?x4xf32> into memref<?x4xf32> start f32
  return
}

// -----

// Of four rows at a time the sums so far stay in registers.
// CHECK-LABEL: func @rows
// CHECK: scf.for
// CHECK: scf.for
// CHECK-COUNT-4: memref.load %arg0
// CHECK-COUNT-4: memref.store %{{.+}}, %arg1
// CHECK: scf.for {{.*}} iter_args(%[[A:.+]] = %{{.+}}, %[[B:.+]] = %{{.+}}, %[[C:.+]] = %{{.+}}, %[[D:.+]] = %{{.+}}) -> (f32, f32, f32, f32)
// CHECK-NOT: memref.load %arg1
// CHECK: arith.addf %[[A]]
// CHECK: arith.addf %[[D]]
// CHECK-COUNT-4: memref.store
// CHECK: kernel.independent
func.func @rows(%x: memref<?x100xf32>, %out: memref<?x100xf32>) {
  %zero = arith.constant 0.0 : f32
  kernel.scan(%x) into %out start %zero dimension 1 {
  ^bb0(%sum: f32, %next: f32):
    %all = arith.addf %sum, %next : f32
    kernel.yield %all : f32
  } : memref<?x100xf32> into memref<?x100xf32> start f32
  return
}

// -----

// CHECK-LABEL: func @exclusive
// CHECK: %[[ONE:.+]] = arith.constant 1 : i8
// CHECK: memref.store %[[ONE]], %arg1
// CHECK: iter_args(%[[SO_FAR:.+]] = %[[ONE]])
// CHECK: arith.muli %[[SO_FAR]]
func.func @exclusive(%x: memref<5xi8>, %out: memref<5xi8>) {
  %one = arith.constant 1 : i8
  kernel.scan(%x) into %out start %one dimension 0 exclusive reverse {
  ^bb0(%product: i8, %next: i8):
    %all = arith.muli %product, %next : i8
    kernel.yield %all : i8
  } : memref<5xi8> into memref<5xi8> start i8
  return
}
