// RUN: tgc-opt %s | tgc-opt | FileCheck %s
// RUN: tgc-opt %s -mlir-print-op-generic | tgc-opt | FileCheck %s
// RUN: tgc-opt %s -emit-bytecode | tgc-opt | FileCheck %s

// CHECK-LABEL: func @constants
// CHECK: %{{.+}} = tg.constant dense<[1, 255]> : tensor<2xui8>
// CHECK: %{{.+}} = tg.constant dense<(1.000000e+00,-2.000000e+00)> : tensor<complex<f32>>
// CHECK: %{{.+}} = tg.string_constant ["a", "", "b\00c"] : tensor<3x!tg.string>
func.func @constants() {
  %0 = tg.constant dense<[1, 255]> : tensor<2xui8>
  %1 = tg.constant dense<(1.000000e+00,-2.000000e+00)> : tensor<complex<f32>>
  %2 = tg.string_constant ["a", "", "b\00c"] : tensor<3x!tg.string>
  return
}

// CHECK-LABEL: func @iota
// CHECK: %{{.+}} = tg.iota[%{{.+}}] dimension 1 : tensor<2x?xi32>
// CHECK: %{{.+}} = tg.iota dimension 0 : tensor<4xui8>
func.func @iota(%n: index) {
  %0 = tg.iota[%n] dimension 1 : tensor<2x?xi32>
  %1 = tg.iota dimension 0 : tensor<4xui8>
  return
}

// CHECK-LABEL: func @reshape
// CHECK: %{{.+}} = tg.reshape %{{.+}}[%{{.+}}] : tensor<?x4xf32> -> tensor<2x?xf32>
// CHECK: %{{.+}} = tg.reshape %{{.+}} : tensor<?x4xf32> -> tensor<8xf32>
func.func @reshape(%x: tensor<?x4xf32>, %n: index) {
  %0 = tg.reshape %x[%n] : tensor<?x4xf32> -> tensor<2x?xf32>
  %1 = tg.reshape %x : tensor<?x4xf32> -> tensor<8xf32>
  return
}

// CHECK-LABEL: func @broadcast_to
// CHECK: %{{.+}} = tg.broadcast_to %{{.+}}[%{{.+}}, %{{.+}}] : tensor<?x1xf32> -> tensor<?x?x4xf32>
// CHECK: %{{.+}} = tg.broadcast_to %{{.+}}[%{{.+}}] equal [0] : tensor<?x1xf32> -> tensor<?x4xf32>
func.func @broadcast_to(%x: tensor<?x1xf32>, %n: index) {
  %0 = tg.broadcast_to %x[%n, %n] : tensor<?x1xf32> -> tensor<?x?x4xf32>
  %1 = tg.broadcast_to %x[%n] equal [0] : tensor<?x1xf32> -> tensor<?x4xf32>
  return
}

// CHECK-LABEL: func @transpose
// CHECK: %{{.+}} = tg.transpose %{{.+}} [1, 0] : tensor<?x4xf32> -> tensor<4x?xf32>
func.func @transpose(%x: tensor<?x4xf32>) {
  %0 = tg.transpose %x [1, 0] : tensor<?x4xf32> -> tensor<4x?xf32>
  return
}

// CHECK-LABEL: func @reverse
// CHECK: %{{.+}} = tg.reverse %{{.+}} dimensions [0, 1] : tensor<?x4xf32>
func.func @reverse(%x: tensor<?x4xf32>) {
  %0 = tg.reverse %x dimensions [0, 1] : tensor<?x4xf32>
  return
}

// CHECK-LABEL: func @concat
// CHECK: %{{.+}} = tg.concat %{{.+}}, %{{.+}} dimension 0 : (tensor<?x4xf32>, tensor<2x4xf32>) -> tensor<?x4xf32>
// CHECK: %{{.+}} = tg.concat %{{.+}}, %{{.+}} dimension 1 : (tensor<?x4xf32>, tensor<2x4xf32>) -> tensor<2x8xf32>
func.func @concat(%x: tensor<?x4xf32>, %y: tensor<2x4xf32>) {
  %0 = tg.concat %x, %y dimension 0 : (tensor<?x4xf32>, tensor<2x4xf32>) -> tensor<?x4xf32>
  %1 = tg.concat %x, %y dimension 1 : (tensor<?x4xf32>, tensor<2x4xf32>) -> tensor<2x8xf32>
  return
}

// CHECK-LABEL: func @slice
// CHECK: %{{.+}} = tg.slice %{{.+}} [%{{.+}}, 3] [%{{.+}}, 2] [1, -2] : tensor<?x4xf32> -> tensor<?x2xf32>
func.func @slice(%x: tensor<?x4xf32>, %n: index) {
  %0 = tg.slice %x [%n, 3] [%n, 2] [1, -2] : tensor<?x4xf32> -> tensor<?x2xf32>
  return
}

// CHECK-LABEL: func @pad
// CHECK: %{{.+}} = tg.pad %{{.+}}, %{{.+}} low [%{{.+}}, -1] high [0, 2] interior [0, 1] : tensor<?x4xf32>, tensor<f32> -> tensor<?x8xf32>
func.func @pad(%x: tensor<?x4xf32>, %v: tensor<f32>, %n: index) {
  %0 = tg.pad %x, %v low [%n, -1] high [0, 2] interior [0, 1] : tensor<?x4xf32>, tensor<f32> -> tensor<?x8xf32>
  return
}

// CHECK-LABEL: func @bitcast
// CHECK: %{{.+}} = tg.bitcast %{{.+}} : tensor<?x4xf32> to tensor<?x4xi32>
// CHECK: %{{.+}} = tg.bitcast %{{.+}} : tensor<?x4xf32> to tensor<?x4x2xi16>
// CHECK: %{{.+}} = tg.bitcast %{{.+}} : tensor<?x8xui8> to tensor<?xcomplex<f32>>
func.func @bitcast(%x: tensor<?x4xf32>, %y: tensor<?x8xui8>) {
  %0 = tg.bitcast %x : tensor<?x4xf32> to tensor<?x4xi32>
  %1 = tg.bitcast %x : tensor<?x4xf32> to tensor<?x4x2xi16>
  %2 = tg.bitcast %y : tensor<?x8xui8> to tensor<?xcomplex<f32>>
  return
}

// CHECK-LABEL: func @insert_slice
// CHECK: %{{.+}} = tg.insert_slice %{{.+}} into %{{.+}} [%{{.+}}, 1] : tensor<3xf32> into tensor<?x4xf32>
func.func @insert_slice(%x: tensor<?x4xf32>, %part: tensor<3xf32>, %i: index) {
  %0 = tg.insert_slice %part into %x [%i, 1] : tensor<3xf32> into tensor<?x4xf32>
  return
}
