//===- Collectives.cpp - Nodes that run together --------------------------===//

#include "frontend/Import/Collectives.h"
#include "frontend/GraphDef/DeviceName.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Endian.h"
#include <map>
#include <tuple>

using namespace llvm;

namespace tgc {
namespace {

using Data = ArrayRef<SmallVector<NodeOutput, 2>>;
using Control = ArrayRef<SmallVector<int, 1>>;

bool isNccl(StringRef op) { return op == "NcclAllReduce"; }
bool isSecondVersion(StringRef op) { return op.ends_with("V2"); }
bool isSender(StringRef op) { return op.starts_with("CollectiveBcastSend"); }
bool isReceiver(StringRef op) { return op.starts_with("CollectiveBcastRecv"); }
bool isMember(StringRef op) {
  return isNccl(op) || isSender(op) || isReceiver(op) || op == "CollectiveReduce" ||
         op == "CollectiveReduceV2" || op == "CollectiveGather" || op == "CollectiveGatherV2";
}

/// What a group's members have in common.
struct Key {
  bool isNccl = false;
  std::string name;
  int64_t group = 0, instance = 0;

  bool operator<(const Key &other) const {
    return std::tie(isNccl, name, group, instance) <
           std::tie(other.isNccl, other.name, other.group, other.instance);
  }
};

class Finder {
public:
  Finder(ArrayRef<const proto::NodeDef *> nodes, Data data, Control control)
      : nodes(nodes), data(data), control(control) {}

  DenseMap<int, std::shared_ptr<const Collective>> run() {
    std::map<Key, SmallVector<int>> groups;
    DenseMap<int, std::shared_ptr<const Collective>> found;
    for (auto [index, node] : enumerate(nodes)) {
      if (!isMember(node->op()))
        continue;
      std::string error;
      if (std::optional<Key> key = findKey(index, error)) {
        groups[*key].push_back(index);
      } else {
        auto alone = std::make_shared<Collective>();
        alone->error = error;
        found[index] = alone;
      }
    }
    for (auto &[key, members] : groups) {
      auto group = std::make_shared<Collective>();
      stable_sort(members, [&](int a, int b) { return deviceOf(a) < deviceOf(b); });
      group->members = members;
      group->error = check(key, members);
      for (int member : members)
        if (!isReceiver(nodes[member]->op()) && !data[member].empty())
          group->given.push_back(data[member].front());
      for (int member : members)
        found[member] = group;
    }
    return found;
  }

private:
  /// A number that an input of a node must be known as; none, with an error, if it is not.
  std::optional<int64_t> findConstant(int node, size_t input, StringRef what, std::string &error) {
    std::string found = "its number of inputs is wrong";
    if (input < data[node].size()) {
      int source = data[node][input].node;
      for (; nodes[source]->op() == "Identity" && !data[source].empty(); source = data[source].front().node)
        ;
      found = "its input " + what.str() + " is no constant";
      const proto::AttrValue *value = findAttr(*nodes[source], "value");
      if (nodes[source]->op() == "Const" && value && value->has_tensor())
        if (auto tensor = decodeTensor(value->tensor(), describeNode(*nodes[source])); !tensor)
          consumeError(tensor.takeError());
        else if (tensor->dtype == proto::DT_INT32 && tensor->elementCount == 1)
          return support::endian::read32le(tensor->bytes.data());
    }
    error = found + ", so it is unknown which nodes run together";
    return std::nullopt;
  }

  /// Where the inputs group_size, group_key and instance_key begin.
  size_t firstKey(int node) const { return isReceiver(nodes[node]->op()) ? 0 : 1; }

  std::optional<Key> findKey(int index, std::string &error) {
    const proto::NodeDef &node = *nodes[index];
    Key key;
    key.isNccl = isNccl(node.op());
    if (key.isNccl) {
      key.name = getStringAttr(node, "shared_name").str();
      sizes[index] = getIntAttr(node, "num_devices", 0);
      return key;
    }
    if (!isSecondVersion(node.op())) {
      key.group = getIntAttr(node, "group_key", 0);
      key.instance = getIntAttr(node, "instance_key", 0);
      sizes[index] = getIntAttr(node, "group_size", 0);
      return key;
    }
    size_t first = firstKey(index);
    auto size = findConstant(index, first, "group_size", error);
    auto group = size ? findConstant(index, first + 1, "group_key", error) : std::nullopt;
    auto instance = group ? findConstant(index, first + 2, "instance_key", error) : std::nullopt;
    if (!instance)
      return std::nullopt;
    key.group = *group;
    key.instance = *instance;
    sizes[index] = *size;
    return key;
  }

