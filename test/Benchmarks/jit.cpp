//===- jit.cpp - How long graphs take that a program compiles for itself ----===//
//
// tgc-jit-time: compiles 21 different graphs of 20 elementwise operators one after the other in this process,
// and then 21 of three layers of 64 and ten operators more. Prints milliseconds on the clock: of the first
// graph, whose functions of LLVM and MLIR the linker still has to find, and the least and the median of the
// others.
//
//===------------------------------------------------------------------------===//

#include "tgc/jit.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

namespace {

/// The text of a GraphDef. Names are n0, n1 ... in the order of the nodes.
struct Graph {
  std::string text;
  int count = 0;

  std::string add(const std::string &op, const std::vector<std::string> &inputs,
                  const std::string &attributes = "") {
    std::string name = "n" + std::to_string(count++);
    text += "node { name: '" + name + "' op: '" + op + "' ";
    for (const std::string &input : inputs)
      text += "input: '" + input + "' ";
    text += attributes + "attr { key: 'T' value { type: DT_FLOAT } } }\n";
    return name;
  }
  std::string constant(const std::string &shape, double value) {
    std::string name = "n" + std::to_string(count++);
    text += "node { name: '" + name +
            "' op: 'Const' attr { key: 'dtype' value { type: DT_FLOAT } } attr { key: 'value' value { "
            "tensor { dtype: DT_FLOAT tensor_shape { " +
            shape + " } float_val: " + std::to_string(value) + " } } } }\n";
    return name;
  }
  std::string feed(const std::string &shape) {
    text += "node { name: 'x' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } "
            "attr { key: 'shape' value { shape { " +
            shape + " } } } }\n";
    return "x";
  }
};

/// x -> 20 operators; `seed` changes the constants and which operators follow each other.
std::string chain(int seed) {
  static const char *const kBinary[] = {"Mul", "AddV2", "Maximum", "Sub", "Minimum"};
  Graph graph;
  std::string x = graph.feed("dim { size: -1 }"), h = x;
  for (int i = 0; i < 19; ++i)
    h = graph.add(kBinary[(i * (seed % 3 + 1) + seed) % 5],
                  {h, i % 3 ? graph.constant("", 1.5 + 0.1 * seed + i) : x});
  graph.add("Tanh", {h});
  return graph.text;
}

/// x -> three layers with relu, and ten operators that mix and normalise what comes out.
std::string layers(int seed) {
  Graph graph;
  std::string h = graph.feed("dim { size: -1 } dim { size: 64 }");
  for (int i = 0; i < 3; ++i) {
    std::string product =
        graph.add("MatMul", {h, graph.constant("dim { size: 64 } dim { size: 64 }", 0.01 * (seed + i + 1))});
    h = graph.add("Relu", {graph.add("BiasAdd", {product, graph.constant("dim { size: 64 }", 0.1 * seed)})});
  }
  std::string mixed =
      graph.add("AddV2", {graph.add("Mul", {graph.add("Exp", {h}), graph.constant("", 0.5 + seed)}),
                          graph.add("Tanh", {h})});
  std::string spread =
      graph.add("RealDiv", {graph.add("Sub", {mixed, graph.add("Sigmoid", {h})}),
                            graph.add("AddV2", {graph.constant("", 1), graph.add("Abs", {mixed})})});
  graph.add("Softmax", {spread});
  return graph.text;
}

int time(const char *what, std::string (*make)(int)) {
  std::vector<double> times;
  for (int seed = 0; seed < 21; ++seed) {
    std::string text = make(seed), error;
    std::string last = "n" + std::to_string(std::count(text.begin(), text.end(), '\n') - 2);
    auto start = std::chrono::steady_clock::now();
    tgc::JitModule module =
        tgc::JitModule::compileBytes(text.data(), text.size(), "feeds=x:0\nfetches=" + last + ":0\n", error);
    times.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
    if (!module)
      return std::fprintf(stderr, "tgc-jit-time: error: %s\n", error.c_str()), 1;
  }
  double first = times[0];
  std::sort(times.begin() + 1, times.end());
  std::printf("%s: first %.1f ms, others %.1f at least, median %.1f\n", what, first, times[1], times[11]);
  return 0;
}

} // namespace

int main() {
  return time("20 elementwise operators", chain) || time("three layers and 10 operators", layers);
}
