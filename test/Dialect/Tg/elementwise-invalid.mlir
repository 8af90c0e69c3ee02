// RUN: tgc-opt %s -split-input-file -verify-diagnostics

func.func @f(%x: tensor<2x!tg.string>) {
  // expected-error@+1 {{'tg.cast' op cannot convert '!tg.string' to 'f32': strings are no numbers}}
  %0 = tg.cast %x : tensor<2x!tg.string> to tensor<2xf32>
  return
}

// -----

func.func @f(%x: tensor<2xf32>, %y: tensor<2xf64>) {
  // expected-error@+1 {{'tg.special' op operand has type 'tensor<2xf64>', the result 'tensor<2xf32>'}}
  %0 = tg.special "igamma"(%x, %y) : (tensor<2xf32>, tensor<2xf64>) -> tensor<2xf32>
  return
}

// -----

func.func @f(%x: tensor<2xi1>) {
  // expected-error@+1 {{'tg.add' op operand #0 must be ranked tensor of}}
  %0 = tg.add %x, %x : tensor<2xi1>
  return
}
