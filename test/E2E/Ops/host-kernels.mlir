// Kernels that are called: decompositions put together again, different elements, a matrix that has no inverse.
// REQUIRES: numpy
// RUN: %python %inputs/host-kernels.py feeds %t.npz
// RUN: tgc-run %s --feeds %t.npz --out %t.out.npz
// RUN: %python %inputs/host-kernels.py compare %t.npz %t.out.npz
// RUN: %python %inputs/host-kernels.py singular %t.bad.npz
// RUN: not tgc-run %s --feeds %t.bad.npz --out %t.out.npz 2>&1 | FileCheck %s
// CHECK: INVALID_ARGUMENT
// CHECK-SAME: Input is not invertible.

func.func @main(%a: tensor<?x3x3xf64> {tg.feed = "a:0"}, %r: tensor<5x3xf32> {tg.feed = "r:0"}, %x: tensor<?xf32> {tg.feed = "x:0"},
                %y: tensor<?xf32> {tg.feed = "y:0"})
    -> (tensor<?x3x3xf64> {tg.fetch = "inverse:0"}, tensor<?xf64> {tg.fetch = "determinant:0"}, tensor<5x3xf32> {tg.fetch = "q:0"},
        tensor<3x3xf32> {tg.fetch = "r_factor:0"}, tensor<3xf32> {tg.fetch = "singular:0"}, tensor<?xf32> {tg.fetch = "unique:0"},
        tensor<?xi32> {tg.fetch = "which:0"}, tensor<?xi32> {tg.fetch = "uses:0"}, tensor<?xf32> {tg.fetch = "rest:0"},
        tensor<?xi64> {tg.fetch = "places:0"})
    attributes {tg.entry = "main"} {
  %zero = arith.constant 0 : index
  %batch = tensor.dim %a, %zero : tensor<?x3x3xf64>
  %inverse = tg.host_call "tgc_kernel_matrix_inverse"(%a) [%batch] config "" pure : (tensor<?x3x3xf64>) -> tensor<?x3x3xf64>
  %determinant = tg.host_call "tgc_kernel_matrix_determinant"(%a) [%batch] pure : (tensor<?x3x3xf64>) -> tensor<?xf64>
  %q, %upper = tg.host_call "tgc_kernel_qr"(%r) pure : (tensor<5x3xf32>) -> (tensor<5x3xf32>, tensor<3x3xf32>)
  %s, %u, %v = tg.host_call "tgc_kernel_singular_values"(%r) pure : (tensor<5x3xf32>) -> (tensor<3xf32>, tensor<0xf32>, tensor<0xf32>)
  %unique, %which, %uses, %room = tg.host_call "tgc_kernel_unique"(%x) config "0" pure finds_sizes
    : (tensor<?xf32>) -> (tensor<?xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi64>)
  %rest, %places, %more = tg.host_call "tgc_kernel_list_difference"(%x, %y) pure finds_sizes
    : (tensor<?xf32>, tensor<?xf32>) -> (tensor<?xf32>, tensor<?xi64>, tensor<?xi64>)
  return %inverse, %determinant, %q, %upper, %s, %unique, %which, %uses, %rest, %places
    : tensor<?x3x3xf64>, tensor<?xf64>, tensor<5x3xf32>, tensor<3x3xf32>, tensor<3xf32>, tensor<?xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xf32>, tensor<?xi64>
}
