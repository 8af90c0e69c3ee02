// RUN: tgc %s --target cpu:x86-64-v4 --emit llvm -o - | FileCheck %s
// RUN: tgc %s --target cpu:x86-64-v4 -o %t.so
// REQUIRES: x86-64

// Elements of bf16 move as integers: of vectors of them LLVM would call a function that no library has.
// CHECK-NOT: load bfloat
// CHECK: load i16
// CHECK-NOT: load bfloat
func.func @main(%x: tensor<?x13x20xbf16> {tg.feed = "x:0"}) -> (tensor<20x13x?xbf16> {tg.fetch = "y:0"}) attributes {tg.entry = "main"} {
  %y = tg.transpose %x [2, 1, 0] : tensor<?x13x20xbf16> -> tensor<20x13x?xbf16>
  return %y : tensor<20x13x?xbf16>
}
