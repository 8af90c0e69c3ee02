// RUN: tgc %s --compile-to import | FileCheck %s
// RUN: tgc %s --compile-to linalg | FileCheck %s --check-prefix=LINALG
// RUN: tgc %s --compile-to buffers | FileCheck %s --check-prefix=BUFFERS
// RUN: tgc %s --compile-to llvm | FileCheck %s --check-prefix=LLVM
// RUN: tgc %s --emit llvm | FileCheck %s --check-prefix=CODE

// CHECK: tg.mul
// LINALG-NOT: tg.mul
// LINALG: linalg.generic
// The result is computed in the fetch's memory.
// BUFFERS-NOT: tensor
// BUFFERS-NOT: memref.alloc
// BUFFERS: %[[X:.+]] = rt.feed
// BUFFERS: %[[Y:.+]] = rt.fetch
// BUFFERS: rt.parallel_for %{{.*}}, @[[KERNEL:tgc_nests_[0-9]+]](%[[X]], %[[Y]]
// BUFFERS: func private @[[KERNEL]]
// BUFFERS: linalg.generic
// LLVM-NOT: rt.fe{{(ed|tch)}} %
// LLVM: llvm.call @tgc_rt_fetch
// CODE: define internal {{.*}}i32 @tgc.run.main(ptr
// CODE: define {{.*}}@tgc_module_query(i32
func.func @main(%x: tensor<?xf32> {tg.feed = "x:0"}) -> (tensor<?xf32> {tg.fetch = "y:0"}) attributes {tg.entry = "main"} {
  %0 = tg.mul %x, %x : tensor<?xf32>
  return %0 : tensor<?xf32>
}
