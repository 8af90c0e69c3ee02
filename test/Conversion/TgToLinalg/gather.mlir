// RUN: tgc-opt %s -convert-tg-to-linalg | FileCheck %s

// The check finds the first offender; the reads are clamped all the same.
// CHECK-LABEL: func @rows
// CHECK-SAME: %[[P:.+]]: tensor<?x4xf32>, %[[I:.+]]: tensor<?xi32>
// CHECK: linalg.generic {{.*}}iterator_types = ["reduction", "reduction"]
// CHECK: arith.cmpi ult
// CHECK: arith.minsi
// CHECK: tg.check %{{.+}}, 3, "indices[%d] = %d is not in [0, %d)"
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "parallel"]} ins(%[[I]]
// CHECK: %[[AT:.+]] = arith.minui
// CHECK: tensor.extract %[[P]][%[[AT]], %{{.+}}]
func.func @rows(%p: tensor<?x4xf32>, %i: tensor<?xi32>) -> tensor<?x4xf32> {
  %r = tg.gather %p, %i axis 0 : (tensor<?x4xf32>, tensor<?xi32>) -> tensor<?x4xf32>
  return %r : tensor<?x4xf32>
}

// CHECK-LABEL: func @zeros_for_what_is_outside
// CHECK-NOT: tg.check
// CHECK: linalg.generic
// CHECK: scf.if
// CHECK: tensor.extract
// CHECK: complex.constant [0.000000e+00 : f32, 0.000000e+00 : f32]
func.func @zeros_for_what_is_outside(%p: tensor<?xcomplex<f32>>, %i: tensor<2x?xi64>) -> tensor<2x?xcomplex<f32>> {
  %r = tg.gather %p, %i axis 0 {bounds = 1 : i32} : (tensor<?xcomplex<f32>>, tensor<2x?xi64>) -> tensor<2x?xcomplex<f32>>
  return %r : tensor<2x?xcomplex<f32>>
}

// CHECK-LABEL: func @coordinates
// CHECK: tg.check %{{.+}}, 3, "indices[%d] = [%d, %d] does not index into param shape [%d,%d,%d]"
// CHECK: tensor.extract %{{.+}}[%{{.+}}, %{{.+}}, %{{.+}}] : tensor<?x5x6xvector<2xi64>>
func.func @coordinates(%p: tensor<?x5x6x!tg.string>, %i: tensor<7x2xi32>) -> tensor<7x6x!tg.string> {
  %r = tg.gather_nd %p, %i : (tensor<?x5x6x!tg.string>, tensor<7x2xi32>) -> tensor<7x6x!tg.string>
  return %r : tensor<7x6x!tg.string>
}
