// RUN: tgc-opt %s --tgc-form-attention --canonicalize --split-input-file | FileCheck %s

// As TensorFlow's rule of softmax makes them: the mask and the scale are in both regions, nothing of the weights is left.
// CHECK-LABEL: func @softmax
// CHECK-SAME: %[[q:.*]]: tensor<?x300x8xf32>, %[[k:.*]]: tensor<?x300x8xf32>, %[[v:.*]]: tensor<?x300x16xf32>, %[[g:.*]]: tensor<?x300x16xf32>, %[[seen:.*]]: tensor<300x300xi1>
// CHECK: %[[out:.*]]:3 = kernel.attention(%[[q]], %[[k]], %[[v]]) with(%{{.*}}) into %{{.*}} statistics(%{{.*}}, %{{.*}})
// CHECK: statistics tensor<?x300xf32>, tensor<?x300xf32> -> tensor<?x300x16xf32>, tensor<?x300xf32>, tensor<?x300xf32>
// CHECK: %[[grads:.*]]:3 = kernel.attention_grad(%[[q]], %[[k]], %[[v]], %[[out]]#0, %[[g]], %[[out]]#1, %[[out]]#2) with(%{{.*}})
// CHECK-SAME: scores
// CHECK-NEXT: ^bb0(%[[product:.*]]: f32, %[[choice:.*]]: f32):
// CHECK-NEXT: arith.cmpf une, %[[choice]]
// CHECK-NEXT: arith.mulf %[[product]]
// CHECK-NEXT: arith.select
// CHECK-NEXT: kernel.yield
// CHECK-NEXT: } gradient {
// CHECK-NEXT: ^bb0(%[[gradient:.*]]: f32, %[[choice:.*]]: f32):
// CHECK-NEXT: %[[isSeen:.*]] = arith.cmpf une, %[[choice]]
// CHECK-NEXT: %[[chosen:.*]] = arith.select %[[isSeen]], %[[gradient]], %{{.*}} : f32
// CHECK-NEXT: arith.mulf %[[chosen]]
// CHECK-NEXT: kernel.yield
// CHECK-NOT: tg.matmul
// CHECK: return %[[out]]#0, %[[grads]]#0, %[[grads]]#1, %[[grads]]#2
func.func @softmax(%q: tensor<?x300x8xf32>, %k: tensor<?x300x8xf32>, %v: tensor<?x300x16xf32>, %g: tensor<?x300x16xf32>, %seen: tensor<300x300xi1>, %b: index) -> (tensor<?x300x16xf32>, tensor<?x300x8xf32>, tensor<?x300x8xf32>, tensor<?x300x16xf32>) {
  %c = tg.constant dense<0.35> : tensor<f32>
  %low = tg.constant dense<-1.0e9> : tensor<f32>
  %none = tg.constant dense<0.0> : tensor<f32>
  %scale = tg.broadcast_to %c[%b] : tensor<f32> -> tensor<?x300x300xf32>
  %choice = tg.broadcast_to %seen[%b] equal [1, 2] : tensor<300x300xi1> -> tensor<?x300x300xi1>
  %hidden = tg.broadcast_to %low[%b] : tensor<f32> -> tensor<?x300x300xf32>
  %zero = tg.broadcast_to %none[%b] : tensor<f32> -> tensor<?x300x300xf32>
  %products = tg.matmul %q, %k transposed : (tensor<?x300x8xf32>, tensor<?x300x8xf32>) -> tensor<?x300x300xf32>
  %scaled = tg.mul %products, %scale : tensor<?x300x300xf32>
  %scores = tg.select %choice, %scaled, %hidden : tensor<?x300x300xf32>
  %max = tg.reduce max %scores dimensions [2] : tensor<?x300x300xf32> -> tensor<?x300xf32>
  %maxes = tg.reshape %max[%b] : tensor<?x300xf32> -> tensor<?x300x1xf32>
  %largest = tg.broadcast_to %maxes[%b] equal [0, 1] : tensor<?x300x1xf32> -> tensor<?x300x300xf32>
  %less = tg.sub %scores, %largest : tensor<?x300x300xf32>
  %exp = tg.exp %less : tensor<?x300x300xf32>
  %sum = tg.reduce sum %exp dimensions [2] : tensor<?x300x300xf32> -> tensor<?x300xf32>
  %sums = tg.reshape %sum[%b] : tensor<?x300xf32> -> tensor<?x300x1xf32>
  %total = tg.broadcast_to %sums[%b] equal [0, 1] : tensor<?x300x1xf32> -> tensor<?x300x300xf32>
  %weights = tg.div %exp, %total : tensor<?x300x300xf32>
  %result = tg.matmul %weights, %v : (tensor<?x300x300xf32>, tensor<?x300x16xf32>) -> tensor<?x300x16xf32>
  %dw = tg.matmul %g, %v transposed : (tensor<?x300x16xf32>, tensor<?x300x16xf32>) -> tensor<?x300x300xf32>
  %dv = tg.matmul %weights transposed, %g : (tensor<?x300x300xf32>, tensor<?x300x16xf32>) -> tensor<?x300x16xf32>
  %each = tg.mul %dw, %weights : tensor<?x300x300xf32>
  %d = tg.reduce sum %each dimensions [2] : tensor<?x300x300xf32> -> tensor<?x300xf32>
  %ds = tg.reshape %d[%b] : tensor<?x300xf32> -> tensor<?x300x1xf32>
  %all = tg.broadcast_to %ds[%b] equal [0, 1] : tensor<?x300x1xf32> -> tensor<?x300x300xf32>
  %apart = tg.sub %dw, %all : tensor<?x300x300xf32>
  %dscores = tg.mul %apart, %weights : tensor<?x300x300xf32>
  %dscaled = tg.select %choice, %dscores, %zero : tensor<?x300x300xf32>
  %dproducts = tg.mul %dscaled, %scale : tensor<?x300x300xf32>
  %dq = tg.matmul %dproducts, %k : (tensor<?x300x300xf32>, tensor<?x300x8xf32>) -> tensor<?x300x8xf32>
  %dk = tg.matmul %dproducts transposed, %q : (tensor<?x300x300xf32>, tensor<?x300x8xf32>) -> tensor<?x300x8xf32>
  return %result, %dq, %dk, %dv : tensor<?x300x16xf32>, tensor<?x300x8xf32>, tensor<?x300x8xf32>, tensor<?x300x16xf32>
}

