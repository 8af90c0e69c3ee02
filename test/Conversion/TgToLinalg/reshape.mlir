// RUN: tgc-opt %s -convert-tg-to-linalg | FileCheck %s

// The batch dimension stays one of its own.
// CHECK-LABEL: func @split_features
// CHECK-SAME: %[[X:.+]]: tensor<?x784xf32>, %[[N:.+]]: index
// CHECK: tensor.expand_shape %[[X]] {{\[\[}}0], [1, 2]] output_shape [%[[N]], 28, 28]
func.func @split_features(%x: tensor<?x784xf32>, %n: index) -> tensor<?x28x28xf32> {
  %r = tg.reshape %x[%n] : tensor<?x784xf32> -> tensor<?x28x28xf32>
  return %r : tensor<?x28x28xf32>
}

// CHECK-LABEL: func @flatten_features
// CHECK: tensor.collapse_shape %{{.+}} {{\[\[}}0], [1, 2, 3]] : tensor<?x4x5x6xf32> into tensor<?x120xf32>
// CHECK-NEXT: return
func.func @flatten_features(%x: tensor<?x4x5x6xf32>, %n: index) -> tensor<?x120xf32> {
  %r = tg.reshape %x[%n] : tensor<?x4x5x6xf32> -> tensor<?x120xf32>
  return %r : tensor<?x120xf32>
}

// Sizes that are asked of the operand itself are matched one to one.
// CHECK-LABEL: func @split_heads
// CHECK: tensor.expand_shape %{{.+}} {{\[\[}}0], [1], [2, 3]]
func.func @split_heads(%x: tensor<?x?x512xf32>) -> tensor<?x?x8x64xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = tensor.dim %x, %c0 : tensor<?x?x512xf32>
  %m = tensor.dim %x, %c1 : tensor<?x?x512xf32>
  %r = tg.reshape %x[%n, %m] : tensor<?x?x512xf32> -> tensor<?x?x8x64xf32>
  return %r : tensor<?x?x8x64xf32>
}

// CHECK-LABEL: func @regroup
// CHECK: tensor.collapse_shape %{{.+}} {{\[\[}}0, 1], [2]] : tensor<2x6x5xf32> into tensor<12x5xf32>
// CHECK: tensor.expand_shape %{{.+}} {{\[\[}}0, 1], [2]] output_shape [3, 4, 5]
func.func @regroup(%x: tensor<2x6x5xf32>) -> tensor<3x4x5xf32> {
  %r = tg.reshape %x : tensor<2x6x5xf32> -> tensor<3x4x5xf32>
  return %r : tensor<3x4x5xf32>
}

// What is not known to agree is collapsed and expanded as a whole.
// CHECK-LABEL: func @unknown
// CHECK: tensor.collapse_shape %{{.+}} {{\[\[}}0, 1]] : tensor<?x?xf32> into tensor<?xf32>
// CHECK: tensor.expand_shape %{{.+}} {{\[\[}}0, 1]] output_shape [%{{.+}}, %{{.+}}]
func.func @unknown(%x: tensor<?x?xf32>, %n: index, %m: index) -> tensor<?x?xf32> {
  %r = tg.reshape %x[%n, %m] : tensor<?x?xf32> -> tensor<?x?xf32>
  return %r : tensor<?x?xf32>
}

// CHECK-LABEL: func @scalars
// CHECK: tensor.cast %{{.+}} : tensor<?xf32> to tensor<1xf32>
// CHECK: tensor.collapse_shape %{{.+}} [] : tensor<1xf32> into tensor<f32>
// CHECK: tensor.expand_shape %{{.+}} [] output_shape [1, 1] : tensor<f32> into tensor<1x1xf32>
func.func @scalars(%x: tensor<?xf32>) -> tensor<1x1xf32> {
  %s = tg.reshape %x : tensor<?xf32> -> tensor<f32>
  %r = tg.reverse %s dimensions [] : tensor<f32>
  %t = tg.reshape %r : tensor<f32> -> tensor<1x1xf32>
  return %t : tensor<1x1xf32>
}

// CHECK-LABEL: func @no_elements
// CHECK: tensor.empty() : tensor<3x0xf32>
func.func @no_elements(%x: tensor<0x5xf32>) -> tensor<3x0xf32> {
  %r = tg.reshape %x : tensor<0x5xf32> -> tensor<3x0xf32>
  return %r : tensor<3x0xf32>
}
