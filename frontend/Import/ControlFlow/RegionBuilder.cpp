//===- RegionBuilder.cpp - Nodes of one scope as regions ------------------===//
//
// A region is built in two steps. The first walks its units from the last to the first and gathers those that
// one predicate guards: a condition takes in what only it uses, and is left only when nothing else can be
// placed in it. So the several conditions of one predicate, as batch normalizations of one `is_training`
// have, stay apart only where they must, and what a branch needs first (its constants and pivots) does not
// open it early. The second step orders units and conditions as Schedule.h says.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/ControlFlow/RegionBuilder.h"

#include <queue>
#include <set>

using namespace llvm;

namespace tgc::flow {

ArrayRef<Literal> RegionBuilder::pathOf(int unit) {
  int context = units.contextOf(unit);
  auto it = paths.find(context);
  if (it == paths.end())
    it = paths.insert({context, units.conditions.tree().path(context, base)}).first;
  return it->second;
}

int RegionBuilder::addHome(int parent, int cond, int side) {
  homes.push_back({parent, cond, side, parent < 0 ? 0 : homes[parent].depth + 1});
  return static_cast<int>(homes.size()) - 1;
}

Expected<PlanRegion> RegionBuilder::build(ArrayRef<int> scope, ArrayRef<NodeOutput> roots) {
  auto region = buildRegion(scope, 0, addHome(-1, -1, -1));
  if (region)
    exportValues(scope, roots);
  return region;
}

//===----------------------------------------------------------------------===//
// Which units share a condition
//===----------------------------------------------------------------------===//

struct RegionBuilder::Members {
  Members(RegionBuilder &builder, ArrayRef<int> list, size_t level);

  /// Gives every member its cluster: -1 if it stands in the region itself.
  void findClusters(const RegionBuilder &builder);

