//===- PlaceWeights.cpp - Constants in one blob ---------------------------===//
//
// Weights may take gigabytes: they must neither become LLVM constants, which are copied and hashed, nor text.
// The blob is one resource; a library holds it as a section, the JIT hands out its address.
//
//===----------------------------------------------------------------------===//

#include "compiler/ABI/Descriptor.h"
#include "compiler/ABI/Dtypes.h"
#include "compiler/ABI/WeightsBlob.h"
#include "compiler/Codegen/Common/Passes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_PLACEWEIGHTSPASS
#include "compiler/Codegen/Common/Passes.h.inc"

namespace {

constexpr int64_t kLargestInCode = 64;

/// Bytes of the tensor in row-major order; nothing for attributes without them.
std::optional<uint64_t> countBytes(ElementsAttr value) {
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    return blob ? std::optional<uint64_t>(blob->getData().size()) : std::nullopt;
  }
  auto dense = dyn_cast<DenseElementsAttr>(value);
  if (!dense)
    return std::nullopt;
  if (dense.getElementType().isInteger(1))
    return dense.getNumElements();
  return dense.getRawData().size() * (dense.isSplat() ? dense.getNumElements() : 1);
}

/// Writes the bytes that countBytes counted.
void writeBytes(ElementsAttr value, char *to) {
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    llvm::copy(resource.getRawHandle().getBlob()->getData(), to);
    return;
  }
  auto dense = cast<DenseElementsAttr>(value);
  if (dense.getElementType().isInteger(1)) { // the attribute may keep them as bits
    llvm::copy(dense.getValues<bool>(), to);
    return;
  }
  ArrayRef<char> raw = dense.getRawData();
  for (int64_t i = 0, copies = dense.isSplat() ? dense.getNumElements() : 1; i < copies; ++i)
    to = llvm::copy(raw, to);
}

struct PlaceWeightsPass : impl::PlaceWeightsPassBase<PlaceWeightsPass> {
  uint64_t size = 0;
  llvm::MapVector<Attribute, int64_t> offsets;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    size = 0;
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
    if (size != 0)
      module->setAttr("rt.weights_data", makeBlob());
  }

  Attribute makeBlob() {
    AsmResourceBlob blob = allocateWeights(size);
    char *bytes = blob.getMutableData().data();
    uint64_t end = 0;
    for (auto [value, offset] : offsets) {
      std::fill(bytes + end, bytes + offset, 0);
      writeBytes(cast<ElementsAttr>(value), bytes + offset);
      end = offset + *countBytes(cast<ElementsAttr>(value));
    }
    auto type = RankedTensorType::get({static_cast<int64_t>(size)}, IntegerType::get(&getContext(), 8));
    return DenseResourceElementsAttr::get(type, "tgc_weights", std::move(blob));
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
    auto [known, isNew] = offsets.try_emplace(value, llvm::alignTo(size, kWeightsAlignment));
    if (!isNew)
      return known->second;
    std::optional<uint64_t> bytes = countBytes(value);
    if (!bytes)
      return user->emitError() << "constant of type " << value.getType() << " has no bytes";
    size = known->second + *bytes;
    return known->second;
  }
};

} // namespace
} // namespace tgc
