// RUN: tgc-opt %s --arith-emulate-unsupported-floats="source-types=bf16 target-type=f32" --tgc-keep-rounding --canonicalize | FileCheck %s

// The product is rounded to bf16 before it is added.
// CHECK-LABEL: func @twice
// CHECK: %[[PRODUCT:.+]] = arith.mulf
// CHECK: %[[NARROW:.+]] = arith.truncf %[[PRODUCT]] {{.*}}f32 to bf16
// CHECK: %[[WIDE:.+]] = arith.extf %[[NARROW]] {{.*}}bf16 to f32
// CHECK: arith.addf %[[WIDE]]
func.func @twice(%x: bf16, %y: bf16, %z: bf16) -> bf16 {
  %0 = arith.mulf %x, %y : bf16
  %1 = arith.addf %0, %z : bf16
  return %1 : bf16
}
