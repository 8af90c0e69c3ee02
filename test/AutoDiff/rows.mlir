// RUN: tgc-opt %s --tgc-expand-gradients --canonicalize --cse --split-input-file | FileCheck %s

// What two gathers read, the last first: no tensor of the table's size is made.
// CHECK-LABEL: func @gathers
// CHECK-SAME: %[[I:[a-z0-9]+]]: tensor<3xi64>, %[[J:[a-z0-9]+]]: tensor<2xi64>, %[[A:[a-z0-9]+]]: tensor<3x4xf32>, %[[B:[a-z0-9]+]]: tensor<2x4xf32>
// CHECK-DAG: %[[DB:.*]] = tensor.cast %[[B]] : tensor<2x4xf32> to tensor<?x4xf32>
// CHECK-DAG: %[[RJ:.*]] = tensor.cast %[[J]]
// CHECK-DAG: %[[DA:.*]] = tensor.cast %[[A]]
// CHECK-DAG: %[[RI:.*]] = tensor.cast %[[I]]
// CHECK: %[[VALUES:.*]] = tg.concat %[[DB]], %[[DA]] dimension 0
// CHECK: %[[INDICES:.*]] = tg.concat %[[RJ]], %[[RI]] dimension 0
// CHECK: return %[[VALUES]], %[[INDICES]]
func.func @gathers(%table: tensor<9x4xf32>, %i: tensor<3xi64>, %j: tensor<2xi64>, %da: tensor<3x4xf32>, %db: tensor<2x4xf32>)
    -> (tensor<?x4xf32>, tensor<?xi64>) {
  %a = tg.gather %table, %i axis 0 : (tensor<9x4xf32>, tensor<3xi64>) -> tensor<3x4xf32>
  %b = tg.gather %table, %j axis 0 : (tensor<9x4xf32>, tensor<2xi64>) -> tensor<2x4xf32>
  %d:2 = tg.gradient (%a, %b : tensor<3x4xf32>, tensor<2x4xf32>) seeds (%da, %db : tensor<3x4xf32>, tensor<2x4xf32>)
         wrt (%table : tensor<9x4xf32>) by_rows 1
  return %d#0, %d#1 : tensor<?x4xf32>, tensor<?xi64>
}

// -----

// The branch that does not read the table has zeros for all its rows.
// CHECK-LABEL: func @if
// CHECK: tg.if %{{.*}} -> (tensor<?x4xf32>, tensor<?xi64>)
// CHECK: } else {
// CHECK: tg.yield
// CHECK: return
func.func @if(%p: i1, %table: tensor<9x4xf32>, %i: tensor<3xi64>, %x: tensor<3x4xf32>) -> (tensor<?x4xf32>, tensor<?xi64>) {
  %r = tg.if %p -> (tensor<3x4xf32>) {
    %a = tg.gather %table, %i axis 0 : (tensor<9x4xf32>, tensor<3xi64>) -> tensor<3x4xf32>
    tg.yield %a : tensor<3x4xf32>
  } else {
    tg.yield %x : tensor<3x4xf32>
  }
  %d:2 = tg.gradient (%r : tensor<3x4xf32>) wrt (%table : tensor<9x4xf32>) by_rows 1
  return %d#0, %d#1 : tensor<?x4xf32>, tensor<?xi64>
}

// -----

// A loop's list gets longer with each iteration on the way back; it begins empty.
// CHECK-LABEL: func @while
// CHECK: tg.while ({{.*}}) : (index, tensor<?x4xf32>, tensor<?xi64>) cond
// CHECK: tg.concat
// CHECK: tg.concat
// CHECK: return
func.func @while(%n: index, %table: tensor<9x4xf32>, %i: tensor<3xi64>, %x: tensor<3x4xf32>) -> (tensor<?x4xf32>, tensor<?xi64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r:2 = tg.while (%s = %x, %k = %c0) : (tensor<3x4xf32>, index) cond {
    %more = arith.cmpi slt, %k, %n : index
    tg.yield %more : i1
  } do {
    %a = tg.gather %table, %i axis 0 : (tensor<9x4xf32>, tensor<3xi64>) -> tensor<3x4xf32>
    %t = tg.add %s, %a : tensor<3x4xf32>
    %j = arith.addi %k, %c1 : index
    tg.yield %t, %j : tensor<3x4xf32>, index
  }
  %d:2 = tg.gradient (%r#0 : tensor<3x4xf32>) wrt (%table : tensor<9x4xf32>) by_rows 1
  return %d#0, %d#1 : tensor<?x4xf32>, tensor<?xi64>
}

// -----

// What reaches the table otherwise is a gradient of all rows.
// CHECK-LABEL: func @whole
// CHECK: tg.iota
// CHECK: return
func.func @whole(%table: tensor<9x4xf32>) -> (tensor<?x4xf32>, tensor<?xi64>) {
  %y = tg.exp %table : tensor<9x4xf32>
  %d:2 = tg.gradient (%y : tensor<9x4xf32>) wrt (%table : tensor<9x4xf32>) by_rows 1
  return %d#0, %d#1 : tensor<?x4xf32>, tensor<?xi64>
}
