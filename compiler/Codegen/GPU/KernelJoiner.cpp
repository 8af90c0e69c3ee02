//===- KernelJoiner.cpp - One kernel of several ---------------------------===//
//
// The blocks of a joined kernel are those of its members, one member after the other: a block looks up whose
// it is and which of that one's, and runs that one's code as if the others were not there. So each result has
// the bits that it has without.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/GPU/JoinedLaunches.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace tgc {

static constexpr StringRef kBlock = "llvm.nvvm.read.ptx.sreg.ctaid.x",
                           kNumBlocks = "llvm.nvvm.read.ptx.sreg.nctaid.x";

/// Parameters of the joined kernel that a member needs, the number of its blocks among them.
static unsigned countParameters(rt::LaunchOp launch) {
  return launch.getMemories().size() + launch.getNumbers().size() + 1;
}

bool KernelJoiner::canJoin(rt::LaunchOp launch) const {
  constexpr unsigned kThreads = 256;
  const KernelRecord &record = recordOf(launch);
  bool hasForm =
      llvm::any_of(device.wgmmaRecords, [&](const KernelRecord &form) { return form.name == record.name; });
  if (hasForm || record.threads != kThreads || record.sharedBytes || record.cluster != 1 || record.parts ||
      !record.maps.empty() || countParameters(launch) > kMostArguments)
    return false;
  auto function = device.kernels->lookupSymbol<func::FuncOp>(record.name);
  return !function.walk([](LLVM::AddressOfOp) { return WalkResult::interrupt(); }).wasInterrupted();
}

void KernelJoiner::join(ArrayRef<rt::LaunchOp> launches, Operation *point) {
  while (!launches.empty()) {
    size_t count = 0;
    for (unsigned parameters = 0; count < launches.size(); ++count) {
      parameters += countParameters(launches[count]);
      if (parameters > kMostArguments)
        break;
    }
    if (count == 1)
      rt::LaunchOp(launches.front())->moveBefore(point);
    else
      joinAll(launches.take_front(count), point);
    launches = launches.drop_front(count);
  }
}

namespace {

/// The function of a joined kernel.
class JoinedFunction {
public:
  JoinedFunction(ModuleOp kernels, StringRef name, ArrayRef<rt::LaunchOp> launches, Location loc)
      : builder(OpBuilder::atBlockEnd(kernels.getBody())), loc(loc) {
    SmallVector<Type> types;
    for (rt::LaunchOp launch : launches)
      types.append(launch.getMemories().size(), LLVM::LLVMPointerType::get(builder.getContext(), 1));
    numMemories = types.size();
    for (rt::LaunchOp launch : launches)
      types.append(launch.getNumbers().size() + 1, builder.getI64Type());
    function = func::FuncOp::create(builder, loc, name, builder.getFunctionType(types, {}));
    builder.setInsertionPointToStart(function.addEntryBlock());
    nextNumber = numMemories;
    block = readSpecial(kBlock);
  }

  /// Adds a member's code; the last one takes all blocks that are left.
  void add(func::FuncOp member, rt::LaunchOp launch, bool isLast) {
    IRMapping mapping;
    unsigned numOwn = launch.getMemories().size();
    for (BlockArgument argument : member.getArguments())
      mapping.map(argument,
                  function.getArgument(argument.getArgNumber() < numOwn ? nextMemory++ : nextNumber++));
    Type word = builder.getI32Type();
    Value count = arith::TruncIOp::create(builder, loc, word, function.getArgument(nextNumber++));
    Region &body = function.getBody();
    size_t numBlocks = body.getBlocks().size();
    member.getBody().cloneInto(&body, mapping);
    Block *first = &*std::next(body.begin(), numBlocks);
    for (Block &cloned : llvm::make_early_inc_range(llvm::make_range(first->getIterator(), body.end())))
      replaceSpecials(cloned, count);
    if (isLast) {
      cf::BranchOp::create(builder, loc, first);
      return;
    }
    Block *next = builder.createBlock(&body);
    builder.setInsertionPointToEnd(current());
    Value isOurs = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, block, count);
    cf::CondBranchOp::create(builder, loc, isOurs, first, next);
    builder.setInsertionPointToEnd(next);
    block = arith::SubIOp::create(builder, loc, block, count);
    last = next;
  }

private:
  Block *current() { return last ? last : &function.front(); }

