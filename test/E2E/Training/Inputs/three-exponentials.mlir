// The example of every text on automatic differentiation.
func.func @f(%x: tensor<1000xf32> {tg.feed = "x:0"}) -> (tensor<1000xf32> {tg.fetch = "d:0"}) attributes {tg.entry = "f"} {
  %a = tg.exp %x : tensor<1000xf32> loc("n")
  %b = tg.exp %a : tensor<1000xf32> loc("n")
  %c = tg.exp %b : tensor<1000xf32> loc("n")
  %d = tg.gradient (%c : tensor<1000xf32>) wrt (%x : tensor<1000xf32>)
  return %d : tensor<1000xf32>
}