// -----

// As the rules of the steps of a softmax make them.
// CHECK-LABEL: func @steps
// CHECK: kernel.attention(
// CHECK: kernel.attention_grad(
// CHECK-NOT: tg.matmul
// Gradients of scores that something else reads keep all of it.
// CHECK-LABEL: func @read
// CHECK-NOT: kernel.attention
func.func @steps(%q: tensor<2x300x8xf32>, %k: tensor<2x300x8xf32>, %v: tensor<2x300x16xf32>, %g: tensor<2x300x16xf32>) -> (tensor<2x300x16xf32>, tensor<2x300x8xf32>, tensor<2x300x8xf32>, tensor<2x300x16xf32>) {
  %scores = tg.matmul %q, %k transposed : (tensor<2x300x8xf32>, tensor<2x300x8xf32>) -> tensor<2x300x300xf32>
  %max = tg.reduce max %scores dimensions [2] : tensor<2x300x300xf32> -> tensor<2x300xf32>
  %maxes = tg.reshape %max : tensor<2x300xf32> -> tensor<2x300x1xf32>
  %largest = tg.broadcast_to %maxes : tensor<2x300x1xf32> -> tensor<2x300x300xf32>
  %less = tg.sub %scores, %largest : tensor<2x300x300xf32>
  %exp = tg.exp %less : tensor<2x300x300xf32>
  %sum = tg.reduce sum %exp dimensions [2] : tensor<2x300x300xf32> -> tensor<2x300xf32>
  %sums = tg.reshape %sum : tensor<2x300xf32> -> tensor<2x300x1xf32>
  %total = tg.broadcast_to %sums : tensor<2x300x1xf32> -> tensor<2x300x300xf32>
  %weights = tg.div %exp, %total : tensor<2x300x300xf32>
  %result = tg.matmul %weights, %v : (tensor<2x300x300xf32>, tensor<2x300x16xf32>) -> tensor<2x300x16xf32>
  %dw = tg.matmul %g, %v transposed : (tensor<2x300x16xf32>, tensor<2x300x16xf32>) -> tensor<2x300x300xf32>
  %dv = tg.matmul %weights transposed, %g : (tensor<2x300x300xf32>, tensor<2x300x16xf32>) -> tensor<2x300x16xf32>
  %share = tg.div %dw, %total : tensor<2x300x300xf32>
  %negative = tg.neg %exp : tensor<2x300x300xf32>
  %once = tg.div %negative, %total : tensor<2x300x300xf32>
  %twice = tg.div %once, %total : tensor<2x300x300xf32>
  %each = tg.mul %dw, %twice : tensor<2x300x300xf32>
  %d = tg.reduce sum %each dimensions [2] : tensor<2x300x300xf32> -> tensor<2x300xf32>
  %ds = tg.reshape %d : tensor<2x300xf32> -> tensor<2x300x1xf32>
  %all = tg.broadcast_to %ds : tensor<2x300x1xf32> -> tensor<2x300x300xf32>
  %added = tg.add %share, %all : tensor<2x300x300xf32>
  %dscores = tg.mul %added, %exp : tensor<2x300x300xf32>
  %dq = tg.matmul %dscores, %k : (tensor<2x300x300xf32>, tensor<2x300x8xf32>) -> tensor<2x300x8xf32>
  %dk = tg.matmul %dscores transposed, %q : (tensor<2x300x300xf32>, tensor<2x300x8xf32>) -> tensor<2x300x8xf32>
  return %result, %dq, %dk, %dv : tensor<2x300x16xf32>, tensor<2x300x8xf32>, tensor<2x300x8xf32>, tensor<2x300x16xf32>
}

