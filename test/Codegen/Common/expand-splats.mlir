// RUN: tgc-opt %s -tgc-expand-splats | FileCheck %s

// CHECK-LABEL: func.func @constants
// CHECK: arith.constant dense<2.000000e+00> : tensor<4xf32>
// CHECK: %[[EMPTY:.+]] = tensor.empty() : tensor<64xf32>
// CHECK: linalg.fill ins(%{{.+}} : f32) outs(%[[EMPTY]] : tensor<64xf32>)
func.func @constants() -> (tensor<4xf32>, tensor<64xf32>) {
  %0 = arith.constant dense<2.0> : tensor<4xf32>
  %1 = arith.constant dense<2.0> : tensor<64xf32>
  return %0, %1 : tensor<4xf32>, tensor<64xf32>
}
