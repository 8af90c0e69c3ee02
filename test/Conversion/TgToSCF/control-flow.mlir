// RUN: tgc-opt %s --convert-tg-to-scf | FileCheck %s

// CHECK-LABEL: @nested
// CHECK-SAME: %[[P:.*]]: i1, %[[X0:.*]]: tensor<?xui8>, %[[N:.*]]: index
// CHECK: scf.if %[[P]] -> (tensor<?xui8>) {
// CHECK: %[[L:.*]]:2 = scf.while (%[[X:.*]] = %[[X0]], %[[I:.*]] = %[[N]]) : (tensor<?xui8>, index) -> (tensor<?xui8>, index) {
// CHECK: %[[C:.*]] = arith.cmpi sgt, %[[I]]
// CHECK: scf.condition(%[[C]]) %[[X]], %[[I]] : tensor<?xui8>, index
// CHECK: } do {
// CHECK: ^bb0(%[[X1:.*]]: tensor<?xui8>, %[[I1:.*]]: index):
// CHECK: %[[Y:.*]] = tg.add %[[X1]], %[[X1]]
// CHECK: %[[J:.*]] = arith.subi %[[I1]]
// CHECK: scf.yield %[[Y]], %[[J]]
// CHECK: scf.yield %[[L]]#0
// CHECK: } else {
// CHECK: scf.yield %[[X0]]
// CHECK-NOT: tg.while
func.func @nested(%p: i1, %x0: tensor<?xui8>, %n: index) -> tensor<?xui8> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = tg.if %p -> (tensor<?xui8>) {
    %l:2 = tg.while (%x = %x0, %i = %n) : (tensor<?xui8>, index) cond {
      %c = arith.cmpi sgt, %i, %c0 : index
      tg.yield %c : i1
    } do {
      %y = tg.add %x, %x : tensor<?xui8>
      %j = arith.subi %i, %c1 : index
      tg.yield %y, %j : tensor<?xui8>, index
    }
    tg.yield %l#0 : tensor<?xui8>
  } else {
    tg.yield %x0 : tensor<?xui8>
  }
  return %r : tensor<?xui8>
}