func.func @read(%q: tensor<2x300x8xf32>, %k: tensor<2x300x8xf32>, %v: tensor<2x300x16xf32>, %g: tensor<2x300x16xf32>) -> (tensor<2x300x16xf32>, tensor<2x300x8xf32>, tensor<2x300x8xf32>, tensor<2x300x16xf32>, tensor<2x300x300xf32>) {
  %scores = tg.matmul %q, %k transposed : (tensor<2x300x8xf32>, tensor<2x300x8xf32>) -> tensor<2x300x300xf32>
  %max = tg.reduce max %scores dimensions [2] : tensor<2x300x300xf32> -> tensor<2x300xf32>
  %maxes = tg.reshape %max : tensor<2x300xf32> -> tensor<2x300x1xf32>
  %largest = tg.broadcast_to %maxes : tensor<2x300x1xf32> -> tensor<2x300x300xf32>
  %less = tg.sub %scores, %largest : tensor<2x300x300xf32>
  %exp = tg.exp %less : tensor<2x300x300xf32>
  %sum = tg.reduce sum %exp dimensions [2] : tensor<2x300x300xf32> -> tensor<2x300xf32>
  %sums = tg.reshape %sum : tensor<2x300xf32> -> tensor<2x300x1xf32>
  %total = tg.broadcast_to %sums : tensor<2x300x1xf32> -> tensor<2x300x300xf32>
  %weights = tg.div %exp, %total : tensor<2x300x300xf32>
  %result = tg.matmul %weights, %v : (tensor<2x300x300xf32>, tensor<2x300x16xf32>) -> tensor<2x300x16xf32>
  %dw = tg.matmul %g, %v transposed : (tensor<2x300x16xf32>, tensor<2x300x16xf32>) -> tensor<2x300x300xf32>
  %dv = tg.matmul %weights transposed, %g : (tensor<2x300x300xf32>, tensor<2x300x16xf32>) -> tensor<2x300x16xf32>
  %each = tg.mul %dw, %weights : tensor<2x300x300xf32>
  %d = tg.reduce sum %each dimensions [2] : tensor<2x300x300xf32> -> tensor<2x300xf32>
  %ds = tg.reshape %d : tensor<2x300xf32> -> tensor<2x300x1xf32>
  %all = tg.broadcast_to %ds : tensor<2x300x1xf32> -> tensor<2x300x300xf32>
  %apart = tg.sub %dw, %all : tensor<2x300x300xf32>
  %dscores = tg.mul %apart, %weights : tensor<2x300x300xf32>
  %dq = tg.matmul %dscores, %k : (tensor<2x300x300xf32>, tensor<2x300x8xf32>) -> tensor<2x300x8xf32>
  %dk = tg.matmul %dscores transposed, %q : (tensor<2x300x300xf32>, tensor<2x300x8xf32>) -> tensor<2x300x8xf32>
  return %result, %dq, %dk, %dv, %dscores : tensor<2x300x16xf32>, tensor<2x300x8xf32>, tensor<2x300x8xf32>, tensor<2x300x16xf32>, tensor<2x300x300xf32>
}

