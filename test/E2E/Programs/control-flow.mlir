// Conditions inside loops inside conditions: Collatz's sequence of 27 has 111 steps and reaches 9232; a vector that grows in each
// iteration; a check in a branch that fires only where the branch is taken; unsigned numbers.
// REQUIRES: numpy
// RUN: %python -c "import numpy as np; np.savez(r'%t.npz', **{'n:0': np.int64(27), 'e:0': np.array([2, 30], np.uint8), 'k:0': np.int32(3)})"
// RUN: %python -c "import numpy as np; np.savez(r'%t.bad.npz', **{'n:0': np.int64(0), 'e:0': np.array([2, 30], np.uint8), 'k:0': np.int32(0)})"
// RUN: tgc-run %s --feeds %t.npz | FileCheck %s
// RUN: not tgc-run %s --feeds %t.bad.npz 2>&1 | FileCheck %s --check-prefix=BAD

// CHECK: steps:0 int64 []: 111
// CHECK: peak:0 int64 []: 9232
// CHECK: grown:0 uint8 [5]: 1 2 4 16 240
// BAD: n must be positive
module {
  func.func @main(%n: tensor<i64> {tg.feed = "n:0"}, %e: tensor<?xui8> {tg.feed = "e:0"}, %k: tensor<i32> {tg.feed = "k:0"})
     -> (tensor<i64> {tg.fetch = "steps:0"}, tensor<i64> {tg.fetch = "peak:0"}, tensor<?xui8> {tg.fetch = "grown:0"})
     attributes {tg.entry = "main"} {
    %zero = tg.constant dense<0> : tensor<i64>
    %one = tg.constant dense<1> : tensor<i64>
    %three = tg.constant dense<3> : tensor<i64>
    %two = tg.constant dense<2> : tensor<i64>
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %i1 = arith.constant 1 : i64
    %n0 = tensor.extract %n[] : tensor<i64>
    %isPositive = arith.cmpi sge, %n0, %i1 : i64
    %r:2 = tg.if %isPositive -> (tensor<i64>, tensor<i64>) {
      %l:3 = tg.while (%x = %n, %steps = %zero, %peak = %n) : (tensor<i64>, tensor<i64>, tensor<i64>) cond {
        %v = tensor.extract %x[] : tensor<i64>
        %more = arith.cmpi ne, %v, %i1 : i64
        tg.yield %more : i1
      } do {
        %v = tensor.extract %x[] : tensor<i64>
        %bit = arith.andi %v, %i1 : i64
        %isOdd = arith.cmpi eq, %bit, %i1 : i64
        %next = tg.if %isOdd -> (tensor<i64>) {
          %t = tg.mul %x, %three : tensor<i64>
          %u = tg.add %t, %one : tensor<i64>
          tg.yield %u : tensor<i64>
        } else {
          %h = tg.div %x, %two : tensor<i64>
          tg.yield %h : tensor<i64>
        }
        %steps1 = tg.add %steps, %one : tensor<i64>
        %peak1 = tg.maximum %peak, %next : tensor<i64>
        tg.yield %next, %steps1, %peak1 : tensor<i64>, tensor<i64>, tensor<i64>
      }
      tg.yield %l#1, %l#2 : tensor<i64>, tensor<i64>
    } else {
      %no = arith.constant false
      tg.check %no, 3, "n must be positive"
      tg.yield %zero, %zero : tensor<i64>, tensor<i64>
    }
    %ki = tensor.extract %k[] : tensor<i32>
    %kk = arith.index_cast %ki : i32 to index
    %g:2 = tg.while (%x = %e, %i = %c0) : (tensor<?xui8>, index) cond {
      %more = arith.cmpi slt, %i, %kk : index
      tg.yield %more : i1
    } do {
      %y = tg.add %x, %x : tensor<?xui8>
      %j = arith.addi %i, %c1 : index
      %head = tg.constant dense<1> : tensor<1xui8>
      %grown = tg.concat %head, %y dimension 0 : (tensor<1xui8>, tensor<?xui8>) -> tensor<?xui8>
      tg.yield %grown, %j : tensor<?xui8>, index
    }
    return %r#0, %r#1, %g#0 : tensor<i64>, tensor<i64>, tensor<?xui8>
  }
}
