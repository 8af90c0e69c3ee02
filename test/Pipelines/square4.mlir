// The machine code of y = x * x on four numbers: one load, one multiplication, one store, and the call that asks for memory.
// RUN: tgc %s --emit asm --target cpu:x86-64-v3 | FileCheck %s

// CHECK-LABEL: tgc.run.main:
// CHECK: callq tgc_rt_fetch
// CHECK-NEXT: vmovups ([[X:%[a-z]+]]), %xmm0
// CHECK-NEXT: vmulps %xmm0, %xmm0, %xmm0
// CHECK-NEXT: vmovups %xmm0, (%rax)
// CHECK-NOT: {{call|jmp|j[a-z]+ }}
// CHECK: retq
func.func @main(%x: tensor<4xf32> {tg.feed = "x:0"}) -> (tensor<4xf32> {tg.fetch = "y:0"}) attributes {tg.entry = "main"} {
  %0 = tg.mul %x, %x : tensor<4xf32>
  return %0 : tensor<4xf32>
}
