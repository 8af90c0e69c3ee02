// RUN: tgc-opt %s --tgc-join-product-sums --canonicalize | FileCheck %s

// Three gradients of one weight and another summand: one product of six rows.
// CHECK-LABEL: func @steps
// CHECK-SAME: (%[[X0:.*]]: tensor<2x32xf32>, %[[X1:.*]]: tensor<2x32xf32>, %[[X2:.*]]: tensor<2x32xf32>, %[[G0:.*]]: tensor<2x48xf32>, %[[G1:.*]]: tensor<2x48xf32>, %[[G2:.*]]: tensor<2x48xf32>, %[[O:.*]]: tensor<32x48xf32>)
// CHECK: %[[X:.*]] = tg.concat %[[X0]], %[[X1]], %[[X2]] dimension 0
// CHECK: %[[G:.*]] = tg.concat %[[G0]], %[[G1]], %[[G2]] dimension 0
// CHECK: %[[P:.*]] = tg.matmul %[[X]] transposed, %[[G]]
// CHECK: %[[S:.*]] = tg.add %[[P]], %[[O]]
// CHECK: return %[[S]]
func.func @steps(%x0: tensor<2x32xf32>, %x1: tensor<2x32xf32>, %x2: tensor<2x32xf32>, %g0: tensor<2x48xf32>, %g1: tensor<2x48xf32>, %g2: tensor<2x48xf32>, %o: tensor<32x48xf32>) -> tensor<32x48xf32> {
  %p0 = tg.matmul %x0 transposed, %g0 : (tensor<2x32xf32>, tensor<2x48xf32>) -> tensor<32x48xf32>
  %p1 = tg.matmul %x1 transposed, %g1 : (tensor<2x32xf32>, tensor<2x48xf32>) -> tensor<32x48xf32>
  %p2 = tg.matmul %x2 transposed, %g2 : (tensor<2x32xf32>, tensor<2x48xf32>) -> tensor<32x48xf32>
  %a = tg.add %p0, %o : tensor<32x48xf32>
  %b = tg.add %a, %p1 : tensor<32x48xf32>
  %c = tg.add %b, %p2 : tensor<32x48xf32>
  return %c : tensor<32x48xf32>
}

// A product that something else reads, and one whose operands are larger than its result, stay: two are too few.
// CHECK-LABEL: func @others
// CHECK-COUNT-4: tg.matmul
// CHECK-NOT: tg.concat
func.func @others(%x0: tensor<2x32xf32>, %x1: tensor<2x32xf32>, %x2: tensor<64x32xf32>, %g0: tensor<2x48xf32>, %g1: tensor<2x48xf32>, %g2: tensor<64x48xf32>) -> (tensor<32x48xf32>, tensor<32x48xf32>) {
  %p0 = tg.matmul %x0 transposed, %g0 : (tensor<2x32xf32>, tensor<2x48xf32>) -> tensor<32x48xf32>
  %p1 = tg.matmul %x1 transposed, %g1 : (tensor<2x32xf32>, tensor<2x48xf32>) -> tensor<32x48xf32>
  %p2 = tg.matmul %x2 transposed, %g2 : (tensor<64x32xf32>, tensor<64x48xf32>) -> tensor<32x48xf32>
  %p3 = tg.matmul %x0 transposed, %g1 : (tensor<2x32xf32>, tensor<2x48xf32>) -> tensor<32x48xf32>
  %a = tg.add %p0, %p1 : tensor<32x48xf32>
  %b = tg.add %a, %p2 : tensor<32x48xf32>
  %c = tg.add %b, %p3 : tensor<32x48xf32>
  return %c, %p3 : tensor<32x48xf32>, tensor<32x48xf32>
}
