// RUN: tgc-opt %s -convert-tg-to-linalg | FileCheck %s

// CHECK-LABEL: func @where
// CHECK-SAME: %[[X:.+]]: tensor<?x4xf32>
// CHECK: linalg.generic {{.*}}iterator_types = ["reduction", "reduction"]} ins(%[[X]]
// CHECK: arith.cmpf une
// CHECK: %[[COUNT:.+]] = arith.index_cast %{{.+}} : i64 to index
// CHECK: %[[INIT:.+]] = tensor.empty(%[[COUNT]]) : tensor<?x2xi64>
// CHECK: scf.for %{{.+}} iter_args(%{{.+}} = %{{.+}}, %{{.+}} = %[[INIT]])
// CHECK: scf.for
// CHECK: scf.if
// CHECK-COUNT-2: tensor.insert
func.func @where(%x: tensor<?x4xf32>) -> tensor<?x2xi64> {
  %n = tg.count_nonzero %x : tensor<?x4xf32>
  %r = tg.where %x, %n : tensor<?x4xf32> -> tensor<?x2xi64>
  return %r : tensor<?x2xi64>
}
