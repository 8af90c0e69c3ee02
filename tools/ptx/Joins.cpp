//===- Joins.cpp - Where lanes that part meet again ---------------------------===//
//
// Immediate post-dominators, after Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm" (2001),
// on the reversed flow graph of single instructions.
//
//===----------------------------------------------------------------------===//
#include "tools/ptx/Decode.h"

using namespace tgc::ptx;

void tgc::ptx::findJoins(std::vector<Instr> &code) {
  uint32_t exit = code.size();
  auto successors = [&](uint32_t i) -> llvm::SmallVector<uint32_t, 2> {
    const Instr &in = code[i];
    bool mayGoOn = in.predicate != kNone;
    llvm::SmallVector<uint32_t, 2> next;
    if (in.target != kNone)
      next.push_back(in.target);
    else if (in.opcode == "ret" || in.opcode == "exit" || in.opcode == "trap")
      next.push_back(exit);
    else
      mayGoOn = true;
    if (mayGoOn)
      next.push_back(i + 1);
    return next;
  };
  std::vector<llvm::SmallVector<uint32_t, 2>> predecessors(exit + 1);
  for (uint32_t i = 0; i < exit; ++i)
    for (uint32_t next : successors(i))
      predecessors[next].push_back(i);

  // Post-order of a walk from the exit against the flow.
  std::vector<uint32_t> order, number(exit + 1, kNone);
  std::vector<bool> seen(exit + 1, false);
  std::vector<std::pair<uint32_t, uint32_t>> stack{{exit, 0}};
  seen[exit] = true;
  while (!stack.empty()) {
    auto &[node, child] = stack.back();
    if (child < predecessors[node].size()) {
      uint32_t next = predecessors[node][child++];
      if (!seen[next]) {
        seen[next] = true;
        stack.push_back({next, 0});
      }
      continue;
    }
    number[node] = order.size();
    order.push_back(node);
    stack.pop_back();
  }

  std::vector<uint32_t> dominator(exit + 1, kNone);
  dominator[exit] = exit;
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t k = order.size() - 1; k-- > 0;) {
      uint32_t node = order[k], best = kNone;
      for (uint32_t next : successors(node)) {
        if (number[next] == kNone || dominator[next] == kNone)
          continue;
        if (best == kNone) {
          best = next;
          continue;
        }
        uint32_t a = next, b = best;
        while (a != b) {
          while (number[a] < number[b])
            a = dominator[a];
          while (number[b] < number[a])
            b = dominator[b];
        }
        best = a;
      }
      if (dominator[node] != best) {
        dominator[node] = best;
        changed = true;
      }
    }
  }
  for (uint32_t i = 0; i < exit; ++i)
    if (code[i].target != kNone)
      code[i].join = dominator[i] == exit ? kNone : dominator[i];
}
