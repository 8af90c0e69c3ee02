//===- RtPattern.h - What lowerings of the runtime ABI share --*- C++ -*-===//
//
// The layouts here are those of runtime/include/tgc/abi.h, which is checked against them below.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_ABI_RTPATTERN_H
#define TGC_COMPILER_ABI_RTPATTERN_H

#include "compiler/ABI/Dtypes.h"
#include "compiler/ABI/RtToLLVM.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/Support/xxhash.h"
#include <cstddef>

namespace tgc {

inline constexpr int64_t kTensorSize = sizeof(tgc_tensor_t);
inline constexpr int64_t kDimsOffset = offsetof(tgc_tensor_t, dims);
static_assert(offsetof(tgc_tensor_t, data) == 0 && offsetof(tgc_tensor_t, byte_size) == 8 &&
              offsetof(tgc_tensor_t, dtype) == 16 && offsetof(tgc_tensor_t, rank) == 20);

/// What all patterns share: addresses, memref descriptors, texts and calls.
template <typename Op> struct RtPattern : mlir::ConvertOpToLLVMPattern<Op> {
  using mlir::ConvertOpToLLVMPattern<Op>::ConvertOpToLLVMPattern;

  mlir::Type pointer(mlir::OpBuilder &b) const { return mlir::LLVM::LLVMPointerType::get(b.getContext()); }
  mlir::Value i64(mlir::OpBuilder &b, mlir::Location loc, int64_t value) const {
    return mlir::LLVM::ConstantOp::create(b, loc, b.getI64Type(), b.getI64IntegerAttr(value));
  }
  mlir::Value i32(mlir::OpBuilder &b, mlir::Location loc, int64_t value) const {
    return mlir::LLVM::ConstantOp::create(b, loc, b.getI32Type(), b.getI32IntegerAttr(value));
  }

  mlir::Value address(mlir::OpBuilder &b, mlir::Location loc, mlir::Value base, int64_t offset) const {
    if (offset == 0)
      return base;
    return mlir::LLVM::GEPOp::create(b, loc, pointer(b), b.getI8Type(), base,
                                     llvm::ArrayRef<mlir::LLVM::GEPArg>{static_cast<int32_t>(offset)});
  }
  /// What the runtime set before the run and does not change during it.
  mlir::Value loadConstant(mlir::OpBuilder &b, mlir::Location loc, mlir::Type type, mlir::Value base,
                           int64_t offset) const {
    auto load = mlir::LLVM::LoadOp::create(b, loc, type, address(b, loc, base, offset));
    load.setInvariant(true);
    return load;
  }
  void store(mlir::OpBuilder &b, mlir::Location loc, mlir::Value value, mlir::Value base,
             int64_t offset) const {
    mlir::LLVM::StoreOp::create(b, loc, value, address(b, loc, base, offset));
  }

  /// Stack memory of the function, whatever the block that asks for it.
  mlir::Value stackBytes(mlir::ConversionPatternRewriter &b, mlir::Operation *op, int64_t bytes) const {
    mlir::OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&op->getParentOfType<mlir::FunctionOpInterface>().front());
    mlir::Value size = i64(b, op->getLoc(), std::max<int64_t>(bytes, 1));
    return mlir::LLVM::AllocaOp::create(b, op->getLoc(), pointer(b), b.getI8Type(), size, /*alignment=*/8);
  }

  /// The address of a zero-terminated text; equal texts are stored once.
  mlir::Value text(mlir::ConversionPatternRewriter &b, mlir::Operation *op, llvm::StringRef text) const {
    auto module = op->getParentOfType<mlir::ModuleOp>();
    std::string name = "tgc.text." + llvm::utohexstr(llvm::xxh3_64bits(text));
    if (!module.lookupSymbol(name)) {
      mlir::OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(module.getBody());
      std::string bytes = text.str() + '\0';
      auto type = mlir::LLVM::LLVMArrayType::get(b.getI8Type(), bytes.size());
      mlir::LLVM::GlobalOp::create(b, b.getUnknownLoc(), type, /*isConstant=*/true,
                                   mlir::LLVM::Linkage::Internal, name, b.getStringAttr(bytes));
    }
    return mlir::LLVM::AddressOfOp::create(b, op->getLoc(), pointer(b), name);
  }

