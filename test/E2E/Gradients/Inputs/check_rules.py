#!/usr/bin/env python3
"""Compares the gradient of every op with central differences in float64.

  check_rules.py --tgc-run PROGRAM --td FOLDER_OF_THE_DIALECT [--only RE] [-v]

For each case a module gets two entries: one computes sum(weights * f(x)), the other its gradient by tg.gradient. The first is
run at x + h and x - h for each element of x. Every op that the dialect declares differentiable needs a case. The last line
counts cases and rules and has the worst error; the exit status is not 0 if one differs.
"""
import argparse
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

import numpy as np

from rule_cases import CASES

STEP, TOLERANCE = 1e-5, 2e-7


def tensor(shape, element="f64"):
    return "tensor<" + "".join(f"{n}x" for n in shape) + element + ">"


def module_text(cases):
    """Two entries per case. Sizes are unknown where the case asks for it."""
    lines = []
    for i, case in enumerate(cases):
        args = ", ".join(f'%{name}: {case.type_of(name)} {{tg.feed = "{name}:0"}}' for name in case.inputs)
        result = case.result
        weights = f'%weights: {result} {{tg.feed = "weights:0"}}'
        body = case.body.strip()
        for entry in ("value", "gradient"):
            outs = ["f64"] if entry == "value" else [case.type_of(name) for name in case.inputs]
            types = ["tensor<f64>"] if entry == "value" else outs
            names = ["v:0"] if entry == "value" else [f"d_{name}:0" for name in case.inputs]
            results = ", ".join(f'{t} {{tg.fetch = "{n}"}}' for t, n in zip(types, names))
            lines.append(f'func.func @{entry}{i}({args}, {weights}) -> ({results}) attributes {{tg.entry = "{entry}{i}"}} {{')
            lines.append("  " + body.replace("\n", "\n  "))
            lines.append(f"  %weighted = tg.mul %r, %weights : {result}")
            dims = ", ".join(map(str, range(result.count("x"))))
            lines.append(f"  %v = tg.reduce sum %weighted dimensions [{dims}] : {result} -> tensor<f64>")
            if entry == "value":
                lines.append("  return %v : tensor<f64>\n}")
                continue
            xs = ", ".join("%" + name for name in case.inputs)
            count = "" if len(names) == 1 else f":{len(names)}"
            lines.append(f"  %gradients{count} = tg.gradient (%v : tensor<f64>) wrt ({xs} : {', '.join(types)})")
            grads = "%gradients" if len(names) == 1 else ", ".join(f"%gradients#{k}" for k in range(len(names)))
            lines.append(f"  return {grads} : {', '.join(types)}\n}}")
    return "\n".join(lines) + "\n"


def run(tool, work, cases):
    """Feeds every case and every disturbed x in one session; gradients and differences per case."""
    with open(os.path.join(work, "rules.mlir"), "w") as f:
        f.write(module_text(cases))
    rng, steps, plans = np.random.RandomState(1), [], []

    def add(entry, fetch, feeds):
        name = f"f{len(steps)}.npz"
        np.savez(os.path.join(work, name), **feeds)
        steps.append({"feeds": name, "fetch": fetch, "target": [], "entry": entry})
        return len(steps) - 1

    for i, case in enumerate(cases):
        values = {name: case.value(name, rng) for name in case.inputs}
        feeds = {f"{name}:0": value for name, value in values.items()}
        feeds["weights:0"] = rng.uniform(0.5, 1.5, case.result_shape)
        gradient = add(f"gradient{i}", [f"d_{name}:0" for name in case.inputs], feeds)
        probes = {}
        for name, value in values.items():
            for index in np.ndindex(*value.shape):
                ends = []
                for sign in (1, -1):
                    moved = value.copy()
                    moved[index] += sign * STEP
                    ends.append(add(f"value{i}", ["v:0"], {**feeds, f"{name}:0": moved}))
                probes[name, index] = ends
        plans.append((case, values, gradient, probes))
    with open(os.path.join(work, "steps.json"), "w") as f:
        json.dump(steps, f)
    out = os.path.join(work, "out")
    command = [tool, os.path.join(work, "rules.mlir"), "--script", os.path.join(work, "steps.json"), "--out", out]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(f"tgc-run failed:\n{done.stdout[-3000:]}")
    results = []
    for case, values, gradient, probes in plans:
        got = np.load(os.path.join(out, f"s{gradient}.npz"))
        worst = 0
        for name, value in values.items():
            want = np.empty(value.shape)
            for index in np.ndindex(*value.shape):
                plus, minus = (float(np.load(os.path.join(out, f"s{s}.npz"))["v:0"]) for s in probes[name, index])
                want[index] = (plus - minus) / (2 * STEP)
            error = np.abs(got[f"d_{name}:0"] - want) / np.maximum(1, np.abs(want))
            worst = max(worst, float(error.max(initial=0)) if np.isfinite(error).all() else float("inf"))
        results.append((case, worst))
    return results


def declared_rules(folder):
    """Mnemonics of the ops that have a gradient."""
    rules = set()
    for path in glob.glob(os.path.join(folder, "Tg*Ops.td")):
        with open(path) as f:
            text = f.read()
        for definition in re.split(r"\n(?=def Tg_)", text)[1:]:
            head = definition.split("{\n")[0] if "{\n" in definition else definition
            name = re.search(r'<"(\w+)"', head)
            has_code = re.search(r"\[\{(?=[^}]*(?:\bdy\b|\bg\.))", head)
            if name and ("Tg_Differentiable" in head or "Tg_RegionGradient" in head or has_code):
                rules.add(name.group(1))
    return rules - {"prevent_gradient"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tgc-run", required=True), parser.add_argument("--td", required=True)
    parser.add_argument("--only"), parser.add_argument("-v", action="store_true")
    options = parser.parse_args()
    cases = [c for c in CASES if not options.only or re.search(options.only, c.name)]
    covered = {op for case in CASES for op in re.findall(r"\btg\.(\w+)", case.body)}
    missing = declared_rules(options.td) - covered
    if missing:
        print("no case for the rules of", ", ".join(sorted(missing)))
    with tempfile.TemporaryDirectory() as work:
        results = run(options.tgc_run, work, cases)
    bad = [(case, worst) for case, worst in results if not worst <= TOLERANCE]
    for case, worst in results if options.v else bad:
        print(f"{case.name:30} {worst:.3g}" + ("  WRONG" if worst > TOLERANCE else ""))
    rules = declared_rules(options.td) & covered
    print(f"{len(results)} cases of {len(rules)} rules, worst relative error {max(w for _, w in results):.3g}")
    sys.exit(1 if bad or missing else 0)


main()
