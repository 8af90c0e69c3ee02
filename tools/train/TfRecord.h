//===- TfRecord.h - Files of framed records ---------------------*- C++ -*-===//
//
// A record is its length (8 bytes, little-endian), a masked CRC-32C of that, its bytes, and theirs.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_TOOLS_TRAIN_TFRECORD_H
#define TGC_TOOLS_TRAIN_TFRECORD_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace tgc {

/// The next record of `bytes`, which it is taken from.
llvm::Expected<llvm::StringRef> takeRecord(llvm::StringRef &bytes);
std::string frameRecord(llvm::StringRef record);

} // namespace tgc

#endif // TGC_TOOLS_TRAIN_TFRECORD_H
