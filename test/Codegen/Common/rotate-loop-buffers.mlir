// RUN: tgc-opt %s -allow-unregistered-dialect -tgc-rotate-loop-buffers | FileCheck %s

// The body reads the carried buffer while it writes the next: two places take turns.
// CHECK-LABEL: func.func @two_places
// CHECK: %[[TURN:.+]] = memref.alloca() : memref<i1>
// CHECK: %[[FIRST:.+]] = memref.alloc() {{.*}} : memref<64xf32>
// CHECK: %[[SECOND:.+]] = memref.alloc() {{.*}} : memref<64xf32>
// CHECK: scf.for {{.*}} iter_args(%[[CARRIED:.+]] =
// CHECK: %[[IS_SECOND:.+]] = memref.load %[[TURN]]
// CHECK: %[[NEXT:.+]] = arith.select %[[IS_SECOND]], %[[SECOND]], %[[FIRST]]
// CHECK: "test.compute"(%[[CARRIED]], %[[NEXT]])
// CHECK: scf.yield %[[NEXT]]
func.func @two_places(%frame: !llvm.ptr, %init: memref<64xf32>, %n: index) -> memref<64xf32> attributes {rt.feeds = []} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %result = scf.for %i = %c0 to %n step %c1 iter_args(%carried = %init) -> (memref<64xf32>) {
    %next = memref.alloc() : memref<64xf32>
    "test.compute"(%carried, %next) : (memref<64xf32>, memref<64xf32>) -> ()
    scf.yield %next : memref<64xf32>
  }
  return %result : memref<64xf32>
}

// What is updated in place stays in place.
// CHECK-LABEL: func.func @in_place
// CHECK-NOT: memref.alloc
// CHECK: return
func.func @in_place(%frame: !llvm.ptr, %init: memref<64xf32>, %n: index) -> memref<64xf32> attributes {rt.feeds = []} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %result = scf.for %i = %c0 to %n step %c1 iter_args(%carried = %init) -> (memref<64xf32>) {
    "test.update"(%carried) : (memref<64xf32>) -> ()
    scf.yield %carried : memref<64xf32>
  }
  return %result : memref<64xf32>
}

// CHECK-LABEL: func.func @growing
// CHECK: scf.while
// CHECK: scf.if
// CHECK: rt.buffer %{{.+}}[1]
// CHECK: rt.buffer %{{.+}}[0]
// CHECK: memref.copy
func.func @growing(%frame: !llvm.ptr, %init: memref<?xf32>) -> memref<?xf32> attributes {rt.feeds = []} {
  %result = scf.while (%carried = %init) : (memref<?xf32>) -> memref<?xf32> {
    %continue = "test.condition"() : () -> i1
    scf.condition(%continue) %carried : memref<?xf32>
  } do {
  ^bb0(%carried: memref<?xf32>):
    %next = "test.grow"(%carried) : (memref<?xf32>) -> memref<?xf32>
    scf.yield %next : memref<?xf32>
  }
  return %result : memref<?xf32>
}

// A buffer that one branch makes anew is moved in that branch only: a list that has room is not copied.
// CHECK-LABEL: func.func @growing_at_times
// CHECK: scf.while
// CHECK: scf.if %{{.+}} -> (memref<?xf32>) {
// CHECK-NEXT: scf.yield
// CHECK: } else {
// CHECK: "test.grow"
// CHECK: memref.copy
// CHECK: scf.yield
// CHECK: "test.update"
// CHECK-NOT: memref.copy
// CHECK: return
func.func @growing_at_times(%frame: !llvm.ptr, %init: memref<?xf32>) -> memref<?xf32> attributes {rt.feeds = []} {
  %result = scf.while (%carried = %init) : (memref<?xf32>) -> memref<?xf32> {
    %continue = "test.condition"() : () -> i1
    scf.condition(%continue) %carried : memref<?xf32>
  } do {
  ^bb0(%carried: memref<?xf32>):
    %enough = "test.condition"() : () -> i1
    %next = scf.if %enough -> (memref<?xf32>) {
      scf.yield %carried : memref<?xf32>
    } else {
      %grown = "test.grow"(%carried) : (memref<?xf32>) -> memref<?xf32>
      scf.yield %grown : memref<?xf32>
    }
    "test.update"(%next) : (memref<?xf32>) -> ()
    scf.yield %next : memref<?xf32>
  }
  return %result : memref<?xf32>
}