  /// What orders devices; those that are not known come first.
  std::tuple<std::string, int> deviceOf(int node) const {
    std::optional<DeviceName> name = parseDeviceName(nodes[node]->device());
    return {name ? name->type.value_or("") : "", name ? name->number.value_or(0) : 0};
  }

  std::string list(ArrayRef<int> members) const {
    std::string text;
    for (int member : members)
      text += (text.empty() ? "" : ", ") + nodes[member]->name();
    return text;
  }

  /// Senders and receivers are of one kind.
  static StringRef kindOf(StringRef op) {
    if (isSender(op) || isReceiver(op))
      return "CollectiveBcast";
    op.consume_back("V2");
    return op;
  }

  /// What all members must have the same of; the first thing that two differ in, "" if there is none.
  std::string findDifference(int a, int b) const {
    const proto::NodeDef &first = *nodes[a], &second = *nodes[b];
    std::string other = second.name();
    if (kindOf(first.op()) != kindOf(second.op()))
      return other + " of the same group is a " + second.op();
    if (sizes.lookup(a) != sizes.lookup(b))
      return "its group has " + std::to_string(sizes.lookup(a)) + " members, that of " + other + " has " +
             std::to_string(sizes.lookup(b));
    if (getTypeAttr(first, "T") != getTypeAttr(second, "T"))
      return "T is " + dataTypeName(getTypeAttr(first, "T")) + ", that of " + other + " is " +
             dataTypeName(getTypeAttr(second, "T"));
    for (StringRef attr : {"reduction", "merge_op", "final_op"})
      if (getStringAttr(first, attr) != getStringAttr(second, attr))
        return (attr + " is " + getStringAttr(first, attr) + ", that of " + other + " is " +
                getStringAttr(second, attr))
            .str();
    return "";
  }

  std::string check(const Key &key, ArrayRef<int> members) const {
    for (int member : members.drop_front())
      if (std::string difference = findDifference(members.front(), member); !difference.empty())
        return nodes[members.front()]->name() + ": " + difference;
    int64_t wanted = sizes.lookup(members.front());
    if (wanted != int64_t(members.size()))
      return (key.isNccl ? "num_devices" : "group_size") + (" is " + std::to_string(wanted)) +
             ", the graph has " + std::to_string(members.size()) + " nodes with " +
             (key.isNccl ? "shared_name '" + key.name + "'"
                         : "group_key " + std::to_string(key.group) + " and instance_key " +
                               std::to_string(key.instance)) +
             ": " + list(members) +
             (wanted > int64_t(members.size()) ? "; a member is missing" : "; there is a member too many");
    if (kindOf(nodes[members.front()]->op()) == "CollectiveBcast") {
      SmallVector<int> senders;
      copy_if(members, std::back_inserter(senders), [&](int node) { return isSender(nodes[node]->op()); });
      if (senders.size() != 1)
        return "one node of a group sends, the graph has " +
               (senders.empty() ? "none among " + list(members) : "several: " + list(senders));
    }
    for (int member : members)
      if (int other = findNeeded(member, members); other >= 0)
        return nodes[member]->name() + " needs the result of " + nodes[other]->name() +
               ", and both run together: neither ever does";
    return "";
  }

  /// A member whose result another needs before it runs; -1: none.
  int findNeeded(int member, ArrayRef<int> members) const {
    std::vector<char> isSeen(nodes.size(), 0);
    SmallVector<int> work = {member};
    while (!work.empty()) {
      int node = work.pop_back_val();
      auto visit = [&](int source) {
        // What a loop hands to its next iteration does not keep this one waiting.
        if (isSeen[source] || StringRef(nodes[source]->op()).ends_with("NextIteration"))
          return;
        isSeen[source] = 1;
        work.push_back(source);
      };
      for (NodeOutput input : data[node])
        visit(input.node);
      for_each(control[node], visit);
    }
    const auto *found = find_if(members, [&](int other) { return isSeen[other]; });
    return found == members.end() ? -1 : *found;
  }

  ArrayRef<const proto::NodeDef *> nodes;
  Data data;
  Control control;
  /// How many members a node wants its group to have.
  DenseMap<int, int64_t> sizes;
};

} // namespace

DenseMap<int, std::shared_ptr<const Collective>> findCollectives(ArrayRef<const proto::NodeDef *> nodes,
                                                                 Data data, Control control) {
  return Finder(nodes, data, control).run();
}

} // namespace tgc
