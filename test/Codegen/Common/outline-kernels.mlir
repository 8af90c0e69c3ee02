// RUN: %python %S/Inputs/repeat-fills.py 30 | tgc-opt --tgc-outline-kernels | FileCheck %s
// RUN: %python %S/Inputs/repeat-fills.py 10 | tgc-opt --tgc-outline-kernels | FileCheck %s --check-prefix=SMALL

// Thirty equal fills on as many buffers, and one of another value: two kernels.
// CHECK-LABEL: func.func @entry
// CHECK-COUNT-30: call @tgc_kernel_0(
// CHECK: call @tgc_kernel_1(
// CHECK-NOT: linalg.fill
// CHECK: func.func private @tgc_kernel_0(%{{.+}}: memref<?xf32>) attributes {passthrough = ["noinline"]}
// CHECK: linalg.fill
// CHECK: func.func private @tgc_kernel_1(
// CHECK-NOT: func.func

// Few of them stay where they are.
// SMALL-NOT: call

// A large body becomes one kernel, which is no call of itself.
// RUN: %python %S/Inputs/large-body.py 1100 | tgc-opt --tgc-outline-kernels | FileCheck %s --check-prefix=LARGE
// LARGE-LABEL: func.func @entry
// LARGE: call @tgc_kernel_0(
// LARGE: func.func private @tgc_kernel_0(
// LARGE-NOT: call
// LARGE: linalg.generic