// -----

// In 16 bits as TensorFlow's rule of softmax makes them, and with a softmax of f32 between casts.
// CHECK-LABEL: func @half
// CHECK: %[[out:.*]]:3 = kernel.attention(
// CHECK: kernel.attention_grad(
// CHECK-SAME: scores
// CHECK: tensor<2x300xf32>, tensor<2x300xf32> into tensor<2x300x8xf16>, tensor<2x300x8xf16>, tensor<2x300x16xf16>
// CHECK-NOT: tg.matmul
func.func @half(%q: tensor<2x300x8xf16>, %k: tensor<2x300x8xf16>, %v: tensor<2x300x16xf16>, %g: tensor<2x300x16xf16>) -> (tensor<2x300x16xf16>, tensor<2x300x8xf16>, tensor<2x300x8xf16>, tensor<2x300x16xf16>) {
  %products = tg.matmul %q, %k transposed : (tensor<2x300x8xf16>, tensor<2x300x8xf16>) -> tensor<2x300x300xf16>
  %scores = tg.cast %products : tensor<2x300x300xf16> to tensor<2x300x300xf32>
  %max = tg.reduce max %scores dimensions [2] : tensor<2x300x300xf32> -> tensor<2x300xf32>
  %maxes = tg.reshape %max : tensor<2x300xf32> -> tensor<2x300x1xf32>
  %largest = tg.broadcast_to %maxes : tensor<2x300x1xf32> -> tensor<2x300x300xf32>
  %less = tg.sub %scores, %largest : tensor<2x300x300xf32>
  %exp = tg.exp %less : tensor<2x300x300xf32>
  %sum = tg.reduce sum %exp dimensions [2] : tensor<2x300x300xf32> -> tensor<2x300xf32>
  %sums = tg.reshape %sum : tensor<2x300xf32> -> tensor<2x300x1xf32>
  %total = tg.broadcast_to %sums : tensor<2x300x1xf32> -> tensor<2x300x300xf32>
  %quotients = tg.div %exp, %total : tensor<2x300x300xf32>
  %weights = tg.cast %quotients : tensor<2x300x300xf32> to tensor<2x300x300xf16>
  %result = tg.matmul %weights, %v : (tensor<2x300x300xf16>, tensor<2x300x16xf16>) -> tensor<2x300x16xf16>
  %dw = tg.matmul %g, %v transposed : (tensor<2x300x16xf16>, tensor<2x300x16xf16>) -> tensor<2x300x300xf16>
  %dv = tg.matmul %weights transposed, %g : (tensor<2x300x300xf16>, tensor<2x300x16xf16>) -> tensor<2x300x16xf16>
  %each = tg.mul %dw, %weights : tensor<2x300x300xf16>
  %d = tg.reduce sum %each dimensions [2] : tensor<2x300x300xf16> -> tensor<2x300xf16>
  %ds = tg.reshape %d : tensor<2x300xf16> -> tensor<2x300x1xf16>
  %all = tg.broadcast_to %ds : tensor<2x300x1xf16> -> tensor<2x300x300xf16>
  %apart = tg.sub %dw, %all : tensor<2x300x300xf16>
  %dscores = tg.mul %apart, %weights : tensor<2x300x300xf16>
  %dq = tg.matmul %dscores, %k : (tensor<2x300x300xf16>, tensor<2x300x8xf16>) -> tensor<2x300x8xf16>
  %dk = tg.matmul %dscores transposed, %q : (tensor<2x300x300xf16>, tensor<2x300x8xf16>) -> tensor<2x300x8xf16>
  return %result, %dq, %dk, %dv : tensor<2x300x16xf16>, tensor<2x300x8xf16>, tensor<2x300x8xf16>, tensor<2x300x16xf16>
}

