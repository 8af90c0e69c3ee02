// RUN: tgc-opt %s -tgc-lower-copies | FileCheck %s

// CHECK-LABEL: func.func @copies
// CHECK: memref.copy
// CHECK: linalg.copy
func.func @copies(%a: memref<4x4xf32>, %b: memref<4x4xf32>, %c: memref<4x4xf32, strided<[8, 1], offset: ?>>) {
  memref.copy %a, %b : memref<4x4xf32> to memref<4x4xf32>
  memref.copy %a, %c : memref<4x4xf32> to memref<4x4xf32, strided<[8, 1], offset: ?>>
  return
}
