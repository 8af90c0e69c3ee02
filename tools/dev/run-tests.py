#!/usr/bin/env python3
"""Runs the tests of a finished build and counts them: run-tests.py [--only lit,unit] BUILD.

lit and gtest print their own closing lines; the last line is `N passed, N failed` over all of them. The exit status is
not 0 if a test failed, if a suite could not run, or if nothing ran.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile


def run_lit(build, report):
    """(passed, failed) of all lit suites; expected failures and unsupported tests are neither."""
    with open(os.path.join(build, "CMakeCache.txt")) as cache:
        lit = next(line.split("=", 1)[1].strip() for line in cache if line.startswith("LLVM_EXTERNAL_LIT:"))
    status = subprocess.run([sys.executable, lit, "-sv", "-o", report, os.path.join(build, "test")]).returncode
    try:
        with open(report) as f:
            codes = [t["code"] for t in json.load(f)["tests"]]
    except (OSError, ValueError):
        return 0, 1
    failed = sum(c in ("FAIL", "XPASS", "UNRESOLVED", "TIMEOUT") for c in codes)
    return codes.count("PASS") + codes.count("FLAKYPASS"), max(failed, int(status != 0))


def run_unit(build, report):
    """(passed, failed) of all gtest programs; one that dies counts as one more failure."""
    passed = failed = 0
    with open(os.path.join(build, "unit", "tests.txt")) as f:
        names = f.read().split()
    for name in names:
        if os.path.exists(report):
            os.remove(report)
        print(f"-- {name}", flush=True)
        program = os.path.join(build, "unit", name)
        if not os.path.exists(program):
            print("not built")
            failed += 1
            continue
        status = subprocess.run([program, "--gtest_brief=1", f"--gtest_output=json:{report}"]).returncode
        try:
            with open(report) as f:
                counts = json.load(f)
        except (OSError, ValueError):
            failed += 1
            continue
        bad = counts["failures"] + counts["errors"]
        passed += counts["tests"] - bad - counts["disabled"]
        failed += max(bad, int(status != 0))
    return passed, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="lit,unit")
    parser.add_argument("build")
    options = parser.parse_args()
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for kind, run in (("lit", run_lit), ("unit", run_unit)):
            if kind in options.only.split(","):
                p, f = run(options.build, os.path.join(folder, kind + ".json"))
                passed, failed = passed + p, failed + f
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


main()
