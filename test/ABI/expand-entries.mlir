// RUN: tgc-opt %s -tgc-expand-entries -split-input-file -verify-diagnostics | FileCheck %s

// CHECK-LABEL: func.func @feed_and_fetch(
// CHECK-SAME: %[[FRAME:.+]]: !llvm.ptr) -> i32
// CHECK: %[[MEMORY:.+]] = rt.feed %[[FRAME]][0] : memref<?x4xf32>
// CHECK: %[[X:.+]] = bufferization.to_tensor %[[MEMORY]] restrict :
// CHECK: %[[SIZE:.+]] = tensor.dim %[[X]]
// CHECK: %[[FETCH:.+]] = rt.fetch %[[FRAME]][0] (%[[SIZE]]) : memref<?x4xf32>
// CHECK: bufferization.materialize_in_destination %[[X]] in restrict writable %[[FETCH]]
// CHECK: %[[OK:.+]] = arith.constant 0 : i32
// CHECK: return %[[OK]]
func.func @feed_and_fetch(%x: tensor<?x4xf32> {tg.feed = "x:0"}) -> (tensor<?x4xf32> {tg.fetch = "y:0"}) attributes {tg.entry = "main"} {
  return %x : tensor<?x4xf32>
}

// -----

// The new value may be written over the old one: bufferization decides.
// CHECK-LABEL: func.func @update
// CHECK: %[[MEMORY:.+]] = rt.variable %{{.+}}[0] : memref<2xf32>
// CHECK: %[[OLD:.+]] = bufferization.to_tensor %[[MEMORY]] restrict writable
// CHECK: %[[NEW:.+]] = linalg.generic {{.*}} outs(%[[OLD]] : tensor<2xf32>)
// CHECK: %[[BUFFER:.+]] = bufferization.to_buffer %[[NEW]] read_only
// CHECK: memref.copy %[[BUFFER]], %[[MEMORY]]
#id = affine_map<(d0) -> (d0)>
module attributes {rt.variables = [{name = "w"}]} {
  func.func @update(%w: tensor<2xf32> {tg.variable = "w"}) -> (tensor<2xf32> {tg.variable = "w"}) attributes {tg.entry = "main"} {
    %empty = tensor.empty() : tensor<2xf32>
    %new = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%w : tensor<2xf32>) outs(%empty : tensor<2xf32>) {
    ^bb0(%in: f32, %out: f32):
      %0 = arith.addf %in, %in : f32
      linalg.yield %0 : f32
    } -> tensor<2xf32>
    return %new : tensor<2xf32>
  }
}

// -----

// Each new value lies in the other's memory: both are copied aside before either variable is written.
// CHECK-LABEL: func.func @swap
// CHECK-DAG: %[[A:.+]] = rt.variable %{{.+}}[0]
// CHECK-DAG: %[[B:.+]] = rt.variable %{{.+}}[1]
// CHECK: %[[COPY0:.+]] = bufferization.alloc_tensor() copy
// CHECK: %[[COPY1:.+]] = bufferization.alloc_tensor() copy
// CHECK: %[[BUFFER0:.+]] = bufferization.to_buffer %[[COPY0]]
// CHECK: memref.copy %[[BUFFER0]], %[[A]]
// CHECK: %[[BUFFER1:.+]] = bufferization.to_buffer %[[COPY1]]
// CHECK: memref.copy %[[BUFFER1]], %[[B]]
module attributes {rt.variables = [{name = "a"}, {name = "b"}]} {
  func.func @swap(%a: tensor<2xf32> {tg.variable = "a"}, %b: tensor<2xf32> {tg.variable = "b"})
      -> (tensor<2xf32> {tg.variable = "a"}, tensor<2xf32> {tg.variable = "b"}) attributes {tg.entry = "main"} {
    return %b, %a : tensor<2xf32>, tensor<2xf32>
  }
}

// -----

// CHECK-LABEL: func.func @check
// CHECK: scf.if
// CHECK-NEXT: rt.fail %{{.+}}, 3, "got %d"(%{{.+}})
func.func @check(%x: tensor<?xf32> {tg.feed = "x:0"}) attributes {tg.entry = "main"} {
  %c0 = arith.constant 0 : index
  %size = tensor.dim %x, %c0 : tensor<?xf32>
  %holds = arith.cmpi eq, %size, %c0 : index
  tg.check %holds, 3, "got %d"(%size)
  return
}

// -----

// expected-error@+1 {{variable 'w' is not declared in the module}}
func.func @undeclared(%w: tensor<2xf32> {tg.variable = "w"}) attributes {tg.entry = "main"} {
  return
}
