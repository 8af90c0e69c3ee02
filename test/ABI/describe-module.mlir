// RUN: tgc-opt %s -tgc-describe-module -split-input-file -verify-diagnostics | FileCheck %s

// The sign of integers and the names are written down before lowering drops them.
// CHECK: module attributes {rt.variables = [{dims = array<i64: 4, 2>, dtype = 1 : i32, name = "w", trainable}]}
// CHECK-NOT: tg.variable @
// CHECK: func.func @main
// CHECK-SAME: rt.feeds = [{dims = array<i64: -1>, dtype = 4 : i32, name = "x:0"}]
// CHECK-SAME: rt.fetches = [{dims = array<i64: -1>, dtype = 4 : i32, name = "y:0"}]
// CHECK-SAME: rt.targets = ["train"]
tg.variable @w : tensor<4x2xf32> trainable
func.func @main(%x: tensor<?xui8> {tg.feed = "x:0"}) -> (tensor<?xui8> {tg.fetch = "y:0"}) attributes {tg.entry = "main", tg.targets = ["train"]} {
  return %x : tensor<?xui8>
}

// -----

// expected-error@+1 {{argument 0 of the entry is neither a feed nor a variable}}
func.func @main(%x: tensor<4xf32>) attributes {tg.entry = "main"} {
  return
}

// -----

// expected-error@+1 {{'x:0' has type 'memref<4xf32>', expected a tensor}}
func.func @main(%x: memref<4xf32> {tg.feed = "x:0"}) attributes {tg.entry = "main"} {
  return
}
