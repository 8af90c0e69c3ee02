// RUN: tgc-opt %s | tgc-opt | FileCheck %s
// RUN: tgc-opt %s -mlir-print-op-generic | tgc-opt | FileCheck %s
// RUN: tgc-opt %s -emit-bytecode | tgc-opt | FileCheck %s

// CHECK-LABEL: func @arithmetic
// CHECK: %{{.+}} = tg.add %{{.+}}, %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.sub %{{.+}}, %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.mul %{{.+}}, %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.div %{{.+}}, %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.floor_div %{{.+}}, %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.floor_mod %{{.+}}, %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.trunc_mod %{{.+}}, %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.pow %{{.+}}, %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.maximum %{{.+}}, %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.minimum %{{.+}}, %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.atan2 %{{.+}}, %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.next_after %{{.+}}, %{{.+}} : tensor<?x4xf32>
func.func @arithmetic(%x: tensor<?x4xf32>, %y: tensor<?x4xf32>) {
  %0 = tg.add %x, %y : tensor<?x4xf32>
  %1 = tg.sub %x, %y : tensor<?x4xf32>
  %2 = tg.mul %x, %y : tensor<?x4xf32>
  %3 = tg.div %x, %y : tensor<?x4xf32>
  %4 = tg.floor_div %x, %y : tensor<?x4xf32>
  %5 = tg.floor_mod %x, %y : tensor<?x4xf32>
  %6 = tg.trunc_mod %x, %y : tensor<?x4xf32>
  %7 = tg.pow %x, %y : tensor<?x4xf32>
  %8 = tg.maximum %x, %y : tensor<?x4xf32>
  %9 = tg.minimum %x, %y : tensor<?x4xf32>
  %10 = tg.atan2 %x, %y : tensor<?x4xf32>
  %11 = tg.next_after %x, %y : tensor<?x4xf32>
  return
}

// CHECK-LABEL: func @unary
// CHECK: %{{.+}} = tg.neg %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.abs %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.sign %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.floor %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.ceil %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.round_even %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.exp %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.expm1 %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.log %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.log1p %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.sqrt %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.rsqrt %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.sin %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.cos %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.tan %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.asin %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.acos %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.atan %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.sinh %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.cosh %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.tanh %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.asinh %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.acosh %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.atanh %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.sigmoid %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.relu %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.erf %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.erfc %{{.+}} : tensor<?x4xf32>
func.func @unary(%x: tensor<?x4xf32>) {
  %0 = tg.neg %x : tensor<?x4xf32>
  %1 = tg.abs %x : tensor<?x4xf32>
  %2 = tg.sign %x : tensor<?x4xf32>
  %3 = tg.floor %x : tensor<?x4xf32>
  %4 = tg.ceil %x : tensor<?x4xf32>
  %5 = tg.round_even %x : tensor<?x4xf32>
  %6 = tg.exp %x : tensor<?x4xf32>
  %7 = tg.expm1 %x : tensor<?x4xf32>
  %8 = tg.log %x : tensor<?x4xf32>
  %9 = tg.log1p %x : tensor<?x4xf32>
  %10 = tg.sqrt %x : tensor<?x4xf32>
  %11 = tg.rsqrt %x : tensor<?x4xf32>
  %12 = tg.sin %x : tensor<?x4xf32>
  %13 = tg.cos %x : tensor<?x4xf32>
  %14 = tg.tan %x : tensor<?x4xf32>
  %15 = tg.asin %x : tensor<?x4xf32>
  %16 = tg.acos %x : tensor<?x4xf32>
  %17 = tg.atan %x : tensor<?x4xf32>
  %18 = tg.sinh %x : tensor<?x4xf32>
  %19 = tg.cosh %x : tensor<?x4xf32>
  %20 = tg.tanh %x : tensor<?x4xf32>
  %21 = tg.asinh %x : tensor<?x4xf32>
  %22 = tg.acosh %x : tensor<?x4xf32>
  %23 = tg.atanh %x : tensor<?x4xf32>
  %24 = tg.sigmoid %x : tensor<?x4xf32>
  %25 = tg.relu %x : tensor<?x4xf32>
  %26 = tg.erf %x : tensor<?x4xf32>
  %27 = tg.erfc %x : tensor<?x4xf32>
  return
}

// CHECK-LABEL: func @classify
// CHECK: %{{.+}} = tg.is_nan %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.is_inf %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.is_finite %{{.+}} : tensor<?x4xf32>
func.func @classify(%x: tensor<?x4xf32>) {
  %0 = tg.is_nan %x : tensor<?x4xf32>
  %1 = tg.is_inf %x : tensor<?x4xf32>
  %2 = tg.is_finite %x : tensor<?x4xf32>
  return
}

