// RUN: tgc-opt %s --tgc-plan-buffers --verify-diagnostics

func.func private @part(%x: memref<4xf32>) {
  // expected-error@+1 {{memory is planned for entries only, and this is allocated in the function part}}
  %y = memref.alloc() : memref<4xf32>
  memref.copy %x, %y : memref<4xf32> to memref<4xf32>
  return
}
