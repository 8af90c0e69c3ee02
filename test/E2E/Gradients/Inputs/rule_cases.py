"""The cases of check_rules.py: an op, its inputs, and where they lie. `%r` is the result."""
import numpy as np


class Case:
    def __init__(self, name, body, result, low=-1.5, high=1.5, spread=False, **shapes):
        """`shapes`: (sizes) or (sizes, low, high) by input; `spread`: distinct numbers far from each other. A result or an
        input whose type has `?` is given as "2x?:2x3": the type and the sizes."""
        self.name, self.body, self.spread = name, body, spread
        self.result, self.result_shape = self.parse(result)
        self.inputs, self.ranges = {}, {}
        for key, shape in shapes.items():
            text, *span = shape if isinstance(shape, tuple) else (shape,)
            self.inputs[key] = self.parse(text)
            self.ranges[key] = tuple(span) or (low, high)

    @staticmethod
    def parse(text):
        kind, _, sizes = text.partition(":")
        shape = [int(n) for n in (sizes or kind).split("x") if n]
        return "tensor<" + (kind + "x" if kind else "") + "f64>", shape

    def type_of(self, name):
        return self.inputs[name][0]

    def value(self, name, rng):
        shape = self.inputs[name][1]
        low, high = self.ranges[name]
        if not self.spread:
            return rng.uniform(low, high, shape)
        count = int(np.prod(shape))
        return (low + (high - low) * (rng.permutation(count) + 0.5) / count).reshape(shape)


def unary(op, low=-1.5, high=1.5):
    return Case(op, f"%r = tg.{op} %x : tensor<7xf64>", "7", x=("7", low, high))


def binary(op, low=-1.5, high=1.5):
    return Case(op, f"%r = tg.{op} %x, %y : tensor<6xf64>", "6", x=("6", low, high), y=("6", low, high))


def special(function, low=-1.5, high=1.5):
    return Case(function, f'%r = tg.special "{function}"(%x) : (tensor<5xf64>) -> tensor<5xf64>', "5", x=("5", low, high))


def special_of(function, *constants):
    """With constants before the operand."""
    lines = [f"%c{i} = tg.constant dense<{value}> : tensor<3xf64>".replace("<2>", "<2.0>") for i, value in enumerate(constants)]
    operands = ", ".join([f"%c{i}" for i in range(len(constants))] + ["%x"])
    types = ", ".join(["tensor<3xf64>"] * (len(constants) + 1))
    return "\n".join(lines + [f'%r = tg.special "{function}"({operands}) : ({types}) -> tensor<3xf64>'])


def square(kernel, operand, config="", second=None, result=None):
    """A kernel on matrices made of %x: %t is far from singular, %s is positive definite too."""
    m = "tensor<2x3x3xf64>"
    operands, types = (f"{operand}, {second}", f"{m}, {result}") if second else (operand, m)
    return f"""%i = tg.iota dimension 1 : tensor<2x3x3xi32>
%j = tg.iota dimension 2 : tensor<2x3x3xi32>
%p = tg.compare eq %i, %j : tensor<2x3x3xi32>
%four = tg.constant dense<4.0> : {m}
%zero = tg.constant dense<0.0> : {m}
%diagonal = tg.select %p, %four, %zero : {m}
%t = tg.add %x, %diagonal : {m}
%u = tg.transpose %t [0, 2, 1] : {m} -> {m}
%s = tg.matmul %t, %u : ({m}, {m}) -> {m}
%r = tg.host_call "{kernel}"({operands}) {f'config "{config}"' if config else ''} pure : ({types}) -> {f'({result})' if result and ',' in result else result or m}"""


T, D = "tensor<2x3xf64>", "tensor<?x?xf64>"
SIZES = """%c0 = arith.constant 0 : index
%c1 = arith.constant 1 : index
%n0 = tensor.dim %x, %c0 : tensor<?x?xf64>
%n1 = tensor.dim %x, %c1 : tensor<?x?xf64>
"""

SPARSE = """%i = tg.constant dense<[[0, 0], [0, 2], [1, 1], [2, 0]]> : tensor<4x2xi64>
%n = tg.constant dense<[3, 3]> : tensor<2xi64>
"""


def f64(sizes):
    return f"tensor<{sizes}xf64>"


def factors(name, kernel, config, part, x, *results):
    """One of the results of a decomposition of %x."""
    names = ", ".join("%r" if i == part else f"%f{i}" for i in range(len(results)))
    types = ", ".join(f64(sizes) for sizes in results)
    config = f'config "{config}" ' if config else ""
    return Case(name, f'{names} = tg.host_call "{kernel}"(%x) {config}pure : ({f64(x)}) -> ({types})', results[part], x=x)


