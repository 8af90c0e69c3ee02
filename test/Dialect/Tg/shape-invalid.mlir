// RUN: tgc-opt %s -split-input-file -verify-diagnostics

func.func @f() {
  // expected-error@+1 {{'tg.string_constant' op has type 'tensor<?x!tg.string>', a constant has a static shape}}
  %0 = tg.string_constant ["a"] : tensor<?x!tg.string>
  return
}

// -----

func.func @f() {
  // expected-error@+1 {{'tg.string_constant' op has 2 values for 3 elements}}
  %0 = tg.string_constant ["a", "b"] : tensor<3x!tg.string>
  return
}

// -----

func.func @f() {
  // expected-error@+1 {{'tg.string_constant' op has the value 1 : i64, which is no string}}
  %0 = tg.string_constant [1] : tensor<1x!tg.string>
  return
}

// -----

func.func @f() {
  // expected-error@+1 {{'tg.iota' op dimension 1 is out of range for rank 1}}
  %0 = tg.iota dimension 1 : tensor<2xi32>
  return
}

// -----

func.func @f() {
  // expected-error@+1 {{'tg.iota' op has 0 sizes for the 1 dynamic dimensions of 'tensor<?xi32>'}}
  %0 = tg.iota dimension 0 : tensor<?xi32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'tg.reshape' op cannot reshape 6 elements to 'tensor<7xf32>'}}
  %0 = tg.reshape %x : tensor<2x3xf32> -> tensor<7xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'tg.reshape' op cannot change the element type from 'f32' to 'i32'}}
  %0 = tg.reshape %x : tensor<2x3xf32> -> tensor<6xi32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'tg.reshape' op has 0 sizes for the 1 dynamic dimensions of 'tensor<?xf32>'}}
  %0 = tg.reshape %x : tensor<2x3xf32> -> tensor<?xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'tg.broadcast_to' op cannot broadcast 'tensor<2x3xf32>' to the lower rank of 'tensor<3xf32>'}}
  %0 = tg.broadcast_to %x : tensor<2x3xf32> -> tensor<3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'tg.broadcast_to' op cannot broadcast 'tensor<2x3xf32>' to 'tensor<4x3xf32>': dimension 0 is neither 1 nor 4}}
  %0 = tg.broadcast_to %x : tensor<2x3xf32> -> tensor<4x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'tg.broadcast_to' op equal dimension 0 is no dimension of 'tensor<2x3xf32>' within 'tensor<4x2x3xf32>'}}
  %0 = tg.broadcast_to %x equal [0] : tensor<2x3xf32> -> tensor<4x2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error@+2 {{[0, 0] is no permutation of the 2 dimensions}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = tg.transpose %x [0, 0] : tensor<2x3xf32> -> tensor<2x2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'tg.reverse' op dimension 2 is out of range for rank 2}}
  %0 = tg.reverse %x dimensions [2] : tensor<2x3xf32>
  return
}

// -----

