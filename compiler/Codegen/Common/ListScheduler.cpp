//===- ListScheduler.cpp - Orders of steps that need little memory --------===//

#include "compiler/Codegen/Common/ListScheduler.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <numeric>
#include <set>
#include <tuple>

using namespace llvm;

namespace tgc {
namespace {

enum class Preference { LastBegun, LeastBytes };

class Scheduler {
public:
  Scheduler(const StepGraph &graph, bool isForward, Preference preference)
      : graph(graph), isForward(isForward), preference(preference), waitsFor(graph.steps.size()),
        begun(graph.steps.size(), -1), keys(graph.steps.size()), users(graph.sizes.size()),
        untouched(graph.sizes.size()) {
    for (auto [i, step] : enumerate(graph.steps)) {
      waitsFor[i] = getBefore(step).size();
      for (unsigned buffer : step.buffers)
        users[buffer].push_back(i);
    }
    llvm::transform(users, untouched.begin(), [](ArrayRef<unsigned> list) { return list.size(); });
  }

  SmallVector<unsigned> run() {
    SmallVector<unsigned> order;
    for (size_t i = 0; i < graph.steps.size(); ++i)
      if (waitsFor[i] == 0)
        addReady(i);
    while (!ready.empty()) {
      unsigned next = std::get<unsigned>(*ready.begin());
      ready.erase(ready.begin());
      waitsFor[next] = kDone;
      for (unsigned buffer : graph.steps[next].buffers)
        touch(buffer);
      if (!graph.steps[next].buffers.empty())
        begun[next] = order.size();
      for (unsigned other : getAfter(graph.steps[next])) {
        begun[other] = std::max(begun[other], begun[next]);
        if (--waitsFor[other] == 0)
          addReady(other);
      }
      order.push_back(next);
    }
    if (!isForward)
      std::reverse(order.begin(), order.end());
    return order;
  }

private:
  static constexpr unsigned kDone = ~0u;

  /// The lowest is next: what frees memory or asks for none, the most first; then by preference.
  using Key = std::tuple<bool, int64_t, int64_t, unsigned>;

  ArrayRef<unsigned> getBefore(const StepGraph::Step &step) const {
    return isForward ? step.before : step.after;
  }
  ArrayRef<unsigned> getAfter(const StepGraph::Step &step) const {
    return isForward ? step.after : step.before;
  }

  Key getKey(unsigned i) const {
    int64_t added = 0;
    for (unsigned buffer : graph.steps[i].buffers) {
      added += untouched[buffer] == users[buffer].size() ? graph.sizes[buffer] : 0;
      added -= untouched[buffer] == 1 ? graph.sizes[buffer] : 0;
    }
    // Where nothing decides, the given order.
    int64_t place = isForward ? i : -int64_t(i);
    if (added > 0 && preference == Preference::LastBegun)
      return {true, -begun[i], place, i};
    return {added > 0, added, place, i};
  }

  void addReady(unsigned i) {
    keys[i] = getKey(i);
    ready.insert(keys[i]);
  }

  /// Each step that touches the buffer looks at most twice more at what it asks for and frees.
  void touch(unsigned buffer) {
    bool isFirst = untouched[buffer] == users[buffer].size();
    --untouched[buffer];
    if (!isFirst && untouched[buffer] != 1)
      return;
    for (unsigned user : users[buffer])
      if (waitsFor[user] == 0) {
        ready.erase(keys[user]);
        addReady(user);
      }
  }

  const StepGraph &graph;
  bool isForward;
  Preference preference;
  /// How many steps have to come first.
  std::vector<unsigned> waitsFor;
  /// When the last step came that a step goes on with, and that touches a buffer; a step's own time once it
  /// has come.
  std::vector<int64_t> begun;
  std::vector<Key> keys;
  std::set<Key> ready;
  /// Of each buffer: the steps that touch it, and how many of them are to come.
  std::vector<SmallVector<unsigned, 4>> users;
  std::vector<unsigned> untouched;
};

} // namespace

void StepGraph::addOrder(unsigned first, unsigned second) {
  // What depends on a step is found in one go, so that it would be the last again.
  if (first == second || (!steps[first].after.empty() && steps[first].after.back() == second))
    return;
  steps[first].after.push_back(second);
  steps[second].before.push_back(first);
}

int64_t countLiveBytes(const StepGraph &graph, ArrayRef<unsigned> order) {
  std::vector<unsigned> untouched(graph.sizes.size()), users;
  for (const StepGraph::Step &step : graph.steps)
    for (unsigned buffer : step.buffers)
      ++untouched[buffer];
  users = untouched;
  int64_t live = 0, most = 0;
  for (unsigned i : order) {
    const StepGraph::Step &step = graph.steps[i];
    for (unsigned buffer : step.buffers)
      live += untouched[buffer] == users[buffer] ? graph.sizes[buffer] : 0;
    most = std::max(most, live + step.inner);
    for (unsigned buffer : step.buffers)
      live -= --untouched[buffer] == 0 ? graph.sizes[buffer] : 0;
  }
  return most;
}

SmallVector<unsigned> schedule(const StepGraph &graph) {
  SmallVector<unsigned> given(graph.steps.size()), best;
  std::iota(given.begin(), given.end(), 0);
  int64_t least = countLiveBytes(graph, given);
  for (Preference preference : {Preference::LastBegun, Preference::LeastBytes})
    for (bool isForward : {true, false}) {
      SmallVector<unsigned> order = Scheduler(graph, isForward, preference).run();
      int64_t bytes = countLiveBytes(graph, order);
      if (bytes < least) {
        least = bytes;
        best = std::move(order);
      }
    }
  return best;
}

} // namespace tgc
