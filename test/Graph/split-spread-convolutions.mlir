// RUN: tgc-opt %s --tgc-split-spread-convolutions --canonicalize | FileCheck %s

// A 5x5 filter over an operand with a zero between its elements: 3x3 weights and four phases as channels, dealt out to the pixels.
// CHECK-LABEL: func @spread
// CHECK: %[[W:.*]] = tg.reshape {{.*}} -> tensor<3x3x16x64xf32>
// CHECK: tg.conv %{{.*}}, %[[W]] {{.*}} -> tensor<?x7x7x64xf32>
// CHECK: tg.transpose {{.*}} -> tensor<?x7x2x7x2x16xf32>
// CHECK: tg.reshape {{.*}} -> tensor<?x14x14x16xf32>
func.func @spread(%x: tensor<?x7x7x16xf32>, %w: tensor<5x5x16x16xf32>) -> tensor<?x14x14x16xf32> {
  %zero = tg.constant dense<0.0> : tensor<f32>
  %p = tg.pad %x, %zero low [0, 2, 2, 0] high [0, 3, 3, 0] interior [0, 1, 1, 0] : tensor<?x7x7x16xf32>, tensor<f32> -> tensor<?x18x18x16xf32>
  %y = tg.conv %p, %w strides [1, 1] dilations [1, 1] : (tensor<?x18x18x16xf32>, tensor<5x5x16x16xf32>) -> tensor<?x14x14x16xf32>
  return %y : tensor<?x14x14x16xf32>
}

// A 3x3 filter: four phases, which meet 2x2, 2x1, 1x2 and 1x1 weights, each store every other pixel.
// CHECK-LABEL: func @apart
// CHECK: %[[A:.*]] = tg.conv {{.*}} tensor<2x2x8x32xf32>) -> tensor<?x7x7x32xf32>
// CHECK: tensor.insert_slice %[[A]] into %{{.*}}[0, 0, 0, 0] [%{{.*}}, 7, 7, 32] [1, 2, 2, 1] : tensor<?x7x7x32xf32> into tensor<?x14x13x32xf32>
// CHECK: %[[B:.*]] = tg.conv {{.*}} tensor<2x1x8x32xf32>) -> tensor<?x7x6x32xf32>
// CHECK: tensor.insert_slice %[[B]] into %{{.*}}[0, 0, 1, 0] [%{{.*}}, 7, 6, 32] [1, 2, 2, 1]
// CHECK: %[[C:.*]] = tg.conv {{.*}} tensor<1x2x8x32xf32>) -> tensor<?x7x7x32xf32>
// CHECK: tensor.insert_slice %[[C]] into %{{.*}}[0, 1, 0, 0] [%{{.*}}, 7, 7, 32] [1, 2, 2, 1]
// CHECK: %[[D:.*]] = tg.conv {{.*}} tensor<1x1x8x32xf32>) -> tensor<?x7x6x32xf32>
// CHECK: tensor.insert_slice %[[D]] into %{{.*}}[0, 1, 1, 0] [%{{.*}}, 7, 6, 32] [1, 2, 2, 1]
func.func @apart(%x: tensor<?x7x7x8xf32>, %w: tensor<3x3x8x32xf32>) -> tensor<?x14x13x32xf32> {
  %zero = tg.constant dense<0.0> : tensor<f32>
  %p = tg.pad %x, %zero low [0, 2, 2, 0] high [0, 1, 0, 0] interior [0, 1, 1, 0] : tensor<?x7x7x8xf32>, tensor<f32> -> tensor<?x16x15x8xf32>
  %y = tg.conv %p, %w strides [1, 1] dilations [1, 1] : (tensor<?x16x15x8xf32>, tensor<3x3x8x32xf32>) -> tensor<?x14x13x32xf32>
  return %y : tensor<?x14x13x32xf32>
}

// A single weight: three of four pixels are zeros.
// CHECK-LABEL: func @one_weight
// CHECK: %[[ZEROS:.*]] = tg.constant dense<0.000000e+00> : tensor<2x7x7x32xf32>
// CHECK: tg.conv {{.*}} tensor<1x1x8x32xf32>) -> tensor<2x7x7x32xf32>
// CHECK-COUNT-3: tensor.insert_slice %[[ZEROS]] into
// CHECK-NOT: tg.conv
func.func @one_weight(%x: tensor<2x7x7x8xf32>, %w: tensor<1x1x8x32xf32>) -> tensor<2x14x14x32xf32> {
  %zero = tg.constant dense<0.0> : tensor<f32>
  %p = tg.pad %x, %zero low [0, 0, 0, 0] high [0, 1, 1, 0] interior [0, 1, 1, 0] : tensor<2x7x7x8xf32>, tensor<f32> -> tensor<2x14x14x8xf32>
  %y = tg.conv %p, %w strides [1, 1] dilations [1, 1] : (tensor<2x14x14x8xf32>, tensor<1x1x8x32xf32>) -> tensor<2x14x14x32xf32>
  return %y : tensor<2x14x14x32xf32>
}

// More phases than are worth a convolution each.
// CHECK-LABEL: func @many_phases
// CHECK-COUNT-1: tg.conv
// CHECK-NOT: tg.conv
func.func @many_phases(%x: tensor<2x7x7x8xf32>, %w: tensor<3x3x8x32xf32>) -> tensor<2x29x29x32xf32> {
  %zero = tg.constant dense<0.0> : tensor<f32>
  %p = tg.pad %x, %zero low [0, 0, 0, 0] high [0, 0, 0, 0] interior [0, 4, 4, 0] : tensor<2x7x7x8xf32>, tensor<f32> -> tensor<2x31x31x8xf32>
  %y = tg.conv %p, %w strides [1, 1] dilations [1, 1] : (tensor<2x31x31x8xf32>, tensor<3x3x8x32xf32>) -> tensor<2x29x29x32xf32>
  return %y : tensor<2x29x29x32xf32>
}

// CHECK-LABEL: func @dense
// CHECK: tg.conv {{.*}} tensor<5x5x8x16xf32>
func.func @dense(%x: tensor<?x14x14x8xf32>, %w: tensor<5x5x8x16xf32>) -> tensor<?x14x14x16xf32> {
  %zero = tg.constant dense<0.0> : tensor<f32>
  %p = tg.pad %x, %zero low [0, 2, 2, 0] high [0, 2, 2, 0] interior [0, 0, 0, 0] : tensor<?x14x14x8xf32>, tensor<f32> -> tensor<?x18x18x8xf32>
  %y = tg.conv %p, %w strides [1, 1] dilations [1, 1] : (tensor<?x18x18x8xf32>, tensor<5x5x8x16xf32>) -> tensor<?x14x14x16xf32>
  return %y : tensor<?x14x14x16xf32>
}
