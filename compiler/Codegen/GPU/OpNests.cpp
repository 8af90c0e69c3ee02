//===- OpNests.cpp - Scans, scatters, searches and random numbers as nests ===//

#include "compiler/Codegen/GPU/OpNests.h"
#include "compiler/ABI/NodeText.h"
#include "compiler/Codegen/GPU/ScatterNests.h"
#include "dialects/Kernel/IR/KernelDialect.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"
#include "tgc/abi.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace tgc {
namespace {

constexpr const char kAttribute[] = "tgc.op", kSeedFunction[] = "tgc_rt_seed";
constexpr StringLiteral kKernelPrefix = "tgc_kernel_random_";

/// What a dictionary's kind says of a host's kernel.
OpNest getNestOf(StringRef kind) {
  return llvm::StringSwitch<OpNest>(kind)
      .Case("scan", OpNest::Scan)
      .Case("scatter", OpNest::Scatter)
      .Case("top_k", OpNest::TopK)
      .Cases({"state", "stateless_state"}, OpNest::RandomState)
      .Cases({"uniform", "uniform_int", "uniform_full_int"}, OpNest::Random)
      .Cases({"normal", "truncated_normal"}, OpNest::Random)
      .Default(OpNest::None);
}

DictionaryAttr getFacts(linalg::GenericOp op) { return op->getAttrOfType<DictionaryAttr>(kAttribute); }

StringRef getKind(linalg::GenericOp op) { return cast<StringAttr>(getFacts(op).get("kind")); }

uint64_t getNumber(linalg::GenericOp op, StringRef name) {
  auto number = getFacts(op).getAs<IntegerAttr>(name);
  return number ? number.getValue().getZExtValue() : 0;
}

/// Marks a nest: `facts` are its kind and what else is to be known of it.
void mark(linalg::GenericOp nest, StringRef kind, ArrayRef<NamedAttribute> facts) {
  Builder builder(nest.getContext());
  SmallVector<NamedAttribute> all(facts);
  all.push_back(builder.getNamedAttr("kind", builder.getStringAttr(kind)));
  nest->setAttr(kAttribute, builder.getDictionaryAttr(all));
  nest->setAttr(kAloneAttribute, builder.getUnitAttr());
}

Value createZero(OpBuilder &builder, Location loc, Type type) {
  return arith::ConstantOp::create(builder, loc, builder.getZeroAttr(type));
}

void turnIntoNest(kernel::ScanOp op) {
  OpBuilder builder(op);
  unsigned rank = cast<MemRefType>(op.getX().getType()).getRank();
  AffineMap element = builder.getMultiDimIdentityMap(rank),
            scalar = AffineMap::get(rank, 0, builder.getContext());
  SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
  auto nest = linalg::GenericOp::create(
      builder, op.getLoc(), ValueRange{op.getX(), op.getStart()}, op.getInit(),
      ArrayRef{element, scalar, element}, loops, [&](OpBuilder &inner, Location loc, ValueRange elements) {
        Block &body = op.getCombination().front();
        IRMapping mapping;
        mapping.map(body.getArguments(), ValueRange{elements[1], elements[0]});
        for (Operation &one : body.without_terminator())
          inner.clone(one, mapping);
        Value combined = mapping.lookupOrDefault(body.getTerminator()->getOperand(0));
        linalg::YieldOp::create(inner, loc, combined);
      });
  SmallVector<NamedAttribute> facts = {builder.getNamedAttr("dimension", op.getDimensionAttr())};
  if (op.getExclusive())
    facts.push_back(builder.getNamedAttr("exclusive", builder.getUnitAttr()));
  if (op.getReverse())
    facts.push_back(builder.getNamedAttr("reverse", builder.getUnitAttr()));
  mark(nest, "scan", facts);
  op->erase();
}

void turnIntoNest(kernel::TopKOp op) {
  OpBuilder builder(op);
  unsigned rank = cast<MemRefType>(op.getX().getType()).getRank();
  AffineMap all = builder.getMultiDimIdentityMap(rank + 1);
  AffineMap ofX = all.dropResult(rank), ofResults = all.dropResult(rank - 1);
  SmallVector<utils::IteratorType> loops(rank + 1, utils::IteratorType::parallel);
  loops[rank - 1] = utils::IteratorType::reduction;
  auto nest = linalg::GenericOp::create(
      builder, op.getLoc(), op.getX(), ValueRange{op.getValues(), op.getIndices()},
      ArrayRef{ofX, ofResults, ofResults}, loops, [&](OpBuilder &inner, Location loc, ValueRange elements) {
        Value zero = createZero(inner, loc, elements[2].getType());
        linalg::YieldOp::create(inner, loc, ValueRange{elements[0], zero});
      });
  SmallVector<NamedAttribute> facts;
  if (op.getIsUnsigned())
    facts.push_back(builder.getNamedAttr("unsigned", builder.getUnitAttr()));
  mark(nest, "top_k", facts);
  op->erase();
}

/// The first number of memory that the program knows.
std::optional<APInt> findConstant(Value memory) {
  auto global = memory.getDefiningOp<memref::GetGlobalOp>();
  auto symbol = global ? SymbolTable::lookupNearestSymbolFrom<memref::GlobalOp>(global, global.getNameAttr())
                       : memref::GlobalOp();
  auto value = symbol && symbol.getInitialValue() ? dyn_cast<DenseIntElementsAttr>(*symbol.getInitialValue())
                                                  : DenseIntElementsAttr();
  if (!value || value.getNumElements() != 1)
    return std::nullopt;
  return *value.value_begin<APInt>();
}

/// Adds the least number of a range and their count; false if the host has to look whether there is a range.
bool addRange(rt::HostCallOp op, Builder &builder, SmallVector<NamedAttribute> &facts) {
  std::optional<APInt> low = findConstant(op.getInputs()[2]), high = findConstant(op.getInputs()[3]);
  if (!low || !high)
    return false;
  auto dtypes = op.getDtypes();
  bool isUnsigned = dtypes.back() == TGC_UINT64 || dtypes.back() == TGC_UINT32;
  if (isUnsigned ? low->uge(*high) : low->sge(*high))
    return false;
  auto widen = [&](const APInt &value) { return isUnsigned ? value.zext(64) : value.sext(64); };
  uint64_t least = widen(*low).getZExtValue(), range = widen(*high).getZExtValue() - least;
  facts.push_back(builder.getNamedAttr("low", builder.getI64IntegerAttr(int64_t(least))));
  facts.push_back(builder.getNamedAttr("range", builder.getI64IntegerAttr(int64_t(range))));
  return true;
}

/// The session's seed, asked for when an entry starts.
Value getSessionSeed(rt::HostCallOp op) {
  auto entry = op->getParentOfType<func::FuncOp>();
  for (auto call : entry.front().getOps<func::CallOp>())
    if (asksForSeed(call))
      return call.getResult(0);
  auto program = entry->getParentOfType<ModuleOp>();
  OpBuilder builder = OpBuilder::atBlockBegin(program.getBody());
  auto function = program.lookupSymbol<func::FuncOp>(kSeedFunction);
  if (!function) {
    auto type = builder.getFunctionType(entry.getArgument(0).getType(), builder.getI64Type());
    function = func::FuncOp::create(builder, entry.getLoc(), kSeedFunction, type);
    function.setPrivate();
  }
  builder.setInsertionPointToStart(&entry.front());
  return func::CallOp::create(builder, entry.getLoc(), function, entry.getArgument(0)).getResult(0);
}

/// FNV-1a, as runtime/kernels/random/state.c mixes in the node's name.
uint64_t hashNode(StringRef name) {
  uint64_t hash = 14695981039346656037u;
  for (char c : name)
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash;
}

/// Adds the seeds of a stateful node; the session's is one more operand.
void addSeeds(rt::HostCallOp op, Builder &builder, SmallVector<NamedAttribute> &facts,
              SmallVector<Value> &inputs) {
  auto [first, second] = op.getConfig().split(' ');
  int64_t seed = 0, seed2 = 0;
  if (first.getAsInteger(10, seed) || second.getAsInteger(10, seed2))
    llvm_unreachable("a random node has two seeds");
  if (seed == 0 && seed2 == 0) {
    inputs.push_back(getSessionSeed(op));
    seed2 = int64_t(hashNode(getNodeText(op.getLoc())));
  }
  facts.push_back(builder.getNamedAttr("seed", builder.getI64IntegerAttr(seed)));
  facts.push_back(builder.getNamedAttr("seed2", builder.getI64IntegerAttr(seed2)));
}

/// Whether elements are those that kernels make.
bool makesElements(StringRef kind, Type element) {
  unsigned width = element.getIntOrFloatBitWidth();
  // Logarithms of f64 are those of the system's library.
  if (kind == "normal" || kind == "truncated_normal")
    return width <= 32;
  return true;
}

void turnIntoNest(rt::HostCallOp op) {
  StringRef kind = op.getKernel();
  if (!kind.consume_front(kKernelPrefix) || op.getNumResults())
    return;
  OpNest form = getNestOf(kind);
  if (form != OpNest::Random && form != OpNest::RandomState)
    return;
  OpBuilder builder(op);
  MLIRContext *context = op.getContext();
  auto output = cast<MemRefType>(op.getOutputs()[0].getType());
  SmallVector<NamedAttribute> facts = {
      builder.getNamedAttr("config", op.getConfigAttr()), builder.getNamedAttr("dtypes", op.getDtypesAttr()),
      builder.getNamedAttr("inputs", builder.getI64IntegerAttr(op.getInputs().size()))};
  if ((form == OpNest::Random && !makesElements(kind, output.getElementType())) ||
      (kind == "uniform_int" && !addRange(op, builder, facts)))
    return;
  SmallVector<Value> inputs(op.getInputs());
  if (kind == "state")
    addSeeds(op, builder, facts, inputs);
  unsigned rank = form == OpNest::Random ? output.getRank() : 0;
  SmallVector<AffineMap> maps;
  auto addFirst = [&](Value operand) {
    auto type = dyn_cast<MemRefType>(operand.getType());
    SmallVector<AffineExpr> place(type ? type.getRank() : 0, builder.getAffineConstantExpr(0));
    maps.push_back(AffineMap::get(rank, 0, place, context));
  };
  llvm::for_each(inputs, addFirst);
  if (form == OpNest::Random)
    maps.push_back(builder.getMultiDimIdentityMap(rank));
  else
    llvm::for_each(op.getOutputs(), addFirst);
  SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
  auto nest = linalg::GenericOp::create(builder, op.getLoc(), inputs, op.getOutputs(), maps, loops,
                                        [&](OpBuilder &inner, Location loc, ValueRange elements) {
                                          SmallVector<Value> zeros;
                                          for (Value element : elements.drop_front(inputs.size()))
                                            zeros.push_back(createZero(inner, loc, element.getType()));
                                          linalg::YieldOp::create(inner, loc, zeros);
                                        });
  mark(nest, kind, facts);
  op->erase();
}

Operation *turnIntoScan(linalg::GenericOp nest) {
  OpBuilder builder(nest);
  Scan scan = getScan(nest);
  auto op = kernel::ScanOp::create(builder, nest.getLoc(), TypeRange(), nest.getDpsInputs()[0],
                                   nest.getDpsInputs()[1], nest.getDpsInits()[0], scan.dimension,
                                   scan.isExclusive, scan.isReversed);
  Type element = nest.getDpsInputs()[1].getType();
  Block *restored =
      builder.createBlock(&op.getCombination(), {}, {element, element}, {nest.getLoc(), nest.getLoc()});
  Block &body = *nest.getBody();
  IRMapping mapping;
  mapping.map(body.getArgument(0), restored->getArgument(1));
  mapping.map(body.getArgument(1), restored->getArgument(0));
  for (Operation &one : body.without_terminator())
    builder.clone(one, mapping);
  kernel::YieldOp::create(builder, nest.getLoc(),
                          mapping.lookupOrDefault(body.getTerminator()->getOperand(0)));
  return op;
}

Operation *turnIntoCall(linalg::GenericOp nest) {
  OpBuilder builder(nest);
  DictionaryAttr facts = getFacts(nest);
  SmallVector<Value> inputs = nest.getDpsInputs();
  inputs.resize(getNumber(nest, "inputs"));
  std::string kernel = (kKernelPrefix + getKind(nest)).str();
  return rt::HostCallOp::create(builder, nest.getLoc(), TypeRange(),
                                nest->getParentOfType<func::FuncOp>().getArgument(0),
                                builder.getStringAttr(kernel), cast<StringAttr>(facts.get("config")), inputs,
                                nest.getDpsInits(), cast<DenseI32ArrayAttr>(facts.get("dtypes")),
                                builder.getDenseI64ArrayAttr({}), builder.getDenseI64ArrayAttr({}));
}

} // namespace

