"""Prints a program of 40 updates of one tensor, beside which an empty tensor and a view of a value are used by two
of the functions that the updates are cut into."""
print("""func.func @entry(%u0: tensor<40x4xf32>, %row: tensor<1x4xf32>, %p: tensor<4xf32>)
    -> (tensor<40x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<2x2xf32>) {""")
for i in range(40):
    print(f"  %u{i + 1} = tensor.insert_slice %row into %u{i}[{i}, 0] [1, 4] [1, 1] : tensor<1x4xf32> into tensor<40x4xf32>")
    if i == 2:
        print("""  %flat = tensor.empty() : tensor<4xf32>
  %square = tensor.expand_shape %flat [[0, 1]] output_shape [2, 2] : tensor<4xf32> into tensor<2x2xf32>
  %first = linalg.exp ins(%p : tensor<4xf32>) outs(%flat : tensor<4xf32>) -> tensor<4xf32>
  %view = tensor.expand_shape %first [[0, 1]] output_shape [2, 2] : tensor<4xf32> into tensor<2x2xf32>""")
    if i == 20:
        print("""  %second = linalg.abs ins(%p : tensor<4xf32>) outs(%flat : tensor<4xf32>) -> tensor<4xf32>
  %twice = linalg.add ins(%view, %view : tensor<2x2xf32>, tensor<2x2xf32>) outs(%view : tensor<2x2xf32>) -> tensor<2x2xf32>
  %third = linalg.negf ins(%view : tensor<2x2xf32>) outs(%square : tensor<2x2xf32>) -> tensor<2x2xf32>
  %line = tensor.collapse_shape %third [[0, 1]] : tensor<2x2xf32> into tensor<4xf32>""")
print("  return %u40, %first, %second, %line, %twice : tensor<40x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<2x2xf32>\n}")