// CHECK-LABEL: func @mixed
// CHECK: kernel.attention(
// CHECK: kernel.attention_grad(
// CHECK: into tensor<2x300x8xbf16>, tensor<2x300x8xbf16>, tensor<2x300x16xbf16>
// CHECK-NOT: tg.matmul
func.func @mixed(%q: tensor<2x300x8xbf16>, %k: tensor<2x300x8xbf16>, %v: tensor<2x300x16xbf16>, %g: tensor<2x300x16xbf16>) -> (tensor<2x300x16xbf16>, tensor<2x300x8xbf16>, tensor<2x300x8xbf16>, tensor<2x300x16xbf16>) {
  %products = tg.matmul %q, %k transposed : (tensor<2x300x8xbf16>, tensor<2x300x8xbf16>) -> tensor<2x300x300xbf16>
  %scores = tg.cast %products : tensor<2x300x300xbf16> to tensor<2x300x300xf32>
  %max = tg.reduce max %scores dimensions [2] : tensor<2x300x300xf32> -> tensor<2x300xf32>
  %maxes = tg.reshape %max : tensor<2x300xf32> -> tensor<2x300x1xf32>
  %largest = tg.broadcast_to %maxes : tensor<2x300x1xf32> -> tensor<2x300x300xf32>
  %less = tg.sub %scores, %largest : tensor<2x300x300xf32>
  %exp = tg.exp %less : tensor<2x300x300xf32>
  %sum = tg.reduce sum %exp dimensions [2] : tensor<2x300x300xf32> -> tensor<2x300xf32>
  %sums = tg.reshape %sum : tensor<2x300xf32> -> tensor<2x300x1xf32>
  %total = tg.broadcast_to %sums : tensor<2x300x1xf32> -> tensor<2x300x300xf32>
  %quotients = tg.div %exp, %total : tensor<2x300x300xf32>
  %weights = tg.cast %quotients : tensor<2x300x300xf32> to tensor<2x300x300xbf16>
  %result = tg.matmul %weights, %v : (tensor<2x300x300xbf16>, tensor<2x300x16xbf16>) -> tensor<2x300x16xbf16>
  %dw = tg.matmul %g, %v transposed : (tensor<2x300x16xbf16>, tensor<2x300x16xbf16>) -> tensor<2x300x300xbf16>
  %dv = tg.matmul %weights transposed, %g : (tensor<2x300x300xbf16>, tensor<2x300x16xbf16>) -> tensor<2x300x16xbf16>
  %wide = tg.cast %dw : tensor<2x300x300xbf16> to tensor<2x300x300xf32>
  %each = tg.mul %wide, %quotients : tensor<2x300x300xf32>
  %d = tg.reduce sum %each dimensions [2] : tensor<2x300x300xf32> -> tensor<2x300xf32>
  %ds = tg.reshape %d : tensor<2x300xf32> -> tensor<2x300x1xf32>
  %all = tg.broadcast_to %ds : tensor<2x300x1xf32> -> tensor<2x300x300xf32>
  %apart = tg.sub %wide, %all : tensor<2x300x300xf32>
  %given = tg.mul %apart, %quotients : tensor<2x300x300xf32>
  %dscores = tg.cast %given : tensor<2x300x300xf32> to tensor<2x300x300xbf16>
  %dq = tg.matmul %dscores, %k : (tensor<2x300x300xbf16>, tensor<2x300x8xbf16>) -> tensor<2x300x8xbf16>
  %dk = tg.matmul %dscores transposed, %q : (tensor<2x300x300xbf16>, tensor<2x300x8xbf16>) -> tensor<2x300x8xbf16>
  return %result, %dq, %dk, %dv : tensor<2x300x16xbf16>, tensor<2x300x8xbf16>, tensor<2x300x8xbf16>, tensor<2x300x16xbf16>
}
