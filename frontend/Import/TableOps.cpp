//===- TableOps.cpp - Lookup tables ---------------------------------------===//
//
// The handle of a table is an edge that names an object of the session; runtime/kernels/state/table.c keeps
// it.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/HostFamilies.h"
#include "frontend/Import/NodeImporter.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

/// Opens the names of tables among the references that edges carry: then "KEYTYPE VALUETYPE " and the
/// kernels' config.
constexpr StringLiteral kTablePrefix = "tgc.table/";

struct Table {
  proto::DataType key, value;
  std::string config;
};

template <bool isMutable> LogicalResult importTable(NodeImporter &n) {
  StringRef shared = n.getString("shared_name");
  StringRef name = shared.empty() ? cast<NameLoc>(n.loc).getName().getValue() : shared;
  ImportedValue value;
  value.variable = VariableReference{kTablePrefix.str() + std::to_string(getTypeAttr(n.node, "key_dtype")) +
                                     " " + std::to_string(getTypeAttr(n.node, "value_dtype")) + " " +
                                     (isMutable ? "1" : "0") + " table/" + name.str()};
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
  auto [valueType, rest] = config.split(' ');
  (void)valueType.getAsInteger(10, value);
  Table table{static_cast<proto::DataType>(key), static_cast<proto::DataType>(value), rest.str()};
  Type element = getElementType(n.builder.getContext(), table.key);
  if (!element || !getElementType(n.builder.getContext(), table.value) ||
      !(element.isInteger() || isa<tg::StringType>(element))) {
    n.error() << "a table from " << dataTypeName(table.key) << " to " << dataTypeName(table.value)
              << " is not supported, expected integers or strings as keys";
    return failure();
  }
  return table;
}

/// Inputs 1 and 2 must be keys and values of the table.
LogicalResult checkPairs(NodeImporter &n, const Table &table, bool haveOneShape) {
  proto::DataType types[] = {table.key, table.value};
  for (size_t i = 1; i < 3; ++i)
    if (getDataType(n.getElementType(i)) != types[i - 1])
      return n.error() << "input " << i << " has type " << n.getType(i) << ", the table has "
                       << dataTypeName(types[i - 1]) << (i == 1 ? " keys" : " values");
  if (haveOneShape && failed(n.withOneShape(n.getTensors(1, 3))))
    return failure();
  return success();
}

template <StringLiteral const &kernel> LogicalResult importFill(NodeImporter &n) {
  auto table = getTable(n);
  if (failed(table) || failed(checkPairs(n, *table, /*haveOneShape=*/true)))
    return failure();
  n.hostCall(kernel, n.getTensors(1, 3), {}, table->config, {}, /*isPure=*/false);
  return success();
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
  Value operands[] = {n.getTensor(1), createStrings(n, delimiter, /*isScalar=*/true)};
  n.hostCall("tgc_kernel_table_initialize_from_file", operands, {}, config, {}, /*isPure=*/false);
  return success();
}

LogicalResult importFind(NodeImporter &n) {
  auto table = getTable(n);
  if (failed(table) || failed(checkPairs(n, *table, /*haveOneShape=*/false)))
    return failure();
  Value keys = n.getTensor(1);
  if (n.getType(2).getRank() != 0)
    return n.error() << "default_value must be a scalar, got " << n.getType(2);
  SmallVector<Size> sizes = n.sizes.sizesOf(keys);
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
  SmallVector<Type> types;
  for (proto::DataType dtype : {table->key, table->value})
    types.push_back(
        RankedTensorType::get({ShapedType::kDynamic}, getElementType(n.builder.getContext(), dtype)));
  SmallVector<Value> results = n.hostCall("tgc_kernel_table_export", {}, types, table->config, {},
                                          /*isPure=*/false, /*findsSizes=*/true);
  n.setResult(0, results[0]);
  n.setResult(1, results[1]);
  return success();
}

constexpr StringLiteral kInitialize = "tgc_kernel_table_initialize", kInsert = "tgc_kernel_table_insert",
                        kImport = "tgc_kernel_table_import";

} // namespace

void registerTableOps(OpRegistry &registry) {
  registry.add({"HashTable", "HashTableV2"}, importTable<false>);
  registry.add({"MutableHashTable", "MutableHashTableV2"}, importTable<true>);
  registry.add({"InitializeTable", "InitializeTableV2"}, importFill<kInitialize>);
  registry.add({"InitializeTableFromTextFile", "InitializeTableFromTextFileV2"}, importInitializeFromFile);
  registry.add({"LookupTableInsert", "LookupTableInsertV2"}, importFill<kInsert>);
  registry.add({"LookupTableImport", "LookupTableImportV2"}, importFill<kImport>);
  registry.add({"LookupTableFind", "LookupTableFindV2"}, importFind);
  registry.add({"LookupTableSize", "LookupTableSizeV2"}, importSize);
  registry.add({"LookupTableExport", "LookupTableExportV2"}, importExport);
}

} // namespace tgc
