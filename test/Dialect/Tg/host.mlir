// RUN: tgc-opt %s | tgc-opt | FileCheck %s
// RUN: tgc-opt %s -mlir-print-op-generic | tgc-opt | FileCheck %s
// RUN: tgc-opt %s -emit-bytecode | tgc-opt | FileCheck %s

// CHECK-LABEL: func @check
// CHECK: tg.check %{{.+}}, 3, "negative"
// CHECK: tg.check %{{.+}}, 11, "got %{{.+}} of %{{.+}}"(%{{.+}}, %{{.+}})
func.func @check(%c: i1, %n: index) {
  tg.check %c, 3, "negative"
  tg.check %c, 11, "got %d of %d"(%n, %n)
  return
}

// CHECK-LABEL: func @host_call
// CHECK: %{{.+}} = tg.host_call "sort"(%{{.+}}) [%{{.+}}] config "descending" pure : (tensor<?x4xf32>) -> tensor<?xf32>
// CHECK: %{{.+}}:2 = tg.host_call "unique"(%{{.+}}) finds_sizes : (tensor<?x4xf32>) -> (tensor<?xf32>, tensor<?xi32>)
// CHECK: tg.host_call "print"(%{{.+}}) : (tensor<?x4xf32>) -> ()
func.func @host_call(%x: tensor<?x4xf32>, %n: index) {
  %0 = tg.host_call "sort"(%x) [%n] config "descending" pure : (tensor<?x4xf32>) -> tensor<?xf32>
  %1:2 = tg.host_call "unique"(%x) finds_sizes : (tensor<?x4xf32>) -> (tensor<?xf32>, tensor<?xi32>)
  tg.host_call "print"(%x) : (tensor<?x4xf32>) -> ()
  return
}