OpNest getOpNest(linalg::GenericOp op) {
  return op->hasAttr(kAttribute) ? getNestOf(getKind(op)) : OpNest::None;
}

void turnOpsIntoNests(ModuleOp program) {
  SmallVector<Operation *> ops;
  program.walk([&](Operation *op) {
    // Nothing is launched by other functions, where a nest would stay one.
    if (isa<kernel::ScanOp, kernel::TopKOp, rt::HostCallOp, scf::ForOp>(op) &&
        op->getParentOfType<func::FuncOp>()->hasAttr("rt.feeds"))
      ops.push_back(op);
  });
  for (Operation *op : ops)
    if (auto scan = dyn_cast<kernel::ScanOp>(op))
      turnIntoNest(scan);
    else if (auto search = dyn_cast<kernel::TopKOp>(op))
      turnIntoNest(search);
    else if (auto call = dyn_cast<rt::HostCallOp>(op))
      turnIntoNest(call);
    else if (linalg::GenericOp nest = turnScatterIntoNest(cast<scf::ForOp>(op)))
      mark(nest, "scatter", {});
}

Operation *turnIntoOp(linalg::GenericOp nest) {
  Operation *op;
  if (getOpNest(nest) == OpNest::Scan) {
    op = turnIntoScan(nest);
  } else if (getOpNest(nest) == OpNest::TopK) {
    OpBuilder builder(nest);
    op = kernel::TopKOp::create(builder, nest.getLoc(), TypeRange(), nest.getDpsInputs()[0],
                                nest.getDpsInits()[0], nest.getDpsInits()[1], isUnsignedSearch(nest));
  } else if (getOpNest(nest) == OpNest::Scatter) {
    op = turnIntoScatter(nest);
  } else {
    op = turnIntoCall(nest);
  }
  nest.erase();
  return op;
}

