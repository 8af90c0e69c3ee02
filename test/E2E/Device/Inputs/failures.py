"""failures.py PROGRAM MODULE DRIVER WISH...: runs sessions (sessions.c) on a driver of which the first call fails, then one of which the second does, and so on
until none does; or that has little memory, then more."""
import os
import subprocess
import sys

program, module, driver, *wishes = sys.argv[1:]
STEPS = ["A7", "A7", "A40", "-A", "B7", "B0"]
MOST_CALLS = 1000


def run(wish):
    environment = dict(os.environ, TGC_CUDA_DRIVER=driver, TGC_PTX_DRIVER="trace," + wish)
    done = subprocess.run([program, module, *STEPS], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, (wish, done)
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == [step for step in STEPS if step != "-A"], (wish, lines)
    left = [line for line in done.stderr.splitlines() if "contexts were not left" in line]
    assert all(" 0 contexts were not left" in line for line in left), (wish, left)
    statuses = [line.split()[1].rstrip(":") for line in lines]
    for line, status in zip(lines, statuses):
        assert status == "OK" or len(line.split(": ", 1)[1]) > 10, (wish, line)
    return statuses


def check_calls(wish):
    """Of a fault: an error of the run, the same reason for all runs of the session after it, and nothing of that for a new one that can use the CPU."""
    failed = 0
    for call in range(1, MOST_CALLS):
        statuses = run(f"{wish}={call}")
        first = statuses[:3]
        while first and first[0] == "OK":
            first.pop(0)
        known = ["FAILED_PRECONDITION"] + ["INTERNAL"] * ("devices=" in wish)  # one GPU after the other
        assert not first or (first[0] == "INTERNAL" and all(status in known for status in first[1:])), (wish, call, statuses)
        assert statuses[3] in ("OK", "INTERNAL"), (wish, call, statuses)
        assert statuses[3] == "OK" or not first, (wish, call, statuses)
        failed += statuses.count("OK") < len(statuses)
        # A run that is not reached any more, well behind the last that failed.
        if failed and statuses.count("OK") == len(statuses) and all(set(run(f"{wish}={call + more}")) == {"OK"} for more in (7, 50, 200)):
            print(f"{wish}: every call, of which {failed} end a run")
            return
    raise AssertionError(f"{wish}: more than {MOST_CALLS} calls")


def check_memory(wish):
    """Too little memory is an error of runs that need it."""
    failed = 0
    for size in range(500, 60000, 1500):
        statuses = run(f"{wish}={size}")
        assert set(statuses) <= {"OK", "RESOURCE_EXHAUSTED"}, (wish, size, statuses)
        failed += set(statuses) != {"OK"}
    assert failed and set(statuses) == {"OK"}, (failed, statuses)
    print(f"{wish}: every size, of which {failed} are too little")


for wish in wishes:
    (check_memory if wish == "memory" else check_calls)(wish)
