// RUN: tgc-opt %s | tgc-opt | FileCheck %s
// RUN: tgc-opt %s -mlir-print-op-generic | tgc-opt | FileCheck %s
// RUN: tgc-opt %s -emit-bytecode | tgc-opt | FileCheck %s

// CHECK-LABEL: func @reduce
// CHECK: %{{.+}} = tg.reduce sum %{{.+}} dimensions [1] : tensor<?x4xf32> -> tensor<?xf32>
// CHECK: %{{.+}} = tg.reduce prod %{{.+}} dimensions [1] : tensor<?x4xf32> -> tensor<?xf32>
// CHECK: %{{.+}} = tg.reduce max %{{.+}} dimensions [1] : tensor<?x4xf32> -> tensor<?xf32>
// CHECK: %{{.+}} = tg.reduce min %{{.+}} dimensions [1] : tensor<?x4xf32> -> tensor<?xf32>
// CHECK: %{{.+}} = tg.reduce all %{{.+}} dimensions [0, 1] : tensor<?x4xi1> -> tensor<i1>
// CHECK: %{{.+}} = tg.reduce any %{{.+}} dimensions [0] : tensor<?x4xi1> -> tensor<4xi1>
// CHECK: %{{.+}} = tg.reduce sum %{{.+}} dimensions [] : tensor<?x4xf32> -> tensor<?x4xf32>
func.func @reduce(%x: tensor<?x4xf32>, %b: tensor<?x4xi1>) {
  %0 = tg.reduce sum %x dimensions [1] : tensor<?x4xf32> -> tensor<?xf32>
  %1 = tg.reduce prod %x dimensions [1] : tensor<?x4xf32> -> tensor<?xf32>
  %2 = tg.reduce max %x dimensions [1] : tensor<?x4xf32> -> tensor<?xf32>
  %3 = tg.reduce min %x dimensions [1] : tensor<?x4xf32> -> tensor<?xf32>
  %4 = tg.reduce all %b dimensions [0, 1] : tensor<?x4xi1> -> tensor<i1>
  %5 = tg.reduce any %b dimensions [0] : tensor<?x4xi1> -> tensor<4xi1>
  %6 = tg.reduce sum %x dimensions [] : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// CHECK-LABEL: func @arg_reduce
// CHECK: %{{.+}} = tg.arg_reduce max %{{.+}} dimension 1 : tensor<?x4xf32> -> tensor<?xi64>
// CHECK: %{{.+}} = tg.arg_reduce min %{{.+}} dimension 0 : tensor<?x4xf32> -> tensor<4xi32>
func.func @arg_reduce(%x: tensor<?x4xf32>) {
  %0 = tg.arg_reduce max %x dimension 1 : tensor<?x4xf32> -> tensor<?xi64>
  %1 = tg.arg_reduce min %x dimension 0 : tensor<?x4xf32> -> tensor<4xi32>
  return
}

// CHECK-LABEL: func @scan
// CHECK: %{{.+}} = tg.scan sum %{{.+}} dimension 1 : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.scan prod %{{.+}} dimension 0 exclusive reverse : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.scan sum %{{.+}} dimension 0 reverse : tensor<?x4xf32>
func.func @scan(%x: tensor<?x4xf32>) {
  %0 = tg.scan sum %x dimension 1 : tensor<?x4xf32>
  %1 = tg.scan prod %x dimension 0 exclusive reverse : tensor<?x4xf32>
  %2 = tg.scan sum %x dimension 0 reverse : tensor<?x4xf32>
  return
}

// CHECK-LABEL: func @reduce_window
// CHECK: %{{.+}} = tg.reduce_window max %{{.+}} window [1, 2, 2, 1] strides [1, 2, 2, 1] dilations [1, 1, 1, 1] : tensor<?x28x28x3xf32> -> tensor<?x14x14x3xf32>
func.func @reduce_window(%x: tensor<?x28x28x3xf32>) {
  %0 = tg.reduce_window max %x window [1, 2, 2, 1] strides [1, 2, 2, 1] dilations [1, 1, 1, 1] : tensor<?x28x28x3xf32> -> tensor<?x14x14x3xf32>
  return
}

// CHECK-LABEL: func @top_k
// CHECK: %{{.+}}, %{{.+}} = tg.top_k %{{.+}}, %{{.+}} : tensor<?x100xf32> -> tensor<?x5xf32>, tensor<?x5xi32>
func.func @top_k(%x: tensor<?x100xf32>, %k: index) {
  %values, %indices = tg.top_k %x, %k : tensor<?x100xf32> -> tensor<?x5xf32>, tensor<?x5xi32>
  return
}
