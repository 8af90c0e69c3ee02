//===- onednn-gemm.cpp - oneDNN's products of matrices, timed -------------===//
//
// onednn-gemm M N K FORM fed|constant: the seconds of the fastest run, in f32 on one thread, of the better of
// the matmul primitive and sgemm. FORM says how the operands lie: nn, nt, tn or tt. `constant`: the right
// operand lies as the primitive likes it best, which is not timed. For gemm.py, which runs it beside tgc:
//
//   clang++ -O2 -std=c++17 -I$ONEDNN/include test/Benchmarks/onednn-gemm.cpp -L$ONEDNN/lib -ldnnl -o
//   onednn-gemm
//
//===----------------------------------------------------------------------===//

#include "Timing.h"
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <oneapi/dnnl/dnnl.hpp>
#include <vector>

using namespace dnnl;
using Tag = memory::format_tag;

int main(int argc, char **argv) {
  if (argc != 6)
    return std::fprintf(stderr, "onednn-gemm M N K FORM fed|constant\n"), 1;
  long m = std::atol(argv[1]), n = std::atol(argv[2]), k = std::atol(argv[3]);
  bool isLhs = argv[4][0] == 't', isRhs = argv[4][1] == 't', isConstant = !std::strcmp(argv[5], "constant");
  engine cpu(engine::kind::cpu, 0);
  stream queue(cpu);
  auto describe = [](long rows, long columns, Tag tag) {
    return memory::desc({rows, columns}, memory::data_type::f32, tag);
  };
  matmul::primitive_desc chosen(cpu, describe(m, k, isLhs ? Tag::ba : Tag::ab),
                                describe(k, n,
                                         isConstant ? Tag::any
                                         : isRhs    ? Tag::ba
                                                    : Tag::ab),
                                describe(m, n, Tag::ab));
  memory a(chosen.src_desc(), cpu), b(chosen.weights_desc(), cpu), c(chosen.dst_desc(), cpu);
  for (memory *operand : {&a, &b}) {
    auto *elements = static_cast<float *>(operand->get_data_handle());
    std::fill(elements, elements + operand->get_desc().get_size() / sizeof(float), 0.5f);
  }
  matmul product(chosen);
  double least = timeLeast(0.4, [&] {
    product.execute(queue, {{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DST, c}});
    queue.wait();
  });
  std::vector<float> rhs(static_cast<size_t>(k) * n, 0.5f);
  auto *left = static_cast<const float *>(a.get_data_handle());
  auto *result = static_cast<float *>(c.get_data_handle());
  least = std::min(least, timeLeast(0.4, [&] {
                     dnnl_sgemm(isLhs ? 'T' : 'N', isRhs ? 'T' : 'N', m, n, k, 1, left, isLhs ? m : k,
                                rhs.data(), isRhs ? k : n, 0, result, n);
                   }));
  std::printf("%.9f\n", least);
  return 0;
}
