// RUN: tgc-opt %s --tgc-expand-math | FileCheck %s
// RUN: tgc-opt %s --tgc-expand-math --tgc-expand-math | FileCheck %s
// RUN: tgc-opt %s --tgc-expand-math=scales-vectors | FileCheck %s --check-prefix=SCALE

// SCALE-LABEL: func @vectors
// SCALE-COUNT-3: llvm.call_intrinsic "llvm.x86.avx512.mask.scalef.ps.512"
// SCALE-NOT: scalef
// SCALE-LABEL: func @scalars
// SCALE-NOT: scalef
// CHECK-LABEL: func @vectors
// CHECK-NOT: math.exp
// CHECK-NOT: math.tanh
// CHECK-NOT: math.erf
// CHECK-NOT: math.log
// CHECK: return
func.func @vectors(%x: vector<16xf32>) -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>) {
  %0 = math.exp %x : vector<16xf32>
  %1 = math.tanh %x : vector<16xf32>
  %2 = math.erf %x : vector<16xf32>
  %3 = math.log %x : vector<16xf32>
  return %0, %1, %2, %3 : vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>
}

// No call, no branch: LLVM can vectorise a loop around it.
// CHECK-LABEL: func @scalars
// CHECK-NOT: math.log1p
// CHECK-NOT: math.expm1
// CHECK-NOT: call
// CHECK: return
func.func @scalars(%x: f32) -> (f32, f32) {
  %0 = math.log1p %x : f32
  %1 = math.expm1 %x : f32
  return %0, %1 : f32, f32
}

// CHECK-LABEL: func @cube
// CHECK: %[[SQUARE:.*]] = arith.mulf %[[X:.*]], %[[X]]
// CHECK: arith.mulf %[[SQUARE]], %[[X]]
// CHECK-NOT: math.powf
func.func @cube(%x: f32) -> f32 {
  %three = arith.constant 3.0 : f32
  %0 = math.powf %x, %three : f32
  return %0 : f32
}

// Other powers are computed in double precision.
// CHECK-LABEL: func @power
// CHECK: arith.extf %{{.*}} : vector<16xf32> to vector<16xf64>
// CHECK: arith.truncf %{{.*}} : vector<16xf64> to vector<16xf32>
// CHECK-NOT: math.powf
func.func @power(%x: vector<16xf32>, %y: vector<16xf32>) -> vector<16xf32> {
  %0 = math.powf %x, %y : vector<16xf32>
  return %0 : vector<16xf32>
}

// Angles are reduced in double precision, without a branch for large ones.
// CHECK-LABEL: func @angle
// CHECK-NOT: math.sin
// CHECK-NOT: math.cos
// CHECK-COUNT-8: math.roundeven %{{.*}} : vector<16xf64>
// CHECK: arith.truncf %{{.*}} : vector<16xf64> to vector<16xf32>
// CHECK-NOT: math.tan
func.func @angle(%x: vector<16xf32>) -> (vector<16xf32>, vector<16xf32>, vector<16xf32>) {
  %0 = math.sin %x : vector<16xf32>
  %1 = math.cos %x : vector<16xf32>
  %2 = math.tan %x : vector<16xf32>
  return %0, %1, %2 : vector<16xf32>, vector<16xf32>, vector<16xf32>
}

// Of f64 only exponentials and what is made of them or undoes them.
// CHECK-LABEL: func @doubles
// CHECK-NOT: math.exp
// CHECK: math.sin %{{.*}} : f64
// CHECK-NOT: math.log
// CHECK-NOT: math.tanh
// CHECK: return
func.func @doubles(%x: f64) -> (f64, f64, f64, f64) {
  %0 = math.exp %x : f64
  %1 = math.sin %x : f64
  %2 = math.log %x : f64
  %3 = math.tanh %x : f64
  return %0, %1, %2, %3 : f64, f64, f64, f64
}

