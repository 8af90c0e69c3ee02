// RUN: tgc-opt %s -split-input-file -verify-diagnostics

func.func @f(%p: tensor<5x4xf32>, %i: tensor<2x3xi32>) {
  // expected-error@+2 {{axis 2 is out of range for rank 2}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = tg.gather %p, %i axis 2 : (tensor<5x4xf32>, tensor<2x3xi32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @f(%p: tensor<5x4xf32>, %i: tensor<2x3xi32>) {
  // expected-error@+2 {{1 batch dimensions do not fit axis 0 and indices of rank 2}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = tg.gather %p, %i axis 0 batch_dims 1 : (tensor<5x4xf32>, tensor<2x3xi32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @f(%p: tensor<5x4xf32>, %i: tensor<2x3xi32>) {
  // expected-error@+2 {{batch dimensions of 'tensor<5x4xf32>' and 'tensor<2x3xi32>' differ}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = tg.gather %p, %i axis 1 batch_dims 1 : (tensor<5x4xf32>, tensor<2x3xi32>) -> tensor<5x3xf32>
  return
}

// -----

func.func @f(%p: tensor<5x4xf32>, %i: tensor<2x?xi32>) {
  // expected-error@+2 {{indices 'tensor<2x?xi32>' need a last dimension of known size}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = tg.gather_nd %p, %i : (tensor<5x4xf32>, tensor<2x?xi32>) -> tensor<2xf32>
  return
}

// -----

func.func @f(%p: tensor<5x4xf32>, %i: tensor<2x3xi32>) {
  // expected-error@+2 {{coordinates of 3 numbers after 0 batch dimensions do not fit 'tensor<5x4xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = tg.gather_nd %p, %i : (tensor<5x4xf32>, tensor<2x3xi32>) -> tensor<2xf32>
  return
}

// -----

func.func @f(%x: tensor<5xf32>, %i: tensor<2x?xi32>, %u: tensor<2xf32>) {
  // expected-error@+1 {{'tg.scatter' op indices 'tensor<2x?xi32>' need a last dimension of known size}}
  %0 = tg.scatter add %x, %i, %u : tensor<5xf32>, tensor<2x?xi32>, tensor<2xf32>
  return
}

// -----

func.func @f(%x: tensor<5xf32>, %i: tensor<2x2xi32>, %u: tensor<2xf32>) {
  // expected-error@+1 {{'tg.scatter' op coordinates of 2 numbers do not fit 'tensor<5xf32>'}}
  %0 = tg.scatter add %x, %i, %u : tensor<5xf32>, tensor<2x2xi32>, tensor<2xf32>
  return
}

// -----

func.func @f(%x: tensor<5xf32>, %i: tensor<2x1xi32>, %u: tensor<2x2xf32>) {
  // expected-error@+1 {{'tg.scatter' op updates 'tensor<2x2xf32>' do not fit indices 'tensor<2x1xi32>' into 'tensor<5xf32>'}}
  %0 = tg.scatter add %x, %i, %u : tensor<5xf32>, tensor<2x1xi32>, tensor<2x2xf32>
  return
}

// -----

func.func @f(%x: tensor<5x4xf32>, %i: tensor<2x1xi32>, %u: tensor<2x3xf32>) {
  // expected-error@+1 {{'tg.scatter' op updates 'tensor<2x3xf32>' do not fit indices 'tensor<2x1xi32>' into 'tensor<5x4xf32>'}}
  %0 = tg.scatter add %x, %i, %u : tensor<5x4xf32>, tensor<2x1xi32>, tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<5xi1>, %i: tensor<2x1xi32>, %u: tensor<2xi1>) {
  // expected-error@+1 {{'tg.scatter' op add cannot combine elements of type 'i1'}}
  %0 = tg.scatter add %x, %i, %u : tensor<5xi1>, tensor<2x1xi32>, tensor<2xi1>
  return
}

// -----

func.func @f(%x: tensor<5xcomplex<f32>>, %i: tensor<2x1xi32>, %u: tensor<2xcomplex<f32>>) {
  // expected-error@+1 {{'tg.scatter' op max cannot combine elements of type 'complex<f32>'}}
  %0 = tg.scatter max %x, %i, %u : tensor<5xcomplex<f32>>, tensor<2x1xi32>, tensor<2xcomplex<f32>>
  return
}

// -----

func.func @f(%x: tensor<5x4xi1>, %n: index) {
  // expected-error@+1 {{'tg.where' op result 'tensor<?x3xi64>' must be tensor<?x2xi64>}}
  %0 = tg.where %x, %n : tensor<5x4xi1> -> tensor<?x3xi64>
  return
}
