// RUN: tgc-opt %s --tgc-convert-to-llvm --canonicalize | FileCheck %s

// What the type leaves open is given as sizes, strides and the offset, in this order.
// CHECK-LABEL: llvm.func @open(
// CHECK-SAME: %[[A:[a-z0-9]+]]: !llvm.ptr, %[[SIZE:[a-z0-9]+]]: i64, %[[STRIDE:[a-z0-9]+]]: i64, %[[OFFSET:[a-z0-9]+]]: i64, %[[I:[a-z0-9]+]]: i64, %[[J:[a-z0-9]+]]: i64)
// CHECK: %[[BEGIN:[a-z0-9]+]] = llvm.getelementptr %[[A]][%[[OFFSET]]]
// CHECK: %[[ROW:[a-z0-9]+]] = llvm.mul %[[I]], %[[STRIDE]]
// CHECK: %[[PLACE:[a-z0-9]+]] = llvm.add %[[ROW]], %[[J]]
// CHECK: llvm.getelementptr {{.*}}%[[BEGIN]][%[[PLACE]]]
// CHECK: llvm.insertvalue %[[SIZE]], %{{.+}}[1]
func.func @open(%a: !llvm.ptr, %size: index, %stride: index, %offset: index, %i: index, %j: index) -> (f32, index) {
  %c1 = arith.constant 1 : index
  %view = rt.view %a(%size, %stride, %offset) : !llvm.ptr -> memref<4x?xf32, strided<[?, 1], offset: ?>>
  %element = memref.load %view[%i, %j] : memref<4x?xf32, strided<[?, 1], offset: ?>>
  %columns = memref.dim %view, %c1 : memref<4x?xf32, strided<[?, 1], offset: ?>>
  return %element, %columns : f32, index
}

// CHECK-LABEL: llvm.func @fixed(
// CHECK-SAME: %[[A:[a-z0-9]+]]: !llvm.ptr, %[[STRIDE:[a-z0-9]+]]: i64, %[[I:[a-z0-9]+]]: i64
// CHECK: llvm.getelementptr %[[A]][5]
// CHECK: llvm.mul %[[I]], %[[STRIDE]]
func.func @fixed(%a: !llvm.ptr, %stride: index, %i: index, %j: index) -> f32 {
  %view = rt.view %a(%stride) : !llvm.ptr -> memref<4x4xf32, strided<[?, 1], offset: 5>>
  %element = memref.load %view[%i, %j] : memref<4x4xf32, strided<[?, 1], offset: 5>>
  return %element : f32
}

// The address is where the memory begins, not the view.
// CHECK-LABEL: llvm.func @address(
// CHECK-SAME: %[[A:[a-z0-9]+]]: !llvm.ptr
// CHECK-NEXT: llvm.return %[[A]]
func.func @address(%a: !llvm.ptr, %stride: index) -> !llvm.ptr {
  %view = rt.view %a(%stride) : !llvm.ptr -> memref<4x4xf32, strided<[?, 1], offset: 5>>
  %address = rt.address %view : memref<4x4xf32, strided<[?, 1], offset: 5>> -> !llvm.ptr
  return %address : !llvm.ptr
}
