// RUN: tgc-opt %s --tgc-mark-kernels -mlir-print-debuginfo | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK-SAME: %[[FRAME:.*]]: !llvm.ptr
// CHECK-NEXT: rt.mark %[[FRAME]], "", ""
// CHECK: linalg.fill
// CHECK: rt.mark %[[FRAME]], "nest", "Zeros"
// CHECK: scf.for
// CHECK: call @kernel
// CHECK-NEXT: rt.mark %[[FRAME]], "kernel", "Relu, Add"
// CHECK: memref.copy
// CHECK: rt.mark %[[FRAME]], "copy", "Identity"
// CHECK-NOT: rt.mark
func.func @main(%frame: !llvm.ptr, %x: memref<4xf32>, %y: memref<4xf32>) attributes {rt.feeds = []} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%y : memref<4xf32>) loc(#zeros)
  scf.for %i = %c0 to %c1 step %c1 {
    func.call @kernel(%x, %y) : (memref<4xf32>, memref<4xf32>) -> () loc(#add)
  }
  memref.copy %x, %y : memref<4xf32> to memref<4xf32> loc(#identity)
  return
}
func.func private @kernel(%x: memref<4xf32>, %y: memref<4xf32>) {
  linalg.copy ins(%x : memref<4xf32>) outs(%y : memref<4xf32>) loc(#relu)
  linalg.copy ins(%y : memref<4xf32>) outs(%x : memref<4xf32>) loc(#add)
  return
}
#zeros = loc("Zeros")
#add = loc("Add")
#relu = loc("Relu")
#identity = loc("Identity")
