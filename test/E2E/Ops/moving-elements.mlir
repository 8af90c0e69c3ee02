// Ops that move elements, on dynamic sizes, against numpy.
// REQUIRES: numpy
// RUN: %python %inputs/moving-elements.py feeds %t.npz
// RUN: tgc-run %s --feeds %t.npz --out %t.out.npz
// RUN: %python %inputs/moving-elements.py compare %t.npz %t.out.npz | FileCheck %s
// CHECK: 12 fetches are right

func.func @main(%x: tensor<?x6xf32> {tg.feed = "x:0"}, %row: tensor<?x6xf32> {tg.feed = "row:0"}, %u: tensor<3xui8> {tg.feed = "u:0"})
    -> (tensor<?x2x3xf32> {tg.fetch = "reshape:0"}, tensor<?x6xf32> {tg.fetch = "broadcast:0"}, tensor<6x?xf32> {tg.fetch = "transpose:0"},
        tensor<?x6xf32> {tg.fetch = "reverse:0"}, tensor<?x6xf32> {tg.fetch = "concat:0"}, tensor<?x2xf32> {tg.fetch = "slice:0"},
        tensor<?x3xf32> {tg.fetch = "back:0"}, tensor<?x10xf32> {tg.fetch = "pad:0"}, tensor<?x6x4xui8> {tg.fetch = "bytes:0"},
        tensor<2x?xui8> {tg.fetch = "iota:0"}, tensor<6xui8> {tg.fetch = "unsigned:0"},
        tensor<?x6xf32> {tg.fetch = "insert:0"})
    attributes {tg.entry = "main"} {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x6xf32>
  %reshape = tg.reshape %x[%n] : tensor<?x6xf32> -> tensor<?x2x3xf32>
  %broadcast = tg.broadcast_to %row[%n] : tensor<?x6xf32> -> tensor<?x6xf32>
  %transpose = tg.transpose %x [1, 0] : tensor<?x6xf32> -> tensor<6x?xf32>
  %reverse = tg.reverse %x dimensions [0, 1] : tensor<?x6xf32>
  %concat = tg.concat %x, %row, %x dimension 0 : (tensor<?x6xf32>, tensor<?x6xf32>, tensor<?x6xf32>) -> tensor<?x6xf32>
  %slice = tg.slice %x [0, 1] [%n, 2] [1, 3] : tensor<?x6xf32> -> tensor<?x2xf32>
  %back = tg.slice %x [0, 5] [%n, 3] [1, -2] : tensor<?x6xf32> -> tensor<?x3xf32>
  %seven = tg.constant dense<7.0> : tensor<f32>
  %pad = tg.pad %x, %seven low [1, -1] high [2, 0] interior [0, 1] : tensor<?x6xf32>, tensor<f32> -> tensor<?x10xf32>
  %bytes = tg.bitcast %x : tensor<?x6xf32> to tensor<?x6x4xui8>
  %iota = tg.iota[%n] dimension 1 : tensor<2x?xui8>
  %more = tg.constant dense<[250, 251, 255]> : tensor<3xui8>
  %unsigned = tg.concat %u, %more dimension 0 : (tensor<3xui8>, tensor<3xui8>) -> tensor<6xui8>
  %c2 = arith.constant 2 : index
  %part = tg.constant dense<[-1.0, -2.0, -3.0]> : tensor<3xf32>
  %insert = tg.insert_slice %part into %x [%c2, 1] : tensor<3xf32> into tensor<?x6xf32>
  return %reshape, %broadcast, %transpose, %reverse, %concat, %slice, %back, %pad, %bytes, %iota, %unsigned, %insert
      : tensor<?x2x3xf32>, tensor<?x6xf32>, tensor<6x?xf32>, tensor<?x6xf32>, tensor<?x6xf32>, tensor<?x2xf32>, tensor<?x3xf32>,
        tensor<?x10xf32>, tensor<?x6x4xui8>, tensor<2x?xui8>, tensor<6xui8>, tensor<?x6xf32>
}
