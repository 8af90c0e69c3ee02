// RUN: tgc %s --target cpu:x86-64-v4 --emit llvm -o - | grep -c 'call void @llvm.memset' | FileCheck %s
// REQUIRES: x86-64

// Borders of 8 images of 28 rows are filled piece by piece in loops, which stay loops: 8 x 28 x 2 pieces would be two thousand stores.
// CHECK: {{^[1-9]$|^1[0-9]$}}
func.func @main(%x: tensor<8x28x28x128xf32> {tg.feed = "x:0"}, %w: tensor<3x3x128x64xf32> {tg.feed = "w:0"})
    -> (tensor<8x28x28x64xf32> {tg.fetch = "y:0"}) attributes {tg.entry = "main"} {
  %zero = tg.constant dense<0.0> : tensor<f32>
  %padded = tg.pad %x, %zero low [0, 1, 1, 0] high [0, 1, 1, 0] interior [0, 0, 0, 0] : tensor<8x28x28x128xf32>, tensor<f32> -> tensor<8x30x30x128xf32>
  %y = tg.conv %padded, %w strides [1, 1] dilations [1, 1] groups 1 : (tensor<8x30x30x128xf32>, tensor<3x3x128x64xf32>) -> tensor<8x28x28x64xf32>
  return %y : tensor<8x28x28x64xf32>
}