  ArrayRef<int> list;
  std::vector<SmallVector<int, 4>> needs; ///< by member: members that come before it
  std::vector<int> predicate;             ///< by member: of the condition it belongs to, or -1
  std::vector<char> isResult;             ///< by member: it is a part of a Merge, decided in this region
  std::vector<int> cluster;
  int numClusters = 0;
};

RegionBuilder::Members::Members(RegionBuilder &builder, ArrayRef<int> list, size_t level)
    : list(list), needs(list.size()), predicate(list.size(), -1), isResult(list.size(), 0),
      cluster(list.size(), -1) {
  const Units &units = builder.units;
  DenseMap<int, int> index;
  for (auto [i, unit] : enumerate(list))
    index[unit] = i;
  for (auto [i, unit] : enumerate(list)) {
    auto need = [&, i = i](int maker) {
      auto it = index.find(maker);
      if (it != index.end() && it->second != static_cast<int>(i))
        needs[i].push_back(it->second);
    };
    for (NodeOutput input : units.inputsOf(unit))
      need(units.makerOf(input));
    ArrayRef<Literal> path = builder.pathOf(unit);
    auto [kind, part] = units.get(unit);
    if (path.size() > level) {
      predicate[i] = path[level].predicate;
    } else if (kind == Units::Kind::Part) {
      predicate[i] = units.conditions.parts()[part].predicate;
      isResult[i] = 1;
    }
    if (kind == Units::Kind::Part)
      for (MergePart::Source source : units.conditions.parts()[part].sides)
        if (source.part >= 0)
          need(units.ofPart(source.part));
    if (predicate[i] >= 0)
      need(units.makerOf(units.conditions.predicates()[predicate[i]].value));
  }
}

void RegionBuilder::Members::findClusters(const RegionBuilder &builder) {
  struct Group {
    SmallVector<int> inner, results; ///< that can be placed now
    int unplacedResults = 0;
    int position = 0;
    std::pair<bool, int> key;
  };
  std::vector<Group> groups;
  DenseMap<int, int> groupOf;
  std::vector<int> pending(list.size(), 0); ///< users that are not placed yet
  for (size_t i = 0; i < list.size(); ++i) {
    for (int input : needs[i])
      ++pending[input];
    if (predicate[i] < 0)
      continue;
    auto [it, isNew] = groupOf.insert({predicate[i], static_cast<int>(groups.size())});
    if (isNew)
      groups.emplace_back();
    Group &group = groups[it->second];
    group.unplacedResults += isResult[i];
    group.position = std::max(group.position, builder.units.position(list[i]));
  }
  if (groups.empty())
    return;

  SmallVector<int> plain;
  // Groups that can be opened: first those all of whose results can be placed, then those that stand last in
  // the file.
  std::set<std::pair<std::pair<bool, int>, int>> candidates;
  auto makeAvailable = [&](int i) {
    if (predicate[i] < 0) {
      plain.push_back(i);
      return;
    }
    int id = groupOf[predicate[i]];
    Group &group = groups[id];
    if (!group.inner.empty() || !group.results.empty())
      candidates.erase({group.key, id});
    (isResult[i] ? group.results : group.inner).push_back(i);
    group.key = {static_cast<int>(group.results.size()) < group.unplacedResults, -group.position};
    candidates.insert({group.key, id});
  };
  auto place = [&](int i) {
    for (int input : needs[i])
      if (--pending[input] == 0)
        makeAvailable(input);
  };
  for (size_t i = 0; i < list.size(); ++i)
    if (!pending[i])
      makeAvailable(i);
  while (true) {
    while (!plain.empty())
      place(plain.pop_back_val());
    if (candidates.empty())
      return;
    int id = candidates.begin()->second;
    candidates.erase(candidates.begin());
    int current = numClusters++;
    SmallVector<int> results = std::move(groups[id].results);
    groups[id].results.clear();
    groups[id].unplacedResults -= results.size();
    // Results that become available from here on are used inside of this condition, so they are of another
    // one.
    SmallVector<int> work = std::move(groups[id].inner);
    groups[id].inner.clear();
    for (int i : results) {
      cluster[i] = current;
      place(i);
    }
    while (true) {
      if (!groups[id].inner.empty()) {
        candidates.erase({groups[id].key, id});
        append_range(work, groups[id].inner);
        groups[id].inner.clear();
        if (!groups[id].results.empty())
          candidates.insert({groups[id].key, id});
      }
      if (work.empty())
        break;
      int i = work.pop_back_val();
      cluster[i] = current;
      place(i);
    }
  }
}

//===----------------------------------------------------------------------===//
// Order
//===----------------------------------------------------------------------===//

Expected<PlanRegion> RegionBuilder::buildRegion(ArrayRef<int> unitList, size_t level, int home) {
  Members members(*this, unitList, level);
  members.findClusters(*this);

  // Steps: members that stand in the region, then clusters.
  int numMembers = unitList.size(), numSteps = numMembers + members.numClusters;
  auto stepOf = [&](int i) { return members.cluster[i] < 0 ? i : numMembers + members.cluster[i]; };
  std::vector<SmallVector<int>> inCluster(members.numClusters);
  std::vector<int> waiting(numSteps, 0);
  std::vector<SmallVector<int, 2>> users(numSteps);
  std::vector<std::pair<int, int>> priority(numSteps, {0, std::numeric_limits<int>::max()});
  for (int i = 0; i < numMembers; ++i) {
    int unit = unitList[i], step = stepOf(i);
    priority[step].first = std::max(priority[step].first, units.rank(unit));
    priority[step].second = std::min(priority[step].second, units.position(unit));
    if (step == i || members.isResult[i])
      homeOf[unit] = home;
    if (step != i)
      inCluster[members.cluster[i]].push_back(unit);
    for (int input : members.needs[i])
      if (stepOf(input) != step) {
        users[stepOf(input)].push_back(step);
        ++waiting[step];
      }
  }
  using Ready = std::pair<std::pair<int, int>, int>;
  std::priority_queue<Ready, std::vector<Ready>, std::greater<Ready>> ready;
  for (int step = 0; step < numSteps; ++step)
    if (!waiting[step] && (step >= numMembers || members.cluster[step] < 0))
      ready.push({priority[step], step});
  PlanRegion region;
  while (!ready.empty()) {
    int step = ready.top().second;
    ready.pop();
    if (step >= numMembers) {
      auto cond = buildCond(inCluster[step - numMembers], level, home);
      if (!cond)
        return cond.takeError();
      region.push_back(*cond);
    } else {
      auto [kind, index] = units.get(unitList[step]);
      if (kind == Units::Kind::Loop) {
        auto loop = makeLoop(index);
        if (!loop)
          return loop.takeError();
        index = *loop;
      }
      region.push_back({kind == Units::Kind::Node   ? PlanStep::Kind::Node
                        : kind == Units::Kind::Loop ? PlanStep::Kind::Loop
                                                    : PlanStep::Kind::Check,
                        index});
    }
    for (int user : users[step])
      if (--waiting[user] == 0)
        ready.push({priority[user], user});
  }
  return region;
}

Expected<PlanStep> RegionBuilder::buildCond(ArrayRef<int> unitList, size_t level, int home) {
  const Conditions &conditions = units.conditions;
  int index = plan.conds.size();
  plan.conds.emplace_back();
  SmallVector<int> parts;
  std::vector<SmallVector<int>> sides;
  int predicate = -1;
  for (int unit : unitList) {
    ArrayRef<Literal> path = pathOf(unit);
    bool isResult = path.size() == level;
    predicate = isResult ? conditions.parts()[units.get(unit).second].predicate : path[level].predicate;
    sides.resize(conditions.predicates()[predicate].numSides);
    if (isResult)
      parts.push_back(units.get(unit).second);
    else
      sides[path[level].side].push_back(unit);
  }
  PlanCond cond;
  cond.predicate = conditions.predicates()[predicate].value;
  CondHomes at{index, home, {}};
  for (auto [side, members] : enumerate(sides)) {
    at.branches.push_back(addHome(home, index, side));
    auto region = buildRegion(members, level + 1, at.branches.back());
    if (!region)
      return region.takeError();
    cond.branches.push_back(std::move(*region));
  }
  for (int part : parts)
    condOfPart[part] = index;
  fillResults(cond, parts);
  condHomes[index] = std::move(at);
  plan.conds[index] = std::move(cond);
  return PlanStep{PlanStep::Kind::Cond, index};
}

void RegionBuilder::fillResults(PlanCond &cond, ArrayRef<int> parts) {
  for (int index : parts) {
    const MergePart &part = units.conditions.parts()[index];
    PlanResult result;
    result.value = {part.node, 0};
    result.isMerge = true;
    for (MergePart::Source source : part.sides) {
      result.sources.push_back(source.part >= 0    ? result.value
                               : source.input >= 0 ? units.graph.dataInputs(part.node)[source.input]
                                                   : NodeOutput{-1, 0});
      result.inputs.push_back(source.input);
    }
    cond.results.push_back(std::move(result));
  }
}

//===----------------------------------------------------------------------===//
// Values that cross branches
//===----------------------------------------------------------------------===//

void RegionBuilder::exportTo(NodeOutput value, int home) {
  if (value.output < 0)
    return;
  auto it = homeOf.find(units.makerOf(value));
  if (it == homeOf.end())
    return;
  int at = it->second, around = home;
  while (homes[around].depth > homes[at].depth)
    around = homes[around].parent;
  // `at` moves up until it is around the user.
  while (at != around) {
    if (homes[at].depth <= homes[around].depth) {
      around = homes[around].parent;
      continue;
    }
    const Home &left = homes[at];
    if (exported.insert({left.cond, {value.node, value.output}}).second) {
      PlanCond &cond = plan.conds[left.cond];
      PlanResult result;
      result.value = value;
      result.sources.assign(cond.branches.size(), NodeOutput{-1, 0});
      result.sources[left.side] = value;
      cond.results.push_back(std::move(result));
    }
    at = left.parent;
  }
}

void RegionBuilder::exportValues(ArrayRef<int> scope, ArrayRef<NodeOutput> roots) {
  for (int unit : scope) {
    auto [kind, index] = units.get(unit);
    if (kind != Units::Kind::Part) {
      for (NodeOutput input : units.inputsOf(unit))
        exportTo(input, homeOf[unit]);
      continue;
    }
    const MergePart &part = units.conditions.parts()[index];
    for (auto [side, source] : enumerate(part.sides))
      if (source.input >= 0)
        exportTo(units.graph.dataInputs(part.node)[source.input],
                 condHomes[condOfPart[index]].branches[side]);
  }
  for (const auto &[cond, at] : condHomes)
    exportTo(plan.conds[cond].predicate, at.home);
  for (NodeOutput root : roots)
    exportTo(root, 0);
}

} // namespace tgc::flow
