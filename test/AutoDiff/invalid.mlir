// RUN: tgc-opt %s --tgc-expand-gradients --split-input-file --verify-diagnostics

func.func @unrelated(%x: tensor<4xf32>, %z: tensor<4xf32>) -> tensor<4xf32> {
  %y = tg.exp %x : tensor<4xf32>
  // expected-error@+1 {{what is differentiated does not depend on operand 0 of wrt}}
  %d = tg.gradient (%y : tensor<4xf32>) wrt (%z : tensor<4xf32>)
  return %d : tensor<4xf32>
}

// -----

func.func @constant_between_integers(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = tg.floor %x : tensor<4xf32>
  // expected-error@+1 {{what is differentiated does not depend on operand 0 of wrt}}
  %d = tg.gradient (%y : tensor<4xf32>) wrt (%x : tensor<4xf32>)
  return %d : tensor<4xf32>
}

// -----

func.func @prevented(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{the graph prevents gradients here: it is used as a target}}
  %y = tg.prevent_gradient %x, "it is used as a target" : tensor<4xf32>
  %d = tg.gradient (%y : tensor<4xf32>) wrt (%x : tensor<4xf32>)
  return %d : tensor<4xf32>
}

// -----

func.func @unknown_kernel(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  // expected-error@+1 {{no gradient is known of the kernel tgc_kernel_edit_distance}}
  %y = tg.host_call "tgc_kernel_edit_distance"(%x) pure : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %d = tg.gradient (%y : tensor<4x4xf32>) wrt (%x : tensor<4x4xf32>)
  return %d : tensor<4x4xf32>
}

// -----

func.func @product_of_windows(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{no gradient is known of a window's prod}}
  %y = tg.reduce_window prod %x window [2] strides [1] dilations [1] : tensor<4xf32> -> tensor<3xf32>
  %d = tg.gradient (%y : tensor<3xf32>) wrt (%x : tensor<4xf32>)
  return %d : tensor<4xf32>
}
