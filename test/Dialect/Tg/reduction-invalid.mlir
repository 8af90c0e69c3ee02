// RUN: tgc-opt %s -split-input-file -verify-diagnostics

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'tg.reduce' op all cannot combine elements of type 'f32'}}
  %0 = tg.reduce all %x dimensions [0] : tensor<2x3xf32> -> tensor<3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'tg.reduce' op dimension 2 is out of range for rank 2}}
  %0 = tg.reduce sum %x dimensions [2] : tensor<2x3xf32> -> tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'tg.reduce' op dimensions must ascend, got 0 after 1}}
  %0 = tg.reduce sum %x dimensions [1, 0] : tensor<2x3xf32> -> tensor<f32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'tg.arg_reduce' op takes max or min, got sum}}
  %0 = tg.arg_reduce sum %x dimension 0 : tensor<2x3xf32> -> tensor<3xi32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'tg.arg_reduce' op result 'tensor<2x3xi32>' is no integer tensor of rank 1}}
  %0 = tg.arg_reduce max %x dimension 0 : tensor<2x3xf32> -> tensor<2x3xi32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'tg.arg_reduce' op dimension 2 is out of range for rank 2}}
  %0 = tg.arg_reduce max %x dimension 2 : tensor<2x3xf32> -> tensor<3xi32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'tg.scan' op takes sum or prod, got max}}
  %0 = tg.scan max %x dimension 0 : tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'tg.scan' op dimension 2 is out of range for rank 2}}
  %0 = tg.scan sum %x dimension 2 : tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error@+2 {{window, strides and dilations need one number for each of the 2 dimensions}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = tg.reduce_window max %x window [1] strides [1, 1] dilations [1, 1] : tensor<2x3xf32> -> tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error@+2 {{window, strides and dilations must be at least 1}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = tg.reduce_window max %x window [1, 0] strides [1, 1] dilations [1, 1] : tensor<2x3xf32> -> tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2xf32>, %k: index) {
  // expected-error@+1 {{'tg.top_k' op results 'tensor<1xf64>' and 'tensor<1xi32>' do not fit the operand 'tensor<2xf32>'}}
  %0, %1 = tg.top_k %x, %k : tensor<2xf32> -> tensor<1xf64>, tensor<1xi32>
  return
}

// -----

func.func @f(%x: tensor<f32>, %k: index) {
  // expected-error@+1 {{'tg.top_k' op needs a tensor of rank 1 or more, got 'tensor<f32>'}}
  %0, %1 = tg.top_k %x, %k : tensor<f32> -> tensor<f32>, tensor<i32>
  return
}
