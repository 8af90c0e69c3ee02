// RUN: tgc-opt %s -allow-unregistered-dialect -tgc-plan-buffers | FileCheck %s

// The third buffer lives when the first is dead: it takes its place. 4096 + 8192 bytes are enough.
// CHECK-LABEL: func.func @reuse
// CHECK-SAME: rt.num_buffers = 0
// CHECK: %[[BYTES:.+]] = arith.constant 12288 : index
// CHECK: %[[ARENA:.+]] = rt.workspace %{{.+}}, %[[BYTES]]
// CHECK-NOT: memref.alloc
// CHECK: memref.view %[[ARENA]]
func.func @reuse(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %a = memref.alloc() : memref<1024xf32>
  "test.write"(%a) : (memref<1024xf32>) -> ()
  %b = memref.alloc() : memref<2048xf32>
  "test.read_write"(%a, %b) : (memref<1024xf32>, memref<2048xf32>) -> ()
  %c = memref.alloc() : memref<1024xf32>
  "test.read_write"(%b, %c) : (memref<2048xf32>, memref<1024xf32>) -> ()
  return
}

// What reads a view keeps its buffer alive; the view alone does not.
// CHECK-LABEL: func.func @view_is_a_use
// CHECK: arith.constant 8192 : index
func.func @view_is_a_use(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %a = memref.alloc() : memref<1024xf32>
  "test.write"(%a) : (memref<1024xf32>) -> ()
  %view = memref.reinterpret_cast %a to offset: [0], sizes: [32, 32], strides: [32, 1] : memref<1024xf32> to memref<32x32xf32>
  %b = memref.alloc() : memref<1024xf32>
  "test.write"(%b) : (memref<1024xf32>) -> ()
  "test.read"(%view) : (memref<32x32xf32>) -> ()
  return
}

// CHECK-LABEL: func.func @early_view
// CHECK: arith.constant 4096 : index
func.func @early_view(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %a = memref.alloc() : memref<1024xf32>
  %view = memref.reinterpret_cast %a to offset: [0], sizes: [32, 32], strides: [32, 1] : memref<1024xf32> to memref<32x32xf32>
  %b = memref.alloc() : memref<1024xf32>
  "test.write"(%b) : (memref<1024xf32>) -> ()
  "test.write"(%view) : (memref<32x32xf32>) -> ()
  return
}

// In an iteration %b and %c share memory, and in one of the parts of the condition %d does; what the loop carries, or what it finds, lives as long as it runs.
// CHECK-LABEL: func.func @loop
// CHECK-SAME: rt.live_bytes = 12288
// CHECK: rt.workspace
func.func @loop(%frame: !llvm.ptr, %yes: i1) attributes {rt.feeds = []} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c9 = arith.constant 9 : index
  %a = memref.alloc() : memref<1024xf32>
  "test.write"(%a) : (memref<1024xf32>) -> ()
  %r = scf.for %i = %c0 to %c9 step %c1 iter_args(%carried = %a) -> memref<1024xf32> {
    "test.read"(%carried) : (memref<1024xf32>) -> ()
    %b = memref.alloc() : memref<1024xf32>
    "test.write"(%b) : (memref<1024xf32>) -> ()
    %c = memref.alloc() : memref<1024xf32>
    "test.write"(%c) : (memref<1024xf32>) -> ()
    scf.if %yes {
      %d = memref.alloc() : memref<1024xf32>
      "test.write"(%d) : (memref<1024xf32>) -> ()
    } else {
      %d = memref.alloc() : memref<1024xf32>
      "test.write"(%d) : (memref<1024xf32>) -> ()
    }
    %next = memref.alloc() : memref<1024xf32>
    "test.write"(%next) : (memref<1024xf32>) -> ()
    scf.yield %next : memref<1024xf32>
  }
  "test.read"(%r) : (memref<1024xf32>) -> ()
  return
}

// CHECK-LABEL: func.func @small_is_on_the_stack
// CHECK: memref.alloca() {alignment = 64 : i64} : memref<4xf32>
// CHECK-NOT: rt.workspace
func.func @small_is_on_the_stack(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %a = memref.alloc() : memref<4xf32>
  "test.write"(%a) : (memref<4xf32>) -> ()
  return
}

// One slot of the larger coefficient serves both. What 64 bits do not hold, and what no machine has, becomes 2^48 bytes.
// CHECK-LABEL: func.func @dynamic
// CHECK: %[[SIZE:.+]] = memref.dim
// CHECK: %[[PER:.+]] = arith.constant 256 : index
// CHECK: %[[MOST:.+]] = arith.constant 281474976710656 : index
// CHECK: %[[LOW:.+]], %[[HIGH:.+]] = arith.mului_extended %[[PER]], %[[SIZE]]
// CHECK: %[[FITS:.+]] = arith.cmpi eq, %[[HIGH]]
// CHECK: %[[ALL:.+]] = arith.select %[[FITS]], %[[LOW]], %[[MOST]]
// CHECK: arith.minui %[[ALL]], %[[MOST]]
// CHECK: rt.workspace
// CHECK-NOT: arith.mul
// CHECK: return
func.func @dynamic(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %c0 = arith.constant 0 : index
  %x = rt.feed %frame[0] : memref<?xf32>
  %size = memref.dim %x, %c0 : memref<?xf32>
  %a = memref.alloc(%size) : memref<?x64xf32>
  "test.write"(%a) : (memref<?x64xf32>) -> ()
  %b = memref.alloc(%size) : memref<?x32xf32>
  "test.write"(%b) : (memref<?x32xf32>) -> ()
  return
}

// CHECK-LABEL: func.func @size_from_data
// CHECK-SAME: rt.num_buffers = 1
// CHECK: memref.load
// CHECK: rt.buffer %{{.+}}[0]
func.func @size_from_data(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %x = rt.feed %frame[0] : memref<index>
  %size = memref.load %x[] : memref<index>
  %a = memref.alloc(%size) : memref<?xf32>
  "test.write"(%a) : (memref<?xf32>) -> ()
  return
}
