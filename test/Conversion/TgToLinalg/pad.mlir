// RUN: tgc-opt %s -convert-tg-to-linalg | FileCheck %s

// CHECK-LABEL: func @around_and_between
// CHECK-SAME: %[[X:.+]]: tensor<3xf32>, %[[V:.+]]: tensor<f32>
// CHECK: %[[VALUE:.+]] = tensor.extract %[[V]][]
// CHECK: %[[FILLED:.+]] = linalg.fill ins(%[[VALUE]] : f32) outs(%{{.+}} : tensor<8xf32>)
// CHECK: tensor.insert_slice %[[X]] into %[[FILLED]][1] [3] [2] : tensor<3xf32> into tensor<8xf32>
func.func @around_and_between(%x: tensor<3xf32>, %v: tensor<f32>) -> tensor<8xf32> {
  %r = tg.pad %x, %v low [1] high [2] interior [1] : tensor<3xf32>, tensor<f32> -> tensor<8xf32>
  return %r : tensor<8xf32>
}

// 0 1 2 3 with gaps is 0 . 1 . 2 . 3; without the first and the last two it is . 1 . 2.
// CHECK-LABEL: func @cut_off
// CHECK: %[[KEPT:.+]] = tensor.extract_slice %{{.+}}[1] [2] [1] : tensor<4xf32> to tensor<2xf32>
// CHECK: tensor.insert_slice %[[KEPT]] into %{{.+}}[1] [2] [2] : tensor<2xf32> into tensor<4xf32>
func.func @cut_off(%x: tensor<4xf32>, %v: tensor<f32>) -> tensor<4xf32> {
  %r = tg.pad %x, %v low [-1] high [-2] interior [1] : tensor<4xf32>, tensor<f32> -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// CHECK-LABEL: func @nothing_kept
// CHECK-NOT: tensor.insert_slice
// CHECK: return
func.func @nothing_kept(%x: tensor<2xf32>, %v: tensor<f32>) -> tensor<3xf32> {
  %r = tg.pad %x, %v low [-2] high [3] interior [0] : tensor<2xf32>, tensor<f32> -> tensor<3xf32>
  return %r : tensor<3xf32>
}
