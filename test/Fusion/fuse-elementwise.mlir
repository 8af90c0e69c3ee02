// RUN: tgc-opt %s --tgc-fuse-elementwise --split-input-file | FileCheck %s

#id = affine_map<(m, n) -> (m, n)>
#row = affine_map<(m, n) -> (m)>

// A chain is one loop.
// CHECK-LABEL: func @chain
// CHECK: linalg.generic
// CHECK: math.exp
// CHECK-NEXT: arith.negf
// CHECK-NOT: linalg.generic
func.func @chain(%x: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %e = tensor.empty() : tensor<8x64xf32>
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<8x64xf32>) outs(%e : tensor<8x64xf32>) {
  ^bb0(%i: f32, %o: f32):
    %7 = math.exp %i : f32
    linalg.yield %7 : f32
  } -> tensor<8x64xf32>
  %1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%0 : tensor<8x64xf32>) outs(%e : tensor<8x64xf32>) {
  ^bb0(%i: f32, %o: f32):
    %7 = arith.negf %i : f32
    linalg.yield %7 : f32
  } -> tensor<8x64xf32>
  return %1 : tensor<8x64xf32>
}

// -----

#id = affine_map<(m, n) -> (m, n)>
#row = affine_map<(m, n) -> (m)>
#one = affine_map<(m) -> (m)>

// An exponential per row is not computed for each column; a cheap op is.
// CHECK-LABEL: func @broadcast
// CHECK: linalg.generic
// CHECK: math.exp
// CHECK: linalg.generic
// CHECK: arith.negf
// CHECK: arith.addf
// CHECK-NOT: linalg.generic
func.func @broadcast(%x: tensor<8xf32>, %y: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %e = tensor.empty() : tensor<8xf32>
  %f = tensor.empty() : tensor<8x64xf32>
  %0 = linalg.generic {indexing_maps = [#one, #one], iterator_types = ["parallel"]} ins(%x : tensor<8xf32>) outs(%e : tensor<8xf32>) {
  ^bb0(%i: f32, %o: f32):
    %7 = math.exp %i : f32
    linalg.yield %7 : f32
  } -> tensor<8xf32>
  %1 = linalg.generic {indexing_maps = [#one, #one], iterator_types = ["parallel"]} ins(%x : tensor<8xf32>) outs(%e : tensor<8xf32>) {
  ^bb0(%i: f32, %o: f32):
    %7 = arith.negf %i : f32
    linalg.yield %7 : f32
  } -> tensor<8xf32>
  %2 = linalg.generic {indexing_maps = [#row, #row, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%0, %1, %y : tensor<8xf32>, tensor<8xf32>, tensor<8x64xf32>) outs(%f : tensor<8x64xf32>) {
  ^bb0(%i: f32, %n: f32, %j: f32, %o: f32):
    %7 = arith.addf %i, %n : f32
    %8 = arith.addf %7, %j : f32
    linalg.yield %8 : f32
  } -> tensor<8x64xf32>
  return %2 : tensor<8x64xf32>
}

// -----

#id = affine_map<(m, n) -> (m, n)>
#a = affine_map<(m, k, n) -> (m, k)>
#b = affine_map<(m, k, n) -> (k, n)>
#c = affine_map<(m, k, n) -> (m, n)>

// A product reads its operands many times: they are not computed each time.
// CHECK-LABEL: func @product
// CHECK: linalg.generic
// CHECK: arith.maximumf
// CHECK: linalg.generic
// CHECK: arith.mulf
func.func @product(%x: tensor<8x64xf32>, %w: tensor<64x32xf32>, %f: tensor<8x32xf32>) -> tensor<8x32xf32> {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x64xf32>
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<8x64xf32>) outs(%e : tensor<8x64xf32>) {
  ^bb0(%i: f32, %o: f32):
    %7 = arith.maximumf %i, %z : f32
    linalg.yield %7 : f32
  } -> tensor<8x64xf32>
  %1 = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "reduction", "parallel"]} ins(%0, %w : tensor<8x64xf32>, tensor<64x32xf32>) outs(%f : tensor<8x32xf32>) {
  ^bb0(%i: f32, %j: f32, %o: f32):
    %7 = arith.mulf %i, %j : f32
    %8 = arith.addf %o, %7 : f32
    linalg.yield %8 : f32
  } -> tensor<8x32xf32>
  return %1 : tensor<8x32xf32>
}

// -----

#id = affine_map<(m, n) -> (m, n)>
#turned = affine_map<(m, n) -> (n, m)>

