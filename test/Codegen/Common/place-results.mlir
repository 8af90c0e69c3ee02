// RUN: tgc-opt %s --tgc-place-results | FileCheck %s

#id = affine_map<(d0) -> (d0)>

// What only the result is made of is computed in its memory.
// CHECK-LABEL: func.func @alone(
// CHECK: %[[MEMORY:.+]] = bufferization.to_tensor %arg1 restrict writable
// CHECK: linalg.generic {{.*}} outs(%[[MEMORY]]
func.func @alone(%x: tensor<4xf32>, %fetch: memref<4xf32>, %part: tensor<1xf32>) {
  %e = tensor.empty() : tensor<4xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) {
  ^bb0(%i: f32, %o: f32):
    %n = arith.negf %i : f32
    linalg.yield %n : f32
  } -> tensor<4xf32>
  %a = tensor.insert_slice %part into %y[1] [1] [1] : tensor<1xf32> into tensor<4xf32>
  bufferization.materialize_in_destination %a in restrict writable %fetch : (tensor<4xf32>, memref<4xf32>) -> ()
  return
}

// Two updates of one value: either might take place in the memory of the first result.
// CHECK-LABEL: func.func @shared(
// CHECK: tensor.empty
// CHECK-NOT: bufferization.to_tensor
// CHECK: return
func.func @shared(%x: tensor<4xf32>, %fetch0: memref<4xf32>, %fetch1: memref<4xf32>, %part: tensor<1xf32>) {
  %e = tensor.empty() : tensor<4xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) {
  ^bb0(%i: f32, %o: f32):
    %n = arith.negf %i : f32
    linalg.yield %n : f32
  } -> tensor<4xf32>
  %a = tensor.insert_slice %part into %y[1] [1] [1] : tensor<1xf32> into tensor<4xf32>
  %b = tensor.insert_slice %part into %y[2] [1] [1] : tensor<1xf32> into tensor<4xf32>
  bufferization.materialize_in_destination %a in restrict writable %fetch0 : (tensor<4xf32>, memref<4xf32>) -> ()
  bufferization.materialize_in_destination %b in restrict writable %fetch1 : (tensor<4xf32>, memref<4xf32>) -> ()
  return
}

// The update of one branch takes a copy, because the value before it is a result too: computed in the memory of the first result, it
// would be gone when it is copied to the second.
// CHECK-LABEL: func.func @read_afterwards(
// CHECK: tensor.empty
// CHECK-NOT: bufferization.to_tensor
// CHECK: return
func.func @read_afterwards(%x: tensor<4xf32>, %fetch0: memref<4xf32>, %fetch1: memref<4xf32>, %part: tensor<1xf32>, %p: i1) {
  %e = tensor.empty() : tensor<4xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) {
  ^bb0(%i: f32, %o: f32):
    %n = arith.negf %i : f32
    linalg.yield %n : f32
  } -> tensor<4xf32>
  %b = tensor.insert_slice %part into %y[2] [1] [1] : tensor<1xf32> into tensor<4xf32>
  %a = scf.if %p -> (tensor<4xf32>) {
    %c = tensor.insert_slice %part into %b[1] [1] [1] : tensor<1xf32> into tensor<4xf32>
    scf.yield %c : tensor<4xf32>
  } else {
    scf.yield %b : tensor<4xf32>
  }
  bufferization.materialize_in_destination %a in restrict writable %fetch0 : (tensor<4xf32>, memref<4xf32>) -> ()
  bufferization.materialize_in_destination %y in restrict writable %fetch1 : (tensor<4xf32>, memref<4xf32>) -> ()
  return
}

// One branch gives the value itself, the other an update of it, which takes a copy: the same.
// CHECK-LABEL: func.func @updated_in_a_branch(
// CHECK: tensor.empty
// CHECK-NOT: bufferization.to_tensor
// CHECK: return
func.func @updated_in_a_branch(%x: tensor<4xf32>, %fetch0: memref<4xf32>, %fetch1: memref<2xf32>, %part: tensor<1xf32>, %p: i1) {
  %e = tensor.empty() : tensor<4xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) {
  ^bb0(%i: f32, %o: f32):
    %n = arith.negf %i : f32
    linalg.yield %n : f32
  } -> tensor<4xf32>
  %a = scf.if %p -> (tensor<4xf32>) {
    %empty = tensor.empty() : tensor<4xf32>
    %c = linalg.copy ins(%x : tensor<4xf32>) outs(%empty : tensor<4xf32>) -> tensor<4xf32>
    scf.yield %c : tensor<4xf32>
  } else {
    scf.yield %y : tensor<4xf32>
  }
  %half = tensor.extract_slice %y[0] [2] [1] : tensor<4xf32> to tensor<2xf32>
  bufferization.materialize_in_destination %a in restrict writable %fetch0 : (tensor<4xf32>, memref<4xf32>) -> ()
  bufferization.materialize_in_destination %half in restrict writable %fetch1 : (tensor<2xf32>, memref<2xf32>) -> ()
  return
}

// What a concatenation puts together is computed where it belongs in the result, through a concatenation inside of it too.
// CHECK-LABEL: func.func @concatenated(
// CHECK: %[[MEMORY:.+]] = bufferization.to_tensor %arg1 restrict writable
// CHECK-COUNT-3: linalg.generic {{.*}} outs(%extracted_slice
func.func @concatenated(%x: tensor<4xf32>, %fetch: memref<12xf32>) {
  %e = tensor.empty() : tensor<4xf32>
  %e0 = tensor.empty() : tensor<4xf32>
  %e1 = tensor.empty() : tensor<4xf32>
  %p = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) {
  ^bb0(%i: f32, %o: f32):
    %n = arith.negf %i : f32
    linalg.yield %n : f32
  } -> tensor<4xf32>
  %q = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<4xf32>) outs(%e0 : tensor<4xf32>) {
  ^bb0(%i: f32, %o: f32):
    %n = math.absf %i : f32
    linalg.yield %n : f32
  } -> tensor<4xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<4xf32>) outs(%e1 : tensor<4xf32>) {
  ^bb0(%i: f32, %o: f32):
    %n = math.sqrt %i : f32
    linalg.yield %n : f32
  } -> tensor<4xf32>
  %both = tensor.empty() : tensor<8xf32>
  %0 = tensor.insert_slice %p into %both[0] [4] [1] : tensor<4xf32> into tensor<8xf32>
  %1 = tensor.insert_slice %q into %0[4] [4] [1] : tensor<4xf32> into tensor<8xf32>
  %all = tensor.empty() : tensor<12xf32>
  %2 = tensor.insert_slice %1 into %all[0] [8] [1] : tensor<8xf32> into tensor<12xf32>
  %3 = tensor.insert_slice %r into %2[8] [4] [1] : tensor<4xf32> into tensor<12xf32>
  bufferization.materialize_in_destination %3 in restrict writable %fetch : (tensor<12xf32>, memref<12xf32>) -> ()
  return
}
