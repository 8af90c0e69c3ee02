// RUN: tgc-opt %s --tgc-split-spread-convolutions --canonicalize | FileCheck %s

// A 5x5 filter over an operand with a zero between its elements: 3x3 weights and four phases as channels, dealt out to the pixels.
// CHECK-LABEL: func @spread
// CHECK: %[[W:.*]] = tg.reshape {{.*}} -> tensor<3x3x8x64xf32>
// CHECK: tg.conv %{{.*}}, %[[W]] {{.*}} -> tensor<?x7x7x64xf32>
// CHECK: tg.transpose {{.*}} -> tensor<?x7x2x7x2x16xf32>
// CHECK: tg.reshape {{.*}} -> tensor<?x14x14x16xf32>
func.func @spread(%x: tensor<?x7x7x8xf32>, %w: tensor<5x5x8x16xf32>) -> tensor<?x14x14x16xf32> {
  %zero = tg.constant dense<0.0> : tensor<f32>
  %p = tg.pad %x, %zero low [0, 2, 2, 0] high [0, 3, 3, 0] interior [0, 1, 1, 0] : tensor<?x7x7x8xf32>, tensor<f32> -> tensor<?x18x18x8xf32>
  %y = tg.conv %p, %w strides [1, 1] dilations [1, 1] : (tensor<?x18x18x8xf32>, tensor<5x5x8x16xf32>) -> tensor<?x14x14x16xf32>
  return %y : tensor<?x14x14x16xf32>
}

// CHECK-LABEL: func @dense
// CHECK: tg.conv {{.*}} tensor<5x5x8x16xf32>
func.func @dense(%x: tensor<?x14x14x8xf32>, %w: tensor<5x5x8x16xf32>) -> tensor<?x14x14x16xf32> {
  %zero = tg.constant dense<0.0> : tensor<f32>
  %p = tg.pad %x, %zero low [0, 2, 2, 0] high [0, 2, 2, 0] interior [0, 0, 0, 0] : tensor<?x14x14x8xf32>, tensor<f32> -> tensor<?x18x18x8xf32>
  %y = tg.conv %p, %w strides [1, 1] dilations [1, 1] : (tensor<?x18x18x8xf32>, tensor<5x5x8x16xf32>) -> tensor<?x14x14x16xf32>
  return %y : tensor<?x14x14x16xf32>
}
