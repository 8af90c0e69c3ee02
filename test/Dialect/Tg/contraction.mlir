// RUN: tgc-opt %s | tgc-opt | FileCheck %s
// RUN: tgc-opt %s -mlir-print-op-generic | tgc-opt | FileCheck %s
// RUN: tgc-opt %s -emit-bytecode | tgc-opt | FileCheck %s

// CHECK-LABEL: func @matmul
// CHECK: %{{.+}} = tg.matmul %{{.+}}, %{{.+}} : (tensor<?x2x3xf32>, tensor<?x3x4xf32>) -> tensor<?x2x4xf32>
func.func @matmul(%x: tensor<?x2x3xf32>, %y: tensor<?x3x4xf32>) {
  %0 = tg.matmul %x, %y : (tensor<?x2x3xf32>, tensor<?x3x4xf32>) -> tensor<?x2x4xf32>
  return
}

// CHECK-LABEL: func @matmul_transposed
// CHECK: %{{.+}} = tg.matmul %{{.+}} transposed, %{{.+}} transposed : (tensor<3x?xi32>, tensor<4x3xi32>) -> tensor<?x4xi32>
func.func @matmul_transposed(%x: tensor<3x?xi32>, %y: tensor<4x3xi32>) {
  %0 = tg.matmul %x transposed, %y transposed : (tensor<3x?xi32>, tensor<4x3xi32>) -> tensor<?x4xi32>
  return
}

// CHECK-LABEL: func @conv
// CHECK: %{{.+}} = tg.conv %{{.+}}, %{{.+}} strides [2, 1] dilations [1, 2] groups 2 : (tensor<?x30x30x4xf32>, tensor<3x3x2x8xf32>) -> tensor<?x14x26x8xf32>
func.func @conv(%x: tensor<?x30x30x4xf32>, %f: tensor<3x3x2x8xf32>) {
  %0 = tg.conv %x, %f strides [2, 1] dilations [1, 2] groups 2 : (tensor<?x30x30x4xf32>, tensor<3x3x2x8xf32>) -> tensor<?x14x26x8xf32>
  return
}

// CHECK-LABEL: func @conv_one_group
// CHECK: %{{.+}} = tg.conv %{{.+}}, %{{.+}} strides [1] dilations [1] : (tensor<?x9x4xf32>, tensor<3x4x8xf32>) -> tensor<?x7x8xf32>
func.func @conv_one_group(%x: tensor<?x9x4xf32>, %f: tensor<3x4x8xf32>) {
  %0 = tg.conv %x, %f strides [1] dilations [1] : (tensor<?x9x4xf32>, tensor<3x4x8xf32>) -> tensor<?x7x8xf32>
  return
}
