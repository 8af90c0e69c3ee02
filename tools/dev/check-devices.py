#!/usr/bin/env python3
"""Checks the code for GPUs of all entries of the model zoo, without a GPU.

  check-devices.py --bin build/bin [--ptxas PTXAS [--nvdisasm NVDISASM]] [--driver build/lib/libtgc-ptx-driver.so] [--models DIR] [--model RE]
                   [--kind forward,grad,train] [--gpu-f32 ieee] [--seconds 200] [--json out.json] [--resume]

With --ptxas each entry's kernels are compiled for sm_80 and sm_90a and given to the assembler: what it refuses, registers in
memory (spills) of products and attention, and messages of a wgmma that it had to serialise (C75xx) are failures; with --nvdisasm,
kernels whose machine code lacks what PTX asks for, too (tensor cores, loads of 16 bytes, copies past registers). With --driver
the entry is run on the simulator behind the driver's interface, and its numbers are compared with TensorFlow's (check.py of the
zoo); --seconds limits the processor time of an entry, since it does not depend on what else the machine does. --json keeps what
was found; with --resume entries that it holds are not done again. The last line counts passed and failed.
"""
import argparse
import collections
import glob
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time

CHIPS = ("sm_80", "sm_90a")
# Products and attention, whose registers must suffice: products of fragments, or runs of multiply-adds.
BUSY = re.compile(r"mma\.sync|wgmma|fma\.rn\.f32(?:.*\n){1,3}.*fma\.rn\.f32(?:.*\n){1,3}.*fma\.rn\.f32")

# What PTX has, and the instruction that must be in the kernel's machine code then.
INSTRUCTIONS = {
    "LDG.128": (r"ld\.(?:weak\.|relaxed\.)?global\S*\.(?:v4\.[bfsu]32|v2\.[bfsu]64)", r"LDG\S*\.128"),
    "LDGSTS": (r"cp\.async\.c[ag]", r"LDGSTS"),
    "LDSM": (r"ldmatrix", r"LDSM"),
    "MMA": (r"mma\.sync", r"[BDHI]MMA"),
    "GMMA": (r"wgmma\.mma_async", r"[BHIQ]GMMA"),
    "UTMALDG": (r"cp\.async\.bulk\.tensor\S*global", r"UTMALDG"),
}


def command_of(tgc, folder, entry, chip, gpu_f32, out):
    """The call that writes the kernels of all runs of an entry."""
    command = [tgc, os.path.join(folder, entry["graph"]), "--target", "cuda:" + chip, "--emit=ptx", "--gpu-f32=" + gpu_f32, "-o", out]
    if entry.get("signature"):
        return command + ["--signature", entry["signature"]]
    known = []
    for run in entry["golden"]["runs"]:
        wanted = sorted(run["feeds"]), list(run["fetches"]), run.get("targets") or []
        if wanted not in known:
            known.append(wanted)
    for number, (feeds, fetches, targets) in enumerate(known):
        command += ["--entry", f"run{number}"]
        for flag, names in (("--feeds", feeds), ("--fetches", fetches), ("--targets", targets)):
            if names:
                command += [flag, ",".join(names)]
    return command


def run(command, seconds):
    """(exit status, output, processor seconds)."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    limit = lambda: resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", preexec_fn=limit)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return done.returncode, done.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def bodies(ptx):
    """Name of each kernel to its text."""
    parts = re.split(r"^\.(?:visible|weak)? ?\.entry ", ptx, flags=re.M)
    return {re.match(r"\w+", part).group(): part for part in parts[1:]}


def assemble(options, folder, entry, chip, work):
    """What the assembler says of an entry's kernels: a row of the table, and what is wrong."""
    out = os.path.join(work, chip + ".ptx")
    status, text, seconds = run(command_of(os.path.join(options.bin, "tgc"), folder, entry, chip, options.gpu_f32, out), options.seconds)
    row = {"compile": seconds, "kernels": 0, "registers": 0, "spills": 0, "mma": 0, "wgmma": 0}
    if status:
        return row, [f"{chip}: tgc: {text.strip()[-300:] or status}"]
    with open(out) as f:
        ptx = f.read()
    kernels = bodies(ptx)
    row["kernels"] = len(kernels)
    if not kernels:
        return row, []
    row["mma"] = sum("mma.sync" in body for body in kernels.values())
    row["wgmma"] = sum("wgmma" in body for body in kernels.values())
    status, text, _ = run([options.ptxas, "-v", "-arch=" + chip, out, "-o", os.path.join(work, "cubin")], options.seconds)
    faults = [f"{chip}: ptxas: {text.strip()[-300:] or status}"] if status else []
    faults += [f"{chip}: {line}" for line in text.splitlines() if re.search(r"C75\d\d", line)]
    name = None
    for line in text.splitlines():
        if found := re.search(r"(?:Function properties for|entry function) '?(\w+)", line):
            name = found.group(1)
        if found := re.search(r"Used (\d+) registers", line):
            row["registers"] = max(row["registers"], int(found.group(1)))
        if (found := re.search(r"(\d+) bytes spill stores", line)) and int(found.group(1)):
            row["spills"] += 1
            about = re.search(rf"^// {name}: (.*)$", ptx, flags=re.M)
            if BUSY.search(kernels.get(name, "")):
                faults.append(f"{chip}: {name} ({about.group(1) if about else ''}): {found.group(1)} bytes of registers in memory")
    if options.nvdisasm and not status:
        faults += [f"{chip}: {fault}" for fault in disassemble(options, kernels, os.path.join(work, "cubin"), row)]
    return row, faults


