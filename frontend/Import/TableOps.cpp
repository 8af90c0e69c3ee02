//===- TableOps.cpp - Lookup tables ---------------------------------------===//
//
// The handle of a table is an edge that names an object of the session; runtime/kernels/state/table.c keeps
// it.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/HostFamilies.h"
#include "frontend/Import/Initializer.h"
#include "frontend/Import/NodeImporter.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

/// Opens the names of tables among the references that edges carry: then "KEYTYPE VALUETYPE SIZES " and the
/// kernels' config. SIZES: those of one value, separated by x.
constexpr StringLiteral kTablePrefix = "tgc.table/";

struct Table {
  proto::DataType key, value;
  SmallVector<int64_t> valueShape;
  std::string config;
};

template <bool isMutable> LogicalResult importTable(NodeImporter &n) {
  StringRef shared = n.getString("shared_name");
  StringRef name = shared.empty() ? cast<NameLoc>(n.loc).getName().getValue() : shared;
  std::vector<int64_t> shape = getShapeAttr(n.node, "value_shape").value_or(std::vector<int64_t>());
  if (llvm::is_contained(shape, -1))
    return n.error() << "value_shape must be known, got " << shapeToString(shape);
  std::string config = ((isMutable ? "1" : "0") + (" table/" + name)).str();
  // The keys that mark free places of a table with open addressing.
  if (size_t reserved = n.getNumInputs()) {
    proto::DataType key = getTypeAttr(n.node, "key_dtype");
    for (size_t i = 0; i < reserved; ++i) {
      if (n.getRank(i) != 0)
        return n.error() << "keys that are vectors are not supported, got " << n.getType(i);
      if (getDataType(n.getElementType(i)) != key)
        return n.error() << "input " << i << " has type " << n.getType(i) << ", key_dtype is "
                         << dataTypeName(key);
    }
    n.hostCall("tgc_kernel_table_reserve", n.getTensors(0, reserved), {}, config, {}, /*isPure=*/false);
  }
  ImportedValue value;
  value.variable = VariableReference{
      (kTablePrefix + Twine(static_cast<int>(getTypeAttr(n.node, "key_dtype"))) + " " +
       Twine(static_cast<int>(getTypeAttr(n.node, "value_dtype"))) + " " +
       llvm::join(llvm::map_range(shape, [](int64_t size) { return std::to_string(size); }), "x") + " " +
       config)
          .str()};
  n.setOutput(0, value);
  return success();
}

/// The table that input 0 is the handle of; its keys must be integers or strings.
FailureOr<Table> getTable(NodeImporter &n) {
  const auto &reference = n.getInput(0).variable;
  StringRef text = reference ? StringRef(reference->name) : "";
  if (!text.consume_front(kTablePrefix)) {
    n.error() << "input 0 is no table";
    return failure();
  }
  int key = 0, value = 0;
  auto [types, config] = text.split(' ');
  (void)types.getAsInteger(10, key);
  auto [valueType, shaped] = config.split(' ');
  (void)valueType.getAsInteger(10, value);
  auto [shape, rest] = shaped.split(' ');
  Table table{static_cast<proto::DataType>(key), static_cast<proto::DataType>(value), {}, rest.str()};
  while (!shape.empty()) {
    auto [first, others] = shape.split('x');
    (void)first.getAsInteger(10, table.valueShape.emplace_back());
    shape = others;
  }
  Type element = getElementType(n.builder.getContext(), table.key);
  if (!element || !getElementType(n.builder.getContext(), table.value) ||
      !(element.isInteger() || isa<tg::StringType>(element))) {
    n.error() << "a table from " << dataTypeName(table.key) << " to " << dataTypeName(table.value)
              << " is not supported, expected integers or strings as keys";
    return failure();
  }
  return table;
}

/// `pairs` must be keys and values of the table.
LogicalResult checkPairs(NodeImporter &n, const Table &table, ArrayRef<Value> pairs) {
  proto::DataType types[] = {table.key, table.value};
  for (auto [i, value] : llvm::enumerate(pairs))
    if (getDataType(getElementTypeOrSelf(value)) != types[i])
      return n.error() << "input " << i + 1 << " has type " << value.getType() << ", the table has "
                       << dataTypeName(types[i]) << (i == 0 ? " keys" : " values");
  return success();
}

/// The values of keys of these sizes, and theirs.
SmallVector<Size> getValueSizes(NodeImporter &n, const Table &table, Value keys) {
  SmallVector<Size> sizes = n.sizes.sizesOf(keys);
  for (int64_t size : table.valueShape)
    sizes.push_back(n.sizes.constant(size));
  return sizes;
}

