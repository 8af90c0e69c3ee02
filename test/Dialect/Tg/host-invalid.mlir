// RUN: tgc-opt %s -split-input-file -verify-diagnostics

func.func @f(%x: tensor<2xf32>) {
  // expected-error@+1 {{'tg.host_call' op has 0 sizes, expected 1}}
  %0 = tg.host_call "k"(%x) : (tensor<2xf32>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%x: tensor<2xf32>, %n: index) {
  // expected-error@+1 {{'tg.host_call' op has 1 sizes, expected 0}}
  %0 = tg.host_call "k"(%x) [%n] finds_sizes : (tensor<2xf32>) -> tensor<?xf32>
  return
}
