// RUN: tgc-opt %s -allow-unregistered-dialect -tgc-hoist-destinations | FileCheck %s

// CHECK-LABEL: func.func @early
// CHECK: rt.feed
// CHECK: memref.dim
// CHECK: rt.fetch
// CHECK: "test.compute"
func.func @early(%frame: !llvm.ptr) attributes {tg.entry = "early"} {
  %c0 = arith.constant 0 : index
  %x = rt.feed %frame[0] : memref<?xf32>
  %t = bufferization.to_tensor %x restrict : memref<?xf32> to tensor<?xf32>
  %y = "test.compute"(%t) : (tensor<?xf32>) -> tensor<?xf32>
  %size = memref.dim %x, %c0 : memref<?xf32>
  %fetch = rt.fetch %frame[0](%size) : memref<?xf32>
  bufferization.materialize_in_destination %y in restrict writable %fetch : (tensor<?xf32>, memref<?xf32>) -> ()
  return
}

// The size is known only when the result is.
// CHECK-LABEL: func.func @late
// CHECK: "test.compute"
// CHECK: rt.fetch
func.func @late(%frame: !llvm.ptr) attributes {tg.entry = "late"} {
  %c0 = arith.constant 0 : index
  %y = "test.compute"() : () -> tensor<?xf32>
  %size = tensor.dim %y, %c0 : tensor<?xf32>
  %fetch = rt.fetch %frame[0](%size) : memref<?xf32>
  bufferization.materialize_in_destination %y in restrict writable %fetch : (tensor<?xf32>, memref<?xf32>) -> ()
  return
}

// No memory is asked for before it is known that the number is a size; other checks stay where they are.
// CHECK-LABEL: func.func @checked
// CHECK: %[[SIZE:.+]] = arith.index_cast
// CHECK: %[[FAILS:.+]] = arith.cmpi slt, %[[SIZE]]
// CHECK-NEXT: scf.if %[[FAILS]]
// CHECK-NEXT: rt.fail %{{.+}}, 3, "size"
// CHECK: rt.fetch
// CHECK: rt.fail %{{.+}}, 3, "other"
// CHECK: "test.compute"
func.func @checked(%frame: !llvm.ptr) attributes {tg.entry = "checked"} {
  %c0 = arith.constant 0 : index
  %x = rt.feed %frame[0] : memref<i32>
  %z = rt.feed %frame[1] : memref<i32>
  %u = bufferization.to_tensor %z restrict : memref<i32> to tensor<i32>
  %other = tensor.extract %u[] : tensor<i32>
  %zero = arith.constant 0 : i32
  %t = bufferization.to_tensor %x restrict : memref<i32> to tensor<i32>
  %bad = arith.cmpi slt, %other, %zero : i32
  scf.if %bad {
    rt.fail %frame, 3, "other"()
  }
  %number = tensor.extract %t[] : tensor<i32>
  %size = arith.index_cast %number : i32 to index
  %fails = arith.cmpi slt, %size, %c0 : index
  scf.if %fails {
    rt.fail %frame, 3, "size"(%size)
  }
  %y = "test.compute"(%size) : (index) -> tensor<?xf32>
  %fetch = rt.fetch %frame[0](%size) : memref<?xf32>
  bufferization.materialize_in_destination %y in restrict writable %fetch : (tensor<?xf32>, memref<?xf32>) -> ()
  return
}