// Rows that are read in reverse order stay rows: fused into the transpose, each element would be read by itself.
// CHECK-LABEL: func @turned_rows
// CHECK: linalg.generic
// CHECK: tensor.extract
// CHECK: linalg.generic
func.func @turned_rows(%x: tensor<8x64xf32>) -> tensor<64x8xf32> {
  %c7 = arith.constant 7 : index
  %e = tensor.empty() : tensor<8x64xf32>
  %0 = linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]} outs(%e : tensor<8x64xf32>) {
  ^bb0(%o: f32):
    %m = linalg.index 0 : index
    %n = linalg.index 1 : index
    %r = arith.subi %c7, %m : index
    %v = tensor.extract %x[%r, %n] : tensor<8x64xf32>
    linalg.yield %v : f32
  } -> tensor<8x64xf32>
  %t = tensor.empty() : tensor<64x8xf32>
  %1 = linalg.generic {indexing_maps = [#turned, #id], iterator_types = ["parallel", "parallel"]} ins(%0 : tensor<8x64xf32>) outs(%t : tensor<64x8xf32>) {
  ^bb0(%i: f32, %o: f32):
    linalg.yield %i : f32
  } -> tensor<64x8xf32>
  return %1 : tensor<64x8xf32>
}

// -----

#id = affine_map<(m, n) -> (m, n)>
#row = affine_map<(m, n) -> (m)>

