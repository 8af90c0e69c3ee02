"""tgc's adapter for the side-by-side benchmark: one ahead-of-time compilation, then calls of the C API.

`side-by-side.py` puts it in the place of the benchmark's stub. $TGC is the compiler.
"""
import ctypes
import os
import subprocess

import numpy as np

from common import Peer, Runner, Unsupported

ABI_VERSION, MAX_RANK = 1, 16
DTYPES = {"float32": 1, "float64": 2, "int32": 3, "int64": 9, "bool": 10}
POINTER = ctypes.c_void_p


class Tensor(ctypes.Structure):  # tgc_tensor_t
    _fields_ = [("data", POINTER), ("byte_size", ctypes.c_uint64), ("dtype", ctypes.c_int32),
                ("rank", ctypes.c_int32), ("dims", ctypes.c_int64 * MAX_RANK)]

    @staticmethod
    def of(array):
        return Tensor(array.ctypes.data, array.nbytes, DTYPES[str(array.dtype)], array.ndim,
                      (ctypes.c_int64 * MAX_RANK)(*array.shape))


class TensorInfo(ctypes.Structure):  # tgc_tensor_info_t
    _fields_ = [("name", ctypes.c_char_p), ("dtype", ctypes.c_int32), ("rank", ctypes.c_int32),
                ("dims", ctypes.POINTER(ctypes.c_int64))]


class EntryInfo(ctypes.Structure):  # tgc_entry_info_t
    _fields_ = [("name", ctypes.c_char_p), ("num_feeds", ctypes.c_uint32), ("num_fetches", ctypes.c_uint32),
                ("num_targets", ctypes.c_uint32), ("feeds", ctypes.POINTER(TensorInfo)),
                ("fetches", ctypes.POINTER(TensorInfo)), ("targets", POINTER), ("num_buffers", ctypes.c_uint32),
                ("run", POINTER)]


class Api(ctypes.Structure):  # tgc_runtime_api_t
    STATUS = ctypes.c_int32
    _fields_ = [("size", ctypes.c_uint32), ("version", ctypes.c_uint32),
                ("module_from_info", ctypes.CFUNCTYPE(STATUS, POINTER, POINTER, POINTER, POINTER)),
                ("module_release", POINTER), ("module_find_entry", POINTER),
                ("session_create", ctypes.CFUNCTYPE(STATUS, POINTER, POINTER, POINTER, POINTER)),
                ("session_release", POINTER),
                ("session_run", ctypes.CFUNCTYPE(STATUS, POINTER, ctypes.c_uint32, POINTER, ctypes.c_uint32, POINTER,
                                                 ctypes.c_uint32, POINTER))]


class ModuleInfo(ctypes.Structure):  # tgc_module_info_t, as far as it is read here
    _fields_ = [("size", ctypes.c_uint32), ("version", ctypes.c_uint32), ("target", ctypes.c_char_p),
                ("fingerprint", ctypes.c_char_p), ("num_entries", ctypes.c_uint32),
                ("num_variables", ctypes.c_uint32), ("entries", ctypes.POINTER(EntryInfo)), ("variables", POINTER),
                ("api", ctypes.POINTER(Api))]


class SessionOptions(ctypes.Structure):  # tgc_session_options_t
    _fields_ = [("size", ctypes.c_uint32), ("num_threads", ctypes.c_uint32), ("seed", ctypes.c_uint64)]


class Error(ctypes.Structure):  # tgc_error_t
    _fields_ = [("code", ctypes.c_int32), ("message", ctypes.c_char * 2048), ("node", ctypes.c_char * 256)]


class TgcRunner(Runner):
    def __init__(self, path, model, threads):
        self.library = ctypes.CDLL(path)
        query = self.library.tgc_module_query
        query.restype, query.argtypes = ctypes.POINTER(ModuleInfo), [ctypes.c_uint32]
        info = query(ABI_VERSION).contents
        self.api, self.error = info.api.contents, Error()
        module, self.session = POINTER(), POINTER()
        self.check(self.api.module_from_info(ctypes.addressof(info), None, ctypes.addressof(module), self.at_error()))
        options = SessionOptions(ctypes.sizeof(SessionOptions), threads, 0)
        self.check(self.api.session_create(module, ctypes.addressof(options), ctypes.addressof(self.session),
                                           self.at_error()))
        entries = {info.entries[i].name.decode(): i for i in range(info.num_entries)}
        if model.train:
            self.check(self.api.session_run(self.session, entries["init"], None, 0, None, 0, self.at_error()))
        index = entries["main"]
        entry = info.entries[index]
        self.arrays = {name + ":0": np.ascontiguousarray(array) for name, array in model.npz("inputs").items()}
        feeds = [Tensor.of(self.arrays[entry.feeds[i].name.decode()]) for i in range(entry.num_feeds)]
        self.feeds, self.fetches = (Tensor * len(feeds))(*feeds), (Tensor * entry.num_fetches)()
        self.arguments = (self.session, index, ctypes.addressof(self.feeds), len(feeds),
                          ctypes.addressof(self.fetches), entry.num_fetches, self.at_error())
        self.call = self.api.session_run

    def at_error(self):
        return ctypes.addressof(self.error)

    def check(self, status):
        if status:
            raise RuntimeError(self.error.message.decode())

    def run(self):
        self.call(*self.arguments)

    def fetch(self):
        self.check(self.call(*self.arguments))
        fetch = self.fetches[0]
        bytes_ = ctypes.string_at(fetch.data, fetch.byte_size)
        return np.frombuffer(bytes_, np.float32).reshape(fetch.dims[:fetch.rank])


class Tgc(Peer):
    name, venv, build_venv = "tgc", "tf", "tf"
    packages = ()  # the runtime is inside the artefact

    def supports(self, name):
        return True

    def build(self, model, out):
        tgc = os.environ.get("TGC")
        if not tgc:
            raise Unsupported("set TGC to the compiler")
        command = [tgc, model.pb, "-o", os.path.join(out, "model.so"), "--target", "cpu:native", "--entry", "main",
                   "--feeds", ",".join(name + ":0" for name in model.meta["inputs"]),
                   "--fetches", ",".join(name + ":0" for name in model.meta["outputs"])]
        if model.train:
            command += ["--targets", model.meta["train_op"], "--entry", "init", "--targets", model.meta["init_op"]]
        subprocess.run(command, check=True)

    def load(self, model, art, threads):
        path = os.path.join(art, "model.so")
        if not os.path.exists(path):
            raise Unsupported("not built yet")
        return TgcRunner(path, model, threads)
