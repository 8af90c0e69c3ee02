// RUN: tgc-opt %s -tgc-convert-to-llvm -canonicalize -cse | FileCheck %s

// CHECK-LABEL: llvm.func @feed
// CHECK: %[[FEEDS_AT:.+]] = llvm.getelementptr %{{.+}}[8]
// CHECK: %[[FEEDS:.+]] = llvm.load %[[FEEDS_AT]] invariant
// CHECK: %[[TENSOR:.+]] = llvm.getelementptr %[[FEEDS]][152]
// CHECK: %[[DATA:.+]] = llvm.load %[[TENSOR]] invariant {rt.memory = "feed1"}
// CHECK: llvm.load %[[DATA]]
func.func @feed(%frame: !llvm.ptr) -> f32 {
  %c0 = arith.constant 0 : index
  %x = rt.feed %frame[1] : memref<4xf32>
  %0 = memref.load %x[%c0] : memref<4xf32>
  return %0 : f32
}

// A boolean in memory is a byte.
// CHECK-LABEL: llvm.func @boolean
// CHECK: %[[BYTE:.+]] = llvm.load {{.*}} -> i8
// CHECK: llvm.trunc %[[BYTE]] : i8 to i1
// CHECK: llvm.store {{.*}} : i8, !llvm.ptr
func.func @boolean(%a: memref<4xi1>, %i: index) {
  %0 = memref.load %a[%i] : memref<4xi1>
  %c1 = arith.constant 1 : index
  memref.store %0, %a[%c1] : memref<4xi1>
  return
}

// CHECK-LABEL: llvm.func @fail
// CHECK: %[[NODE:.+]] = llvm.mlir.addressof @tgc.text.
// CHECK: llvm.call @tgc_rt_fail(
func.func @fail(%frame: !llvm.ptr, %n: index) {
  rt.fail %frame, 3, "got %d"(%n) loc("conv1")
  return
}

// What is said of a loop is said of its branch.
// CHECK-LABEL: llvm.func @kept_loop
// CHECK: llvm.br ^{{.*}} {loop_annotation = #{{.*}}}
func.func @kept_loop(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  cf.br ^head(%c0 : index)
^head(%i: index):
  %more = arith.cmpi slt, %i, %n : index
  cf.cond_br %more, ^body, ^end
^body:
  %next = arith.addi %i, %c1 : index
  cf.br ^head(%next : index) {llvm.loop_annotation = #llvm.loop_annotation<unroll = <disable = true>>}
^end:
  return
}

// A bf16 that all lanes of a vector get moves as bits, too: without instructions for it LLVM would keep it as a float between blocks, and call
// a function to make it a bf16 again.
// CHECK-LABEL: llvm.func @spread
// CHECK: %[[BITS:.*]] = llvm.load {{.*}} -> i16
// CHECK: llvm.insertelement %[[BITS]], %{{.*}} : vector<16xi16>
func.func @spread(%x: memref<4xbf16>, %y: memref<16xbf16>, %i: index) {
  %c0 = arith.constant 0 : index
  %0 = memref.load %x[%i] : memref<4xbf16>
  %1 = vector.broadcast %0 : bf16 to vector<16xbf16>
  vector.store %1, %y[%c0] : memref<16xbf16>, vector<16xbf16>
  return
}

// So does what is selected of two: the store may be in another block than the selection.
// CHECK-LABEL: llvm.func @selected
// CHECK: llvm.select {{.*}} : vector<4xi1>, vector<4xi16>
func.func @selected(%x: memref<4xbf16>, %mask: vector<4xi1>) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant dense<0.0> : vector<4xbf16>
  %0 = vector.load %x[%c0] : memref<4xbf16>, vector<4xbf16>
  %1 = arith.select %mask, %zero, %0 : vector<4xi1>, vector<4xbf16>
  vector.store %1, %x[%c0] : memref<4xbf16>, vector<4xbf16>
  return
}
