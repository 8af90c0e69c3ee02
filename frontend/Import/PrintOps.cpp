//===- PrintOps.cpp - Printing and formatting -----------------------------===//

#include "frontend/Import/HostFamilies.h"
#include "frontend/Import/NodeImporter.h"

using namespace mlir;

namespace tgc {

Value createStrings(NodeImporter &n, ArrayRef<StringRef> strings, bool isScalar) {
  SmallVector<int64_t> shape;
  if (!isScalar)
    shape.push_back(strings.size());
  auto type = RankedTensorType::get(shape, tg::StringType::get(n.builder.getContext()));
  return n.create<tg::StringConstantOp>(type, n.builder.getStrArrayAttr(strings));
}

namespace {

/// (x, data...): x passes through.
LogicalResult importPrint(NodeImporter &n) {
  SmallVector<Value> operands{createStrings(n, n.getString("message"), /*isScalar=*/true)};
  llvm::append_range(operands, n.getTensors(1, n.getNumInputs()));
  std::string config = std::to_string(n.getInt("summarize")) + " " + std::to_string(n.getInt("first_n"));
  n.hostCall("tgc_kernel_print", operands, {}, config, {}, /*isPure=*/false);
  n.forward(0, 0);
  return success();
}

LogicalResult importPrintV2(NodeImporter &n) {
  StringRef stream = n.getString("output_stream");
  bool isLog = stream == "log(info)" || stream == "log(warning)" || stream == "log(error)";
  if (stream != "stdout" && stream != "stderr" && !isLog && !stream.starts_with("file://"))
    return n.error()
           << "output_stream " << stream
           << " is not known, expected stdout, stderr, log(info), log(warning), log(error) or file://...";
  if (n.getRank(0) != 0)
    return n.error() << "prints a scalar, got " << n.getType(0);
  Value operands[] = {n.getTensor(0), createStrings(n, n.getString("end"), /*isScalar=*/true)};
  n.hostCall("tgc_kernel_print_string", operands, {}, stream, {}, /*isPure=*/false);
  return success();
}

/// Each placeholder in the template is replaced by an input.
LogicalResult importStringFormat(NodeImporter &n) {
  SmallVector<StringRef> pieces;
  n.getString("template").split(pieces, n.getString("placeholder"));
  if (pieces.size() != n.getNumInputs() + 1)
    return n.error() << "the template has " << pieces.size() - 1 << " placeholders, but there are "
                     << n.getNumInputs() << " inputs";
  SmallVector<Value> operands{createStrings(n, pieces, /*isScalar=*/false)};
  llvm::append_range(operands, n.getTensors(0, n.getNumInputs()));
  auto type = RankedTensorType::get({}, tg::StringType::get(n.builder.getContext()));
  n.setResult(
      n.hostCall("tgc_kernel_string_format", operands, type, std::to_string(n.getInt("summarize"))).front());
  return success();
}

} // namespace

void registerPrintOps(OpRegistry &registry) {
  registry.add({"Print"}, importPrint);
  registry.add({"PrintV2"}, importPrintV2);
  registry.add({"StringFormat"}, importStringFormat);
}

} // namespace tgc
