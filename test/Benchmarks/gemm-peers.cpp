//===- gemm-peers.cpp - Products of matrices beside oneDNN and OpenBLAS ---===//
//
// gemm-peers LIBRARY M N K KIND SECONDS [OPENBLAS]: by turns in one process, in f32 on one thread: the
// library that tgc made of the case, oneDNN's matmul primitive and sgemm, and OpenBLAS (a library as numpy
// brings it). KIND says how the operands lie: nn, nt, tn or tt, a t for one of K rows and M columns or N rows
// and K; all are known in the run only, so packing is in the time. Or it is `constant`: nn with the right
// operand packed before, by oneDNN in the layout that it likes best, by OpenBLAS not at all. Prints what
// gemm.py reads: the most that registers reach here in GF/s, before or after the rest, and of each the
// seconds of a run, the least and the median. Seconds are of the processor.
//
//   clang++ -O2 -std=c++17 -march=native -Iruntime/include -I$ONEDNN/include test/Benchmarks/gemm-peers.cpp
//   -L$ONEDNN/lib -ldnnl -o gemm-peers
//
//===----------------------------------------------------------------------===//

#include "tgc/abi.h"
#include "tgc/runtime.h"
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <dlfcn.h>
#include <functional>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <unordered_map>
#include <vector>

using namespace dnnl;
using Tag = memory::format_tag;

namespace {

double now() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

[[noreturn]] void fail(const char *message) {
  std::fprintf(stderr, "gemm-peers: %s\n", message);
  std::exit(1);
}

/// GF/s of multiplications and additions that touch no memory.
double probePeak() {
#if defined(__AVX512F__)
  constexpr int kBytes = 64;
#elif defined(__AVX__)
  constexpr int kBytes = 32;
#else
  constexpr int kBytes = 16;
#endif
  using Vector = float __attribute__((vector_size(kBytes)));
  constexpr int kSums = 10, kSteps = 40000;
  volatile float factorSource = 0.999f, addendSource = 0.001f;
  Vector factor = Vector{} + factorSource, addend = Vector{} + addendSource, sums[kSums] = {};
  double most = 0;
  for (int round = 0; round < 5; ++round) {
    double start = now();
    for (int step = 0; step < kSteps; ++step)
#pragma unroll
      for (Vector &sum : sums)
        sum = __builtin_elementwise_fma(sum, factor, addend);
    double flops = 2.0 * kSteps * kSums * kBytes / sizeof(float);
    most = std::max(most, 1e-9 * flops / (now() - start));
  }
  volatile float used = 0;
  for (Vector &sum : sums)
    used = used + sum[0];
  return most;
}

/// One product, C = A B, and where its operands are.
struct Case {
  long m, n, k;
  bool isLhsTransposed = false, isRhsTransposed = false, isConstant = false;
  std::vector<float> a, b, c;

  Case(char **argv) : m(std::atol(argv[2])), n(std::atol(argv[3])), k(std::atol(argv[4])) {
    std::string kind = argv[5];
    isConstant = kind == "constant";
    if (!isConstant && (kind.size() != 2 || kind.find_first_not_of("nt") != kind.npos))
      fail("KIND is constant, nn, nt, tn or tt");
    isLhsTransposed = kind[0] == 't';
    isRhsTransposed = !isConstant && kind[1] == 't';
    a.resize(m * k), b.resize(n * k), c.resize(m * n);
    for (std::vector<float> *operand : {&a, &b})
      for (size_t i = 0; i < operand->size(); ++i)
        (*operand)[i] = static_cast<float>(static_cast<int>(i * 7 % 31) - 15) / 16;
  }

  long getLhsStride() const { return isLhsTransposed ? m : k; }
  long getRhsStride() const { return isRhsTransposed ? k : n; }
};

struct Peer {
  std::string name;
  std::function<void()> run;
  std::vector<double> seconds = {};
  int runsAtOnce = 1;
};

Peer loadTgc(const char *path, Case &data) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library)
    fail(dlerror());
  auto query = reinterpret_cast<tgc_module_query_fn>(dlsym(library, TGC_MODULE_QUERY_SYMBOL));
  const tgc_module_info_t *info = query ? query(TGC_ABI_VERSION) : nullptr;
  if (!info)
    fail("no library of tgc");
  const tgc_runtime_api_t *api = info->api;
  static tgc_error_t error;
  tgc_module_t *module;
  tgc_session_t *session;
  uint32_t entry;
  tgc_session_options_t options = {};
  options.size = sizeof(options);
  options.num_threads = 1;
  if (api->module_from_info(info, nullptr, &module, &error) != TGC_OK ||
      api->session_create(module, &options, &session, &error) != TGC_OK ||
      api->module_find_entry(module, "main", &entry, &error) != TGC_OK)
    fail(error.message);
  auto describe = [](std::vector<float> &values, long rows, long columns) {
    tgc_tensor_t tensor = {};
    tensor.data = values.data();
    tensor.byte_size = values.size() * sizeof(float);
    tensor.dtype = TGC_FLOAT32;
    tensor.rank = 2;
    tensor.dims[0] = rows, tensor.dims[1] = columns;
    return tensor;
  };
  bool isLhs = data.isLhsTransposed, isRhs = data.isRhsTransposed;
  std::vector<tgc_tensor_t> feeds = {describe(data.a, isLhs ? data.k : data.m, isLhs ? data.m : data.k)};
  if (!data.isConstant)
    feeds.push_back(describe(data.b, isRhs ? data.n : data.k, isRhs ? data.k : data.n));
  tgc_tensor_t result = describe(data.c, data.m, data.n);
  return {"tgc", [=]() mutable {
            if (api->session_run(session, entry, feeds.data(), feeds.size(), &result, 1, &error) != TGC_OK)
              fail(error.message);
          }};
}

