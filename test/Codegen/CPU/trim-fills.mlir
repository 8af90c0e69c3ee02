// RUN: tgc-opt %s --tgc-trim-fills | FileCheck %s

#id = affine_map<(n, h, w, c) -> (n, h, w, c)>

// Only the border is filled: the rows above and below, and beside each row.
// CHECK-LABEL: func @border
// CHECK: %[[BUFFER:.*]] = memref.alloc
// CHECK: %[[ABOVE:.*]] = memref.subview %[[BUFFER]][0, 0, 0, 0] [%{{.*}}, 1, 32, 16] [1, 1, 1, 1]
// CHECK-NEXT: linalg.fill {{.*}} outs(%[[ABOVE]]
// CHECK-NEXT: %[[BELOW:.*]] = memref.subview %[[BUFFER]][0, 29, 0, 0] [%{{.*}}, 2, 32, 16] [1, 1, 1, 1]
// CHECK-NEXT: linalg.fill {{.*}} outs(%[[BELOW]]
// CHECK-NEXT: %[[LEFT:.*]] = memref.subview %[[BUFFER]][0, 1, 0, 0] [%{{.*}}, 28, 4, 16] [1, 1, 1, 1]
// CHECK-NEXT: linalg.fill {{.*}} outs(%[[LEFT]]
// CHECK-NOT: linalg.fill
// CHECK: return
func.func @border(%x: memref<?x28x28x16xf32>, %n: index) -> memref<?x31x32x16xf32> {
  %z = arith.constant 0.0 : f32
  %p = memref.alloc(%n) : memref<?x31x32x16xf32>
  %s = memref.subview %p[0, 1, 4, 0] [%n, 28, 28, 16] [1, 1, 1, 1] : memref<?x31x32x16xf32> to memref<?x28x28x16xf32, strided<[15872, 512, 16, 1], offset: 576>>
  linalg.fill ins(%z : f32) outs(%p : memref<?x31x32x16xf32>)
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%x : memref<?x28x28x16xf32>) outs(%s : memref<?x28x28x16xf32, strided<[15872, 512, 16, 1], offset: 576>>) {
  ^bb0(%i: f32, %o: f32):
    %t = arith.negf %i : f32
    linalg.yield %t : f32
  }
  return %p : memref<?x31x32x16xf32>
}

// So it is in memory of the caller.
// CHECK-LABEL: func @fetched
// CHECK: %[[FETCH:.*]] = rt.fetch
// CHECK-COUNT-4: linalg.fill {{.*}} strided
// CHECK-NOT: linalg.fill
// CHECK: return
func.func @fetched(%frame: !llvm.ptr, %x: memref<?x28x28x16xf32>, %n: index) {
  %z = arith.constant 0.0 : f32
  %p = rt.fetch %frame[0] (%n) : memref<?x31x32x16xf32>
  linalg.fill ins(%z : f32) outs(%p : memref<?x31x32x16xf32>)
  %s = memref.subview %p[0, 1, 2, 0] [%n, 28, 28, 16] [1, 1, 1, 1] : memref<?x31x32x16xf32> to memref<?x28x28x16xf32, strided<[15872, 512, 16, 1], offset: 544>>
  memref.copy %x, %s : memref<?x28x28x16xf32> to memref<?x28x28x16xf32, strided<[15872, 512, 16, 1], offset: 544>>
  return
}

// The part is filled with another number, as what a pool begins with.
// CHECK-LABEL: func @filled
// CHECK: %[[FILLED:.*]] = memref.alloc
// CHECK-NOT: linalg.fill {{.*}} outs(%[[FILLED]]
// CHECK-COUNT-5: linalg.fill
// CHECK: return
func.func @filled() -> memref<34x34x16xf32> {
  %z = arith.constant 0.0 : f32
  %low = arith.constant 0xFF800000 : f32
  %p = memref.alloc() : memref<34x34x16xf32>
  linalg.fill ins(%z : f32) outs(%p : memref<34x34x16xf32>)
  %s = memref.subview %p[1, 1, 0] [32, 32, 16] [1, 1, 1] : memref<34x34x16xf32> to memref<32x32x16xf32, strided<[544, 16, 1], offset: 560>>
  linalg.fill ins(%low : f32) outs(%s : memref<32x32x16xf32, strided<[544, 16, 1], offset: 560>>)
  return %p : memref<34x34x16xf32>
}