/// Calls a kernel with keys and the value of each.
LogicalResult fill(NodeImporter &n, const Table &table, ArrayRef<Value> pairs, StringRef kernel) {
  if (failed(checkPairs(n, table, pairs)) || failed(n.withShape(pairs[1], getValueSizes(n, table, pairs[0]))))
    return failure();
  n.hostCall(kernel, pairs, {}, table.config, {}, /*isPure=*/false);
  return success();
}

/// A tensor that the model's own checkpoint holds, as a constant.
FailureOr<Value> getStored(NodeImporter &n, const RestoredTensor &restored, proto::DataType dtype,
                           int64_t rank) {
  ModuleImport &module = n.graph.entry.module;
  auto prefix = restored.prefix.getDefiningOp<tg::StringConstantOp>();
  if (!module.readCheckpoint || !prefix || prefix.getValues().empty() ||
      cast<StringAttr>(prefix.getValues()[0]).getValue() != module.model.checkpointPrefix) {
    n.error() << "a table can be restored only from the checkpoint that comes with the model";
    return failure();
  }
  Type element = getElementType(n.builder.getContext(), dtype);
  if (!element) {
    n.error() << "the table has " << dataTypeName(dtype) << ", which tgc has no tensors of";
    return failure();
  }
  auto read = [&](int64_t dims) {
    return module.readCheckpoint(
        restored.name, RankedTensorType::get(SmallVector<int64_t>(dims, ShapedType::kDynamic), element));
  };
  auto value = read(rank);
  if (!value) {
    // Tables with open addressing store scalars as rows of one element.
    auto rows = read(rank + 1);
    if (!rows || cast<RankedTensorType>(rows->getType()).getShape().back() != 1) {
      llvm::consumeError(rows.takeError());
      n.error() << llvm::toString(value.takeError());
      return failure();
    }
    llvm::consumeError(value.takeError());
    value = std::move(rows);
  }
  auto type = cast<RankedTensorType>(value->getType());
  Value tensor;
  if (auto strings = dyn_cast<DenseStringElementsAttr>(*value))
    tensor = n.create<tg::StringConstantOp>(
        type, n.builder.getStrArrayAttr(SmallVector<StringRef>(strings.getValues<StringRef>())));
  else
    tensor = n.create<tg::ConstantOp>(*value);
  return n.reshape(tensor, ArrayRef(n.sizes.sizesOf(tensor)).take_front(rank));
}

LogicalResult importImport(NodeImporter &n) {
  auto table = getTable(n);
  if (failed(table))
    return failure();
  SmallVector<Value> operands;
  for (size_t i : {1, 2}) {
    const auto &restored = n.getInput(i).restored;
    FailureOr<Value> value =
        !restored ? FailureOr<Value>(n.getTensor(i))
        : i == 1  ? getStored(n, *restored, table->key, 1)
                  : getStored(n, *restored, table->value, 1 + static_cast<int64_t>(table->valueShape.size()));
    if (failed(value))
      return failure();
    operands.push_back(*value);
  }
  return fill(n, *table, operands, "tgc_kernel_table_import");
}

template <StringLiteral const &kernel> LogicalResult importFill(NodeImporter &n) {
  auto table = getTable(n);
  return failed(table) ? failure() : fill(n, *table, n.getTensors(1, 3), kernel);
}

LogicalResult importRemove(NodeImporter &n) {
  auto table = getTable(n);
  if (failed(table) || failed(checkPairs(n, *table, n.getTensor(1))))
    return failure();
  n.hostCall("tgc_kernel_table_remove", n.getTensor(1), {}, table->config, {}, /*isPure=*/false);
  return success();
}

/// The path of the file that comes with the model, if `path` names one: its content becomes part of the
/// program, which so needs the file no more.
std::optional<std::string> getAsset(Value path) {
  // What passes through a variable of the run, as in files of TensorFlow 2, has its type.
  while (auto cast = path.getDefiningOp<tensor::CastOp>())
    path = cast.getSource();
  auto constant = path.getDefiningOp<tg::StringConstantOp>();
  if (!constant || constant.getValues().size() != 1 || !constant->hasAttr(kAssetOpAttr))
    return std::nullopt;
  return cast<StringAttr>(constant.getValues()[0]).str();
}

