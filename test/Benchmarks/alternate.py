#!/usr/bin/env python3
"""Runs shared objects that compilers made of one model by turns, beside other systems.

    alternate.py BENCH DATA MODEL SECONDS [--threads 2] OLD.so NEW.so ... [openvino] [tf] [tf_xla] [torch_compile] [ort@WORK] [iree@WORK]

BENCH is the side-by-side benchmark, DATA its models, WORK the folder in which its bench.py built what these systems load. What disturbs
one run is likely to disturb its neighbours, so ratios of neighbours say more than times. Times of one thread are of the process's CPU,
those of several are of the clock. Needs numpy and what the peers are made of. Of a training step the first losses are compared too.
"""
import argparse
import importlib.util
import os
import statistics
import sys
import tempfile
import time

import numpy as np

PEERS = {"openvino": ("openvino_peer", "OpenVino"), "tf": ("tf_peer", "TF"), "tf_xla": ("tf_peer", "TFXla"),
         "torch_compile": ("torch_peer", "TorchCompile"), "ort": ("ort_peer", "Ort"), "iree": ("iree_peer", "Iree")}


def load_bench(bench):
    """tgc's adapter (the one here, not the benchmark's stub) and the benchmark's class of models."""
    sys.path[:0] = [bench, os.path.join(bench, "peers")]
    spec = importlib.util.spec_from_file_location("tgc_peer", os.path.join(os.path.dirname(os.path.abspath(__file__)), "tgc_peer.py"))
    tgc = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tgc)
    from common import Model
    return tgc, Model


def load_runners(bench, data, name, threads, libraries, directory):
    tgc, model_class = load_bench(bench)
    model = model_class(data, name)
    for library in libraries:
        system, _, work = library.partition("@")
        if system not in PEERS:
            yield os.path.basename(library), tgc.TgcRunner(os.path.abspath(library), model, threads)
            continue
        module, peer_class = PEERS[system]
        peer = getattr(importlib.import_module(module), peer_class)()
        if system == "openvino":
            peer.build(model, directory)
        yield system, peer.load(model, os.path.join(work, "art", system, name) if work else directory, threads)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("data")
    parser.add_argument("model")
    parser.add_argument("seconds", type=float)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("libraries", nargs="+")
    options = parser.parse_intermixed_args()
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    now = time.process_time if options.threads == 1 else time.perf_counter
    name = options.model
    with tempfile.TemporaryDirectory() as directory:
        runners = dict(load_runners(options.bench, options.data, name, options.threads, options.libraries, directory))
        times = {label: [] for label in runners}
        for label, runner in runners.items():
            first = np.ravel(runner.fetch())
            if first.size == 1:
                print(f"{name} {label}: first loss {first[0]:.6g}")
        end = time.time() + options.seconds
        while time.time() < end:
            for label, runner in runners.items():
                if options.threads > 1:
                    time.sleep(0.05)  # Threads of other systems wait for work by spinning.
                start = now()
                runner.run()
                count = max(1, int(0.02 / max(now() - start, 1e-6)))
                start = now()
                for _ in range(count):
                    runner.run()
                times[label].append((now() - start) / count)
    first = next(iter(times.values()))
    for label, own in times.items():
        ratio = statistics.median(a / b for a, b in zip(first, own))
        print(f"{name} {label}: least {min(own) * 1e3:.4f} ms, the first is {ratio:.3f} times that (median of {len(own)})")


if __name__ == "__main__":
    main()