bool asksForSeed(Operation *op) {
  auto call = dyn_cast<func::CallOp>(op);
  return call && call.getCallee() == kSeedFunction;
}

Scan getScan(linalg::GenericOp nest) {
  DictionaryAttr facts = getFacts(nest);
  return {unsigned(getNumber(nest, "dimension")), facts.contains("exclusive"), facts.contains("reverse")};
}

bool isUnsignedSearch(linalg::GenericOp nest) { return getFacts(nest).contains("unsigned"); }

RandomNumbers getRandomNumbers(linalg::GenericOp nest) {
  using Numbers = RandomNumbers;
  bool isFloat = isa<FloatType>(getElementTypeOrSelf(nest.getDpsInits()[0].getType()));
  auto kind = llvm::StringSwitch<Numbers::Kind>(getKind(nest))
                  .Case("normal", Numbers::Normal)
                  .Case("truncated_normal", Numbers::TruncatedNormal)
                  .Default(isFloat ? Numbers::Uniform : Numbers::Integers);
  return {kind, getNumber(nest, "low"), getNumber(nest, "range")};
}

RandomState getRandomState(linalg::GenericOp nest) {
  return {getKind(nest) == "stateless_state", nest.getNumDpsInputs() > 1, getNumber(nest, "seed"),
          getNumber(nest, "seed2")};
}

} // namespace tgc
