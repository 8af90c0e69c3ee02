// RUN: tgc-opt %s --tgc-form-attention --canonicalize --split-input-file | FileCheck %s

// The scale and the mask are in the region; transposes around are maps; what is repeated is read where it lies.
// CHECK-DAG: #[[$Q:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d2, d1, d4)>
// CHECK-DAG: #[[$K:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d3, d4)>
// CHECK-DAG: #[[$V:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d3, d5)>
// CHECK-DAG: #[[$MASK:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d2, d3)>
// CHECK-LABEL: func @masked
// CHECK-SAME: %[[q:.*]]: tensor<?x40x2x8xf32>, %[[k:.*]]: tensor<?x2x?x8xf32>, %[[v:.*]]: tensor<?x2x?x16xf32>, %[[seen:.*]]: tensor<40x?xi1>
// CHECK: %[[float:.*]] = tg.cast %[[seen]]
// CHECK: %[[result:.*]] = kernel.attention(%[[q]], %[[k]], %[[v]]) with(%[[float]]) into %{{.*}} attributes {indexing_maps = [#[[$Q]], #[[$K]], #[[$V]], #[[$MASK]], #{{.*}}]}
// CHECK-NEXT: ^bb0(%[[sum:.*]]: f32, %[[choice:.*]]: f32):
// CHECK-NEXT: %[[isSeen:.*]] = arith.cmpf une, %[[choice]]
// CHECK-NEXT: %[[scaled:.*]] = arith.mulf %[[sum]]
// CHECK-NEXT: %[[score:.*]] = arith.select %[[isSeen]], %[[scaled]]
// CHECK-NEXT: kernel.yield %[[score]]
// CHECK-NOT: tg.matmul
// CHECK: return %[[result]]
func.func @masked(%q: tensor<?x40x2x8xf32>, %k: tensor<?x2x?x8xf32>, %v: tensor<?x2x?x16xf32>, %seen: tensor<40x?xi1>, %b: index, %n: index) -> tensor<?x40x2x16xf32> {
  %qt = tg.transpose %q [0, 2, 1, 3] : tensor<?x40x2x8xf32> -> tensor<?x2x40x8xf32>
  %products = tg.matmul %qt, %k transposed : (tensor<?x2x40x8xf32>, tensor<?x2x?x8xf32>) -> tensor<?x2x40x?xf32>
  %c = tg.constant dense<0.35> : tensor<f32>
  %low = tg.constant dense<-1.0e9> : tensor<f32>
  %scale = tg.broadcast_to %c[%b, %n] : tensor<f32> -> tensor<?x2x40x?xf32>
  %scaled = tg.mul %products, %scale : tensor<?x2x40x?xf32>
  %choice = tg.broadcast_to %seen[%b, %n] equal [3] : tensor<40x?xi1> -> tensor<?x2x40x?xi1>
  %hidden = tg.broadcast_to %low[%b, %n] : tensor<f32> -> tensor<?x2x40x?xf32>
  %scores = tg.select %choice, %scaled, %hidden : tensor<?x2x40x?xf32>
  %max = tg.reduce max %scores dimensions [3] : tensor<?x2x40x?xf32> -> tensor<?x2x40xf32>
  %maxes = tg.reshape %max[%b] : tensor<?x2x40xf32> -> tensor<?x2x40x1xf32>
  %largest = tg.broadcast_to %maxes[%b, %n] equal [0] : tensor<?x2x40x1xf32> -> tensor<?x2x40x?xf32>
  %less = tg.sub %scores, %largest : tensor<?x2x40x?xf32>
  %exp = tg.exp %less : tensor<?x2x40x?xf32>
  %sum = tg.reduce sum %exp dimensions [3] : tensor<?x2x40x?xf32> -> tensor<?x2x40xf32>
  %sums = tg.reshape %sum[%b] : tensor<?x2x40xf32> -> tensor<?x2x40x1xf32>
  %total = tg.broadcast_to %sums[%b, %n] equal [0] : tensor<?x2x40x1xf32> -> tensor<?x2x40x?xf32>
  %weights = tg.div %exp, %total : tensor<?x2x40x?xf32>
  %product = tg.matmul %weights, %v : (tensor<?x2x40x?xf32>, tensor<?x2x?x16xf32>) -> tensor<?x2x40x16xf32>
  %result = tg.transpose %product [0, 2, 1, 3] : tensor<?x2x40x16xf32> -> tensor<?x40x2x16xf32>
  return %result : tensor<?x40x2x16xf32>
}

