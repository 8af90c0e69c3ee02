// RUN: tgc-opt %s --tgc-describe-work -mlir-print-debuginfo -mlir-print-local-scope | FileCheck %s

#a = affine_map<(m, k, n) -> (m, k)>
#b = affine_map<(m, k, n) -> (k, n)>
#c = affine_map<(m, k, n) -> (m, n)>
#id = affine_map<(m, n) -> (m, n)>

// Of n rows of 8, by 8 x 4: 64 operations and 4 bytes of 8 and of 4 elements for each row, beside the 32 of the right operand. What only
// the run shows has no formula.
// CHECK-LABEL: func @main
// CHECK: kernel.contract
// CHECK: loc(fused<{bytes = "128+48*0.0", nest = false, operations = "64*0.0", work = 0 : i64}>["product"])
// CHECK: linalg.generic
// CHECK: loc(fused<{bytes = "32*0.0", nest = true, operations = "4*0.0", work = 1 : i64}>["sum"])
// CHECK: linalg.generic
// CHECK: loc("open")
func.func @main(%frame: !llvm.ptr, %w: tensor<8x4xf32>, %s: tensor<?xf32>) attributes {rt.feeds = [{dims = array<i64: -1, 8>, dtype = 1 : i32, name = "x:0"}]} {
  %c0 = arith.constant 0 : index
  %x = rt.feed %frame[0] : memref<?x8xf32>
  %t = bufferization.to_tensor %x restrict : memref<?x8xf32> to tensor<?x8xf32>
  %n = memref.dim %x, %c0 : memref<?x8xf32>
  %e = tensor.empty(%n) : tensor<?x4xf32>
  %p = kernel.contract (%t, %w) into %e sizes [-9223372036854775808, 8, 4] attributes {indexing_maps = [#a, #b, #c]} {
  ^bb0(%v: f32):
    kernel.yield %v : f32
  } : tensor<?x8xf32>, tensor<8x4xf32> into tensor<?x4xf32> -> tensor<?x4xf32> loc("product")
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%p : tensor<?x4xf32>) outs(%e : tensor<?x4xf32>) {
  ^bb0(%v: f32, %o: f32):
    %d = arith.addf %v, %v : f32
    linalg.yield %d : f32
  } -> tensor<?x4xf32> loc("sum")
  %q = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]} outs(%s : tensor<?xf32>) {
  ^bb0(%o: f32):
    %d = arith.addf %o, %o : f32
    linalg.yield %d : f32
  } -> tensor<?xf32> loc("open")
  return
}

// In f64, and products of two bf16, which have an instruction.
// CHECK-LABEL: func @types
// CHECK: linalg.generic
// CHECK: loc(fused<{bytes = "128", nest = true, operations = "8", type = "f64", work = {{[0-9]+}} : i64}>["double"])
// CHECK: kernel.contract
// CHECK: loc(fused<{bytes = "320", nest = false, operations = "512", type = "bf16", work = {{[0-9]+}} : i64}>["pairs"])
func.func @types(%frame: !llvm.ptr, %x: tensor<8xf64>, %a: tensor<8x8xbf16>, %b: tensor<8x4xbf16>, %e: tensor<8x4xf32>) attributes {rt.feeds = []} {
  %r = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<8xf64>) outs(%x : tensor<8xf64>) {
  ^bb0(%v: f64, %o: f64):
    %d = arith.addf %v, %v : f64
    linalg.yield %d : f64
  } -> tensor<8xf64> loc("double")
  %p = kernel.contract (%a, %b) into %e sizes [8, 8, 4] attributes {indexing_maps = [#a, #b, #c]} {
  ^bb0(%v: f32):
    kernel.yield %v : f32
  } : tensor<8x8xbf16>, tensor<8x4xbf16> into tensor<8x4xf32> -> tensor<8x4xf32> loc("pairs")
  return
}
