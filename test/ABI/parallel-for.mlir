// RUN: tgc-opt %s --tgc-convert-to-llvm | FileCheck %s

// Arguments travel through memory of the caller; two calls of one function share the function that takes them out.
// CHECK-LABEL: llvm.func @entry
// CHECK: llvm.alloca
// CHECK: %[[BODY:.*]] = llvm.mlir.addressof @body.piece
// CHECK: llvm.call @tgc_rt_parallel_for(%arg0, %[[BODY]]
// CHECK: llvm.call @tgc_rt_parallel_for
// CHECK: llvm.func internal @body.piece(%[[FROM:.*]]: !llvm.ptr, %[[BEGIN:.*]]: i64, %[[END:.*]]: i64)
// CHECK-COUNT-6: llvm.load
// CHECK: llvm.call @body({{.*}}, %[[BEGIN]], %[[END]])
// CHECK-NOT: llvm.func internal
func.func @entry(%frame: !llvm.ptr, %x: memref<?xf32>, %f: f32, %n: index, %grain: index) {
  rt.parallel_for %frame, @body(%x, %f) count %n grain %grain : memref<?xf32>, f32
  rt.parallel_for %frame, @body(%x, %f) count %n grain %n : memref<?xf32>, f32
  return
}

func.func private @body(%x: memref<?xf32>, %f: f32, %begin: index, %end: index) {
  return
}