  mlir::Value call(mlir::ConversionPatternRewriter &b, mlir::Operation *op, llvm::StringRef function,
                   mlir::Type result, mlir::ValueRange operands, bool returns = true) const {
    auto module = op->getParentOfType<mlir::ModuleOp>();
    auto declared = module.lookupSymbol<mlir::LLVM::LLVMFuncOp>(function);
    if (!declared) {
      mlir::OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(module.getBody());
      auto type =
          mlir::LLVM::LLVMFunctionType::get(result ? result : mlir::LLVM::LLVMVoidType::get(b.getContext()),
                                            llvm::to_vector(operands.getTypes()));
      declared = mlir::LLVM::LLVMFuncOp::create(b, b.getUnknownLoc(), function, type);
      llvm::SmallVector<mlir::Attribute> attributes = {b.getStringAttr("nounwind")};
      if (!returns)
        attributes.append({b.getStringAttr("noreturn"), b.getStringAttr("cold")});
      declared.setPassthroughAttr(b.getArrayAttr(attributes));
    }
    auto call = mlir::LLVM::CallOp::create(b, op->getLoc(), declared, operands);
    return result ? call.getResult() : mlir::Value();
  }

  /// Names the memory that `data` points to; see kMemoryAttribute.
  void nameMemory(mlir::OpBuilder &b, mlir::Value data, const llvm::Twine &kind, uint64_t index) const {
    data.getDefiningOp()->setAttr(kMemoryAttribute, b.getStringAttr(kind + llvm::Twine(index)));
  }

  /// The sizes of a memref whose dynamic ones are given.
  llvm::SmallVector<mlir::Value> allSizes(mlir::OpBuilder &b, mlir::Location loc, mlir::MemRefType type,
                                          mlir::ValueRange dynamicSizes) const {
    llvm::SmallVector<mlir::Value> sizes;
    for (int64_t size : type.getShape()) {
      if (!mlir::ShapedType::isDynamic(size)) {
        sizes.push_back(i64(b, loc, size));
        continue;
      }
      sizes.push_back(dynamicSizes.front());
      dynamicSizes = dynamicSizes.drop_front();
    }
    return sizes;
  }
  mlir::Value byteSize(mlir::OpBuilder &b, mlir::Location loc, mlir::MemRefType type,
                       mlir::ValueRange sizes) const {
    mlir::Value bytes = i64(b, loc, byteWidth(type.getElementType()));
    for (mlir::Value size : sizes)
      bytes = mlir::LLVM::MulOp::create(b, loc, bytes, size);
    return bytes;
  }
  /// A row-major memref at `data`.
  mlir::Value memref(mlir::ConversionPatternRewriter &b, mlir::Location loc, mlir::MemRefType type,
                     mlir::Value data, mlir::ValueRange sizes) const {
    auto descriptor = mlir::MemRefDescriptor::poison(b, loc, this->getTypeConverter()->convertType(type));
    descriptor.setAllocatedPtr(b, loc, data);
    descriptor.setAlignedPtr(b, loc, data);
    descriptor.setConstantOffset(b, loc, 0);
    mlir::Value stride = i64(b, loc, 1);
    for (int64_t dim = type.getRank() - 1; dim >= 0; --dim) {
      descriptor.setSize(b, loc, dim, sizes[dim]);
      descriptor.setStride(b, loc, dim, stride);
      stride = mlir::LLVM::MulOp::create(b, loc, stride, sizes[dim]);
    }
    return descriptor;
  }
  /// A row-major memref over a tgc_tensor_t that the runtime filled in.
  mlir::Value memrefOfTensor(mlir::ConversionPatternRewriter &b, mlir::Location loc, mlir::MemRefType type,
                             mlir::Value data, mlir::Value tensor) const {
    llvm::SmallVector<mlir::Value> sizes;
    for (auto [dim, size] : llvm::enumerate(type.getShape()))
      sizes.push_back(mlir::ShapedType::isDynamic(size)
                          ? loadConstant(b, loc, b.getI64Type(), tensor, kDimsOffset + 8 * dim)
                          : i64(b, loc, size));
    return memref(b, loc, type, data, sizes);
  }
  /// An array of sizes on the stack.
  mlir::Value storeSizes(mlir::ConversionPatternRewriter &b, mlir::Operation *op,
                         mlir::ValueRange sizes) const {
    mlir::Value dims = stackBytes(b, op, 8 * sizes.size());
    for (auto [dim, size] : llvm::enumerate(sizes))
      store(b, op->getLoc(), size, dims, 8 * dim);
    return dims;
  }
};

} // namespace tgc

#endif // TGC_COMPILER_ABI_RTPATTERN_H
