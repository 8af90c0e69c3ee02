// RUN: tgc-opt %s --tgc-narrow-calls --split-input-file | FileCheck %s

// What the types say is not passed; the attributes stay with the addresses.
// CHECK-LABEL: func.func @static(
// CHECK-SAME: %[[FRAME:.*]]: !llvm.ptr, %[[X:.*]]: memref<4x8xf32>)
// CHECK: %[[ADDRESS:.*]] = rt.address %[[X]]
// CHECK-NOT: extract_strided_metadata
// CHECK: call @kernel(%[[ADDRESS]], %{{.*}}) : (!llvm.ptr, index) -> ()
// CHECK: rt.parallel_for %[[FRAME]], @kernel(%{{.*}}) {{.*}} : !llvm.ptr
// CHECK: func.func private @kernel(%[[GIVEN:.*]]: !llvm.ptr {llvm.noalias}, %{{.*}}: index)
// CHECK: %[[VIEW:.*]] = rt.view %[[GIVEN]]() : !llvm.ptr -> memref<4x8xf32>
// CHECK: memref.load %[[VIEW]]
func.func @static(%frame: !llvm.ptr, %x: memref<4x8xf32>) attributes {rt.feeds = []} {
  %c0 = arith.constant 0 : index
  call @kernel(%x, %c0) : (memref<4x8xf32>, index) -> ()
  rt.parallel_for %frame, @kernel(%x) count %c0 grain %c0 : memref<4x8xf32>
  return
}
func.func private @kernel(%x: memref<4x8xf32> {llvm.noalias}, %i: index) {
  %0 = memref.load %x[%i, %i] : memref<4x8xf32>
  memref.store %0, %x[%i, %i] : memref<4x8xf32>
  return
}

// -----

// Sizes, strides and the offset, where they are open; row-major strides follow from the sizes.
// CHECK-LABEL: func.func @open(
// CHECK: memref.extract_strided_metadata %{{.*}} : memref<?x8xf32>
// CHECK: %[[BASE:.*]], %[[OFFSET:.*]], %[[SIZES:.*]]:2, %[[STRIDES:.*]]:2 = memref.extract_strided_metadata %{{.*}} : memref<4x?xf32
// CHECK: call @kernel(%{{.*}}, %{{.*}}, %{{.*}}, %[[SIZES]]#1, %[[STRIDES]]#0, %[[OFFSET]])
// CHECK: func.func private @kernel(%[[X:.*]]: !llvm.ptr, %[[ROWS:.*]]: index, %[[Y:.*]]: !llvm.ptr, %[[A:.*]]: index, %[[B:.*]]: index, %[[C:.*]]: index)
// CHECK: rt.view %[[X]](%[[ROWS]]) : !llvm.ptr -> memref<?x8xf32>
// CHECK: rt.view %[[Y]](%[[A]], %[[B]], %[[C]])
func.func @open(%x: memref<?x8xf32>, %y: memref<4x?xf32, strided<[?, 1], offset: ?>>) attributes {rt.feeds = []} {
  call @kernel(%x, %y) : (memref<?x8xf32>, memref<4x?xf32, strided<[?, 1], offset: ?>>) -> ()
  return
}
func.func private @kernel(%x: memref<?x8xf32>, %y: memref<4x?xf32, strided<[?, 1], offset: ?>>) {
  %c1 = arith.constant 1 : index
  %0 = memref.load %x[%c1, %c1] : memref<?x8xf32>
  memref.store %0, %y[%c1, %c1] : memref<4x?xf32, strided<[?, 1], offset: ?>>
  return
}
