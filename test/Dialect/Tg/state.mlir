// RUN: tgc-opt %s | tgc-opt | FileCheck %s
// RUN: tgc-opt %s -mlir-print-op-generic | tgc-opt | FileCheck %s
// RUN: tgc-opt %s -emit-bytecode | tgc-opt | FileCheck %s

// CHECK: tg.variable @"dense/kernel" : tensor<784x10xf32> trainable
tg.variable @"dense/kernel" : tensor<784x10xf32> trainable
// CHECK: tg.variable @global_step : tensor<i64> = dense<0> : tensor<i64>
tg.variable @global_step : tensor<i64> = dense<0> : tensor<i64>
// CHECK: tg.variable @queue : tensor<?xf32>
tg.variable @queue : tensor<?xf32>