// -----

// Weights that something else reads are kept, and so are those of a softmax over another dimension than that of the product.
// CHECK-LABEL: func @kept
// CHECK-NOT: kernel.attention
func.func @kept(%q: tensor<40x8xf32>, %k: tensor<40x8xf32>, %v: tensor<40x16xf32>) -> (tensor<40x16xf32>, tensor<40x40xf32>, tensor<40x16xf32>) {
  %scores = tg.matmul %q, %k transposed : (tensor<40x8xf32>, tensor<40x8xf32>) -> tensor<40x40xf32>
  %max = tg.reduce max %scores dimensions [1] : tensor<40x40xf32> -> tensor<40xf32>
  %maxes = tg.reshape %max : tensor<40xf32> -> tensor<40x1xf32>
  %largest = tg.broadcast_to %maxes : tensor<40x1xf32> -> tensor<40x40xf32>
  %less = tg.sub %scores, %largest : tensor<40x40xf32>
  %exp = tg.exp %less : tensor<40x40xf32>
  %sum = tg.reduce sum %exp dimensions [1] : tensor<40x40xf32> -> tensor<40xf32>
  %sums = tg.reshape %sum : tensor<40xf32> -> tensor<40x1xf32>
  %total = tg.broadcast_to %sums : tensor<40x1xf32> -> tensor<40x40xf32>
  %weights = tg.div %exp, %total : tensor<40x40xf32>
  %product = tg.matmul %weights, %v : (tensor<40x40xf32>, tensor<40x16xf32>) -> tensor<40x16xf32>

  %others = tg.matmul %k, %q transposed : (tensor<40x8xf32>, tensor<40x8xf32>) -> tensor<40x40xf32>
  %max0 = tg.reduce max %others dimensions [0] : tensor<40x40xf32> -> tensor<40xf32>
  %largest0 = tg.broadcast_to %max0 : tensor<40xf32> -> tensor<40x40xf32>
  %less0 = tg.sub %others, %largest0 : tensor<40x40xf32>
  %exp0 = tg.exp %less0 : tensor<40x40xf32>
  %sum0 = tg.reduce sum %exp0 dimensions [0] : tensor<40x40xf32> -> tensor<40xf32>
  %total0 = tg.broadcast_to %sum0 : tensor<40xf32> -> tensor<40x40xf32>
  %weights0 = tg.div %exp0, %total0 : tensor<40x40xf32>
  %other = tg.matmul %weights0, %v : (tensor<40x40xf32>, tensor<40x16xf32>) -> tensor<40x16xf32>
  return %product, %weights, %other : tensor<40x16xf32>, tensor<40x40xf32>, tensor<40x16xf32>
}

// -----

