//===- PlaceWeights.cpp - Constants in one blob ---------------------------===//
//
// Weights may take gigabytes: they must neither become LLVM constants, which are copied and hashed, nor text.
// The blob is one resource; a library holds it as a section, the JIT hands out its address.
//
//===----------------------------------------------------------------------===//

#include "compiler/ABI/Dtypes.h"
#include "compiler/Codegen/Common/Passes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_PLACEWEIGHTSPASS
#include "compiler/Codegen/Common/Passes.h.inc"

namespace {

constexpr int64_t kAlignment = 64;
constexpr int64_t kLargestInCode = 64;

/// The bytes of one boolean tensor, which the attribute may keep as bits.
void appendBooleans(DenseElementsAttr values, SmallVectorImpl<char> &bytes) {
  for (bool value : values.getValues<bool>())
    bytes.push_back(value);
}

/// Appends the tensor's bytes in row-major order; false for attributes without them.
bool appendBytes(ElementsAttr value, SmallVectorImpl<char> &bytes) {
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob)
      return false;
    bytes.append(blob->getData().begin(), blob->getData().end());
    return true;
  }
  auto dense = dyn_cast<DenseElementsAttr>(value);
  if (!dense)
    return false;
  if (dense.getElementType().isInteger(1)) {
    appendBooleans(dense, bytes);
    return true;
  }
  ArrayRef<char> raw = dense.getRawData();
  int64_t copies = dense.isSplat() ? dense.getNumElements() : 1;
  for (int64_t i = 0; i < copies; ++i)
    bytes.append(raw.begin(), raw.end());
  return true;
}

struct PlaceWeightsPass : impl::PlaceWeightsPassBase<PlaceWeightsPass> {
  SmallVector<char> blob;
  DenseMap<Attribute, int64_t> offsets;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    blob.clear();
    offsets.clear();
    SymbolTableCollection symbols;
    bool ok = true;
    module.walk([&](memref::GetGlobalOp use) {
      auto global = symbols.lookupNearestSymbolFrom<memref::GlobalOp>(use, use.getNameAttr());
      auto type = cast<MemRefType>(use.getType());
      // LLVM has no constants of complex numbers.
      bool staysInCode = byteWidth(type.getElementType()) * type.getNumElements() <= kLargestInCode &&
                         type.getElementType().isIntOrIndexOrFloat();
      if (!global || !global.getConstant() || staysInCode)
        return;
      FailureOr<int64_t> offset = place(use, cast<ElementsAttr>(global.getConstantInitValue()));
      ok &= succeeded(offset);
      if (failed(offset))
        return;
      OpBuilder builder(use);
      use.replaceAllUsesWith(rt::WeightsOp::create(builder, use.getLoc(), type, *offset).getResult());
      use.erase();
    });
    SymbolUserMap users(symbols, module);
    for (memref::GlobalOp global : llvm::make_early_inc_range(module.getOps<memref::GlobalOp>()))
      if (users.useEmpty(global))
        global.erase();
    if (!ok || !placeInitialValues(module))
      return signalPassFailure();
    if (blob.empty())
      return;
    auto type =
        RankedTensorType::get({static_cast<int64_t>(blob.size())}, IntegerType::get(&getContext(), 8));
    module->setAttr("rt.weights_data", DenseResourceElementsAttr::get(
                                           type, "tgc_weights",
                                           HeapAsmResourceBlob::allocateAndCopyWithAlign(blob, kAlignment)));
  }

  bool placeInitialValues(ModuleOp module) {
    Builder builder(&getContext());
    auto variables = module->getAttrOfType<ArrayAttr>("rt.variables");
    SmallVector<Attribute> placed;
    for (auto variable : variables ? variables.getAsRange<DictionaryAttr>()
                                   : ArrayAttr::get(&getContext(), {}).getAsRange<DictionaryAttr>()) {
      NamedAttrList fields(variable);
      if (auto value = dyn_cast_or_null<ElementsAttr>(fields.erase("initial_value"))) {
        FailureOr<int64_t> offset = place(module, value);
        if (failed(offset))
          return false;
        fields.set("initial_offset", builder.getI64IntegerAttr(*offset));
        fields.set("initial_dims", builder.getDenseI64ArrayAttr(value.getShapedType().getShape()));
      }
      placed.push_back(fields.getDictionary(&getContext()));
    }
    if (variables)
      module->setAttr("rt.variables", builder.getArrayAttr(placed));
    return true;
  }

  FailureOr<int64_t> place(Operation *user, ElementsAttr value) {
    auto [known, isNew] = offsets.try_emplace(value, llvm::alignTo(blob.size(), kAlignment));
    if (!isNew)
      return known->second;
    blob.resize(known->second);
    if (!appendBytes(value, blob))
      return user->emitError() << "constant of type " << value.getType() << " has no bytes";
    return known->second;
  }
};

} // namespace
} // namespace tgc
