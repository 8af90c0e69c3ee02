# How lit finds and runs tests here. RUN lines may use every tool of the build by its name, FileCheck, not, split-file,
# and %python, %cc and %cxx (the compilers of the build), %src_root, %build, %inputs (the Inputs folder beside the test), %runtime (the
# runtime as a library), %ptx-driver (a GPU's driver over the simulator), %llc (LLVM's, for PTX).
import os
import platform
import shutil
import subprocess

import lit.formats
from lit.llvm import llvm_config

config.name = "TGC"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".pbtxt", ".test"]
config.excludes = ["Inputs", "Unit"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.tgc_obj_root, "test")

llvm_config.use_default_substitutions()
tool_dirs = [os.path.join(config.tgc_obj_root, "bin"), config.llvm_tools_dir]
llvm_config.add_tool_substitutions([t for t in config.tgc_tools if t] + ["not", "split-file", "llvm-nm", "llvm-readobj"], tool_dirs)


def python_with_numpy():
    """The first interpreter that has numpy; tests that read arrays with it say `REQUIRES: numpy`."""
    for python in (config.python_executable, "/usr/bin/python3"):
        probe = [python, "-c", "import numpy"]
        if os.path.exists(python) and subprocess.run(probe, stderr=subprocess.DEVNULL).returncode == 0:
            config.available_features.add("numpy")
            return python
    return config.python_executable


if shutil.which("clang-format-22") or shutil.which("clang-format-14"):
    config.available_features.add("clang-format")
# Code for AArch64 runs in an emulator; without one, or a linker for it, tests that do so are UNSUPPORTED.
if shutil.which("qemu-aarch64-static") and shutil.which("ld.lld", path=config.llvm_tools_dir):
    config.available_features.add("aarch64-emulation")
# NVIDIA's assembler judges device code where there is one.
if shutil.which("ptxas"):
    config.available_features.add("ptxas")
# What it made of it can be read.
if shutil.which("nvdisasm"):
    config.available_features.add("nvdisasm")
if shutil.which("taskset") and (os.cpu_count() or 1) > 1:
    config.available_features.add("several-cpus")
# A container may have none.
try:
    for end in os.openpty():
        os.close(end)
    config.available_features.add("terminals")
except OSError:
    pass
if platform.machine() == "x86_64":
    config.available_features.add("x86-64")
# Before the defaults, which have a %python of their own.
config.substitutions[:0] = [
    ("%python", python_with_numpy()),
    ("%cc", config.tgc_cc),
    # For programs that open libraries of the build: a sanitizer must be in the program.
    ("%sanitize", "-fsanitize=" + config.tgc_sanitize if config.tgc_sanitize else ""),
    ("%cxx", config.tgc_cxx),
    ("%src_root", config.tgc_src_root),
    ("%inputs", "%S/Inputs"),
    ("%build", config.tgc_obj_root),
    ("%llc", os.path.join(config.llvm_tools_dir, "llc")),
    ("%ptx-driver", os.path.join(config.tgc_obj_root, "lib", "libtgc-ptx-driver.so")),
    ("%runtime", os.path.join(config.tgc_obj_root, "lib", "libtgc-runtime.so")),
]
config.environment["FILECHECK_OPTS"] = "--enable-var-scope"
# The build's own programs crash loudly; what they leak on exit is the business of the unit tests. LLVM's allocator marks what it
# has not given out, but lld, which comes without a sanitizer, does not unmark what it takes. Sizes that no memory has are errors of a
# run, as without a sanitizer.
config.environment["ASAN_OPTIONS"] = "detect_leaks=0:allow_user_poisoning=0:allocator_may_return_null=1"
