// RUN: tgc-opt %s --split-input-file --verify-diagnostics

#q = affine_map<(b, i, j, d, e) -> (b, i, d)>
#k = affine_map<(b, i, j, d, e) -> (b, j, d)>
#v = affine_map<(b, i, j, d, e) -> (b, j, e)>
#o = affine_map<(b, i, j, d, e) -> (b, i, e)>
#s = affine_map<(b, i, j, d, e) -> (b, i)>
#t = affine_map<(b, i, j, d, e) -> (b, j)>

func.func @one(%q: memref<4x30x16xf32>, %k: memref<4x30x16xf32>, %v: memref<4x30x8xf32>, %o: memref<4x30x8xf32>, %s: memref<4x30xf32>, %h: memref<4x30xf16>) {
  // expected-error@+1 {{has 1 statistics, expected none or two}}
  kernel.attention(%q, %k, %v) into %o statistics(%s) attributes {indexing_maps = [#q, #k, #v, #o, #s]} {
  ^bb0(%score: f32):
    kernel.yield %score : f32
  } : memref<4x30x16xf32>, memref<4x30x16xf32>, memref<4x30x8xf32> into memref<4x30x8xf32> statistics memref<4x30xf32>
  return
}

// -----

#q = affine_map<(b, i, j, d, e) -> (b, i, d)>
#k = affine_map<(b, i, j, d, e) -> (b, j, d)>
#v = affine_map<(b, i, j, d, e) -> (b, j, e)>
#o = affine_map<(b, i, j, d, e) -> (b, i, e)>
#s = affine_map<(b, i, j, d, e) -> (b, i)>
#t = affine_map<(b, i, j, d, e) -> (b, j)>

func.func @half(%q: memref<4x30x16xf32>, %k: memref<4x30x16xf32>, %v: memref<4x30x8xf32>, %o: memref<4x30x8xf32>, %s: memref<4x30xf32>, %h: memref<4x30xf16>) {
  // expected-error@+1 {{needs statistics of f32}}
  kernel.attention(%q, %k, %v) into %o statistics(%s, %h) attributes {indexing_maps = [#q, #k, #v, #o, #s, #s]} {
  ^bb0(%score: f32):
    kernel.yield %score : f32
  } : memref<4x30x16xf32>, memref<4x30x16xf32>, memref<4x30x8xf32> into memref<4x30x8xf32> statistics memref<4x30xf32>, memref<4x30xf16>
  return
}

// -----

#q = affine_map<(b, i, j, d, e) -> (b, i, d)>
#k = affine_map<(b, i, j, d, e) -> (b, j, d)>
#v = affine_map<(b, i, j, d, e) -> (b, j, e)>
#o = affine_map<(b, i, j, d, e) -> (b, i, e)>
#s = affine_map<(b, i, j, d, e) -> (b, i)>
#t = affine_map<(b, i, j, d, e) -> (b, j)>

func.func @rows(%q: memref<4x30x16xf32>, %k: memref<4x30x16xf32>, %v: memref<4x30x8xf32>, %o: memref<4x30x8xf32>, %s: memref<4x30xf32>, %h: memref<4x30xf16>) {
  // expected-error@+1 {{lacks loop 1}}
  kernel.attention(%q, %k, %v) into %o statistics(%s, %s) attributes {indexing_maps = [#q, #k, #v, #o, #s, #t]} {
  ^bb0(%score: f32):
    kernel.yield %score : f32
  } : memref<4x30x16xf32>, memref<4x30x16xf32>, memref<4x30x8xf32> into memref<4x30x8xf32> statistics memref<4x30xf32>, memref<4x30xf32>
  return
}

// -----

#q = affine_map<(b, i, j, d, e) -> (b, i, d)>
#k = affine_map<(b, i, j, d, e) -> (b, j, d)>
#v = affine_map<(b, i, j, d, e) -> (b, j, e)>
#o = affine_map<(b, i, j, d, e) -> (b, i, e)>
#s = affine_map<(b, i, j, d, e) -> (b, i)>
#t = affine_map<(b, i, j, d, e) -> (b, j)>

func.func @maps(%q: memref<4x30x16xf32>, %k: memref<4x30x16xf32>, %v: memref<4x30x8xf32>, %o: memref<4x30x8xf32>, %g: memref<4x30x8xf32>, %s: memref<4x30xf32>) {
  // expected-error@+1 {{has 9 indexing maps, expected 10}}
  kernel.attention_grad(%q, %k, %v, %o, %g, %s, %s) into(%q, %k, %v) attributes {indexing_maps = [#q, #k, #v, #o, #o, #s, #s, #q, #k]} scores {
  ^bb0(%score: f32):
    kernel.yield %score : f32
  } gradient {
  ^bb0(%score: f32):
    kernel.yield %score : f32
  } : memref<4x30x16xf32>, memref<4x30x16xf32>, memref<4x30x8xf32>, memref<4x30x8xf32>, memref<4x30x8xf32>, memref<4x30xf32>, memref<4x30xf32> into memref<4x30x16xf32>, memref<4x30x16xf32>, memref<4x30x8xf32>
  return
}

// -----

#q = affine_map<(b, i, j, d, e) -> (b, i, d)>
#k = affine_map<(b, i, j, d, e) -> (b, j, d)>
#v = affine_map<(b, i, j, d, e) -> (b, j, e)>
#o = affine_map<(b, i, j, d, e) -> (b, i, e)>
#s = affine_map<(b, i, j, d, e) -> (b, i)>
#t = affine_map<(b, i, j, d, e) -> (b, j)>

func.func @loops(%q: memref<4x30x16xf32>, %k: memref<4x30x16xf32>, %v: memref<4x30x8xf32>, %o: memref<4x30x8xf32>, %g: memref<4x30x8xf32>, %s: memref<4x30xf32>) {
  // expected-error@+1 {{operand 8 lacks loop 2}}
  kernel.attention_grad(%q, %k, %v, %o, %g, %s, %s) into(%q, %k, %v) attributes {indexing_maps = [#q, #k, #v, #o, #o, #s, #s, #q, #q, #v]} scores {
  ^bb0(%score: f32):
    kernel.yield %score : f32
  } gradient {
  ^bb0(%score: f32):
    kernel.yield %score : f32
  } : memref<4x30x16xf32>, memref<4x30x16xf32>, memref<4x30x8xf32>, memref<4x30x8xf32>, memref<4x30x8xf32>, memref<4x30xf32>, memref<4x30xf32> into memref<4x30x16xf32>, memref<4x30x16xf32>, memref<4x30x8xf32>
  return
}

// -----

#q = affine_map<(b, i, j, d, e) -> (b, i, d)>
#k = affine_map<(b, i, j, d, e) -> (b, j, d)>
#v = affine_map<(b, i, j, d, e) -> (b, j, e)>
#o = affine_map<(b, i, j, d, e) -> (b, i, e)>
#s = affine_map<(b, i, j, d, e) -> (b, i)>
#t = affine_map<(b, i, j, d, e) -> (b, j)>

func.func @widths(%q: memref<4x30x16xf32>, %k: memref<4x30x16xf32>, %v: memref<4x30x8xf32>, %o: memref<4x30x8xf32>, %g: memref<4x30x9xf32>, %s: memref<4x30xf32>) {
  // expected-error@+1 {{needs known sizes of queries, keys and values, which agree}}
  kernel.attention_grad(%q, %k, %v, %o, %g, %s, %s) into(%q, %k, %v) attributes {indexing_maps = [#q, #k, #v, #o, #o, #s, #s, #q, #k, #v]} scores {
  ^bb0(%score: f32):
    kernel.yield %score : f32
  } gradient {
  ^bb0(%score: f32):
    kernel.yield %score : f32
  } : memref<4x30x16xf32>, memref<4x30x16xf32>, memref<4x30x8xf32>, memref<4x30x8xf32>, memref<4x30x9xf32>, memref<4x30xf32>, memref<4x30xf32> into memref<4x30x16xf32>, memref<4x30x16xf32>, memref<4x30x8xf32>
  return
}

// -----

#q = affine_map<(b, i, j, d, e) -> (b, i, d)>
#k = affine_map<(b, i, j, d, e) -> (b, j, d)>
#v = affine_map<(b, i, j, d, e) -> (b, j, e)>
#o = affine_map<(b, i, j, d, e) -> (b, i, e)>
#s = affine_map<(b, i, j, d, e) -> (b, i)>
#t = affine_map<(b, i, j, d, e) -> (b, j)>

func.func @types(%q: memref<4x30x16xf32>, %k: memref<4x30x16xf32>, %v: memref<4x30x8xf32>, %o: memref<4x30x8xf32>, %g: memref<4x30x8xf16>, %s: memref<4x30xf32>) {
  // expected-error@+1 {{needs queries, keys, values, results and gradients of f32, f16 or bf16, all alike}}
  kernel.attention_grad(%q, %k, %v, %o, %g, %s, %s) into(%q, %k, %v) attributes {indexing_maps = [#q, #k, #v, #o, #o, #s, #s, #q, #k, #v]} scores {
  ^bb0(%score: f32):
    kernel.yield %score : f32
  } gradient {
  ^bb0(%score: f32):
    kernel.yield %score : f32
  } : memref<4x30x16xf32>, memref<4x30x16xf32>, memref<4x30x8xf32>, memref<4x30x8xf32>, memref<4x30x8xf16>, memref<4x30xf32>, memref<4x30xf32> into memref<4x30x16xf32>, memref<4x30x16xf32>, memref<4x30x8xf32>
  return
}
