//===- ValidateFunctions.cpp - Does the function library make sense? ---------===//
//
// Exported models carry functions that nothing calls, often ones that could not run here. So only what the
// graph reaches is looked at.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/Validate.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace tgc;
using namespace tgc::validate;

namespace {

using Library = StringMap<const proto::FunctionDef *>;

struct Callee {
  StringRef name;
  const proto::NodeDef *caller;
};

/// A function that is being walked, and the next of its calls.
struct Frame {
  const proto::FunctionDef *function;
  std::vector<Callee> callees;
  size_t next = 0;
};

/// How many nodes the calls of a function come to, once the functions that it calls are in their place.
class Expansion {
public:
  /// More than this is a mistake, or would be compiled for hours.
  static constexpr uint64_t kMostNodes = 2000000;

  /// To be asked in an order in which callees come first.
  uint64_t add(const proto::FunctionDef &function, ArrayRef<Callee> callees, const Library &library) {
    uint64_t size = function.node_def_size();
    for (const Callee &callee : callees)
      if (const proto::FunctionDef *called = library.lookup(callee.name))
        size = SaturatingAdd(size, sizes.lookup(called));
    return sizes[&function] = size;
  }

private:
  DenseMap<const proto::FunctionDef *, uint64_t> sizes;
};

} // namespace

/// Functions that nodes name in attributes, or call by using their name as op.
static std::vector<Callee> calleesOf(const Nodes &nodes, const Library &library) {
  std::vector<Callee> callees;
  for (const proto::NodeDef &node : nodes) {
    if (library.contains(node.op()))
      callees.push_back({node.op(), &node});
    // Maps have no order; messages should have one.
    std::vector<StringRef> names;
    for (const auto &[attrName, attr] : node.attr()) {
      if (StringRef(attrName).starts_with("_"))
        continue;
      if (attr.value_case() == proto::AttrValue::kFunc)
        names.push_back(attr.func().name());
      else if (attr.value_case() == proto::AttrValue::kList)
        for (const proto::NameAttrList &function : attr.list().func())
          names.push_back(function.name());
    }
    sort(names);
    for (StringRef name : names)
      if (!name.empty())
        callees.push_back({name, &node});
  }
  return callees;
}

/// Does the value "node:output:0", "argument" or "node" of a function exist?
static void checkReturn(const std::string &where, StringRef what, StringRef name, StringRef value,
                        const NodeTable &table, function_ref<bool(StringRef)> isArgument,
                        Problems &problems) {
  std::optional<TensorName> source = parseTensorName(value);
  if (!source)
    problems.add(where + what + " " + name + ": '" + value + "' is not the name of a tensor");
  else if (!table.find(source->node) && !isArgument(source->node))
    problems.add(where + what + " " + name + " refers to node " + source->node + ", which does not exist");
}

static void checkBody(const proto::FunctionDef &function, Problems &problems) {
  const proto::OpDef &signature = function.signature();
  std::string where = "function " + signature.name() + ": ";
  StringSet<> arguments;
  for (const proto::OpDef::ArgDef &arg : signature.input_arg())
    if (!arguments.insert(arg.name()).second)
      problems.add(where + "two arguments are named " + arg.name());
  auto isArgument = [&](StringRef name) { return arguments.contains(name); };

  NodeTable table(function.node_def(), signature.name(), problems);
  checkEdges(table, signature.name(), isArgument, problems);
  checkCycles(table, signature.name(), problems);
  for (const proto::OpDef::ArgDef &output : signature.output_arg()) {
    auto it = function.ret().find(output.name());
    if (it == function.ret().end())
      problems.add(where + "return value " + output.name() + " is not given");
    else
      checkReturn(where, "return value", output.name(), it->second, table, isArgument, problems);
  }
  for (const std::string &control : signature.control_output()) {
    auto it = function.control_ret().find(control);
    if (it == function.control_ret().end())
      problems.add(where + "control output " + control + " is not given");
    else
      checkReturn(where, "control output", control, it->second, table, isArgument, problems);
  }
}

static void reportRecursion(ArrayRef<Frame> stack, const proto::FunctionDef *again, Problems &problems) {
  const auto *start = find_if(stack, [&](const Frame &frame) { return frame.function == again; });
  std::vector<std::string> names;
  for (const Frame &frame : ArrayRef<Frame>(start, stack.end()))
    if (frame.function)
      names.push_back(frame.function->signature().name());
  names.push_back(again->signature().name());
  problems.add("function " + names.front() + " calls itself without end (" + join(names, " -> ") +
               "): recursive functions cannot be compiled");
}

void validate::checkFunctions(const proto::GraphDef &graph, Problems &problems) {
  Library library;
  for (const proto::FunctionDef &function : graph.library().function())
    if (!library.try_emplace(function.signature().name(), &function).second)
      problems.add("two functions are named " + function.signature().name());

  // Depth first from the graph, whose frame has no function.
  DenseSet<const proto::FunctionDef *> entered, active;
  std::vector<Frame> stack;
  stack.push_back({nullptr, calleesOf(graph.node(), library)});
  Expansion expansion;
  bool isTooLarge = false;
  while (!stack.empty()) {
    Frame &frame = stack.back();
    if (frame.next == frame.callees.size()) {
      if (frame.function && expansion.add(*frame.function, frame.callees, library) > Expansion::kMostNodes &&
          !isTooLarge) {
        problems.add("function " + frame.function->signature().name() +
                     ": its calls of functions expand to more than " + Twine(Expansion::kMostNodes) +
                     " nodes");
        isTooLarge = true;
      }
      active.erase(frame.function);
      stack.pop_back();
      continue;
    }
    Callee callee = frame.callees[frame.next++];
    const proto::FunctionDef *function = library.lookup(callee.name);
    if (!function) {
      problems.add(
          (frame.function ? "function " + frame.function->signature().name() + ": " : std::string()) +
          "node " + describeNode(*callee.caller) + " calls function " + callee.name +
          ", which is not in the library");
      continue;
    }
    if (active.contains(function))
      reportRecursion(stack, function, problems);
    if (!entered.insert(function).second)
      continue;
    active.insert(function);
    checkBody(*function, problems);
    stack.push_back({function, calleesOf(function->node_def(), library)});
  }
}
