// RUN: tgc-opt %s | tgc-opt | FileCheck %s
// RUN: tgc-opt %s -mlir-print-op-generic | tgc-opt | FileCheck %s
// RUN: tgc-opt %s -emit-bytecode | tgc-opt | FileCheck %s

// CHECK-LABEL: func @gather
// CHECK: %{{.+}} = tg.gather %{{.+}}, %{{.+}} axis 1 : (tensor<?x10x4xf32>, tensor<?x3xi32>) -> tensor<?x?x3x4xf32>
// CHECK: %{{.+}} = tg.gather %{{.+}}, %{{.+}} axis 1 batch_dims 1 {bounds = 1 : i32} : (tensor<?x10x4xf32>, tensor<?x3xi32>) -> tensor<?x3x4xf32>
func.func @gather(%p: tensor<?x10x4xf32>, %i: tensor<?x3xi32>) {
  %0 = tg.gather %p, %i axis 1 : (tensor<?x10x4xf32>, tensor<?x3xi32>) -> tensor<?x?x3x4xf32>
  %1 = tg.gather %p, %i axis 1 batch_dims 1 {bounds = 1 : i32} : (tensor<?x10x4xf32>, tensor<?x3xi32>) -> tensor<?x3x4xf32>
  return
}

// CHECK-LABEL: func @gather_nd
// CHECK: %{{.+}} = tg.gather_nd %{{.+}}, %{{.+}} : (tensor<5x10x4x!tg.string>, tensor<5x2xi64>) -> tensor<5x4x!tg.string>
// CHECK: %{{.+}} = tg.gather_nd %{{.+}}, %{{.+}} batch_dims 1 : (tensor<5x10x4x!tg.string>, tensor<5x2xi64>) -> tensor<5x!tg.string>
func.func @gather_nd(%p: tensor<5x10x4x!tg.string>, %i: tensor<5x2xi64>) {
  %0 = tg.gather_nd %p, %i : (tensor<5x10x4x!tg.string>, tensor<5x2xi64>) -> tensor<5x4x!tg.string>
  %1 = tg.gather_nd %p, %i batch_dims 1 : (tensor<5x10x4x!tg.string>, tensor<5x2xi64>) -> tensor<5x!tg.string>
  return
}

// CHECK-LABEL: func @scatter
// CHECK: %{{.+}} = tg.scatter update %{{.+}}, %{{.+}}, %{{.+}} : tensor<10x4xf32>, tensor<?x1xi32>, tensor<?x4xf32>
// CHECK: %{{.+}} = tg.scatter add %{{.+}}, %{{.+}}, %{{.+}} : tensor<10x4xf32>, tensor<?x1xi32>, tensor<?x4xf32>
// CHECK: %{{.+}} = tg.scatter sub %{{.+}}, %{{.+}}, %{{.+}} : tensor<10x4xf32>, tensor<?x1xi32>, tensor<?x4xf32>
// CHECK: %{{.+}} = tg.scatter mul %{{.+}}, %{{.+}}, %{{.+}} : tensor<10x4xf32>, tensor<?x1xi32>, tensor<?x4xf32>
// CHECK: %{{.+}} = tg.scatter div %{{.+}}, %{{.+}}, %{{.+}} : tensor<10x4xf32>, tensor<?x1xi32>, tensor<?x4xf32>
// CHECK: %{{.+}} = tg.scatter max %{{.+}}, %{{.+}}, %{{.+}} : tensor<10x4xf32>, tensor<?x1xi32>, tensor<?x4xf32>
// CHECK: %{{.+}} = tg.scatter min %{{.+}}, %{{.+}}, %{{.+}} : tensor<10x4xf32>, tensor<?x1xi32>, tensor<?x4xf32>
// CHECK: %{{.+}} = tg.scatter add %{{.+}}, %{{.+}}, %{{.+}} {bounds = 1 : i32} : tensor<10x4xf32>, tensor<?x1xi32>, tensor<?x4xf32>
func.func @scatter(%x: tensor<10x4xf32>, %i: tensor<?x1xi32>, %u: tensor<?x4xf32>) {
  %0 = tg.scatter update %x, %i, %u : tensor<10x4xf32>, tensor<?x1xi32>, tensor<?x4xf32>
  %1 = tg.scatter add %x, %i, %u : tensor<10x4xf32>, tensor<?x1xi32>, tensor<?x4xf32>
  %2 = tg.scatter sub %x, %i, %u : tensor<10x4xf32>, tensor<?x1xi32>, tensor<?x4xf32>
  %3 = tg.scatter mul %x, %i, %u : tensor<10x4xf32>, tensor<?x1xi32>, tensor<?x4xf32>
  %4 = tg.scatter div %x, %i, %u : tensor<10x4xf32>, tensor<?x1xi32>, tensor<?x4xf32>
  %5 = tg.scatter max %x, %i, %u : tensor<10x4xf32>, tensor<?x1xi32>, tensor<?x4xf32>
  %6 = tg.scatter min %x, %i, %u : tensor<10x4xf32>, tensor<?x1xi32>, tensor<?x4xf32>
  %7 = tg.scatter add %x, %i, %u {bounds = 1 : i32} : tensor<10x4xf32>, tensor<?x1xi32>, tensor<?x4xf32>
  return
}

// CHECK-LABEL: func @where
// CHECK: %{{.+}} = tg.count_nonzero %{{.+}} : tensor<?x4xi1>
// CHECK: %{{.+}} = tg.where %{{.+}}, %{{.+}} : tensor<?x4xi1> -> tensor<?x2xi64>
func.func @where(%x: tensor<?x4xi1>) {
  %c = tg.count_nonzero %x : tensor<?x4xi1>
  %0 = tg.where %x, %c : tensor<?x4xi1> -> tensor<?x2xi64>
  return
}
