#!/usr/bin/env python3
"""What threads gain: shared objects of models on one thread and on several, by turns in one process.

    threads.py BENCH DATA SECONDS [--threads 2] MODEL=LIBRARY.so ...

BENCH is the side-by-side benchmark, DATA its models. Times are those of the clock, the least of SECONDS for each model, so that other
work on the machine counts as little as it can. Needs numpy.
"""
import argparse
import math
import os
import time

from alternate import load_bench


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("data")
    parser.add_argument("seconds", type=float)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("models", nargs="+")
    options = parser.parse_args()
    tgc, model_class = load_bench(options.bench)
    print(f"{'model':>22} {'1 thread (us)':>14} {options.threads} threads (us)  ratio")
    for text in options.models:
        name, library = text.split("=")
        model = model_class(options.data, name)
        runners = [tgc.TgcRunner(os.path.abspath(library), model, count) for count in (1, options.threads)]
        least = [math.inf, math.inf]
        for runner in runners:
            runner.fetch()
        end = time.perf_counter() + options.seconds
        while time.perf_counter() < end:
            for i, runner in enumerate(runners):
                start = time.perf_counter()
                runner.run()
                count = max(1, int(0.004 / max(time.perf_counter() - start, 1e-6)))
                for _ in range(3):
                    start = time.perf_counter()
                    for _ in range(count):
                        runner.run()
                    least[i] = min(least[i], (time.perf_counter() - start) / count)
        print(f"{name:>22} {least[0] * 1e6:14.1f} {least[1] * 1e6:14.1f}  {least[0] / least[1]:5.2f}", flush=True)


if __name__ == "__main__":
    main()