def disassemble(options, kernels, cubin, row):
    """Which kernels lack an instruction; counts in the row those that have it."""
    status, text, _ = run([options.nvdisasm, "-c", cubin], options.seconds)
    if status:
        return [f"nvdisasm: {text.strip()[-300:] or status}"]
    parts = re.split(r"^\s*\.section\s+\.text\.(\w+)", text, flags=re.M)
    code = dict(zip(parts[1::2], parts[2::2]))
    faults = []
    for key, (asked, wanted) in INSTRUCTIONS.items():
        users = [name for name, body in kernels.items() if re.search(asked, body)]
        lacking = [name for name in users if not re.search(r"\b" + wanted, code.get(name, ""))]
        row[key] = len(users) - len(lacking)
        faults += [f"{name} lacks {key}" for name in lacking]
    return faults


def compute(options, model, entry):
    """Whether the numbers of an entry are TensorFlow's: ok, slow, or what is wrong."""
    tool = f"{os.path.join(options.bin, 'tgc-run')} --device=cuda --gpu-f32={options.gpu_f32}"
    command = [sys.executable, os.path.join(options.models, "check.py"), "--tool", tool, "--model", f"^{model}$", "--entry",
               f"^{re.escape(entry['name'])}$", "--kind", entry["kind"], "--jobs", "1", "--timeout", "100000"]
    status, text, seconds = run(command, options.seconds)
    first = text.strip().splitlines()[0] if text.strip() else ""
    if status and re.search(r"exit status -(24|9)\b", text) or status in (-24, -9):
        return "slow", seconds
    return ("ok" if status == 0 else first or str(status)), seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    parser.add_argument("--bin", required=True)
    parser.add_argument("--ptxas"), parser.add_argument("--nvdisasm"), parser.add_argument("--driver"), parser.add_argument("--model"), parser.add_argument("--kind")
    parser.add_argument("--models", default=os.path.join(root, "..", "shared", "models"))
    parser.add_argument("--gpu-f32", default="ieee"), parser.add_argument("--seconds", type=int, default=200)
    parser.add_argument("--json"), parser.add_argument("--resume", action="store_true")
    options = parser.parse_args()
    if options.driver:
        os.environ["TGC_CUDA_DRIVER"] = os.path.abspath(options.driver)
        os.environ.setdefault("TGC_PTX_DRIVER", "races=once")
    known = {}
    if options.resume and options.json and os.path.exists(options.json):
        with open(options.json) as f:
            known = json.load(f)
    passed = failed = 0
    for path in sorted(glob.glob(os.path.join(options.models, "*", "model.json"))):
        folder, model = os.path.dirname(path), os.path.basename(os.path.dirname(path))
        if options.model and not re.search(options.model, model):
            continue
        with open(path) as f:
            entries = json.load(f)["entries"]
        total = collections.Counter()
        for entry in entries:
            if options.kind and entry["kind"] not in options.kind.split(","):
                continue
            name = f"{model}/{entry['name']}"
            if name not in known:
                found = {"kind": entry["kind"], "faults": [], "chips": {}, "when": time.strftime("%F")}
                with tempfile.TemporaryDirectory() as work:
                    for chip in CHIPS if options.ptxas else ():
                        found["chips"][chip], faults = assemble(options, folder, entry, chip, work)
                        found["faults"] += faults
                if options.driver:
                    found["numbers"], found["seconds"] = compute(options, model, entry)
                    if found["numbers"] != "ok":
                        found["faults"].append(found["numbers"])
                known[name] = found
                if options.json:
                    with open(options.json, "w") as f:
                        json.dump(known, f, indent=1)
            found = known[name]
            passed, failed = passed + (not found["faults"]), failed + bool(found["faults"])
            for fault in found["faults"]:
                print(f"  {name}: {fault}", flush=True)
            total["entries"] += 1
            total["numbers"] += found.get("numbers") == "ok"
            for chip, row in found["chips"].items():
                for key, value in row.items():
                    total[chip + key] = max(total[chip + key], value) if key == "registers" else total[chip + key] + value
        chips = " | ".join(f"{chip}: {total[chip + 'kernels']} kernels, {total[chip + 'registers']} registers at most, {total[chip + 'spills']} with spills, "
                           f"mma {total[chip + 'mma']}, wgmma {total[chip + 'wgmma']}, {total[chip + 'compile']:.1f} s" for chip in CHIPS if options.ptxas)
        chips += "".join(f" | {chip}: " + ", ".join(f"{total[chip + key]} {key}" for key in INSTRUCTIONS) for chip in CHIPS if options.nvdisasm)
        if total["entries"]:
            print(f"{model}: {total['entries']} entries, {total['numbers']} right | {chips}", flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


main()