def loop(kind, body, count=3):
    """`body` makes %n of %a; the loop starts at %x."""
    return f"""%c0 = arith.constant 0 : index
%c1 = arith.constant 1 : index
%c2 = arith.constant 2 : index
%end = arith.constant {count} : index
%l:2 = tg.while (%a = %x, %i = %c0) : ({kind}, index) cond {{
  %more = arith.cmpi slt, %i, %end : index
  tg.yield %more : i1
}} do {{
{body}
  %j = arith.addi %i, %c1 : index
  tg.yield %n, %j : {kind}, index
}}
%r = tg.mul %l#0, %x : {kind}"""


CASES = [
    # Elementwise.
    *[unary(op) for op in ("neg", "exp", "expm1", "sin", "cos", "tan", "sinh", "cosh", "tanh", "asinh", "sigmoid", "erf", "erfc", "atan")],
    *[unary(op, .2, 2) for op in ("log", "log1p", "sqrt", "rsqrt", "abs", "relu", "sign")],
    Case("negative_abs", "%a = tg.abs %x : tensor<4xf64>\n%b = tg.relu %x : tensor<4xf64>\n%r = tg.add %a, %b : tensor<4xf64>", "4", x=("4", -2, -.2)),
    *[unary(op, -.8, .8) for op in ("asin", "acos", "atanh")],
    unary("acosh", 1.2, 3), unary("round_even", .1, .4),
    *[binary(op) for op in ("add", "sub", "mul", "maximum", "minimum", "atan2")],
    *[binary(op, .3, 2) for op in ("div", "pow")],
    *[Case(op, f"%r = tg.{op} %x, %y : tensor<6xf64>", "6", x=("6", 5.1, 5.9), y=("6", 1.6, 1.65)) for op in ("floor_mod", "trunc_mod")],
    Case("next_after", "%r = tg.next_after %x, %y : tensor<3xf64>", "3", x=("3", 1, 2), y=("3", 3, 4)),
    Case("select", f"%p = tg.compare lt %x, %y : {T}\n%r = tg.select %p, %x, %y : {T}", "2x3", spread=True, x="2x3", y=("2x3", -1.4, 1.7)),
    Case("cast", f"%h = tg.cast %x : {T} to tensor<2x3xf64>\n%r = tg.add %h, %h : {T}", "2x3", x="2x3"),
    # Complex numbers, by way of their parts.
    Case("complex", f"""%z = tg.complex %x, %y : {T}
%c = tensor.cast %z : tensor<2x3xcomplex<f64>> to tensor<2x3xcomplex<f64>>
%w = tg.mul %z, %z : tensor<2x3xcomplex<f64>>
%e = tg.exp %w : tensor<2x3xcomplex<f64>>
%k = tg.conj %e : tensor<2x3xcomplex<f64>>
%d = tg.div %k, %z : tensor<2x3xcomplex<f64>>
%re = tg.real %d : tensor<2x3xcomplex<f64>>
%im = tg.imag %d : tensor<2x3xcomplex<f64>>
%ab = tg.complex_abs %w : tensor<2x3xcomplex<f64>>
%s = tg.add %re, %im : {T}
%r = tg.add %s, %ab : {T}""", "2x3", x=("2x3", .5, 1), y=("2x3", .5, 1)),
    # Shapes.
    Case("reshape", f"%r = tg.reshape %x : {T} -> tensor<6xf64>", "6", x="2x3"),
    Case("reshape_dynamic", SIZES + f"""%n = arith.muli %n0, %n1 : index
%s = tg.exp %x : {D}
%r = tg.reshape %s [%n] : {D} -> tensor<?xf64>""", "?:6", x="?x?:2x3"),
    Case("broadcast_to", "%r = tg.broadcast_to %x : tensor<1x3xf64> -> tensor<4x2x3xf64>", "4x2x3", x="1x3"),
    Case("broadcast_one", SIZES + f"%s = tg.broadcast_to %y [%n0, %n1] : {D} -> {D}\n%r = tg.mul %s, %x : {D}", "?x?:3x4", x="?x?:3x4", y="?x?:1x4"),
    Case("broadcast_equal", SIZES + f"%s = tg.broadcast_to %y [%n0, %n1] : {D} -> {D}\n%r = tg.mul %s, %x : {D}", "?x?:3x4", x="?x?:3x4",
         y="?x?:3x4"),
    Case("transpose", "%r = tg.transpose %x [2, 0, 1] : tensor<2x3x4xf64> -> tensor<4x2x3xf64>", "4x2x3", x="2x3x4"),
    Case("reverse", f"%r = tg.reverse %x dimensions [1] : {T}", "2x3", x="2x3"),
    Case("concat", f"%r = tg.concat %x, %y dimension 1 : ({T}, tensor<2x1xf64>) -> tensor<2x4xf64>", "2x4", x="2x3", y="2x1"),
    Case("slice", "%r = tg.slice %x [1, 0] [2, 2] [2, 2] : tensor<5x4xf64> -> tensor<2x2xf64>", "2x2", x="5x4"),
    Case("slice_backwards", "%r = tg.slice %x [4] [2] [-3] : tensor<6xf64> -> tensor<2xf64>", "2", x="6"),
    Case("insert_slice", "%r = tg.insert_slice %x into %y [1, 1] : tensor<2xf64> into tensor<3x4xf64>", "3x4", x="2", y="3x4"),
    Case("pad", f"%r = tg.pad %x, %y low [1, 0] high [2, 1] interior [1, 0] : {T}, tensor<f64> -> tensor<6x4xf64>", "6x4", x="2x3", y=""),
    Case("pad_cut", f"%r = tg.pad %x, %y low [1, -1] high [0, 2] interior [0, 1] : {T}, tensor<f64> -> tensor<3x6xf64>", "3x6", x="2x3", y=""),
    # Reductions, scans, windows.
    *[Case(f"reduce_{kind}", f"%r = tg.reduce {kind} %x dimensions [0, 2] : tensor<2x3x2xf64> -> tensor<3xf64>", "3", spread=True, x="2x3x2")
      for kind in ("sum", "prod", "max", "min")],
    *[Case(f"scan_{kind}{'_'.join([''] + how.split())}", f"%r = tg.scan {kind} %x dimension 1 {how} : tensor<2x4xf64>", "2x4", x=("2x4", .5, 1.5))
      for kind in ("sum", "prod") for how in ("", "exclusive", "reverse", "exclusive reverse")],
    *[Case(f"window_{kind}", f"%r = tg.reduce_window {kind} %x window [1, 3, 2] strides [1, 2, 1] dilations [1, 1, 2] : tensor<2x6x5xf64> -> "
           "tensor<2x2x3xf64>", "2x2x3", spread=True, x="2x6x5") for kind in ("sum", "max", "min")],
    Case("window_large", "%r = tg.reduce_window max %x window [9, 8] strides [2, 1] dilations [1, 1] : tensor<11x9xf64> -> tensor<2x2xf64>", "2x2",
         spread=True, x="11x9"),
    Case("top_k", "%k = arith.constant 2 : index\n%r, %i = tg.top_k %x, %k : tensor<3x5xf64> -> tensor<3x2xf64>, tensor<3x2xi32>", "3x2",
         spread=True, x="3x5"),
    # Products.
    *[Case(f"matmul_{a}{b}", f"%r = tg.matmul %x {'transposed' if a == 't' else ''}, %y {'transposed' if b == 't' else ''} : "
           f"(tensor<2x{'4x3' if a == 't' else '3x4'}xf64>, tensor<2x{'5x4' if b == 't' else '4x5'}xf64>) -> tensor<2x3x5xf64>", "2x3x5",
           x="2x4x3" if a == "t" else "2x3x4", y="2x5x4" if b == "t" else "2x4x5") for a in "nt" for b in "nt"],
    Case("conv", "%r = tg.conv %x, %y strides [2] dilations [1] : (tensor<2x8x3xf64>, tensor<3x3x2xf64>) -> tensor<2x3x2xf64>", "2x3x2", x="2x8x3",
         y="3x3x2"),
    Case("conv_dilated", "%r = tg.conv %x, %y strides [1, 2] dilations [2, 1] : (tensor<1x6x5x2xf64>, tensor<2x2x2x3xf64>) -> tensor<1x4x2x3xf64>",
         "1x4x2x3", x="1x6x5x2", y="2x2x2x3"),
    Case("conv_grouped", "%r = tg.conv %x, %y strides [2] dilations [1] groups 2 : (tensor<1x6x4xf64>, tensor<2x2x6xf64>) -> tensor<1x3x6xf64>",
         "1x3x6", x="1x6x4", y="2x2x6"),
    # Indices.
    Case("gather", """%i = tg.constant dense<[2, 0, 2]> : tensor<3xi32>
%r = tg.gather %x, %i axis 0 : (tensor<4x2xf64>, tensor<3xi32>) -> tensor<3x2xf64>""", "3x2", x="4x2"),
    Case("gather_axis", """%i = tg.constant dense<[[2, 0], [1, 1]]> : tensor<2x2xi64>
%r = tg.gather %x, %i axis 1 : (tensor<2x3x2xf64>, tensor<2x2xi64>) -> tensor<2x2x2x2xf64>""", "2x2x2x2", x="2x3x2"),
    Case("gather_batch", """%i = tg.constant dense<[[2, 0], [1, 1]]> : tensor<2x2xi64>
%r = tg.gather %x, %i axis 2 batch_dims 1 : (tensor<2x2x3xf64>, tensor<2x2xi64>) -> tensor<2x2x2xf64>""", "2x2x2", x="2x2x3"),
    Case("gather_nd", """%i = tg.constant dense<[[1, 0], [1, 0], [0, 2]]> : tensor<3x2xi32>
%r = tg.gather_nd %x, %i : (tensor<2x3x2xf64>, tensor<3x2xi32>) -> tensor<3x2xf64>""", "3x2", x="2x3x2"),
    Case("gather_nd_batch", """%i = tg.constant dense<[[[2], [2]], [[0], [1]]]> : tensor<2x2x1xi32>
%r = tg.gather_nd %x, %i batch_dims 1 : (tensor<2x3xf64>, tensor<2x2x1xi32>) -> tensor<2x2xf64>""", "2x2", x="2x3"),
    *[Case(f"scatter_{kind}", f"""%i = tg.constant dense<[[1], [{rows}], [1]]> : tensor<3x1xi32>
%r = tg.scatter {kind} %x, %i, %y : tensor<4x2xf64>, tensor<3x1xi32>, tensor<3x2xf64>""", "4x2", spread=True, low=.5, high=1.5, x="4x2", y="3x2")
      for kind, rows in (("add", 3), ("sub", 3), ("max", 3), ("min", 3), ("mul", 3))],
    Case("scatter_update", """%i = tg.constant dense<[[1], [3]]> : tensor<2x1xi32>
%r = tg.scatter update %x, %i, %y : tensor<4x2xf64>, tensor<2x1xi32>, tensor<2x2xf64>""", "4x2", x="4x2", y="2x2"),
    # Special functions; of several numbers with respect to those that have a derivative.
    *[special(f) for f in ("bessel_i0", "bessel_i0e", "bessel_i1", "bessel_i1e", "bessel_j0", "bessel_j1", "dawsn", "fresnel_cos", "fresnel_sin")],
    *[special(f, .3, 2) for f in ("lgamma", "digamma", "bessel_k0", "bessel_k0e", "bessel_k1", "bessel_k1e", "bessel_y0", "bessel_y1", "expint",
                                  "spence")],
    special("erfinv", -.8, .8), special("ndtri", .1, .9),
    Case("polygamma", special_of("polygamma", 2), "3", x=("3", .5, 2)),
    Case("zeta", special_of("zeta", 2), "3", x=("3", .5, 2)),
    Case("igamma", special_of("igamma", 1.5), "3", x=("3", .5, 2)),
    Case("igammac", special_of("igammac", 1.5), "3", x=("3", .5, 2)),
    Case("igamma_a", "%r = tg.special \"igamma\"(%x, %y) : (tensor<3xf64>, tensor<3xf64>) -> tensor<3xf64>", "3", x=("3", .5, 2), y=("3", .5, 2)),
    Case("betainc", special_of("betainc", 1.5, 2.5), "3", x=("3", .2, .8)),
    # Linear algebra.
    Case("cholesky", square("tgc_kernel_cholesky", "%s"), "2x3x3", x="2x3x3"),
    Case("inverse", square("tgc_kernel_matrix_inverse", "%s"), "2x3x3", x="2x3x3"),
    Case("inverse_adjoint", square("tgc_kernel_matrix_inverse", "%t", "adjoint"), "2x3x3", x="2x3x3"),
    Case("determinant", square("tgc_kernel_matrix_determinant", "%t", result="tensor<2xf64>"), "2", x="2x3x3"),
    Case("log_determinant", square("tgc_kernel_log_matrix_determinant", "%t", result="tensor<2xf64>, tensor<2xf64>").replace("%r =", "%sign, %r ="),
         "2", x="2x3x3"),
    *[Case(f"solve{kernel}{config.replace(' ', '_')}", square(f"tgc_kernel_matrix{kernel}_solve", "%t", config, second="%y", result="tensor<2x3x2xf64>"),
           "2x3x2", x="2x3x3", y="2x3x2")
      for kernel, configs in (("", ("", "adjoint")), ("_triangular", ("lower", "upper", "lower adjoint", "upper adjoint"))) for config in configs],
    *[factors(f"qr_{form}_{part}", "tgc_kernel_qr", "", part, x, q, r) for form, x, q, r in
      (("tall", "2x4x3", "2x4x3", "2x3x3"), ("square", "2x3x3", "2x3x3", "2x3x3"), ("wide", "2x3x4", "2x3x3", "2x3x4")) for part in (0, 1)],
    *[factors(f"singular_values_{form}_{part}", "tgc_kernel_singular_values", "vectors", part, x, s, u, v) for form, x, s, u, v in
      (("tall", "4x3", "3", "4x3", "3x3"), ("square", "3x3", "3", "3x3", "3x3"), ("wide", "2x4", "2", "2x2", "4x2")) for part in (0, 1, 2)],
    factors("singular_values_only", "tgc_kernel_singular_values", "", 0, "2x4x3", "2x3", "0", "0"),
    *[factors(f"singular_values_full_{form}_{part}", "tgc_kernel_singular_values", "vectors full", part, x, "3", u, v) for form, x, u, v in
      (("tall", "4x3", "4x4", "3x3"), ("wide", "3x4", "3x3", "4x4")) for part in (1, 2)],
    *[Case(f"general_eigen_{name}", f"""%e, %z = tg.host_call "tgc_kernel_general_eigen"(%x) {config}pure : (tensor<2x3x3xf64>) ->
  (tensor<2x3xcomplex<f64>>, tensor<2x{vectors}xcomplex<f64>>)
%r = tg.complex_abs %{result} : tensor<2x{sizes}xcomplex<f64>>""", "2x" + sizes, x="2x3x3") for name, config, vectors, result, sizes in
      (("values", 'config "vectors" ', "3x3", "e", "3"), ("vectors", 'config "vectors" ', "3x3", "z", "3x3"), ("only", "", "0x0", "e", "3"))],
    Case("matrix_square_root", square("tgc_kernel_matrix_square_root", "%s"), "2x3x3", x="2x3x3"),
    Case("tridiagonal_solve", """%r = tg.host_call "tgc_kernel_tridiagonal_solve"(%x, %y) config "pivot" pure :
  (tensor<2x3x4xf64>, tensor<2x4x2xf64>) -> tensor<2x4x2xf64>""", "2x4x2", x=("2x3x4", .5, 1.5), y="2x4x2"),
    Case("tridiagonal_solve_dynamic", SIZES + """%r = tg.host_call "tgc_kernel_tridiagonal_solve"(%y, %x) [%n0, %n1] config "pivot" pure :
  (tensor<3x4xf64>, tensor<?x?xf64>) -> tensor<?x?xf64>""", "?x?:4x2", x="?x?:4x2", y=("3x4", .5, 1.5)),
    *[Case(f"banded_solve_{config.replace(' ', '_')}", f"""%r = tg.host_call "tgc_kernel_banded_solve"(%x, %y) config "{config}" pure :
  (tensor<2x3x4xf64>, tensor<2x4x2xf64>) -> tensor<2x4x2xf64>""", "2x4x2", x=("2x3x4", .5, 1.5), y="2x4x2")
      for config in ("lower", "upper", "lower adjoint", "upper adjoint")],
    *[factors(f"self_adjoint_eigen_{part}", "tgc_kernel_self_adjoint_eigen", "vectors", part, "2x3x3", "2x3", "2x3x3") for part in (0, 1)],
    factors("eigenvalues_only", "tgc_kernel_self_adjoint_eigen", "", 0, "2x3x3", "2x3", "2x0x0"),
    Case("lu", '%r, %p = tg.host_call "tgc_kernel_lu"(%x) pure : (tensor<2x3x3xf64>) -> (tensor<2x3x3xf64>, tensor<2x3xi32>)', "2x3x3", x="2x3x3"),
    factors("matrix_exponential", "tgc_kernel_matrix_exponential", "", 0, "2x3x3", "2x3x3"),
    *[Case(f"least_squares_{form}", f"""%l = tg.constant dense<0.1> : tensor<f64>
%r = tg.host_call "tgc_kernel_matrix_solve_ls"(%x, %y, %l) config "fast" pure : ({f64(x)}, {f64(y)}, tensor<f64>) -> {f64(r)}""", r, x=x, y=y)
      for form, x, y, r in (("tall", "2x4x3", "2x4x2", "2x3x2"), ("wide", "2x3x4", "2x3x2", "2x4x2"))],
    # Transforms and scans.
    *[Case(f"fourier_real_{rank}_{length}", f"""%n = tg.constant dense<{lengths}> : tensor<{rank}xi64>
%f = tg.host_call "tgc_kernel_fourier"(%x, %n) config "{rank} 0" pure : ({f64(x)}, tensor<{rank}xi64>) -> tensor<{f}xcomplex<f64>>
%a = tg.real %f : tensor<{f}xcomplex<f64>>
%b = tg.imag %f : tensor<{f}xcomplex<f64>>
%r = tg.concat %a, %b dimension 0 : ({f64(f)}, {f64(f)}) -> {f64(r)}""", r, x=x) for rank, length, lengths, x, f, r in
      ((1, "even", "[6]", "2x6", "2x4", "4x4"), (1, "odd", "[5]", "2x7", "2x3", "4x3"), (2, "padded", "[4, 5]", "2x3x4", "2x4x3", "4x4x3"))],
    *[Case(f"fourier_to_real_{rank}_{length}", f"""%n = tg.constant dense<{lengths}> : tensor<{rank}xi64>
%z = tg.complex %x, %y : {f64(x)}
%r = tg.host_call "tgc_kernel_fourier"(%z, %n) config "{rank} 1" pure : (tensor<{x}xcomplex<f64>>, tensor<{rank}xi64>) -> {f64(r)}""", r, x=x, y=x)
      for rank, length, lengths, x, r in ((1, "even", "[6]", "2x4", "2x6"), (1, "odd", "[5]", "2x4", "2x5"), (2, "even", "[3, 4]", "2x3x3", "2x3x4"))],
    *[Case(f"fourier_{name}", f"""%n = tg.constant dense<[3, 4]> : tensor<2xi64>
%z = tg.complex %x, %y : tensor<3x4xf64>
%f = tg.host_call "tgc_kernel_fourier"(%z, %n) config "2 {flag}" pure : (tensor<3x4xcomplex<f64>>, tensor<2xi64>) -> tensor<3x4xcomplex<f64>>
%a = tg.real %f : tensor<3x4xcomplex<f64>>
%b = tg.imag %f : tensor<3x4xcomplex<f64>>
%r = tg.mul %a, %b : tensor<3x4xf64>""", "3x4", x="3x4", y="3x4") for name, flag in (("forward", 0), ("inverse", 1))],
    *[Case(f"cumulative_logsumexp_{reverse}", f'%r = tg.host_call "tgc_kernel_cumulative_logsumexp"(%x) config "1 0 {reverse}" pure : '
           "(tensor<2x4xf64>) -> tensor<2x4xf64>", "2x4", x="2x4") for reverse in (0, 1)],
    # Sparse tensors.
    Case("sparse_sum", SPARSE + """%r = tg.host_call "tgc_kernel_sparse_reduce"(%i, %x, %n) config "sum 01" pure :
  (tensor<4x2xi64>, tensor<4xf64>, tensor<2xi64>) -> tensor<3xf64>""", "3", x="4"),
    Case("sparse_softmax", SPARSE + """%r = tg.host_call "tgc_kernel_sparse_softmax"(%i, %x, %n) pure :
  (tensor<4x2xi64>, tensor<4xf64>, tensor<2xi64>) -> tensor<4xf64>""", "4", x="4"),
    *[Case(f"sparse_dense_{op}_{sizes}", SPARSE + f"""%r = tg.host_call "tgc_kernel_sparse_dense"(%i, %x, %n, %y) config "{op}" pure :
  (tensor<4x2xi64>, tensor<4xf64>, tensor<2xi64>, {f64(sizes)}) -> tensor<4xf64>""", "4", x="4", y=(sizes, .5, 1.5))
      for op in ("add", "mul", "div") for sizes in ("3x3", "3x1", "3")],
    Case("sparse_dense_add", SPARSE + """%r = tg.host_call "tgc_kernel_sparse_dense_add"(%i, %x, %n, %y) pure :
  (tensor<4x2xi64>, tensor<4xf64>, tensor<2xi64>, tensor<3x3xf64>) -> tensor<3x3xf64>""", "3x3", x="4", y="3x3"),
    Case("sparse_reorder", """%i = tg.constant dense<[[2, 0], [0, 2], [1, 1], [0, 0]]> : tensor<4x2xi64>
%j, %r = tg.host_call "tgc_kernel_sparse_reorder"(%i, %x) pure : (tensor<4x2xi64>, tensor<4xf64>) -> (tensor<4x2xi64>, tensor<4xf64>)""",
         "4", x="4"),
    Case("sparse_concat", SPARSE + """%j, %r, %s = tg.host_call "tgc_kernel_sparse_concat"(%i, %i, %x, %y, %n, %n) config "1 2" pure finds_sizes :
  (tensor<4x2xi64>, tensor<4x2xi64>, tensor<4xf64>, tensor<4xf64>, tensor<2xi64>, tensor<2xi64>) ->
  (tensor<?x2xi64>, tensor<?xf64>, tensor<2xi64>)""", "?:8", x="4", y="4"),
    Case("sparse_add", SPARSE + """%j = tg.constant dense<[[0, 2], [1, 0], [2, 0]]> : tensor<3x2xi64>
%t = tg.constant dense<0.0> : tensor<f64>
%k, %r, %s = tg.host_call "tgc_kernel_sparse_add"(%i, %x, %n, %j, %y, %n, %t) pure finds_sizes :
  (tensor<4x2xi64>, tensor<4xf64>, tensor<2xi64>, tensor<3x2xi64>, tensor<3xf64>, tensor<2xi64>, tensor<f64>) ->
  (tensor<?x2xi64>, tensor<?xf64>, tensor<2xi64>)""", "?:5", x="4", y="3"),
    # Values as gradients see them.
    Case("watch", f"%w = tg.watch %x : {T}\n%r = tg.mul %w, %x : {T}", "2x3", x="2x3"),
    Case("with_partials", f"""%y = tg.sin %x : {T}
%d = tg.cos %x : {T}
%r = tg.with_partials %y wrt (%x : {T}) partials (%d : {T}) : {T}""", "2x3", x="2x3"),
    # Control flow.
    *[Case(f"if_{'taken' if low > 0 else 'not_taken'}", f"""%s = tg.reduce sum %x dimensions [0, 1] : {T} -> tensor<f64>
%zero = tg.constant dense<0.0> : tensor<f64>
%q = tg.compare gt %s, %zero : tensor<f64>
%p = tensor.extract %q[] : tensor<i1>
%e = tg.exp %y : {T}
%a:2 = tg.if %p -> ({T}, {T}) {{
  %m = tg.mul %x, %e : {T}
  tg.yield %m, %y : {T}, {T}
}} else {{
  %m = tg.sin %x : {T}
  tg.yield %m, %e : {T}, {T}
}}
%r = tg.mul %a#0, %a#1 : {T}""", "2x3", x=("2x3", low, low + .5), y="2x3") for low in (.2, -1)],
    Case("while_counted", loop("tensor<2x3xf64>", f"""  %m = tg.mul %a, %y : {T}
  %n = tg.sin %m : {T}"""), "2x3", x="2x3", y="2x3"),
    Case("while_never", loop("tensor<2x3xf64>", f"""  %m = tg.mul %a, %y : {T}
  %n = tg.sin %m : {T}""", count=0), "2x3", x="2x3", y="2x3"),
    Case("while_dynamic", loop(D, f"""  %m = tg.mul %a, %y : {D}
  %n = tg.sin %m : {D}"""), "?x?:2x3", x="?x?:2x3", y="?x?:2x3"),
    Case("while_condition_of_data", f"""%two = tg.constant dense<2.0> : tensor<3xf64>
%limit = tg.constant dense<40.0> : tensor<f64>
%l = tg.while (%a = %x) : (tensor<3xf64>) cond {{
  %s = tg.reduce sum %a dimensions [0] : tensor<3xf64> -> tensor<f64>
  %q = tg.compare lt %s, %limit : tensor<f64>
  %p = tensor.extract %q[] : tensor<i1>
  tg.yield %p : i1
}} do {{
  %b = tg.mul %a, %two : tensor<3xf64>
  %c = tg.mul %b, %y : tensor<3xf64>
  tg.yield %c : tensor<3xf64>
}}
%r = tg.mul %l, %y : tensor<3xf64>""", "3", x=("3", 1, 2), y=("3", 1, 1.2)),
    Case("while_many_of_data", """%limit = tg.constant dense<40.0> : tensor<f64>
%l = tg.while (%a = %x) : (tensor<3xf64>) cond {
  %s = tg.reduce sum %a dimensions [0] : tensor<3xf64> -> tensor<f64>
  %q = tg.compare lt %s, %limit : tensor<f64>
  %p = tensor.extract %q[] : tensor<i1>
  tg.yield %p : i1
} do {
  %b = tg.mul %a, %y : tensor<3xf64>
  tg.yield %b : tensor<3xf64>
}
%r = tg.mul %l, %y : tensor<3xf64>""", "3", x=("3", 1, 2), y=("3", 1.1, 1.12)),
    Case("while_grows", """%c0 = arith.constant 0 : index
%c1 = arith.constant 1 : index
%c5 = arith.constant 5 : index
%start = tensor.cast %x : tensor<2xf64> to tensor<?xf64>
%l:2 = tg.while (%a = %start, %i = %c0) : (tensor<?xf64>, index) cond {
  %more = arith.cmpi slt, %i, %c5 : index
  tg.yield %more : i1
} do {
  %e = tg.sin %a : tensor<?xf64>
  %m = tg.concat %e, %y dimension 0 : (tensor<?xf64>, tensor<2xf64>) -> tensor<?xf64>
  %n = tg.mul %m, %m : tensor<?xf64>
  %j = arith.addi %i, %c1 : index
  tg.yield %n, %j : tensor<?xf64>, index
}
%r = tg.reduce sum %l#0 dimensions [0] : tensor<?xf64> -> tensor<f64>""", "", x=("2", .5, 1), y=("2", .5, 1)),
    Case("while_shrinks_by_data", """%c0 = arith.constant 0 : index
%c1 = arith.constant 1 : index
%limit = tg.constant dense<1.0> : tensor<f64>
%start = tensor.cast %x : tensor<2x9xf64> to tensor<2x?xf64>
%l = tg.while (%a = %start) : (tensor<2x?xf64>) cond {
  %s = tg.reduce sum %a dimensions [0, 1] : tensor<2x?xf64> -> tensor<f64>
  %q = tg.compare gt %s, %limit : tensor<f64>
  %p = tensor.extract %q[] : tensor<i1>
  tg.yield %p : i1
} do {
  %size = tensor.dim %a, %c1 : tensor<2x?xf64>
  %less = arith.subi %size, %c1 : index
  %t = tg.slice %a [0, 1] [2, %less] [1, 1] : tensor<2x?xf64> -> tensor<2x?xf64>
  %n = tg.tanh %t : tensor<2x?xf64>
  tg.yield %n : tensor<2x?xf64>
}
%r = tg.reduce sum %l dimensions [0, 1] : tensor<2x?xf64> -> tensor<f64>""", "", x=("2x9", .5, 1)),
    Case("while_nested", loop("tensor<2x3xf64>", f"""  %w:2 = tg.while (%b = %a, %k = %c0) : ({T}, index) cond {{
    %u = arith.cmpi slt, %k, %i : index
    tg.yield %u : i1
  }} do {{
    %c = tg.mul %b, %y : {T}
    %d = tg.tanh %c : {T}
    %kk = arith.addi %k, %c1 : index
    tg.yield %d, %kk : {T}, index
  }}
  %n = tg.add %w#0, %a : {T}"""), "2x3", x="2x3", y="2x3"),
    Case("while_if", loop("tensor<2x3xf64>", f"""  %even = arith.remsi %i, %c2 : index
  %p = arith.cmpi eq, %even, %c0 : index
  %n = tg.if %p -> ({T}) {{
    %m = tg.mul %a, %y : {T}
    tg.yield %m : {T}
  }} else {{
    %m = tg.exp %a : {T}
    tg.yield %m : {T}
  }}""", count=4), "2x3", x=("2x3", .1, .5), y="2x3"),
    Case("while_of_slices", """%c0 = arith.constant 0 : index
%c1 = arith.constant 1 : index
%c4 = arith.constant 4 : index
%l:3 = tg.while (%a = %y, %o = %x, %i = %c0) : (tensor<3xf64>, tensor<4x3xf64>, index) cond {
  %p = arith.cmpi slt, %i, %c4 : index
  tg.yield %p : i1
} do {
  %row = tg.slice %x [%i, 0] [1, 3] [1, 1] : tensor<4x3xf64> -> tensor<1x3xf64>
  %flat = tg.reshape %row : tensor<1x3xf64> -> tensor<3xf64>
  %m = tg.mul %a, %flat : tensor<3xf64>
  %n = tg.tanh %m : tensor<3xf64>
  %s = tg.insert_slice %n into %o [%i, 0] : tensor<3xf64> into tensor<4x3xf64>
  %j = arith.addi %i, %c1 : index
  tg.yield %n, %s, %j : tensor<3xf64>, tensor<4x3xf64>, index
}
%r = tg.exp %l#1 : tensor<4x3xf64>""", "4x3", x="4x3", y="3"),
    Case("while_second_order", loop("tensor<2x3xf64>", f"""  %m = tg.mul %a, %y : {T}
  %n = tg.sin %m : {T}""").replace("%r =", "%z =") + f"""
%zs = tg.reduce sum %z dimensions [0, 1] : {T} -> tensor<f64>
%g:2 = tg.gradient (%zs : tensor<f64>) wrt (%x, %y : {T}, {T})
%r = tg.mul %g#0, %g#1 : {T}""", "2x3", x="2x3", y="2x3"),
    # Second order: the gradient of a function of the gradient.
    Case("second_order", f"""%a = tg.exp %x : {T}
%b = tg.mul %a, %y : {T}
%c = tg.tanh %b : {T}
%s = tg.reduce sum %c dimensions [0, 1] : {T} -> tensor<f64>
%g:2 = tg.gradient (%s : tensor<f64>) wrt (%x, %y : {T}, {T})
%r = tg.mul %g#0, %g#1 : {T}""", "2x3", x="2x3", y="2x3"),
]
