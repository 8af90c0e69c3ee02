// Gathers, scatters and where on dynamic sizes, against numpy; then an index out of range.
// REQUIRES: numpy
// RUN: %python %inputs/indexing.py feeds %t.npz
// RUN: tgc-run %s --feeds %t.npz --out %t.out.npz
// RUN: %python %inputs/indexing.py compare %t.npz %t.out.npz
// RUN: %python %inputs/indexing.py out-of-range %t.bad.npz
// RUN: not tgc-run %s --feeds %t.bad.npz --out %t.out.npz 2>&1 | FileCheck %s
// CHECK: INVALID_ARGUMENT
// CHECK-SAME: indices[0,1] = -1 is not in [0, 5)

func.func @main(%p: tensor<?x3xf32> {tg.feed = "p:0"}, %i: tensor<?x2xi32> {tg.feed = "i:0"}, %at: tensor<?x2xi64> {tg.feed = "at:0"},
                %u: tensor<?xf32> {tg.feed = "u:0"})
    -> (tensor<?x2x3xf32> {tg.fetch = "rows:0"}, tensor<?xf32> {tg.fetch = "elements:0"}, tensor<?x3xf32> {tg.fetch = "sum:0"},
        tensor<?x3xf32> {tg.fetch = "last:0"}, tensor<?x2xi64> {tg.fetch = "where:0"})
    attributes {tg.entry = "main"} {
  %rows = tg.gather %p, %i axis 0 : (tensor<?x3xf32>, tensor<?x2xi32>) -> tensor<?x2x3xf32>
  %elements = tg.gather_nd %p, %at {bounds = 1 : i32} : (tensor<?x3xf32>, tensor<?x2xi64>) -> tensor<?xf32>
  %sum = tg.scatter add %p, %at, %u {bounds = 1 : i32} : tensor<?x3xf32>, tensor<?x2xi64>, tensor<?xf32>
  %last = tg.scatter update %p, %at, %u {bounds = 1 : i32} : tensor<?x3xf32>, tensor<?x2xi64>, tensor<?xf32>
  %count = tg.count_nonzero %p : tensor<?x3xf32>
  %where = tg.where %p, %count : tensor<?x3xf32> -> tensor<?x2xi64>
  return %rows, %elements, %sum, %last, %where : tensor<?x2x3xf32>, tensor<?xf32>, tensor<?x3xf32>, tensor<?x3xf32>, tensor<?x2xi64>
}
