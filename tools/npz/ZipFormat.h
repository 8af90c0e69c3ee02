//===- ZipFormat.h - Numbers of the zip format that reader and writer share ---===//
//
// Names and layouts are those of PKWARE's APPNOTE.TXT, section 4.3.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_TOOLS_NPZ_ZIPFORMAT_H
#define TGC_TOOLS_NPZ_ZIPFORMAT_H

#include <cstdint>

namespace tgc::zip {

constexpr uint32_t kLocalSignature = 0x04034b50, kCentralSignature = 0x02014b50, kEndSignature = 0x06054b50;
constexpr uint32_t kEnd64Signature = 0x06064b50, kLocator64Signature = 0x07064b50;
constexpr unsigned kLocalSize = 30, kCentralSize = 46, kEndSize = 22, kEnd64Size = 56, kLocator64Size = 20;
constexpr uint16_t kStored = 0, kDeflated = 8;
constexpr uint16_t kFlagEncrypted = 1, kFlagUtf8 = 1 << 11;
/// Extra field of the 64-bit sizes; fields that hold the largest value refer to it.
constexpr uint16_t kExtra64 = 1;
constexpr uint16_t kMax16 = 0xffff;
constexpr uint32_t kMax32 = 0xffffffff;

} // namespace tgc::zip

#endif // TGC_TOOLS_NPZ_ZIPFORMAT_H
