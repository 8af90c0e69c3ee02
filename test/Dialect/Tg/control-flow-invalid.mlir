// RUN: tgc-opt %s -split-input-file -verify-diagnostics

func.func @f(%p: i1, %x: tensor<3xf32>) {
  // expected-error@+1 {{'tg.if' op second region yields 0 values, expected 1}}
  %0 = tg.if %p -> (tensor<3xf32>) {
    tg.yield %x : tensor<3xf32>
  } else {
  }
  return
}

// -----

func.func @f(%p: i1, %x: tensor<3xf32>, %y: tensor<?xf32>) {
  // expected-error@+1 {{'tg.if' op first region yields 'tensor<?xf32>' as value 1, expected 'tensor<3xf32>'}}
  %0:2 = tg.if %p -> (tensor<3xf32>, tensor<3xf32>) {
    tg.yield %x, %y : tensor<3xf32>, tensor<?xf32>
  } else {
    tg.yield %x, %x : tensor<3xf32>, tensor<3xf32>
  }
  return
}

// -----

func.func @f(%p: i1, %x: f32) {
  // expected-error@+1 {{operand #0 must be variadic of a ranked tensor, an index or an i1, but got 'f32'}}
  %0 = tg.while (%a = %x) : (f32) cond {
    tg.yield %p : i1
  } do {
    tg.yield %a : f32
  }
  return
}

// -----

func.func @f(%x: index) {
  // expected-error@+1 {{'tg.while' op condition must yield one i1}}
  %0 = tg.while (%a = %x) : (index) cond {
    tg.yield %a : index
  } do {
    tg.yield %a : index
  }
  return
}

// -----

func.func @f(%p: i1, %x: tensor<3xf32>, %y: tensor<4xf32>) {
  // expected-error@+1 {{'tg.while' op body yields 'tensor<4xf32>' as value 0, expected 'tensor<3xf32>'}}
  %0 = tg.while (%a = %x) : (tensor<3xf32>) cond {
    tg.yield %p : i1
  } do {
    tg.yield %y : tensor<4xf32>
  }
  return
}

// -----

func.func @f(%p: i1, %x: tensor<3xf32>) {
  // expected-error@+1 {{has 1 carried values and 2 types}}
  %0 = tg.while (%a = %x) : (tensor<3xf32>, index) cond {
    tg.yield %p : i1
  } do {
    tg.yield %a : tensor<3xf32>
  }
  return
}

// -----

func.func @f(%x: tensor<3xf32>) {
  // expected-error@+1 {{'tg.yield' op expects parent op to be one of 'tg.if, tg.while'}}
  tg.yield %x : tensor<3xf32>
}
