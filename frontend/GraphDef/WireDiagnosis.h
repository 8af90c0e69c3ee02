//===- WireDiagnosis.h - Why bytes are not a message -------------------------===//
//
// protobuf's parser only says that it failed. This says where and why, for the user who has to find the
// broken file.
//
//===----------------------------------------------------------------------===//

#ifndef TGC_FRONTEND_GRAPHDEF_WIREDIAGNOSIS_H
#define TGC_FRONTEND_GRAPHDEF_WIREDIAGNOSIS_H

#include "llvm/ADT/StringRef.h"

#include <string>

namespace google::protobuf {
class Descriptor;
} // namespace google::protobuf

namespace tgc {

/// Messages nested deeper than this are refused, in binary and in text.
constexpr int kMessageDepthLimit = 100;

/// What is wrong with `bytes` as a message of type `type`: field, byte offset, reason.
std::string diagnoseWire(llvm::StringRef bytes, const google::protobuf::Descriptor &type);

} // namespace tgc

#endif // TGC_FRONTEND_GRAPHDEF_WIREDIAGNOSIS_H