// Two loops that choose by one mask compute it themselves.
// CHECK-LABEL: func @masks
// CHECK-NOT: xi1>
// CHECK-COUNT-2: arith.cmpi eq
// CHECK-NOT: linalg.generic
func.func @masks(%labels: tensor<8xi32>, %x: tensor<8x64xf32>) -> (tensor<8x64xf32>, tensor<8xf32>) {
  %zero = arith.constant 0.0 : f32
  %em = tensor.empty() : tensor<8x64xi1>
  %e = tensor.empty() : tensor<8x64xf32>
  %er = tensor.empty() : tensor<8xf32>
  %mask = linalg.generic {indexing_maps = [#row, #id], iterator_types = ["parallel", "parallel"]} ins(%labels : tensor<8xi32>) outs(%em : tensor<8x64xi1>) {
  ^bb0(%label: i32, %o: i1):
    %0 = linalg.index 1 : index
    %1 = arith.index_cast %0 : index to i32
    %2 = arith.cmpi eq, %1, %label : i32
    linalg.yield %2 : i1
  } -> tensor<8x64xi1>
  %chosen = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%mask, %x : tensor<8x64xi1>, tensor<8x64xf32>) outs(%e : tensor<8x64xf32>) {
  ^bb0(%m: i1, %a: f32, %o: f32):
    %0 = arith.select %m, %a, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<8x64xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%er : tensor<8xf32>) -> tensor<8xf32>
  %sum = linalg.generic {indexing_maps = [#id, #id, #row], iterator_types = ["parallel", "reduction"]} ins(%mask, %x : tensor<8x64xi1>, tensor<8x64xf32>) outs(%zeros : tensor<8xf32>) {
  ^bb0(%m: i1, %a: f32, %s: f32):
    %0 = arith.select %m, %a, %zero : f32
    %1 = arith.addf %s, %0 fastmath<reassoc> : f32
    linalg.yield %1 : f32
  } -> tensor<8xf32>
  return %chosen, %sum : tensor<8x64xf32>, tensor<8xf32>
}

// -----

#copied = affine_map<(p, g, c) -> (p, c, g)>
#stored = affine_map<(p, g, c) -> (p, g, c)>
#pixels = affine_map<(p, s, g) -> (p, s, g)>
#weights = affine_map<(p, s, g) -> (s, g)>
#sums = affine_map<(p, s, g) -> (p, g)>

// Products lane by lane read what a copy has put side by side.
// CHECK-LABEL: func @lanes
// CHECK-COUNT-2: linalg.generic
func.func @lanes(%x: tensor<8x16x4xf32>, %w: tensor<4x16xf32>) -> tensor<8x16xf32> {
  %e = tensor.empty() : tensor<8x4x16xf32>
  %t = linalg.generic {indexing_maps = [#copied, #stored], iterator_types = ["parallel", "parallel", "parallel"]} ins(%x : tensor<8x16x4xf32>) outs(%e : tensor<8x4x16xf32>) {
  ^bb0(%i: f32, %o: f32):
    linalg.yield %i : f32
  } -> tensor<8x4x16xf32>
  %zero = arith.constant 0.0 : f32
  %r = tensor.empty() : tensor<8x16xf32>
  %f = linalg.fill ins(%zero : f32) outs(%r : tensor<8x16xf32>) -> tensor<8x16xf32>
  %y = linalg.generic {indexing_maps = [#pixels, #weights, #sums], iterator_types = ["parallel", "reduction", "parallel"]} ins(%t, %w : tensor<8x4x16xf32>, tensor<4x16xf32>) outs(%f : tensor<8x16xf32>) {
  ^bb0(%i: f32, %j: f32, %o: f32):
    %m = arith.mulf %i, %j : f32
    %a = arith.addf %o, %m : f32
    linalg.yield %a : f32
  } -> tensor<8x16xf32>
  return %y : tensor<8x16xf32>
}

// -----

#id = affine_map<(m, n) -> (m, n)>
#column = affine_map<(m, n) -> (n)>

// x - mean is made of what is in memory anyway: whoever reads it subtracts.
// CHECK-LABEL: func @centered
// CHECK: linalg.generic
// CHECK: arith.subf
// CHECK-NEXT: arith.mulf
// CHECK: linalg.generic
// CHECK: arith.subf
// CHECK-NEXT: arith.negf
// CHECK-NOT: linalg.generic
func.func @centered(%x: tensor<8x64xf32>, %mean: tensor<64xf32>, %zeros: tensor<64xf32>) -> (tensor<64xf32>, tensor<8x64xf32>) {
  %e = tensor.empty() : tensor<8x64xf32>
  %0 = linalg.generic {indexing_maps = [#id, #column, #id], iterator_types = ["parallel", "parallel"]} ins(%x, %mean : tensor<8x64xf32>, tensor<64xf32>) outs(%e : tensor<8x64xf32>) {
  ^bb0(%i: f32, %m: f32, %o: f32):
    %7 = arith.subf %i, %m : f32
    linalg.yield %7 : f32
  } -> tensor<8x64xf32>
  %1 = linalg.generic {indexing_maps = [#id, #column], iterator_types = ["reduction", "parallel"]} ins(%0 : tensor<8x64xf32>) outs(%zeros : tensor<64xf32>) {
  ^bb0(%i: f32, %o: f32):
    %7 = arith.mulf %i, %i : f32
    %8 = arith.addf %o, %7 : f32
    linalg.yield %8 : f32
  } -> tensor<64xf32>
  %2 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%0 : tensor<8x64xf32>) outs(%e : tensor<8x64xf32>) {
  ^bb0(%i: f32, %o: f32):
    %7 = arith.negf %i : f32
    linalg.yield %7 : f32
  } -> tensor<8x64xf32>
  return %1, %2 : tensor<64xf32>, tensor<8x64xf32>
}

// -----

#id = affine_map<(m, n) -> (m, n)>

// A sum of two tensors is stored: its readers would read both. So is what a return needs.
// CHECK-LABEL: func @stored
// CHECK: arith.addf
// CHECK: linalg.generic
// CHECK-NOT: arith.addf
// CHECK: arith.mulf
// CHECK: linalg.generic
// CHECK-NOT: arith.mulf
// CHECK: math.exp
func.func @stored(%x: tensor<8x64xf32>, %y: tensor<8x64xf32>) -> (tensor<8x64xf32>, tensor<8x64xf32>) {
  %e = tensor.empty() : tensor<8x64xf32>
  %0 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%x, %y : tensor<8x64xf32>, tensor<8x64xf32>) outs(%e : tensor<8x64xf32>) {
  ^bb0(%i: f32, %j: f32, %o: f32):
    %7 = arith.addf %i, %j : f32
    linalg.yield %7 : f32
  } -> tensor<8x64xf32>
  %1 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%0, %x : tensor<8x64xf32>, tensor<8x64xf32>) outs(%e : tensor<8x64xf32>) {
  ^bb0(%i: f32, %j: f32, %o: f32):
    %7 = arith.mulf %i, %j : f32
    linalg.yield %7 : f32
  } -> tensor<8x64xf32>
  %2 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%0, %1 : tensor<8x64xf32>, tensor<8x64xf32>) outs(%e : tensor<8x64xf32>) {
  ^bb0(%i: f32, %j: f32, %o: f32):
    %7 = math.exp %i : f32
    %8 = arith.subf %7, %j : f32
    linalg.yield %8 : f32
  } -> tensor<8x64xf32>
  return %1, %2 : tensor<8x64xf32>, tensor<8x64xf32>
}

// -----

#id = affine_map<(m, n) -> (m, n)>
#column = affine_map<(m, n) -> (n)>

// The shape of sums of columns does not become one of what they read.
// CHECK-LABEL: func @columns
// CHECK: linalg.generic {{.*}} ins(%arg0 : tensor<8x64xf32>)
// CHECK: tensor.expand_shape {{.*}} : tensor<64xf32> into tensor<1x64xf32>
func.func @columns(%x: tensor<8x64xf32>, %zeros: tensor<64xf32>) -> tensor<1x64xf32> {
  %1 = linalg.generic {indexing_maps = [#id, #column], iterator_types = ["reduction", "parallel"]} ins(%x : tensor<8x64xf32>) outs(%zeros : tensor<64xf32>) {
  ^bb0(%i: f32, %o: f32):
    %7 = arith.addf %o, %i : f32
    linalg.yield %7 : f32
  } -> tensor<64xf32>
  %r = tensor.expand_shape %1 [[0, 1]] output_shape [1, 64] : tensor<64xf32> into tensor<1x64xf32>
  return %r : tensor<1x64xf32>
}
