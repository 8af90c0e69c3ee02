//===- onednn-convolution.cpp - oneDNN's convolutions, timed --------------===//
//
// onednn-convolution WHAT SIZE CHANNELS FILTERS WINDOW STRIDE DILATION BATCH: the seconds of the fastest run,
// in f32 on one thread, of the best of the direct algorithm and Winograd's, each with operands that lie as
// the primitive likes them best and with images as TensorFlow has them (NHWC). WHAT is `forward`, `data` or
// `filter`, which name the operand that a gradient is by; SIZE is of the square image, and padding is SAME,
// as much on either side. Reorders are not timed. For convolutions.py, which runs it beside tgc:
//
//   clang++ -O2 -std=c++17 -I$ONEDNN/include test/Benchmarks/onednn-convolution.cpp -L$ONEDNN/lib -ldnnl -o
//   onednn-convolution
//
//===----------------------------------------------------------------------===//

#include "Timing.h"
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <unordered_map>

using namespace dnnl;
using Tag = memory::format_tag;

int main(int argc, char **argv) {
  if (argc != 9)
    return std::fprintf(stderr,
                        "onednn-convolution WHAT SIZE CHANNELS FILTERS WINDOW STRIDE DILATION BATCH\n"),
           1;
  std::string what = argv[1];
  long numbers[7];
  for (int i = 0; i < 7; ++i)
    numbers[i] = std::atol(argv[i + 2]);
  auto [size, channels, filters, window, stride, dilation, batch] = numbers;
  long reach = (window - 1) * dilation + 1, results = (size + stride - 1) / stride;
  long padding = std::max(0L, (results - 1) * stride + reach - size), before = padding / 2;
  memory::dims strides = {stride, stride}, dilations = {dilation - 1, dilation - 1}, first = {before, before},
               last = {padding - before, padding - before};

  engine cpu(engine::kind::cpu, 0);
  stream queue(cpu);
  double least = 1e9;
  for (algorithm kind : {algorithm::convolution_direct, algorithm::convolution_winograd})
    for (Tag images : {Tag::any, Tag::nhwc}) {
      memory::desc x({batch, channels, size, size}, memory::data_type::f32, images);
      memory::desc w({filters, channels, window, window}, memory::data_type::f32, Tag::any);
      memory::desc y({batch, filters, results, results}, memory::data_type::f32, images);
      auto time = [&](auto primitive, std::unordered_map<int, memory> operands) {
        for (auto &[name, operand] : operands) {
          auto *elements = static_cast<float *>(operand.get_data_handle());
          std::fill(elements, elements + operand.get_desc().get_size() / sizeof(float), 0.5f);
        }
        least = std::min(least, timeLeast(0.15, [&] {
                           primitive.execute(queue, operands);
                           queue.wait();
                         }));
      };
      try {
        convolution_forward::primitive_desc forward(
            cpu, what == "forward" ? prop_kind::forward_inference : prop_kind::forward_training, kind, x, w,
            y, strides, dilations, first, last);
        if (what == "forward") {
          time(convolution_forward(forward), {{DNNL_ARG_SRC, {forward.src_desc(), cpu}},
                                              {DNNL_ARG_WEIGHTS, {forward.weights_desc(), cpu}},
                                              {DNNL_ARG_DST, {forward.dst_desc(), cpu}}});
        } else if (what == "data") {
          convolution_backward_data::primitive_desc data(cpu, kind, x, w, y, strides, dilations, first, last,
                                                         forward);
          time(convolution_backward_data(data), {{DNNL_ARG_DIFF_SRC, {data.diff_src_desc(), cpu}},
                                                 {DNNL_ARG_WEIGHTS, {data.weights_desc(), cpu}},
                                                 {DNNL_ARG_DIFF_DST, {data.diff_dst_desc(), cpu}}});
        } else {
          convolution_backward_weights::primitive_desc filter(cpu, kind, x, w, y, strides, dilations, first,
                                                              last, forward);
          time(convolution_backward_weights(filter),
               {{DNNL_ARG_SRC, {filter.src_desc(), cpu}},
                {DNNL_ARG_DIFF_WEIGHTS, {filter.diff_weights_desc(), cpu}},
                {DNNL_ARG_DIFF_DST, {filter.diff_dst_desc(), cpu}}});
        }
      } catch (const error &) {
        // The algorithm has no such convolution.
      }
    }
  std::printf("%.9f\n", least);
  return 0;
}
