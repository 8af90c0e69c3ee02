//===- Validate.cpp - Does a graph make sense? -------------------------------===//
//
// What can be said of a graph without knowing its ops. All problems are collected: whoever repairs a file
// wants to see them at once. Nothing here recurses, graphs are deep.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/Validate.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace llvm;
using namespace tgc;
using namespace tgc::validate;

void Problems::add(const Twine &message) {
  if (++count > kMostShown)
    return;
  error = joinErrors(std::move(error), createStringError(path + ": " + message));
}

Error Problems::take() {
  if (count > kMostShown)
    error = joinErrors(std::move(error),
                       createStringError(path + ": and " + Twine(count - kMostShown) + " more problems"));
  return std::move(error);
}

static std::string inFunction(StringRef function) {
  return function.empty() ? std::string() : ("function " + function + ": ").str();
}

/// TensorFlow's alphabet for names. Names that start with an underscore are its own, and appear in exported
/// functions.
static bool isLegalName(StringRef name) {
  if (name.empty() || !(isAlnum(name.front()) || name.front() == '.' || name.front() == '_'))
    return false;
  return all_of(name, [](char c) { return isAlnum(c) || StringRef("_.\\/>-").contains(c); });
}

NodeTable::NodeTable(const Nodes &nodes, StringRef function, Problems &problems) : nodes(nodes) {
  std::string where = inFunction(function);
  for (const auto &[index, node] : enumerate(nodes)) {
    if (!isLegalName(node.name()))
      problems.add(where + "illegal node name '" + printableName(node.name()) + "' (op " +
                   printableName(node.op()) + "): letters, digits and . _ / \\ > - are allowed");
    if (node.op().empty())
      problems.add(where + "node " + printableName(node.name()) + " has no op");
    if (!indices.try_emplace(node.name(), static_cast<int>(index)).second)
      problems.add(where + "two nodes are named " + printableName(node.name()) + " (" +
                   printableName(nodes[indices[node.name()]].op()) + " and " + printableName(node.op()) +
                   ")");
  }
}

std::optional<int> NodeTable::find(StringRef name) const {
  auto it = indices.find(name);
  if (it == indices.end())
    return std::nullopt;
  return it->second;
}

/// Types that an attribute holds must exist; nobody can do anything with the others.
static void checkAttrTypes(const proto::NodeDef &node, const std::string &where, Problems &problems) {
  for (const auto &[name, attr] : node.attr()) {
    auto check = [&](proto::DataType type) {
      if (type != proto::DT_INVALID && !isKnownDataType(type))
        problems.add(where + "node " + describeNode(node) + ": attr " + name + ": " + dataTypeName(type) +
                     " is not a known data type");
    };
    if (attr.value_case() == proto::AttrValue::kType)
      check(attr.type());
    else if (attr.value_case() == proto::AttrValue::kList)
      for (int type : attr.list().type())
        check(static_cast<proto::DataType>(type));
  }
}

void validate::checkEdges(const NodeTable &table, StringRef function,
                          function_ref<bool(StringRef)> isArgument, Problems &problems) {
  std::string where = inFunction(function);
  for (const proto::NodeDef &node : table.nodes) {
    std::string subject = where + "node " + describeNode(node) + ": ";
    checkAttrTypes(node, where, problems);
    bool sawControl = false;
    for (const std::string &text : node.input()) {
      std::optional<TensorName> input = parseTensorName(text);
      if (!input) {
        problems.add(subject + "'" + text + "' is not the name of a tensor (NODE:INDEX, or ^NODE)");
        continue;
      }
      if (!input->isControl && sawControl)
        problems.add(subject + "control input before data input " + text);
      sawControl |= input->isControl;
      if (!table.find(input->node) && !(isArgument && isArgument(input->node)))
        problems.add(subject + (input->isControl ? "control input " : "input ") + input->node +
                     " does not exist");
      else if (!isArgument && !input->outputArg.empty())
        problems.add(subject + "input " + text + " has the form of function bodies, NODE:INDEX is expected");
    }
  }
}

//===----------------------------------------------------------------------===//
// Cycles
//===----------------------------------------------------------------------===//

/// Loops of control flow v1 close through these.
static bool closesLoop(const proto::NodeDef &node) {
  return node.op() == "NextIteration" || node.op() == "RefNextIteration";
}

/// Nodes of one cycle from its first in the file, found by walking back from a node that has an unfinished
/// input, as every unfinished node does.
static std::vector<int> findCycle(ArrayRef<SmallVector<int, 2>> inputs, ArrayRef<int> waiting) {
  int at = static_cast<int>(find_if(waiting, [](int count) { return count > 0; }) - waiting.begin());
  std::vector<int> position(waiting.size(), -1), path;
  while (position[at] < 0) {
    position[at] = static_cast<int>(path.size());
    path.push_back(at);
    at = *find_if(inputs[at], [&](int input) { return waiting[input] > 0; });
  }
  path.erase(path.begin(), path.begin() + position[at]);
  std::reverse(path.begin(), path.end());
  std::rotate(path.begin(), std::min_element(path.begin(), path.end()), path.end());
  return path;
}

void validate::checkCycles(const NodeTable &table, StringRef function, Problems &problems) {
  int size = table.nodes.size();
  std::vector<SmallVector<int, 2>> inputs(size), users(size);
  std::vector<int> waiting(size, 0);
  for (int i = 0; i < size; ++i)
    for (const std::string &text : table.nodes[i].input()) {
      std::optional<TensorName> name = parseTensorName(text);
      std::optional<int> source = name ? table.find(name->node) : std::nullopt;
      if (!source || closesLoop(table.nodes[*source]))
        continue;
      inputs[i].push_back(*source);
      users[*source].push_back(i);
      ++waiting[i];
    }
  std::vector<int> ready;
  for (int i = 0; i < size; ++i)
    if (waiting[i] == 0)
      ready.push_back(i);
  int done = 0;
  while (!ready.empty()) {
    int node = ready.back();
    ready.pop_back();
    ++done;
    for (int user : users[node])
      if (--waiting[user] == 0)
        ready.push_back(user);
  }
  if (done == size)
    return;
  constexpr size_t kMostNamed = 8;
  std::vector<int> cycle = findCycle(inputs, waiting);
  std::vector<std::string> names;
  for (int node : ArrayRef<int>(cycle).take_front(kMostNamed))
    names.push_back(table.nodes[node].name());
  problems.add(
      inFunction(function) + "graph has a cycle through nodes " + join(names, ", ") +
      (cycle.size() > kMostNamed ? " and " + std::to_string(cycle.size() - kMostNamed) + " more" : "") +
      " (without NextIteration)");
}

static void checkVersions(const proto::VersionDef &versions, Problems &problems) {
  if (versions.min_consumer() > kGraphVersion)
    problems.add("graph requires a consumer of version " + Twine(versions.min_consumer()) +
                 " or newer, this compiler implements version " + Twine(kGraphVersion) +
                 " (TensorFlow 2.19)");
  if (is_contained(versions.bad_consumers(), kGraphVersion))
    problems.add("graph refuses consumers of version " + Twine(kGraphVersion) +
                 ", which this compiler implements");
}

Error tgc::validateGraph(const proto::GraphDef &graph, StringRef path) {
  Problems problems(path);
  checkVersions(graph.versions(), problems);
  NodeTable table(graph.node(), /*function=*/"", problems);
  checkEdges(table, /*function=*/"", /*isArgument=*/nullptr, problems);
  checkCycles(table, /*function=*/"", problems);
  checkFunctions(graph, problems);
  return problems.take();
}