// Vectors of other sizes than the instruction's are scaled by products.
// SCALE-LABEL: func @sizes
// SCALE: llvm.call_intrinsic "llvm.x86.avx512.mask.scalef.pd.512"
// SCALE-NOT: scalef
func.func @sizes(%x: vector<8xf64>, %y: vector<8xf32>, %z: f64) -> (vector<8xf64>, vector<8xf32>, f64) {
  %0 = math.exp %x : vector<8xf64>
  %1 = math.exp %y : vector<8xf32>
  %2 = math.exp %z : f64
  return %0, %1, %2 : vector<8xf64>, vector<8xf32>, f64
}

// Where the order of zeros is open, a maximum is LLVM's, which has instructions for the rest.
// CHECK-LABEL: func @extrema
// CHECK: llvm.intr.maximum(%{{.*}}, %{{.*}}) {fastmathFlags = #llvm.fastmath<nsz>} : (vector<16xf32>, vector<16xf32>) -> vector<16xf32>
// CHECK: llvm.intr.minimum(%{{.*}}, %{{.*}}) {fastmathFlags = #llvm.fastmath<nsz>} : (f64, f64) -> f64
// CHECK: arith.maximumf
func.func @extrema(%x: vector<16xf32>, %y: f64, %z: f32) -> (vector<16xf32>, f64, f32) {
  %0 = arith.maximumf %x, %x fastmath<nsz> : vector<16xf32>
  %1 = arith.minimumf %y, %y fastmath<nsz> : f64
  %2 = arith.maximumf %z, %z : f32
  return %0, %1, %2 : vector<16xf32>, f64, f32
}

// An exponential is nine multiplications, most of them fused with what is added, and one scaling.
// SCALE-LABEL: func @steps
// SCALE-COUNT-9: arith.mulf
// SCALE-NOT: arith.mulf
// SCALE: scalef
// SCALE-NOT: arith.mulf
// SCALE: return
func.func @steps(%x: vector<16xf32>) -> vector<16xf32> {
  %0 = math.exp %x : vector<16xf32>
  return %0 : vector<16xf32>
}

// Of a sigmoid, one sum adds 1 to a power of two and what is left of the exponential, which is not rounded before.
// CHECK-LABEL: func @sigmoid
// CHECK: %[[POWER:.*]] = arith.bitcast %{{.*}} : vector<16xi32> to vector<16xf32>
// CHECK: %[[REST:.*]] = arith.addf %{{.*}}, %{{.*}} fastmath<contract>
// CHECK: %[[SUM:.*]] = arith.addf %[[POWER]], %[[REST]]
// CHECK: %[[Y:.*]] = arith.divf %{{.*}}, %[[SUM]]
// CHECK-NOT: arith.addf
// CHECK: %[[RESULT:.*]] = arith.select %{{.*}}, %{{.*}}, %[[Y]]
// CHECK: return %[[RESULT]]
func.func @sigmoid(%x: vector<16xf32>) -> vector<16xf32> {
  %one = arith.constant dense<1.0> : vector<16xf32>
  %minus = arith.negf %x : vector<16xf32>
  %e = math.exp %minus : vector<16xf32>
  %sum = arith.addf %one, %e : vector<16xf32>
  %y = arith.divf %one, %sum : vector<16xf32>
  return %y : vector<16xf32>
}

// The exponential stays where others read it.
// CHECK-LABEL: func @sigmoid_and_exponential
// CHECK-COUNT-2: arith.divf
// CHECK: return
func.func @sigmoid_and_exponential(%x: f32) -> (f32, f32) {
  %one = arith.constant 1.0 : f32
  %e = math.exp %x : f32
  %sum = arith.addf %e, %one : f32
  %y = arith.divf %one, %sum : f32
  %z = arith.divf %e, %sum : f32
  return %y, %z : f32, f32
}

// CHECK-LABEL: func @complement
// CHECK: arith.extf %{{.*}} : vector<16xf32> to vector<16xf64>
// CHECK-NOT: math.erfc
// CHECK: arith.truncf %{{.*}} : vector<16xf64> to vector<16xf32>
func.func @complement(%x: vector<16xf32>) -> vector<16xf32> {
  %0 = math.erfc %x : vector<16xf32>
  return %0 : vector<16xf32>
}
