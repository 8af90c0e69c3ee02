// RUN: tgc-opt %s -convert-tg-to-linalg | FileCheck %s

// CHECK-LABEL: func @top_k
// CHECK-SAME: (%[[X:.+]]: tensor<?x?xf32>, %[[K:.+]]: index)
// CHECK-DAG: tensor.empty(%{{.+}}, %{{.+}}) : tensor<?x?xf32>
// CHECK-DAG: tensor.empty(%{{.+}}, %{{.+}}) : tensor<?x?xi32>
// CHECK: scf.for
// CHECK: tensor.extract %[[X]]
// CHECK: scf.while
// CHECK: %[[ROW:.+]] = vector.transfer_read %[[X]]{{.*}} vector<16xf32>
// CHECK: %[[HITS:.+]] = arith.cmpf ugt, %[[ROW]]
// CHECK: vector.bitcast %[[HITS]] : vector<16xi1> to vector<1xi16>
// CHECK: scf.while
// CHECK: math.cttz
// CHECK: arith.cmpf ogt
// CHECK: kernel.independent
func.func @top_k(%x: tensor<?x?xf32>, %k: index) -> (tensor<?x?xf32>, tensor<?x?xi32>) {
  %v, %i = tg.top_k %x, %k : tensor<?x?xf32> -> tensor<?x?xf32>, tensor<?x?xi32>
  return %v, %i : tensor<?x?xf32>, tensor<?x?xi32>
}
