#!/usr/bin/env python3
"""Runs shared objects that compilers made of one model by turns, beside OpenVINO, on one thread.

    alternate.py BENCH DATA MODEL SECONDS OLD.so NEW.so ... [openvino]

BENCH is the side-by-side benchmark, DATA its models. What disturbs one run is likely to disturb its neighbours, so ratios of
neighbours say more than times. Times are of the process's CPU. Needs numpy, and openvino for the peer.
"""
import importlib.util
import os
import statistics
import sys
import tempfile
import time

os.environ["OMP_NUM_THREADS"] = "1"


def load_runners(bench, data, name, libraries, directory):
    sys.path[:0] = [bench, os.path.join(bench, "peers")]
    spec = importlib.util.spec_from_file_location("tgc_peer", os.path.join(os.path.dirname(os.path.abspath(__file__)), "tgc_peer.py"))
    tgc = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tgc)
    from common import Model
    model = Model(data, name)
    for library in libraries:
        if library != "openvino":
            yield os.path.basename(library), tgc.TgcRunner(os.path.abspath(library), model, 1)
            continue
        import openvino_peer
        peer = openvino_peer.OpenVino()
        peer.build(model, directory)
        yield library, peer.load(model, directory, 1)


def main():
    bench, data, name, seconds, *libraries = sys.argv[1:]
    with tempfile.TemporaryDirectory() as directory:
        runners = dict(load_runners(bench, data, name, libraries, directory))
        times = {label: [] for label in runners}
        for runner in runners.values():
            runner.run()
        end = time.time() + float(seconds)
        while time.time() < end:
            for label, runner in runners.items():
                start = time.process_time()
                runner.run()
                count = max(1, int(0.02 / max(time.process_time() - start, 1e-6)))
                start = time.process_time()
                for _ in range(count):
                    runner.run()
                times[label].append((time.process_time() - start) / count)
    first = next(iter(times.values()))
    for label, own in times.items():
        ratio = statistics.median(a / b for a, b in zip(first, own))
        print(f"{name} {label}: least {min(own) * 1e3:.4f} ms, the first is {ratio:.3f} times that (median of {len(own)})")


if __name__ == "__main__":
    main()
