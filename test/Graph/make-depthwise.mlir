// RUN: tgc-opt %s --tgc-make-depthwise --canonicalize | FileCheck %s

// Two outputs per channel read two copies of it, which are made before the image is padded.
// CHECK-LABEL: func @multiplier
// CHECK: %[[COPIES:.*]] = tg.broadcast_to %{{.*}}[%{{.*}}] equal [0, 1, 2, 3] : tensor<?x9x9x20x1xf32> -> tensor<?x9x9x20x2xf32>
// CHECK: %[[X:.*]] = tg.reshape %[[COPIES]]{{.*}} -> tensor<?x9x9x40xf32>
// CHECK: %[[PADDED:.*]] = tg.pad %[[X]], %{{.*}} low [0, 1, 1, 0] high [0, 1, 1, 0]
// CHECK: tg.conv %[[PADDED]], %arg1 strides [2, 2] dilations [1, 1] groups 40
func.func @multiplier(%x: tensor<?x9x9x20xf32>, %w: tensor<3x3x1x40xf32>) -> tensor<?x5x5x40xf32> {
  %zero = tg.constant dense<0.0> : tensor<f32>
  %p = tg.pad %x, %zero low [0, 1, 1, 0] high [0, 1, 1, 0] interior [0, 0, 0, 0] : tensor<?x9x9x20xf32>, tensor<f32> -> tensor<?x11x11x20xf32>
  %y = tg.conv %p, %w strides [2, 2] dilations [1, 1] groups 20 : (tensor<?x11x11x20xf32>, tensor<3x3x1x40xf32>) -> tensor<?x5x5x40xf32>
  return %y : tensor<?x5x5x40xf32>
}

// Its gradient by the input: the channels of a group are the first dimension of the window.
// CHECK-LABEL: func @by_input
// CHECK-DAG: %[[X:.*]] = tg.transpose %{{.*}} [0, 4, 1, 2, 3] : tensor<2x9x9x20x2xf16> -> tensor<2x2x9x9x20xf16>
// CHECK-DAG: %[[PADDED:.*]] = tg.pad %[[X]], %{{.*}} low [0, 0, 1, 1, 0] high [0, 0, 1, 1, 0] interior [0, 0, 1, 0, 0]
// CHECK-DAG: %[[W:.*]] = tg.reshape %{{.*}} : tensor<2x3x3x20xf16> -> tensor<2x3x3x1x20xf16>
// CHECK: tg.conv %[[PADDED]], %[[W]] strides [1, 1, 1] dilations [1, 1, 2] groups 20 {{.*}} -> tensor<2x1x17x7x20xf16>
// CHECK: tg.reshape {{.*}} -> tensor<2x17x7x20xf16>
func.func @by_input(%x: tensor<2x9x9x40xf16>, %w: tensor<3x3x2x20xf16>) -> tensor<2x17x7x20xf16> {
  %zero = tg.constant dense<0.0> : tensor<f16>
  %p = tg.pad %x, %zero low [0, 1, 1, 0] high [0, 1, 1, 0] interior [0, 1, 0, 0] : tensor<2x9x9x40xf16>, tensor<f16> -> tensor<2x19x11x40xf16>
  %y = tg.conv %p, %w strides [1, 1] dilations [1, 2] groups 20 : (tensor<2x19x11x40xf16>, tensor<3x3x2x20xf16>) -> tensor<2x17x7x20xf16>
  return %y : tensor<2x17x7x20xf16>
}

// The gradient by the filter of one image transposes ones only, that of several its images to the front.
// CHECK-LABEL: func @by_filter
// CHECK-NOT: tg.transpose
// CHECK: %[[X:.*]] = tg.reshape %arg0 : tensor<1x9x9x20xf32> -> tensor<1x9x9x20x1xf32>
// CHECK: tg.broadcast_to %[[X]]
// CHECK: tg.conv {{.*}} groups 40 {{.*}} -> tensor<1x3x3x40xf32>
func.func @by_filter(%x: tensor<1x9x9x20xf32>, %y: tensor<1x7x7x40xf32>) -> tensor<1x3x3x40xf32> {
  %x1 = tg.reshape %x : tensor<1x9x9x20xf32> -> tensor<1x9x9x20x1xf32>
  %x2 = tg.transpose %x1 [4, 1, 2, 3, 0] : tensor<1x9x9x20x1xf32> -> tensor<1x9x9x20x1xf32>
  %x3 = tg.reshape %x2 : tensor<1x9x9x20x1xf32> -> tensor<1x9x9x20xf32>
  %w = tg.transpose %y [1, 2, 0, 3] : tensor<1x7x7x40xf32> -> tensor<7x7x1x40xf32>
  %d = tg.conv %x3, %w strides [1, 1] dilations [1, 1] groups 20 : (tensor<1x9x9x20xf32>, tensor<7x7x1x40xf32>) -> tensor<1x3x3x40xf32>
  return %d : tensor<1x3x3x40xf32>
}

// Groups that fill vectors, and few outputs in all, stay.
// CHECK-LABEL: func @stays
// CHECK: tg.conv %arg0, %arg1 {{.*}} groups 2
// CHECK: tg.conv %arg2, %arg3 {{.*}} groups 2
func.func @stays(%x: tensor<1x9x9x8xf32>, %w: tensor<3x3x4x32xf32>, %a: tensor<1x9x9x8xf32>, %b: tensor<3x3x4x2xf32>)
    -> (tensor<1x7x7x32xf32>, tensor<1x7x7x2xf32>) {
  %y = tg.conv %x, %w strides [1, 1] dilations [1, 1] groups 2 : (tensor<1x9x9x8xf32>, tensor<3x3x4x32xf32>) -> tensor<1x7x7x32xf32>
  %z = tg.conv %a, %b strides [1, 1] dilations [1, 1] groups 2 : (tensor<1x9x9x8xf32>, tensor<3x3x4x2xf32>) -> tensor<1x7x7x2xf32>
  return %y, %z : tensor<1x7x7x32xf32>, tensor<1x7x7x2xf32>
}