Peer makeMatmul(Case &data) {
  engine cpu(engine::kind::cpu, 0);
  auto describe = [](long rows, long columns, Tag tag) {
    return memory::desc({rows, columns}, memory::data_type::f32, tag);
  };
  Tag rhs = data.isConstant ? Tag::any : data.isRhsTransposed ? Tag::ba : Tag::ab;
  matmul::primitive_desc chosen(cpu, describe(data.m, data.k, data.isLhsTransposed ? Tag::ba : Tag::ab),
                                describe(data.k, data.n, rhs), describe(data.m, data.n, Tag::ab));
  memory a(chosen.src_desc(), cpu, data.a.data()), c(chosen.dst_desc(), cpu, data.c.data());
  memory b = data.isConstant ? memory(chosen.weights_desc(), cpu)
                             : memory(chosen.weights_desc(), cpu, data.b.data());
  stream queue(cpu);
  if (data.isConstant) {
    memory plain(describe(data.k, data.n, Tag::ab), cpu, data.b.data());
    reorder(plain, b).execute(queue, plain, b);
    queue.wait();
  }
  std::unordered_map<int, memory> operands = {{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DST, c}};
  return {"matmul", [product = matmul(chosen), queue, operands]() mutable {
            product.execute(queue, operands);
            queue.wait();
          }};
}

Peer makeSgemm(Case &data) {
  return {"sgemm", [&data] {
            dnnl_sgemm(data.isLhsTransposed ? 'T' : 'N', data.isRhsTransposed ? 'T' : 'N', data.m, data.n,
                       data.k, 1, data.a.data(), data.getLhsStride(), data.b.data(), data.getRhsStride(), 0,
                       data.c.data(), data.n);
          }};
}

Peer loadOpenblas(const char *path, Case &data) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library)
    fail(dlerror());
  using Integer = int64_t;
  using Sgemm = void (*)(int, int, int, Integer, Integer, Integer, float, const float *, Integer,
                         const float *, Integer, float, float *, Integer);
  auto sgemm = reinterpret_cast<Sgemm>(dlsym(library, "scipy_cblas_sgemm64_"));
  auto setThreads = reinterpret_cast<void (*)(int)>(dlsym(library, "scipy_openblas_set_num_threads64_"));
  if (!sgemm || !setThreads)
    fail("no OpenBLAS as numpy brings it");
  setThreads(1);
  enum { kRowMajor = 101, kAsItIs = 111, kTransposed = 112 };
  return {"openblas", [&data, sgemm] {
            sgemm(kRowMajor, data.isLhsTransposed ? kTransposed : kAsItIs,
                  data.isRhsTransposed ? kTransposed : kAsItIs, data.m, data.n, data.k, 1, data.a.data(),
                  data.getLhsStride(), data.b.data(), data.getRhsStride(), 0, data.c.data(), data.n);
          }};
}

/// That all compute the same. Another constant than this program's is in the library.
void compareResults(std::vector<Peer> &peers, Case &data) {
  std::vector<float> first;
  for (Peer &peer : peers) {
    peer.run();
    if (peer.name == "tgc" && data.isConstant)
      continue;
    if (first.empty())
      first = data.c;
    for (size_t i = 0; i < first.size(); ++i)
      if (std::fabs(first[i] - data.c[i]) > 1e-4 * static_cast<double>(data.k))
        fail((peer.name + " computes something else").c_str());
  }
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 7 && argc != 8)
    fail("LIBRARY M N K KIND SECONDS [OPENBLAS]");
  Case data(argv);
  std::vector<Peer> peers = {loadTgc(argv[1], data), makeMatmul(data), makeSgemm(data)};
  if (argc == 8)
    peers.push_back(loadOpenblas(argv[7], data));
  compareResults(peers, data);
  for (Peer &peer : peers) {
    double start = now();
    peer.run();
    peer.runsAtOnce = std::max(1, static_cast<int>(1.5e-4 / std::max(now() - start, 1e-7)));
  }
  double peak = probePeak(), end = now() + std::atof(argv[6]);
  for (int round = 0; round < 3 || now() < end; ++round)
    for (Peer &peer : peers) {
      peer.run(); // The caches are another's.
      double start = now();
      for (int i = 0; i < peer.runsAtOnce; ++i)
        peer.run();
      peer.seconds.push_back((now() - start) / peer.runsAtOnce);
    }
  std::printf("peak %.1f", std::max(peak, probePeak()));
  for (Peer &peer : peers) {
    std::sort(peer.seconds.begin(), peer.seconds.end());
    std::printf(" %s %.9f %.9f", peer.name.c_str(), peer.seconds.front(),
                peer.seconds[peer.seconds.size() / 2]);
  }
  std::printf("\n");
  return 0;
}
