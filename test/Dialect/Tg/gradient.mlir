// RUN: tgc-opt %s | tgc-opt | FileCheck %s
// RUN: tgc-opt %s --mlir-print-op-generic | tgc-opt | FileCheck %s
// RUN: tgc-opt %s --emit-bytecode | tgc-opt | FileCheck %s

// CHECK-LABEL: func @gradient
func.func @gradient(%x: tensor<?x4xf32>, %w: tensor<4xf64>, %y: tensor<f32>, %z: tensor<f64>) {
  // CHECK: tg.gradient(%{{.*}} : tensor<f32>) wrt(%{{.*}} : tensor<?x4xf32>)
  %0 = tg.gradient (%y : tensor<f32>) wrt (%x : tensor<?x4xf32>)
  // CHECK: %{{.*}}:2 = tg.gradient(%{{.*}}, %{{.*}} : tensor<f32>, tensor<f64>) seeds(%{{.*}}, %{{.*}} : tensor<f32>, tensor<f64>)
  // CHECK-SAME: wrt(%{{.*}}, %{{.*}} : tensor<?x4xf32>, tensor<4xf64>)
  %1:2 = tg.gradient (%y, %z : tensor<f32>, tensor<f64>) seeds (%y, %z : tensor<f32>, tensor<f64>) wrt (%x, %w : tensor<?x4xf32>, tensor<4xf64>)
  return
}

// CHECK-LABEL: func @pass_through
func.func @pass_through(%x: tensor<?x4xf32>, %y: tensor<?xf32>) {
  // CHECK: tg.watch %{{.*}} : tensor<?x4xf32>
  %0 = tg.watch %x : tensor<?x4xf32>
  // CHECK: tg.stop_gradient %{{.*}} : tensor<?x4xf32>
  %1 = tg.stop_gradient %x : tensor<?x4xf32>
  // CHECK: tg.prevent_gradient %{{.*}}, "why" : tensor<?x4xf32>
  %2 = tg.prevent_gradient %x, "why" : tensor<?x4xf32>
  // CHECK: tg.with_partials %{{.*}} wrt(%{{.*}} : tensor<?x4xf32>) partials(%{{.*}} : tensor<?x4xf32>) : tensor<?xf32>
  %3 = tg.with_partials %y wrt (%x : tensor<?x4xf32>) partials (%x : tensor<?x4xf32>) : tensor<?xf32>
  return
}
