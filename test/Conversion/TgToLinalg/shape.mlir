// RUN: tgc-opt %s -convert-tg-to-linalg -split-input-file | FileCheck %s

// CHECK-DAG: #[[$REPEATED:.+]] = affine_map<(d0, d1, d2) -> (d1, 0)>
// CHECK-LABEL: func @broadcast_known
// CHECK: linalg.generic {indexing_maps = [#[[$REPEATED]], #{{.+}}]
// CHECK-NOT: tensor.extract
func.func @broadcast_known(%x: tensor<?x1xf32>, %n: index) -> tensor<2x?x4xf32> {
  %r = tg.broadcast_to %x[%n] equal [1] : tensor<?x1xf32> -> tensor<2x?x4xf32>
  return %r : tensor<2x?x4xf32>
}

// -----

// CHECK-LABEL: func @broadcast_found_at_run_time
// CHECK-SAME: %[[X:.+]]: tensor<?xf32>
// CHECK: %[[SIZE:.+]] = tensor.dim %[[X]]
// CHECK: %[[IS_ONE:.+]] = arith.cmpi eq, %[[SIZE]], %{{.+}} : index
// CHECK: linalg.generic
// CHECK: %[[I:.+]] = linalg.index 0
// CHECK: %[[AT:.+]] = arith.select %[[IS_ONE]], %{{.+}}, %[[I]] : index
// CHECK: tensor.extract %[[X]][%[[AT]]]
func.func @broadcast_found_at_run_time(%x: tensor<?xf32>, %n: index) -> tensor<?xf32> {
  %r = tg.broadcast_to %x[%n] : tensor<?xf32> -> tensor<?xf32>
  return %r : tensor<?xf32>
}

// -----

// CHECK-DAG: #[[$SWAPPED:.+]] = affine_map<(d0, d1, d2) -> (d1, d2, d0)>
// CHECK-LABEL: func @transpose
// CHECK: linalg.generic {indexing_maps = [#[[$SWAPPED]], #{{.+}}]
func.func @transpose(%y: tensor<2x?x4xui8>) -> tensor<4x2x?xui8> {
  %r = tg.transpose %y [2, 0, 1] : tensor<2x?x4xui8> -> tensor<4x2x?xui8>
  return %r : tensor<4x2x?xui8>
}

// -----

// CHECK-LABEL: func @reverse
// CHECK: %[[LAST:.+]] = arith.subi %{{.+}}, %{{.+}} : index
// CHECK: linalg.generic
// CHECK: %[[I:.+]] = linalg.index 0
// CHECK: %[[J:.+]] = linalg.index 1
// CHECK: %[[AT:.+]] = arith.subi %[[LAST]], %[[J]]
// CHECK: tensor.extract %{{.+}}[%[[I]], %[[AT]]]
func.func @reverse(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  %r = tg.reverse %x dimensions [1] : tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}

// -----

// CHECK-LABEL: func @concat
// CHECK-SAME: %[[X:.+]]: tensor<?x2xf32>, %[[Y:.+]]: tensor<3x2xf32>
// CHECK: %[[N:.+]] = tensor.dim %[[X]]
// CHECK: %[[A:.+]] = tensor.insert_slice %[[X]] into %{{.+}}[0, 0] [%{{.+}}, 2] [1, 1]
// CHECK: tensor.insert_slice %[[Y]] into %[[A]][%{{.+}}, 0] [3, 2] [1, 1]
func.func @concat(%x: tensor<?x2xf32>, %y: tensor<3x2xf32>) -> tensor<?x2xf32> {
  %r = tg.concat %x, %y dimension 0 : (tensor<?x2xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
  return %r : tensor<?x2xf32>
}

// -----

// CHECK-LABEL: func @concat_of_scalars
// CHECK: tensor.from_elements %{{.+}}, %{{.+}} : tensor<2xi32>
func.func @concat_of_scalars(%x: tensor<1xi32>, %y: tensor<1xi32>) -> tensor<2xi32> {
  %r = tg.concat %x, %y dimension 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
  return %r : tensor<2xi32>
}
