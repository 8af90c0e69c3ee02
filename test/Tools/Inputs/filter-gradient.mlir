func.func @main(%x: tensor<?x16x16x32xf32> {tg.feed = "x:0"}, %g: tensor<?x14x14x36xf32> {tg.feed = "g:0"})
    -> (tensor<3x3x32x36xf32> {tg.fetch = "y:0"}) attributes {tg.entry = "main"} {
  %xt = tg.transpose %x [3, 1, 2, 0] : tensor<?x16x16x32xf32> -> tensor<32x16x16x?xf32>
  %gt = tg.transpose %g [1, 2, 0, 3] : tensor<?x14x14x36xf32> -> tensor<14x14x?x36xf32>
  %s = tg.conv %xt, %gt strides [1, 1] dilations [1, 1] groups 1 : (tensor<32x16x16x?xf32>, tensor<14x14x?x36xf32>) -> tensor<32x3x3x36xf32>
  %y = tg.transpose %s [1, 2, 0, 3] : tensor<32x3x3x36xf32> -> tensor<3x3x32x36xf32>
  return %y : tensor<3x3x32x36xf32>
}
