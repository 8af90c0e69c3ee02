#!/usr/bin/env python3
"""Ops that move more than they compute, beside a copy of as many floats: bytes read and written per second.

    bandwidth.py --tgc-run build/bin/tgc-run [--threads 1] [--rounds 3] [NAME ...]

The copy is a negation of 8M floats, timed in each round. The least time of each op counts.
"""
import argparse
import itertools
import math
import re
import subprocess
import tempfile

ROWS, COLUMNS = 8192, 1024
X = f"tensor<{ROWS}x{COLUMNS}xf32>"
HALF = f"tensor<{ROWS}x{COLUMNS // 2}xf32>"
R = f"tensor<{ROWS}xf32>"


def rows(name, reduction):
    """Lines that make %name, as large as X, of a reduction of its rows."""
    return (f"%{name}0 = tg.reduce {reduction} dimensions [1] : {X} -> {R}\n  %{name}1 = tg.reshape %{name}0 : {R} -> tensor<{ROWS}x1xf32>\n"
            f"  %{name} = tg.broadcast_to %{name}1 equal [0] : tensor<{ROWS}x1xf32> -> {X}\n  ")


def batch_norm(shape, count):
    """%y, %a normalised with the mean and the variance of each channel, of `count` elements each."""
    channels = shape.rsplit("x", 1)[1]
    x, c = f"tensor<{shape}xf32>", f"tensor<{channels}xf32>"
    one = "1x" * (shape.count("x")) + channels

    def spread(name):
        return (f"%{name}1 = tg.reshape %{name} : {c} -> tensor<{one}xf32>\n"
                f"  %{name}2 = tg.broadcast_to %{name}1 equal [{shape.count('x')}] : tensor<{one}xf32> -> {x}\n  ")

    def mean(name, of):
        summed = ", ".join(map(str, range(shape.count("x"))))
        return f"%{name}0 = tg.reduce sum %{of} dimensions [{summed}] : {x} -> {c}\n  %{name} = tg.mul %{name}0, %n : {c}\n  "

    return (f"%n = tg.constant dense<{1 / count:e}> : {c}\n  %eps = tg.constant dense<1.0e-3> : {c}\n  " + mean("m", "a") + spread("m") +
            f"%d = tg.sub %a, %m2 : {x}\n  %q = tg.mul %d, %d : {x}\n  " + mean("v", "q") +
            f"%z = tg.add %v, %eps : {c}\n  %r = tg.rsqrt %z : {c}\n  " + spread("r") + f"%y = tg.mul %d, %r2 : {x}")


def splat(name, value):
    return f"%{name} = tg.constant dense<{value:e}> : {X}\n  "


def places(count):
    """An attribute of 32-bit numbers that name each of `count` rows once, far from the one before."""
    return "0x" + b"".join((i * 7919 % count).to_bytes(4, "little") for i in range(count)).hex()