// What the graph has of 16-bit floats is f32 in the region, casts and all, but for sums; operands stay as they are.
// CHECK-LABEL: func @half
// CHECK-SAME: %[[q:.*]]: tensor<40x8xf16>, %[[k:.*]]: tensor<40x8xf16>, %[[v:.*]]: tensor<40x16xf16>, %[[mask:.*]]: tensor<40x40xf16>
// CHECK: %[[float:.*]] = tg.cast %[[mask]]
// CHECK: %[[result:.*]] = kernel.attention(%[[q]], %[[k]], %[[v]]) with(%[[float]])
// CHECK-NEXT: ^bb0(%[[sum:.*]]: f32, %[[hidden:.*]]: f32):
// CHECK-NEXT: %[[scaled:.*]] = arith.mulf %[[sum]], %{{.*}} : f32
// CHECK-NEXT: %[[added:.*]] = arith.addf %[[scaled]], %[[hidden]] : f32
// CHECK-NEXT: %[[short:.*]] = arith.truncf %[[added]] : f32 to f16
// CHECK-NEXT: %[[score:.*]] = arith.extf %[[short]] : f16 to f32
// CHECK-NEXT: kernel.yield %[[score]] : f32
// CHECK-NEXT: } : tensor<40x8xf16>, tensor<40x8xf16>, tensor<40x16xf16> with tensor<40x40xf32> into tensor<40x16xf16> -> tensor<40x16xf16>
// CHECK-NEXT: return %[[result]]
func.func @half(%q: tensor<40x8xf16>, %k: tensor<40x8xf16>, %v: tensor<40x16xf16>, %mask: tensor<40x40xf16>) -> tensor<40x16xf16> {
  %products = tg.matmul %q, %k transposed : (tensor<40x8xf16>, tensor<40x8xf16>) -> tensor<40x40xf16>
  %c = tg.constant dense<0.5> : tensor<f16>
  %scale = tg.broadcast_to %c : tensor<f16> -> tensor<40x40xf16>
  %scaled = tg.mul %products, %scale : tensor<40x40xf16>
  %short = tg.add %scaled, %mask : tensor<40x40xf16>
  %scores = tg.cast %short : tensor<40x40xf16> to tensor<40x40xf32>
  %max = tg.reduce max %scores dimensions [1] : tensor<40x40xf32> -> tensor<40xf32>
  %maxes = tg.reshape %max : tensor<40xf32> -> tensor<40x1xf32>
  %largest = tg.broadcast_to %maxes : tensor<40x1xf32> -> tensor<40x40xf32>
  %less = tg.sub %scores, %largest : tensor<40x40xf32>
  %exp = tg.exp %less : tensor<40x40xf32>
  %sum = tg.reduce sum %exp dimensions [1] : tensor<40x40xf32> -> tensor<40xf32>
  %sums = tg.reshape %sum : tensor<40xf32> -> tensor<40x1xf32>
  %total = tg.broadcast_to %sums : tensor<40x1xf32> -> tensor<40x40xf32>
  %div = tg.div %exp, %total : tensor<40x40xf32>
  %weights = tg.cast %div : tensor<40x40xf32> to tensor<40x40xf16>
  %product = tg.matmul %weights, %v : (tensor<40x40xf16>, tensor<40x16xf16>) -> tensor<40x16xf16>
  return %product : tensor<40x16xf16>
}

// -----

// Queries, keys and values that are not alike stay.
// CHECK-LABEL: func @unlike
// CHECK-NOT: kernel.attention
func.func @unlike(%q: tensor<40x8xf32>, %k: tensor<40x8xf32>, %v: tensor<40x16xf16>) -> tensor<40x16xf16> {
  %scores = tg.matmul %q, %k transposed : (tensor<40x8xf32>, tensor<40x8xf32>) -> tensor<40x40xf32>
  %max = tg.reduce max %scores dimensions [1] : tensor<40x40xf32> -> tensor<40xf32>
  %maxes = tg.reshape %max : tensor<40xf32> -> tensor<40x1xf32>
  %largest = tg.broadcast_to %maxes : tensor<40x1xf32> -> tensor<40x40xf32>
  %less = tg.sub %scores, %largest : tensor<40x40xf32>
  %exp = tg.exp %less : tensor<40x40xf32>
  %sum = tg.reduce sum %exp dimensions [1] : tensor<40x40xf32> -> tensor<40xf32>
  %sums = tg.reshape %sum : tensor<40xf32> -> tensor<40x1xf32>
  %total = tg.broadcast_to %sums : tensor<40x1xf32> -> tensor<40x40xf32>
  %div = tg.div %exp, %total : tensor<40x40xf32>
  %weights = tg.cast %div : tensor<40x40xf32> to tensor<40x40xf16>
  %product = tg.matmul %weights, %v : (tensor<40x40xf16>, tensor<40x16xf16>) -> tensor<40x16xf16>
  return %product : tensor<40x16xf16>
}