  Value readSpecial(StringRef name) {
    return LLVM::CallIntrinsicOp::create(builder, loc, builder.getI32Type(), builder.getStringAttr(name),
                                         ValueRange())
        .getResult(0);
  }

  void replaceSpecials(Block &cloned, Value count) {
    for (auto call : llvm::make_early_inc_range(cloned.getOps<LLVM::CallIntrinsicOp>())) {
      if (call.getIntrin() != kBlock && call.getIntrin() != kNumBlocks)
        continue;
      call.getResult(0).replaceAllUsesWith(call.getIntrin() == kBlock ? block : count);
      call.erase();
    }
  }

  OpBuilder builder;
  Location loc;
  func::FuncOp function;
  unsigned numMemories = 0, nextMemory = 0, nextNumber = 0;
  /// Among the blocks of the member that is added next and of those after it.
  Value block;
  Block *last = nullptr;
};

} // namespace

/// Adds sums of what a member does.
static void addWork(std::vector<Product> &all, const std::vector<Product> &own, unsigned numbersBefore) {
  for (Product product : own) {
    for (unsigned &number : product.numbers)
      number += numbersBefore;
    all.push_back(product);
  }
}

/// What stands for the members' records.
static KernelRecord describe(ArrayRef<KernelRecord> members, StringRef name) {
  KernelRecord record;
  record.name = name.str();
  record.entry = members.front().entry;
  record.threads = members.front().threads;
  record.gpu = members.front().gpu;
  std::vector<std::string> nodes, numbers;
  bool knowsBytes = true;
  for (const KernelRecord &member : members) {
    if (!llvm::is_contained(nodes, member.node))
      nodes.push_back(member.node);
    record.nodes.insert_range(member.nodes);
    addWork(record.bytes, member.bytes, record.numbers.size());
    addWork(record.operations, member.operations, record.numbers.size());
    knowsBytes &= !member.bytes.empty();
    llvm::append_range(record.memories, member.memories);
    llvm::append_range(record.numbers, member.numbers);
    auto firstNumber = member.arguments.begin() + member.memories.size();
    record.arguments.insert(record.arguments.end(), member.arguments.begin(), firstNumber);
    numbers.insert(numbers.end(), firstNumber, member.arguments.end());
    // The number of its blocks, which no product names.
    record.numbers.push_back({KernelNumber::Scalar, Value()});
    numbers.push_back("blocks of " + member.node);
  }
  llvm::append_range(record.arguments, numbers);
  if (!knowsBytes)
    record.bytes.clear();
  record.node = llvm::join(nodes, " + ");
  return record;
}

void KernelJoiner::joinAll(ArrayRef<rt::LaunchOp> launches, Operation *point) {
  rt::LaunchOp first = launches.front();
  Location loc = first.getLoc();
  std::string name;
  do
    name = "k" + std::to_string(device.records.size() + numNamed++);
  while (device.kernels->lookupSymbol(name)); // of kernels that the host took over some numbers are left out
  JoinedFunction function(*device.kernels, name, launches, loc);
  OpBuilder builder(point);
  std::vector<KernelRecord> members;
  SmallVector<Value> memories, numbers;
  Value blocks;
  for (rt::LaunchOp launch : launches) {
    members.push_back(recordOf(launch));
    function.add(device.kernels->lookupSymbol<func::FuncOp>(members.back().name), launch,
                 launch == launches.back());
    llvm::append_range(memories, launch.getMemories());
    llvm::append_range(numbers, launch.getNumbers());
    Value own = launch.getBlocks();
    numbers.push_back(arith::IndexCastOp::create(builder, loc, builder.getI64Type(), own));
    blocks = blocks ? arith::AddIOp::create(builder, loc, blocks, own).getResult() : own;
  }
  used.push_back(describe(members, name));
  rt::LaunchOp::create(builder, loc, first.getDevice(), used.size() - 1, used.back().threads, blocks,
                       memories, ValueRange(), numbers);
  for (rt::LaunchOp launch : launches)
    launch.erase();
}

} // namespace tgc