# Op by op: types of the operands, type of the result (its bytes count, too), and the body, which makes %y of %a, %b, %c. Adam makes %m and %v of
# its moments %b and %c and of the gradient %d, too.
CASES = {
    "copy": ([X], X, f"%y = tg.neg %a : {X}"),
    "tanh and product": ([X, X], X, f"%t = tg.tanh %a : {X}\n  %p = tg.mul %t, %b : {X}\n  %y = tg.add %p, %a : {X}"),
    "softmax of rows": ([X], X, rows("m", "max %a") + f"%d = tg.sub %a, %m : {X}\n  %e = tg.exp %d : {X}\n  " + rows("s", "sum %e") + f"%y = tg.div %e, %s : {X}"),
    "layer norm of rows": ([X], X, splat("n", 1 / COLUMNS) + splat("eps", 1e-5) + rows("s", "sum %a") +
                           f"%m = tg.mul %s, %n : {X}\n  %d = tg.sub %a, %m : {X}\n  %q = tg.mul %d, %d : {X}\n  " + rows("v", "sum %q") +
                           f"%w = tg.mul %v, %n : {X}\n  %z = tg.add %w, %eps : {X}\n  %r = tg.rsqrt %z : {X}\n  %y = tg.mul %d, %r : {X}"),
    "batch norm": (["tensor<32x32x64x128xf32>"], "tensor<32x32x64x128xf32>", batch_norm("32x32x64x128", 32 * 32 * 64)),
    "momentum": ([X, X, X], X, splat("rate", -0.01) + splat("keep", 0.9) + f"%k = tg.mul %b, %keep : {X}\n  %v = tg.add %k, %c : {X}\n  %u = tg.mul %v, %rate : {X}\n  "
                 f"%y = tg.add %a, %u : {X}"),
    "adam": ([X, X, X, X], [X, X, X], splat("keep", 0.9) + splat("rest", 0.1) + splat("keep2", 0.999) + splat("rest2", 0.001) + splat("rate", -0.01) + splat("eps", 1e-7) +
             f"%m0 = tg.mul %b, %keep : {X}\n  %m1 = tg.mul %d, %rest : {X}\n  %m = tg.add %m0, %m1 : {X}\n  %g = tg.mul %d, %d : {X}\n  "
             f"%v0 = tg.mul %c, %keep2 : {X}\n  %v1 = tg.mul %g, %rest2 : {X}\n  %v = tg.add %v0, %v1 : {X}\n  %q = tg.sqrt %v : {X}\n  %n = tg.add %q, %eps : {X}\n  "
             f"%u = tg.mul %m, %rate : {X}\n  %s = tg.div %u, %n : {X}\n  %y = tg.add %a, %s : {X}"),
    "argmax of rows": ([X], f"tensor<{ROWS}xi64>", f"%y = tg.arg_reduce max %a dimension 1 : {X} -> tensor<{ROWS}xi64>"),
    "argmax of columns": ([X], f"tensor<{COLUMNS}xi64>", f"%y = tg.arg_reduce max %a dimension 0 : {X} -> tensor<{COLUMNS}xi64>"),
    "sum of rows": ([X], f"tensor<{ROWS}xf32>", f"%y = tg.reduce sum %a dimensions [1] : {X} -> tensor<{ROWS}xf32>"),
    "sum of columns": ([X], f"tensor<{COLUMNS}xf32>", f"%y = tg.reduce sum %a dimensions [0] : {X} -> tensor<{COLUMNS}xf32>"),
    "maximum of all": ([X], "tensor<f32>", f"%y = tg.reduce max %a dimensions [0, 1] : {X} -> tensor<f32>"),
    "top 5 of rows": ([X], f"tensor<{ROWS}x5xf32>", f"%k = arith.constant 5 : index\n  %y, %i = tg.top_k %a, %k : {X} -> tensor<{ROWS}x5xf32>, "
                      f"tensor<{ROWS}x5xi32>"),
    "transpose": ([X], f"tensor<{COLUMNS}x{ROWS}xf32>", f"%y = tg.transpose %a [1, 0] : {X} -> tensor<{COLUMNS}x{ROWS}xf32>"),
    "heads to front": (["tensor<64x128x16x64xf32>"], "tensor<64x16x128x64xf32>",
                       "%y = tg.transpose %a [0, 2, 1, 3] : tensor<64x128x16x64xf32> -> tensor<64x16x128x64xf32>"),
    "NHWC to NCHW": (["tensor<32x64x64x64xf32>"], "tensor<32x64x64x64xf32>",
                     "%y = tg.transpose %a [0, 3, 1, 2] : tensor<32x64x64x64xf32> -> tensor<32x64x64x64xf32>"),
    "pad": ([X], f"tensor<{ROWS + 2}x{COLUMNS + 32}xf32>", f"%z = tg.constant dense<0.0> : tensor<f32>\n  %y = tg.pad %a, %z low [1, 16] high [1, 16] interior [0, 0] : {X}, tensor<f32> "
            f"-> tensor<{ROWS + 2}x{COLUMNS + 32}xf32>"),
    "gather rows of 64": (["tensor<131072x64xf32>"], "tensor<131072x64xf32>", f'%i = tg.constant dense<"{places(131072)}"> : tensor<131072xi32>\n'
                          "  %y = tg.gather %a, %i axis 0 : (tensor<131072x64xf32>, tensor<131072xi32>) -> tensor<131072x64xf32>"),
    "concat of columns": ([HALF, HALF], X, f"%y = tg.concat %a, %b dimension 1 : ({HALF}, {HALF}) -> {X}"),
    "concat of made columns": ([HALF, HALF], X, f"%p = tg.neg %a : {HALF}\n  %q = tg.relu %b : {HALF}\n"
                               f"  %y = tg.concat %p, %q dimension 1 : ({HALF}, {HALF}) -> {X}"),
}
CASES["adam in place"] = CASES["adam"]
# Operands that are variables, which take the results: a step of training.
VARIABLES = {"adam in place": "abc"}


def listed(results):
    return results if isinstance(results, list) else [results]


def bytes_of(text):
    sizes = re.findall(r"(\d+)x", text)
    return math.prod(map(int, sizes)) * (8 if text.endswith("64>") else 4)


def time_case(tool, threads, operands, results, body, variables):
    arguments = ", ".join(f'%{name}: {text} ' + (f'{{tg.variable = "{name}"}}' if name in variables else f'{{tg.feed = "{name}:0"}}')
                          for name, text in zip("abcd", operands))
    fetches = ", ".join(f'{text} ' + (f'{{tg.variable = "{variable}"}}' if variable else f'{{tg.fetch = "{name}:0"}}')
                        for name, variable, text in itertools.zip_longest("ymv"[:len(results)], variables[:len(results)], results))
    made = "".join(f"tg.variable @{name} : {text} = dense<0.5> : {text}\n" for name, text in zip("abcd", operands) if name in variables)
    values = ", ".join("%" + name for name, _ in zip("ymv", results))
    with tempfile.NamedTemporaryFile("w", suffix=".mlir") as f:
        f.write(f'{made}func.func @main({arguments}) -> ({fetches}) attributes {{tg.entry = "main", tg.targets = ["step"]}} {{\n  {body}\n  return {values} : {", ".join(results)}\n}}\n')
        f.flush()
        output = subprocess.run([tool, f.name, "--benchmark", "--runs", "12", "--threads", str(threads)], check=True, capture_output=True, text=True).stdout
    value, unit = re.search(r"min\s+([0-9.]+) (us|ms|s)\b", output).groups()
    return float(value) * {"us": 1e-6, "ms": 1e-3, "s": 1}[unit]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tgc-run", required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    names = [name for name in CASES if name == "copy" or not options.names or name in options.names]
    least = dict.fromkeys(names, math.inf)
    for _ in range(options.rounds):
        for name in names:
            operands, result, body = CASES[name]
            least[name] = min(least[name], time_case(options.tgc_run, options.threads, operands, listed(result), body, VARIABLES.get(name, "")))
    rates = {name: sum(map(bytes_of, CASES[name][0] + listed(CASES[name][1]))) / least[name] * 1e-9 for name in names}
    for name in names:
        print(f"{name:>24} {least[name] * 1e3:8.2f} ms {rates[name]:7.1f} GB/s {rates[name] / rates['copy']:6.2f} of the copy")


if __name__ == "__main__":
    main()
