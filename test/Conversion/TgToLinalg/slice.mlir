// RUN: tgc-opt %s -convert-tg-to-linalg | FileCheck %s

// CHECK-LABEL: func @view
// CHECK-SAME: %[[X:.+]]: tensor<?x8xf32>, %[[O:.+]]: index, %[[N:.+]]: index
// CHECK: tensor.extract_slice %[[X]][%[[O]], 1] [%[[N]], 3] [1, 2] : tensor<?x8xf32> to tensor<?x3xf32>
func.func @view(%x: tensor<?x8xf32>, %o: index, %n: index) -> tensor<?x3xf32> {
  %r = tg.slice %x [%o, 1] [%n, 3] [1, 2] : tensor<?x8xf32> -> tensor<?x3xf32>
  return %r : tensor<?x3xf32>
}

// CHECK-LABEL: func @turned_round
// CHECK: linalg.generic
// CHECK: arith.muli
// CHECK: tensor.extract
func.func @turned_round(%x: tensor<8xf32>) -> tensor<4xf32> {
  %r = tg.slice %x [7] [4] [-2] : tensor<8xf32> -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// An offset behind the last element leaves nothing to read, whatever the size operand says.
// CHECK-LABEL: func @behind_the_end
// CHECK-NOT: tensor.extract_slice
// CHECK: tensor.empty(%{{.+}}) : tensor<?xf32>
func.func @behind_the_end(%x: tensor<8xf32>, %n: index) -> tensor<?xf32> {
  %r = tg.slice %x [8] [%n] [1] : tensor<8xf32> -> tensor<?xf32>
  return %r : tensor<?xf32>
}

// Dimensions that the part lacks are of size one.
// CHECK-LABEL: func @insert
// CHECK-SAME: %[[X:.+]]: tensor<?x?x8xf32>, %[[PART:.+]]: tensor<?x8xf32>, %[[I:.+]]: index
// CHECK: %[[N:.+]] = tensor.dim %[[PART]]
// CHECK: tensor.insert_slice %[[PART]] into %[[X]][%[[I]], 2, 0] [1, %[[N]], 8] [1, 1, 1] : tensor<?x8xf32> into tensor<?x?x8xf32>
func.func @insert(%x: tensor<?x?x8xf32>, %part: tensor<?x8xf32>, %i: index) -> tensor<?x?x8xf32> {
  %r = tg.insert_slice %part into %x [%i, 2, 0] : tensor<?x8xf32> into tensor<?x?x8xf32>
  return %r : tensor<?x?x8xf32>
}

// CHECK-LABEL: func @insert_nothing
// CHECK-SAME: %[[X:.+]]: tensor<4x8xi8>,
// CHECK-NEXT: return %[[X]]
func.func @insert_nothing(%x: tensor<4x8xui8>, %part: tensor<0x8xui8>) -> tensor<4x8xui8> {
  %r = tg.insert_slice %part into %x [4, 0] : tensor<0x8xui8> into tensor<4x8xui8>
  return %r : tensor<4x8xui8>
}
