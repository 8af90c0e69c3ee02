// Three products with tanh and a mask between them, and the gradients of their weights.
func.func @f(%x: tensor<64x32xf32> {tg.feed = "x:0"}, %w1: tensor<32x32xf32> {tg.feed = "w1:0"}, %w2: tensor<32x32xf32> {tg.feed = "w2:0"}, %w3: tensor<32x32xf32> {tg.feed = "w3:0"}, %m: tensor<64x32xf32> {tg.feed = "m:0"})
   -> (tensor<32x32xf32> {tg.fetch = "d1:0"}, tensor<32x32xf32> {tg.fetch = "d2:0"}, tensor<32x32xf32> {tg.fetch = "d3:0"}) attributes {tg.entry = "f"} {
  %a1 = tg.matmul %x, %w1 : (tensor<64x32xf32>, tensor<32x32xf32>) -> tensor<64x32xf32> loc("n")
  %t1 = tg.tanh %a1 : tensor<64x32xf32> loc("n")
  %m1 = tg.mul %t1, %m : tensor<64x32xf32> loc("n")
  %a2 = tg.matmul %m1, %w2 : (tensor<64x32xf32>, tensor<32x32xf32>) -> tensor<64x32xf32> loc("n")
  %t2 = tg.tanh %a2 : tensor<64x32xf32> loc("n")
  %m2 = tg.mul %t2, %m : tensor<64x32xf32> loc("n")
  %a3 = tg.matmul %m2, %w3 : (tensor<64x32xf32>, tensor<32x32xf32>) -> tensor<64x32xf32> loc("n")
  %t3 = tg.tanh %a3 : tensor<64x32xf32> loc("n")
  %s = tg.mul %t3, %t3 : tensor<64x32xf32> loc("n")
  %l = tg.reduce sum %s dimensions [0, 1] : tensor<64x32xf32> -> tensor<f32> loc("n")
  %d:3 = tg.gradient (%l : tensor<f32>) wrt (%w1, %w2, %w3 : tensor<32x32xf32>, tensor<32x32xf32>, tensor<32x32xf32>)
  return %d#0, %d#1, %d#2 : tensor<32x32xf32>, tensor<32x32xf32>, tensor<32x32xf32>
}
