//===- Families.h - Who decodes which opcodes -----------------------*- C++ -*-===//
#ifndef TGC_TOOLS_PTX_OPS_FAMILIES_H
#define TGC_TOOLS_PTX_OPS_FAMILIES_H

#include "tools/ptx/Decode.h"
#include "llvm/ADT/StringSwitch.h"

namespace tgc::ptx {

/// Each gives null for an opcode that is not of its family. Integers and floats share names: the type
/// decides.
DecodeFunction integerDecoderOf(llvm::StringRef opcode);
DecodeFunction floatDecoderOf(llvm::StringRef opcode);
DecodeFunction halfDecoderOf(llvm::StringRef opcode);
DecodeFunction bitDecoderOf(llvm::StringRef opcode);
DecodeFunction moveDecoderOf(llvm::StringRef opcode);
DecodeFunction compareDecoderOf(llvm::StringRef opcode);
DecodeFunction convertDecoderOf(llvm::StringRef opcode);
DecodeFunction memoryDecoderOf(llvm::StringRef opcode);
DecodeFunction atomicDecoderOf(llvm::StringRef opcode);
DecodeFunction controlDecoderOf(llvm::StringRef opcode);
DecodeFunction warpDecoderOf(llvm::StringRef opcode);
DecodeFunction barrierDecoderOf(llvm::StringRef opcode);
DecodeFunction mbarrierDecoderOf(llvm::StringRef opcode);
DecodeFunction copyDecoderOf(llvm::StringRef opcode);
DecodeFunction matrixDecoderOf(llvm::StringRef opcode);
DecodeFunction wgmmaDecoderOf(llvm::StringRef opcode);

} // namespace tgc::ptx

#endif // TGC_TOOLS_PTX_OPS_FAMILIES_H