func.func @f() {
  // expected-error@+2 {{needs at least one input}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = tg.concat dimension 0 : () -> tensor<2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error@+2 {{dimension 2 is out of range for rank 2}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = tg.concat %x dimension 2 : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %y: tensor<3xf32>) {
  // expected-error@+2 {{inputs need one rank and element type, got 'tensor<2x3xf32>' and 'tensor<3xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = tg.concat %x, %y dimension 0 : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<5x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %y: tensor<2x4xf32>) {
  // expected-error@+2 {{inputs must agree but in dimension 0, got 'tensor<2x3xf32>' and 'tensor<2x4xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = tg.concat %x, %y dimension 0 : (tensor<2x3xf32>, tensor<2x4xf32>) -> tensor<4x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'tg.slice' op needs one offset, size and stride for each of the 2 dimensions of 'tensor<2x3xf32>'}}
  %0 = tg.slice %x [0] [2] [1] : tensor<2x3xf32> -> tensor<2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'tg.slice' op has 0 dynamic offsets, expected 1}}
  %0 = "tg.slice"(%x) <{operandSegmentSizes = array<i32: 1, 0, 0>, static_offsets = array<i64: -9223372036854775808, 0>, static_sizes = array<i64: 1, 1>, strides = array<i64: 1, 1>}> : (tensor<2x3xf32>) -> tensor<1x1xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'tg.slice' op has 0 dynamic sizes, expected 1}}
  %0 = "tg.slice"(%x) <{operandSegmentSizes = array<i32: 1, 0, 0>, static_offsets = array<i64: 0, 0>, static_sizes = array<i64: 1, -9223372036854775808>, strides = array<i64: 1, 1>}> : (tensor<2x3xf32>) -> tensor<1x?xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'tg.slice' op result 'tensor<2x3xf32>' has other sizes than [2, 2]}}
  %0 = tg.slice %x [0, 0] [2, 2] [1, 1] : tensor<2x3xf32> -> tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'tg.slice' op stride of dimension 1 is zero}}
  %0 = tg.slice %x [0, 0] [2, 3] [1, 0] : tensor<2x3xf32> -> tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'tg.slice' op reads elements 1 to 3 of dimension 1, which has 3}}
  %0 = tg.slice %x [0, 1] [2, 2] [1, 2] : tensor<2x3xf32> -> tensor<2x2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'tg.slice' op cannot change the element type from 'f32' to 'f64'}}
  %0 = tg.slice %x [0, 0] [2, 3] [1, 1] : tensor<2x3xf32> -> tensor<2x3xf64>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %v: tensor<f32>) {
  // expected-error@+1 {{'tg.pad' op needs low, high and interior for each of the 2 dimensions of 'tensor<2x3xf32>'}}
  %0 = tg.pad %x, %v low [1] high [1] interior [0] : tensor<2x3xf32>, tensor<f32> -> tensor<4x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %v: tensor<f64>) {
  // expected-error@+1 {{'tg.pad' op pads 'tensor<2x3xf32>' with 'tensor<f64>', which is no scalar of its element type}}
  %0 = tg.pad %x, %v low [1, 0] high [1, 0] interior [0, 0] : tensor<2x3xf32>, tensor<f64> -> tensor<4x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %v: tensor<f32>) {
  // expected-error@+1 {{'tg.pad' op interior padding -1 is negative}}
  %0 = tg.pad %x, %v low [1, 0] high [1, 0] interior [0, -1] : tensor<2x3xf32>, tensor<f32> -> tensor<4x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %v: tensor<f32>) {
  // expected-error@+1 {{'tg.pad' op dimension 0 of the result has size 4, expected 5}}
  %0 = tg.pad %x, %v low [1, 0] high [1, 0] interior [1, 0] : tensor<2x3xf32>, tensor<f32> -> tensor<4x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %v: tensor<f32>) {
  // expected-error@+1 {{'tg.pad' op has 0 dynamic low, expected 1}}
  %0 = "tg.pad"(%x, %v) <{operandSegmentSizes = array<i32: 1, 1, 0, 0>, static_low = array<i64: -9223372036854775808, 0>, static_high = array<i64: 0, 0>, interior = array<i64: 0, 0>}> : (tensor<2x3xf32>, tensor<f32>) -> tensor<?x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x!tg.string>) {
  // expected-error@+1 {{'tg.bitcast' op strings have no bits to reinterpret}}
  %0 = tg.bitcast %x : tensor<2x!tg.string> to tensor<2xi64>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'tg.bitcast' op of 'tensor<2x3xf32>' to 'i16' has rank 3, got 'tensor<2x3xi16>'}}
  %0 = tg.bitcast %x : tensor<2x3xf32> to tensor<2x3xi16>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'tg.bitcast' op last dimension of 'tensor<2x3x4xi16>' must be 2}}
  %0 = tg.bitcast %x : tensor<2x3xf32> to tensor<2x3x4xi16>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'tg.bitcast' op last dimension of 'tensor<2x3xf32>' must be 2}}
  %0 = tg.bitcast %x : tensor<2x3xf32> to tensor<2xf64>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'tg.bitcast' op of 'tensor<2x3xf32>' to 'tensor<3x3xi32>' changes a size other than the last}}
  %0 = tg.bitcast %x : tensor<2x3xf32> to tensor<3x3xi32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %part: tensor<1x2x3xf32>) {
  // expected-error@+1 {{'tg.insert_slice' op cannot insert 'tensor<1x2x3xf32>' into the lower rank of 'tensor<2x3xf32>'}}
  %0 = tg.insert_slice %part into %x [0, 0] : tensor<1x2x3xf32> into tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %part: tensor<3xf32>) {
  // expected-error@+1 {{'tg.insert_slice' op needs one offset for each of the 2 dimensions of 'tensor<2x3xf32>'}}
  %0 = tg.insert_slice %part into %x [0] : tensor<3xf32> into tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %part: tensor<3xf32>) {
  // expected-error@+1 {{'tg.insert_slice' op writes elements 2 to 2 of dimension 0, which has 2}}
  %0 = tg.insert_slice %part into %x [2, 0] : tensor<3xf32> into tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %part: tensor<3xi32>) {
  // expected-error@+1 {{'tg.insert_slice' op cannot change the element type from 'i32' to 'f32'}}
  %0 = tg.insert_slice %part into %x [0, 0] : tensor<3xi32> into tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %part: tensor<3xf32>) {
  // expected-error@+1 {{'tg.insert_slice' op has 0 dynamic offsets, expected 1}}
  %0 = "tg.insert_slice"(%part, %x) <{static_offsets = array<i64: -9223372036854775808, 0>}> : (tensor<3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}
