// RUN: tgc-opt %s -split-input-file -verify-diagnostics

func.func @f(%x: tensor<3xf32>) {
  // expected-error@+2 {{operands need one rank of 2 or more, got 'tensor<3xf32>' and 'tensor<3xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = tg.matmul %x, %x : (tensor<3xf32>, tensor<3xf32>) -> tensor<f32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %y: tensor<4x5xf32>) {
  // expected-error@+2 {{inner dimensions 3 and 4 of 'tensor<2x3xf32>' and 'tensor<4x5xf32>' differ}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = tg.matmul %x, %y : (tensor<2x3xf32>, tensor<4x5xf32>) -> tensor<2x5xf32>
  return
}

// -----

func.func @f(%x: tensor<1x2x3xf32>, %y: tensor<2x3x4xf32>) {
  // expected-error@+2 {{batch dimensions of 'tensor<1x2x3xf32>' and 'tensor<2x3x4xf32>' differ}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = tg.matmul %x, %y : (tensor<1x2x3xf32>, tensor<2x3x4xf32>) -> tensor<2x2x4xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %y: tensor<3x4xf64>) {
  // expected-error@+1 {{'tg.matmul' op operands need one element type, got 'tensor<2x3xf32>' and 'tensor<3x4xf64>'}}
  %0 = tg.matmul %x, %y : (tensor<2x3xf32>, tensor<3x4xf64>) -> tensor<2x4xf32>
  return
}

// -----

func.func @f(%x: tensor<1x9x4xf32>, %f: tensor<3x4x6xf32>) {
  // expected-error@+2 {{strides and dilations need one number for each of the 1 spatial dimensions}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = tg.conv %x, %f strides [1, 1] dilations [1] : (tensor<1x9x4xf32>, tensor<3x4x6xf32>) -> tensor<1x7x6xf32>
  return
}

// -----

func.func @f(%x: tensor<1x9x4xf32>, %f: tensor<3x4x6xf32>) {
  // expected-error@+2 {{strides and dilations must be at least 1}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = tg.conv %x, %f strides [0] dilations [1] : (tensor<1x9x4xf32>, tensor<3x4x6xf32>) -> tensor<1x7x6xf32>
  return
}

// -----

func.func @f(%x: tensor<1x9x4xf32>, %f: tensor<3x4x6xf32>) {
  // expected-error@+2 {{groups must be at least 1, got 0}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = tg.conv %x, %f strides [1] dilations [1] groups 0 : (tensor<1x9x4xf32>, tensor<3x4x6xf32>) -> tensor<1x7x6xf32>
  return
}

// -----

func.func @f(%x: tensor<1x9x4xf32>, %f: tensor<3x4x6xf32>) {
  // expected-error@+2 {{input has 4 channels, the filter wants 8}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = tg.conv %x, %f strides [1] dilations [1] groups 2 : (tensor<1x9x4xf32>, tensor<3x4x6xf32>) -> tensor<1x7x6xf32>
  return
}

// -----

func.func @f(%x: tensor<1x9x16xf32>, %f: tensor<3x4x6xf32>) {
  // expected-error@+2 {{6 output channels do not divide into 4 groups}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = tg.conv %x, %f strides [1] dilations [1] groups 4 : (tensor<1x9x16xf32>, tensor<3x4x6xf32>) -> tensor<1x7x6xf32>
  return
}

// -----

func.func @f(%x: tensor<9x4xf32>, %f: tensor<4x6xf32>) {
  // expected-error@+2 {{input and filter need one rank of 3 or more, got 'tensor<9x4xf32>' and 'tensor<4x6xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = tg.conv %x, %f strides [] dilations [] : (tensor<9x4xf32>, tensor<4x6xf32>) -> tensor<9x6xf32>
  return
}