// CHECK-LABEL: func @bits
// CHECK: %{{.+}} = tg.and %{{.+}}, %{{.+}} : tensor<4xui8>
// CHECK: %{{.+}} = tg.or %{{.+}}, %{{.+}} : tensor<4xui8>
// CHECK: %{{.+}} = tg.xor %{{.+}}, %{{.+}} : tensor<4xui8>
// CHECK: %{{.+}} = tg.shift_left %{{.+}}, %{{.+}} : tensor<4xui8>
// CHECK: %{{.+}} = tg.shift_right %{{.+}}, %{{.+}} : tensor<4xui8>
// CHECK: %{{.+}} = tg.not %{{.+}} : tensor<4xui8>
// CHECK: %{{.+}} = tg.population_count %{{.+}} : tensor<4xui8>
func.func @bits(%x: tensor<4xui8>, %y: tensor<4xui8>) {
  %0 = tg.and %x, %y : tensor<4xui8>
  %1 = tg.or %x, %y : tensor<4xui8>
  %2 = tg.xor %x, %y : tensor<4xui8>
  %3 = tg.shift_left %x, %y : tensor<4xui8>
  %4 = tg.shift_right %x, %y : tensor<4xui8>
  %5 = tg.not %x : tensor<4xui8>
  %6 = tg.population_count %x : tensor<4xui8>
  return
}

// CHECK-LABEL: func @choice
// CHECK: %{{.+}} = tg.compare eq %{{.+}}, %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.compare ne %{{.+}}, %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.compare lt %{{.+}}, %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.compare le %{{.+}}, %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.compare gt %{{.+}}, %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.compare ge %{{.+}}, %{{.+}} : tensor<?x4xf32>
// CHECK: %{{.+}} = tg.select %{{.+}}, %{{.+}}, %{{.+}} : tensor<?x4xf32>
func.func @choice(%x: tensor<?x4xf32>, %y: tensor<?x4xf32>, %c: tensor<?x4xi1>) {
  %0 = tg.compare eq %x, %y : tensor<?x4xf32>
  %1 = tg.compare ne %x, %y : tensor<?x4xf32>
  %2 = tg.compare lt %x, %y : tensor<?x4xf32>
  %3 = tg.compare le %x, %y : tensor<?x4xf32>
  %4 = tg.compare gt %x, %y : tensor<?x4xf32>
  %5 = tg.compare ge %x, %y : tensor<?x4xf32>
  %6 = tg.select %c, %x, %y : tensor<?x4xf32>
  return
}

// CHECK-LABEL: func @strings
// CHECK: %{{.+}} = tg.compare eq %{{.+}}, %{{.+}} : tensor<3x!tg.string>
func.func @strings(%x: tensor<3x!tg.string>, %y: tensor<3x!tg.string>) {
  %0 = tg.compare eq %x, %y : tensor<3x!tg.string>
  return
}

// CHECK-LABEL: func @conversions
// CHECK: %{{.+}} = tg.cast %{{.+}} : tensor<?x4xf32> to tensor<?x4xi64>
// CHECK: %{{.+}} = tg.cast %{{.+}} {truncate = true} : tensor<?x4xf32> to tensor<?x4xbf16>
// CHECK: %{{.+}} = tg.cast %{{.+}} : tensor<4xui8> to tensor<4xcomplex<f32>>
func.func @conversions(%x: tensor<?x4xf32>, %u: tensor<4xui8>) {
  %0 = tg.cast %x : tensor<?x4xf32> to tensor<?x4xi64>
  %1 = tg.cast %x {truncate = true} : tensor<?x4xf32> to tensor<?x4xbf16>
  %2 = tg.cast %u : tensor<4xui8> to tensor<4xcomplex<f32>>
  return
}

// CHECK-LABEL: func @complex_numbers
// CHECK: %{{.+}} = tg.complex %{{.+}}, %{{.+}} : tensor<?xf64>
// CHECK: %{{.+}} = tg.real %{{.+}} : tensor<?xcomplex<f64>>
// CHECK: %{{.+}} = tg.imag %{{.+}} : tensor<?xcomplex<f64>>
// CHECK: %{{.+}} = tg.complex_abs %{{.+}} : tensor<?xcomplex<f64>>
// CHECK: %{{.+}} = tg.conj %{{.+}} : tensor<?xcomplex<f64>>
func.func @complex_numbers(%x: tensor<?xf64>, %z: tensor<?xcomplex<f64>>) {
  %0 = tg.complex %x, %x : tensor<?xf64>
  %1 = tg.real %z : tensor<?xcomplex<f64>>
  %2 = tg.imag %z : tensor<?xcomplex<f64>>
  %3 = tg.complex_abs %z : tensor<?xcomplex<f64>>
  %4 = tg.conj %z : tensor<?xcomplex<f64>>
  return
}

// CHECK-LABEL: func @special_functions
// CHECK: %{{.+}} = tg.special "igamma"(%{{.+}}, %{{.+}}) : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @special_functions(%x: tensor<?x4xf32>) {
  %0 = tg.special "igamma"(%x, %x) : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return
}
