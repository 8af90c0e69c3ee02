// RUN: tgc-opt %s -convert-tg-to-linalg -split-input-file | FileCheck %s

// Few elements: f32 stays f32, in the order of the elements.
// CHECK-DAG: #[[$ID:.+]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[$ROW:.+]] = affine_map<(d0, d1) -> (d0)>
// CHECK-LABEL: func @sum_of_few
// CHECK: %[[INIT:.+]] = linalg.fill ins(%{{.+}} : f32)
// CHECK: linalg.generic {indexing_maps = [#[[$ID]], #[[$ROW]]], iterator_types = ["parallel", "reduction"]}
// CHECK-SAME: outs(%[[INIT]] : tensor<?xf32>)
// CHECK: arith.addf %{{.+}}, %{{.+}} : f32
func.func @sum_of_few(%x: tensor<?x10xf32>) -> tensor<?xf32> {
  %r = tg.reduce sum %x dimensions [1] : tensor<?x10xf32> -> tensor<?xf32>
  return %r : tensor<?xf32>
}

// -----

// Many elements, or who knows how many: exact to the rounding of the result, in any order.
// CHECK-LABEL: func @sum_of_many
// CHECK: linalg.generic {{.*}}iterator_types = ["reduction", "parallel"]
// CHECK: %[[WIDE:.+]] = arith.extf %{{.+}} : f32 to f64
// CHECK: arith.addf %{{.+}}, %[[WIDE]] fastmath<reassoc> : f64
// CHECK: linalg.generic
// CHECK: arith.truncf %{{.+}} : f64 to f32
func.func @sum_of_many(%x: tensor<?x10xf32>) -> tensor<10xf32> {
  %r = tg.reduce sum %x dimensions [0] : tensor<?x10xf32> -> tensor<10xf32>
  return %r : tensor<10xf32>
}

// -----

// CHECK-LABEL: func @half_sum
// CHECK: arith.extf %{{.+}} : bf16 to f32
// CHECK: arith.truncf %{{.+}} : f32 to bf16
func.func @half_sum(%x: tensor<4x10xbf16>) -> tensor<4xbf16> {
  %r = tg.reduce sum %x dimensions [1] : tensor<4x10xbf16> -> tensor<4xbf16>
  return %r : tensor<4xbf16>
}

// -----

// CHECK-LABEL: func @unsigned_maximum
// CHECK: arith.constant 0 : i8
// CHECK: arith.maxui
func.func @unsigned_maximum(%x: tensor<?xui8>) -> tensor<ui8> {
  %r = tg.reduce max %x dimensions [0] : tensor<?xui8> -> tensor<ui8>
  return %r : tensor<ui8>
}

// -----

// CHECK-LABEL: func @minimum_of_nothing
// CHECK: arith.constant 0x7F800000 : f32
// CHECK: linalg.fill
// CHECK-NOT: linalg.generic
func.func @minimum_of_nothing(%x: tensor<0x3xf32>) -> tensor<3xf32> {
  %r = tg.reduce min %x dimensions [0] : tensor<0x3xf32> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

// CHECK-LABEL: func @arg_max
// CHECK: arith.constant -3.40282347E+38 : f32
// CHECK: linalg.generic
// CHECK: %[[BETTER:.+]] = arith.cmpf ogt
// CHECK: linalg.index 1
// CHECK: arith.select %[[BETTER]]
// CHECK: arith.select %[[BETTER]]
func.func @arg_max(%x: tensor<?x10xf32>) -> tensor<?xi64> {
  %r = tg.arg_reduce max %x dimension 1 : tensor<?x10xf32> -> tensor<?xi64>
  return %r : tensor<?xi64>
}

// -----

// Which of two zeros is the larger one is open.
// CHECK-LABEL: func @maximum
// CHECK: arith.maximumf %{{.+}}, %{{.+}} fastmath<nsz> : f32
func.func @maximum(%x: tensor<?x10xf32>) -> tensor<?xf32> {
  %r = tg.reduce max %x dimensions [1] : tensor<?x10xf32> -> tensor<?xf32>
  return %r : tensor<?xf32>
}