LogicalResult importInitializeFromFile(NodeImporter &n) {
  auto table = getTable(n);
  if (failed(table))
    return failure();
  StringRef delimiter = n.getString("delimiter");
  if (n.getRank(1) != 0 || delimiter.size() != 1)
    return n.error() << "filename must be a scalar and delimiter one character, got " << n.getType(1)
                     << " and '" << delimiter << "'";
  std::string config = table->config + "\n";
  for (StringRef name : {"key_index", "value_index", "vocab_size", "offset"})
    config += std::to_string(n.getInt(name)) + " ";
  config += std::to_string(table->key) + " " + std::to_string(table->value);
  SmallVector<Value> operands{n.getTensor(1), createStrings(n, delimiter, /*isScalar=*/true)};
  if (std::optional<std::string> path = getAsset(operands[0])) {
    auto buffer = llvm::MemoryBuffer::getFile(*path);
    if (!buffer)
      return n.error() << "cannot read the asset '" << *path << "': " << buffer.getError().message();
    operands.front() = createStrings(n, llvm::sys::path::filename(*path), /*isScalar=*/true);
    operands.push_back(createStrings(n, (*buffer)->getBuffer(), /*isScalar=*/true));
  }
  n.hostCall("tgc_kernel_table_initialize_from_file", operands, {}, config, {}, /*isPure=*/false);
  return success();
}

LogicalResult importFind(NodeImporter &n) {
  auto table = getTable(n);
  if (failed(table) || failed(checkPairs(n, *table, n.getTensors(1, 3))))
    return failure();
  SmallVector<Size> sizes = getValueSizes(n, *table, n.getTensor(1));
  // One default for all keys, or one for each.
  bool isOne = n.getRank(2) == static_cast<int64_t>(table->valueShape.size());
  if (failed(n.withShape(n.getTensor(2), isOne ? ArrayRef(sizes).take_back(n.getRank(2)) : ArrayRef(sizes))))
    return failure();
  Value values =
      n.hostCall("tgc_kernel_table_find", n.getTensors(1, 3), tg::getTypeOfSizes(sizes, n.getElementType(2)),
                 table->config, tg::getDynamicSizes(sizes), /*isPure=*/false)
          .front();
  n.sizes.setSizes(values, sizes);
  n.setResult(values);
  return success();
}

LogicalResult importSize(NodeImporter &n) {
  auto table = getTable(n);
  if (failed(table))
    return failure();
  Type type = RankedTensorType::get({}, n.builder.getI64Type());
  n.setResult(n.hostCall("tgc_kernel_table_size", {}, type, table->config, {}, /*isPure=*/false).front());
  return success();
}

LogicalResult importExport(NodeImporter &n) {
  auto table = getTable(n);
  if (failed(table))
    return failure();
  SmallVector<int64_t> shape{ShapedType::kDynamic};
  SmallVector<Type> types{RankedTensorType::get(shape, getElementType(n.builder.getContext(), table->key))};
  llvm::append_range(shape, table->valueShape);
  types.push_back(RankedTensorType::get(shape, getElementType(n.builder.getContext(), table->value)));
  SmallVector<Value> results =
      n.hostCall("tgc_kernel_table_export", n.constantInts(table->valueShape, n.builder.getI64Type()), types,
                 table->config, {}, /*isPure=*/false, /*findsSizes=*/true);
  n.setResult(0, results[0]);
  n.setResult(1, results[1]);
  return success();
}

constexpr StringLiteral kInitialize = "tgc_kernel_table_initialize", kInsert = "tgc_kernel_table_insert";

} // namespace

void registerTableOps(OpRegistry &registry) {
  registry.add({"HashTable", "HashTableV2"}, importTable<false>);
  registry.add({"MutableHashTable", "MutableHashTableV2", "MutableHashTableOfTensors",
                "MutableHashTableOfTensorsV2", "MutableDenseHashTable", "MutableDenseHashTableV2"},
               importTable<true>);
  registry.add({"InitializeTable", "InitializeTableV2"}, importFill<kInitialize>);
  registry.add({"InitializeTableFromTextFile", "InitializeTableFromTextFileV2"}, importInitializeFromFile);
  registry.add({"LookupTableInsert", "LookupTableInsertV2"}, importFill<kInsert>);
  registry.add({"LookupTableImport", "LookupTableImportV2"}, importImport);
  registry.add({"LookupTableRemoveV2"}, importRemove);
  registry.add({"LookupTableFind", "LookupTableFindV2"}, importFind);
  registry.add({"LookupTableSize", "LookupTableSizeV2"}, importSize);
  registry.add({"LookupTableExport", "LookupTableExportV2"}, importExport);
}

} // namespace tgc
