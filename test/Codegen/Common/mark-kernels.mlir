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
// Read and written.
// CHECK: rt.mark %[[FRAME]], "copy\090\0932", "Identity"
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

// The work of what a kernel is made of is added, once for each op that it was made of; a part whose work is not known leaves the
// kernel without. A fill of a contraction's result has the contraction's location and is not its work.
// CHECK-LABEL: func.func @works
// CHECK: linalg.fill
// CHECK: rt.mark %{{.*}}, "nest", "MatMul"
// CHECK: call @tgc_pack_0
// CHECK-NEXT: rt.mark %{{.*}}, "tgc_pack_0", "MatMul"
// CHECK: call @tgc_contract_0
// CHECK-NEXT: rt.mark %{{.*}}, "tgc_contract_0\096*0.0\0920+4*0.0", "MatMul"
// CHECK: call @tgc_nests_0
// CHECK-NEXT: rt.mark %{{.*}}, "tgc_nests_0\0918+2*0.0\0916", "Add, Sub"
// CHECK: call @tgc_nests_1
// CHECK-NEXT: rt.mark %{{.*}}, "tgc_nests_1", "Mul, Relu"
func.func @works(%frame: !llvm.ptr, %x: memref<4xf32>, %y: memref<4xf32>) attributes {rt.feeds = []} {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%y : memref<4xf32>) loc(#matmul)
  func.call @tgc_pack_0(%x) : (memref<4xf32>) -> () loc(#matmul)
  func.call @tgc_contract_0(%x, %y) : (memref<4xf32>, memref<4xf32>) -> () loc(#matmul)
  func.call @tgc_nests_0(%x, %y) : (memref<4xf32>, memref<4xf32>) -> () loc(#sub)
  func.call @tgc_nests_1(%x, %y) : (memref<4xf32>, memref<4xf32>) -> () loc(#mul)
  return
}
func.func private @tgc_pack_0(%x: memref<4xf32>) { return }
func.func private @tgc_contract_0(%x: memref<4xf32>, %y: memref<4xf32>) { return }
func.func private @tgc_nests_0(%x: memref<4xf32>, %y: memref<4xf32>) {
  linalg.copy ins(%x : memref<4xf32>) outs(%y : memref<4xf32>) loc(#plus)
  linalg.copy ins(%y : memref<4xf32>) outs(%x : memref<4xf32>) loc(#sub)
  linalg.copy ins(%y : memref<4xf32>) outs(%x : memref<4xf32>) loc(#sub)
  return
}
func.func private @tgc_nests_1(%x: memref<4xf32>, %y: memref<4xf32>) {
  linalg.copy ins(%x : memref<4xf32>) outs(%y : memref<4xf32>) loc(#mul)
  linalg.copy ins(%y : memref<4xf32>) outs(%x : memref<4xf32>) loc(#relu)
  return
}

// Of branches the work of all of them, found in groups and calls inside; the kernel behind has its own. Calls of one function for two
// groups are two kernels. f64 is said.
// CHECK-LABEL: func.func @branches
// CHECK: call @tgc_branches_0
// CHECK-NEXT: rt.mark %{{.*}}, "tgc_branches_0\0936+6*0.0+2*0.0\0936+4*0.0", "MatMul, Mul, Sub"
// CHECK: call @tgc_contract_0
// CHECK-NEXT: rt.mark %{{.*}}, "tgc_contract_0\0910\0930\09f64", "MatMul"
// CHECK: call @tgc_nests_0
// CHECK-NEXT: rt.mark %{{.*}}, "tgc_nests_0\0918+2*0.0\0916", "Add, Sub"
// CHECK: call @tgc_nests_0
// CHECK-NEXT: rt.mark %{{.*}}, "tgc_nests_0\0918+2*0.0\0916", "Add, Sub"
func.func @branches(%frame: !llvm.ptr, %x: memref<4xf32>, %y: memref<4xf32>) attributes {rt.feeds = []} {
  func.call @tgc_branches_0(%x, %y) : (memref<4xf32>, memref<4xf32>) -> () loc(unknown)
  func.call @tgc_contract_0(%x, %y) : (memref<4xf32>, memref<4xf32>) -> () loc(#double)
  func.call @tgc_nests_0(%x, %y) : (memref<4xf32>, memref<4xf32>) -> () loc(#sub)
  func.call @tgc_nests_0(%y, %x) : (memref<4xf32>, memref<4xf32>) -> () loc(#sub)
  return
}
func.func private @tgc_branches_0(%x: memref<4xf32>, %y: memref<4xf32>) {
  func.call @tgc_contract_0(%x, %y) : (memref<4xf32>, memref<4xf32>) -> () loc(#matmul)
  func.call @tgc_nests_2(%x, %y) : (memref<4xf32>, memref<4xf32>) -> () loc(#mul)
  func.call @tgc_nests_3(%x, %y) : (memref<4xf32>, memref<4xf32>) -> () loc(#group)
  return
}
func.func private @tgc_nests_2(%x: memref<4xf32>, %y: memref<4xf32>) {
  linalg.copy ins(%x : memref<4xf32>) outs(%y : memref<4xf32>) loc(#mul)
  return
}
// What its nests touch together is written at the call.
func.func private @tgc_nests_3(%x: memref<4xf32>, %y: memref<4xf32>) {
  linalg.copy ins(%x : memref<4xf32>) outs(%y : memref<4xf32>) loc(#plus)
  linalg.copy ins(%y : memref<4xf32>) outs(%x : memref<4xf32>) loc(#sub)
  return
}
#name = loc("MatMul")
#plusName = loc("Add")
#subName = loc("Sub")
#mulName = loc("Mul")
#matmul = loc(fused<{bytes = "20+4*0.0", nest = false, operations = "6*0.0", work = 0 : i64}>[#name])
#plus = loc(fused<{bytes = "8", nest = true, operations = "10", work = 1 : i64}>[#plusName])
#sub = loc(fused<{bytes = "8", nest = true, operations = "8+2*0.0", work = 2 : i64}>[#subName])
#mul = loc(fused<{bytes = "8", nest = true, operations = "8", work = 3 : i64}>[#mulName])
#double = loc(fused<{bytes = "30", nest = false, operations = "10", type = "f64", work = 4 : i64}>[#name])
#group = loc(fused<{bytes = "8", nest = false, operations = "28+2*0.0", work = 5 : i64}>[#subName])
