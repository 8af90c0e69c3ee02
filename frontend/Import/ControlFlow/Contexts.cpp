//===- Contexts.cpp - The tree of conditions ------------------------------===//

#include "frontend/Import/ControlFlow/Conditions.h"

#include "llvm/ADT/STLExtras.h"

using namespace llvm;

namespace tgc::flow {

int ContextTree::ancestor(int context, int depth) const {
  while (contexts[context].depth > depth)
    context = contexts[context].parent;
  return context;
}

int ContextTree::commonAncestor(int a, int b) const {
  a = ancestor(a, depth(b));
  b = ancestor(b, depth(a));
  while (a != b) {
    a = parent(a);
    b = parent(b);
  }
  return a;
}

int ContextTree::extend(int context, Literal literal) {
  if (context == kNever)
    return kNever;
  for (int at = context; at != kAlways; at = parent(at))
    if (last(at).predicate == literal.predicate)
      return last(at).side == literal.side ? context : kNever;
  auto [it, isNew] =
      children.insert({{context, {literal.predicate, literal.side}}, static_cast<int>(contexts.size())});
  if (isNew)
    contexts.push_back({context, literal, depth(context) + 1});
  return it->second;
}

int ContextTree::unite(int a, int b, ArrayRef<Predicate> predicates) {
  if (a == b)
    return a;
  if (a == kNever || b == kNever)
    return kNever;
  int common = commonAncestor(a, b);
  if (common == b)
    return a;
  if (common == a)
    return b;
  // Neither is within the other. What is computed first is asked first, whatever the order of the inputs.
  SmallVector<Literal> literals = path(a, common);
  append_range(literals, path(b, common));
  sort(literals, [&](Literal x, Literal y) {
    return std::pair(predicates[x.predicate].position, x.side) <
           std::pair(predicates[y.predicate].position, y.side);
  });
  for (Literal literal : literals)
    common = extend(common, literal);
  return common;
}

SmallVector<Literal> ContextTree::path(int context, int outer) const {
  SmallVector<Literal> literals;
  int stop = isWithin(context, outer) ? outer : commonAncestor(context, outer);
  for (int at = context; at != stop; at = parent(at)) {
    bool isImplied = false;
    for (int known = outer; stop != outer && known != stop && !isImplied; known = parent(known))
      isImplied = last(known) == last(at);
    if (!isImplied)
      literals.push_back(last(at));
  }
  std::reverse(literals.begin(), literals.end());
  return literals;
}

} // namespace tgc::flow
