//===- ArrayFlags.cpp - Elements of arrays that data names ----------------===//
//
// Where data gives the indices, only the run knows which elements of an array were touched. The flags are a
// list that goes with the array: 0 for an element that was never touched, else how it was touched last.
// Arrays whose indices count never have them.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/ArrayAccesses.h"
#include "frontend/Import/Indexing.h"

using namespace mlir;

namespace tgc {

using Size = OpFoldResult;

/// What an element was touched by; 0 if by nothing.
static constexpr int64_t kWritten = 1, kRead = 2;

static std::string getFlagsKey(StringRef array) { return (array + "/touched").str(); }

bool hasFlags(const EntryImporter &entry, StringRef array) {
  return entry.listObjects.count(getFlagsKey(array));
}

void dropFlags(EntryImporter &entry, StringRef array) { entry.listObjects.erase(getFlagsKey(array)); }

void createFlags(EntryImporter &entry, Location loc, const std::string &array) {
  const ListObject object = *entry.listObjects[array];
  OpBuilder &builder = entry.builder;
  Type i32 = builder.getI32Type();
  Size length = object.list.length;
  Value flags = createZeros(entry, loc, length, i32);
  auto type = cast<RankedTensorType>(flags.getType());
  SmallVector<Value> dynamicSizes = tg::getDynamicSizes(length);
  auto repeat = [&](Size size) -> Value {
    Value number = arith::IndexCastOp::create(builder, loc, i32, entry.sizes.get(size));
    Value scalar = tensor::FromElementsOp::create(builder, loc, RankedTensorType::get({}, i32), number);
    return tg::BroadcastToOp::create(builder, loc, type, scalar, dynamicSizes, ArrayRef<int64_t>());
  };
  Value number = tg::IotaOp::create(builder, loc, type, dynamicSizes, 0);
  for (const ArrayAccess &access : object.accesses) {
    Size end = access.end ? access.end : entry.sizes.add(access.begin, entry.sizes.constant(1));
    Value isBehind =
              tg::CompareOp::create(builder, loc, tg::ComparisonDirection::GE, number, repeat(access.begin)),
          isBefore = tg::CompareOp::create(builder, loc, tg::ComparisonDirection::LT, number, repeat(end));
    Value isTouched = tg::AndOp::create(builder, loc, isBehind, isBefore);
    Value touched = repeat(entry.sizes.constant(access.isWrite ? kWritten : kRead));
    flags = tg::SelectOp::create(builder, loc, isTouched, touched, flags);
  }
  entry.sizes.setSizes(flags, length);
  ListObject companion;
  companion.list.elementType = i32;
  companion.list.declaredSizes = companion.list.elementSizes = SmallVector<Size>();
  companion.list.length = companion.list.capacity = length;
  companion.list.buffer = flags;
  companion.name = object.name;
  companion.isStack = true; // no array that gradients ask for
  entry.listObjects[getFlagsKey(array)] = std::make_shared<const ListObject>(std::move(companion));
}

namespace {

/// The flags that one node finds and leaves.
class FlagsAccess {
public:
  FlagsAccess(NodeImporter &n, const ListObject &array, bool isWrite)
      : n(n), array(array), isWrite(isWrite), key(getFlagsKey(n.getInput(0).listObject->name)),
        flags(*n.graph.entry.listObjects[key]) {
    growList(n, flags.list, array.list.length);
  }
  ~FlagsAccess() { n.graph.entry.listObjects[key] = std::make_shared<const ListObject>(std::move(flags)); }

  ListValue &list() { return flags.list; }
  Value newFlag() {
    return n.sizeTensor(n.sizes.constant(isWrite ? kWritten : kRead), n.builder.getI32Type());
  }
  bool excludesRead() const { return isWrite || array.clearsAfterRead; }

  std::string getMessage(int64_t flag) const { return getConflictMessage(array, isWrite, flag == kWritten); }

  /// Ends the run if it holds for any of `indices`, and names the largest of these.
  void requireNone(Value isExcluded, Value indices, int64_t flag) {
    Value none = n.sizeTensor(n.sizes.constant(-1), n.builder.getI32Type(), n.sizes.sizesOf(indices));
    Size worst = largestElement(n, n.select(isExcluded, indices, none), -1);
    n.check(n.sizes.compare(arith::CmpIPredicate::slt, worst, n.sizes.constant(0)), getMessage(flag),
            n.sizes.get(worst));
  }

  /// The same for the flags of `indices`.
  void requireUntouched(Value states, Value indices) {
    forEachExcluded([&](int64_t excluded) {
      Value number =
          n.sizeTensor(n.sizes.constant(excluded), n.builder.getI32Type(), n.sizes.sizesOf(states));
      requireNone(n.compare(tg::ComparisonDirection::EQ, states, number), indices, excluded);
    });
  }

  /// Calls `check` with each flag that the access excludes.
  void forEachExcluded(llvm::function_ref<void(int64_t)> check) {
    if (excludesRead())
      check(kRead);
    if (isWrite)
      check(kWritten);
  }

private:
  NodeImporter &n;
  const ListObject &array;
  bool isWrite;
  std::string key;
  ListObject flags;
};

} // namespace

void touchElement(NodeImporter &n, const ListObject &array, bool isWrite, Size index) {
  FlagsAccess access(n, array, isWrite);
  ListValue &list = access.list();
  if (index) {
    Size flag = n.extract(readListElement(n, list, index), {});
    access.forEachExcluded([&](int64_t excluded) {
      n.check(n.sizes.compare(arith::CmpIPredicate::ne, flag, n.sizes.constant(excluded)),
              access.getMessage(excluded), n.sizes.get(index));
    });
    (void)writeListElement(n, list, index, access.newFlag(), "a flag of %d elements, not of %d");
    return;
  }
  Value states = getListRows(n, list);
  access.requireUntouched(states, n.iota(n.sizes.sizesOf(states), n.builder.getI32Type(), 0));
  list.buffer = n.broadcastTo(access.newFlag(), list.capacity);
}

void touchElements(NodeImporter &n, const ListObject &array, bool isWrite, Value indices) {
  FlagsAccess access(n, array, isWrite);
  ListValue &list = access.list();
  auto states = gatherListElements(n, list, indices);
  if (failed(states))
    return;
  Type i32 = n.builder.getI32Type();
  SmallVector<Size> count = n.sizes.sizesOf(indices);
  access.requireUntouched(*states, n.cast(indices, i32));
  // An index that comes twice is as bad as two nodes.
  if (access.excludesRead()) {
    Value zeros = n.sizeTensor(n.sizes.constant(0), i32, list.capacity),
          one = n.sizeTensor(n.sizes.constant(1), i32, list.capacity);
    Value counts =
        scatterRows(n, tg::ScatterKind::Add, zeros, indices, n.sizeTensor(n.sizes.constant(1), i32, count));
    access.requireNone(n.compare(tg::ComparisonDirection::GT, counts, one), n.iota(list.capacity, i32, 0),
                       isWrite ? kWritten : kRead);
  }
  (void)scatterListElements(n, list, indices, n.broadcastTo(access.newFlag(), count));
}

} // namespace tgc
