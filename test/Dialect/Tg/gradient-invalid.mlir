// RUN: tgc-opt %s --split-input-file --verify-diagnostics

func.func @nothing(%x: tensor<4xf32>) {
  // expected-error@+1 {{needs at least one tensor to differentiate}}
  %0 = "tg.gradient"(%x) {operandSegmentSizes = array<i32: 0, 0, 1>} : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @seeds(%x: tensor<4xf32>, %y: tensor<f32>, %s: tensor<f64>) {
  // expected-error@+1 {{seeds must have the types of the tensors that are differentiated}}
  %0 = tg.gradient (%y : tensor<f32>) seeds (%s : tensor<f64>) wrt (%x : tensor<4xf32>)
  return
}

// -----

func.func @partials(%x: tensor<4xf32>, %y: tensor<4xf32>, %p: tensor<5xf32>) {
  // expected-error@+1 {{needs one partial for each tensor, of its type}}
  %0 = tg.with_partials %y wrt (%x : tensor<4xf32>) partials (%p : tensor<5xf32>) : tensor<4xf32>
  return
}