// What was filled is read first, or added to: all of it stays.
// CHECK-LABEL: func @read
// CHECK: linalg.fill {{.*}} : memref<34x34x16xf32>
// CHECK-LABEL: func @added
// CHECK: linalg.fill {{.*}} : memref<34x34x16xf32>
// CHECK-LABEL: func @unknown
// CHECK: linalg.fill {{.*}} : memref<34x34x16xf32>
// CHECK-LABEL: func @small
// CHECK: linalg.fill {{.*}} : memref<9x9x16xf32>
func.func @read(%x: memref<32x32x16xf32>, %y: memref<34x34x16xf32>) -> memref<34x34x16xf32> {
  %z = arith.constant 0.0 : f32
  %p = memref.alloc() : memref<34x34x16xf32>
  %s = memref.subview %p[1, 1, 0] [32, 32, 16] [1, 1, 1] : memref<34x34x16xf32> to memref<32x32x16xf32, strided<[544, 16, 1], offset: 560>>
  linalg.fill ins(%z : f32) outs(%p : memref<34x34x16xf32>)
  memref.copy %p, %y : memref<34x34x16xf32> to memref<34x34x16xf32>
  memref.copy %x, %s : memref<32x32x16xf32> to memref<32x32x16xf32, strided<[544, 16, 1], offset: 560>>
  return %p : memref<34x34x16xf32>
}
func.func @added(%x: memref<32x32x16xf32>) -> memref<34x34x16xf32> {
  %z = arith.constant 0.0 : f32
  %p = memref.alloc() : memref<34x34x16xf32>
  %s = memref.subview %p[1, 1, 0] [32, 32, 16] [1, 1, 1] : memref<34x34x16xf32> to memref<32x32x16xf32, strided<[544, 16, 1], offset: 560>>
  linalg.fill ins(%z : f32) outs(%p : memref<34x34x16xf32>)
  linalg.generic {indexing_maps = [affine_map<(h, w, c) -> (h, w, c)>, affine_map<(h, w, c) -> (h, w, c)>], iterator_types = ["parallel", "parallel", "parallel"]} ins(%x : memref<32x32x16xf32>) outs(%s : memref<32x32x16xf32, strided<[544, 16, 1], offset: 560>>) {
  ^bb0(%i: f32, %o: f32):
    %t = arith.addf %i, %o : f32
    linalg.yield %t : f32
  }
  return %p : memref<34x34x16xf32>
}
func.func @unknown(%x: memref<?x32x16xf32>, %at: index, %n: index) -> memref<34x34x16xf32> {
  %z = arith.constant 0.0 : f32
  %p = memref.alloc() : memref<34x34x16xf32>
  %s = memref.subview %p[%at, 1, 0] [%n, 32, 16] [1, 1, 1] : memref<34x34x16xf32> to memref<?x32x16xf32, strided<[544, 16, 1], offset: ?>>
  linalg.fill ins(%z : f32) outs(%p : memref<34x34x16xf32>)
  memref.copy %x, %s : memref<?x32x16xf32> to memref<?x32x16xf32, strided<[544, 16, 1], offset: ?>>
  return %p : memref<34x34x16xf32>
}
func.func @small(%x: memref<7x7x16xf32>) -> memref<9x9x16xf32> {
  %z = arith.constant 0.0 : f32
  %p = memref.alloc() : memref<9x9x16xf32>
  %s = memref.subview %p[1, 1, 0] [7, 7, 16] [1, 1, 1] : memref<9x9x16xf32> to memref<7x7x16xf32, strided<[144, 16, 1], offset: 160>>
  linalg.fill ins(%z : f32) outs(%p : memref<9x9x16xf32>)
  memref.copy %x, %s : memref<7x7x16xf32> to memref<7x7x16xf32, strided<[144, 16, 1], offset: 160>>
  return %p : memref<9x9x16xf32>
}
// Numbers of two parts are left alone.
// CHECK-LABEL: func @complex
// CHECK: linalg.fill ins(%{{.*}} : complex<f32>) outs(%{{.*}} : memref<34x34x16xcomplex<f32>>)
func.func @complex(%x: memref<32x32x16xcomplex<f32>>, %z: complex<f32>) -> memref<34x34x16xcomplex<f32>> {
  %p = memref.alloc() : memref<34x34x16xcomplex<f32>>
  %s = memref.subview %p[1, 1, 0] [32, 32, 16] [1, 1, 1] : memref<34x34x16xcomplex<f32>> to memref<32x32x16xcomplex<f32>, strided<[544, 16, 1], offset: 560>>
  linalg.fill ins(%z : complex<f32>) outs(%p : memref<34x34x16xcomplex<f32>>)
  memref.copy %x, %s : memref<32x32x16xcomplex<f32>> to memref<32x32x16xcomplex<f32>, strided<[544, 16, 1], offset: 560>>
  return %p : memref<34x34x16xcomplex<f32>>
}
