//===- MessageParser.h - Bytes or text to one message ------------------------===//
//
// The only place that calls protobuf's parsers: limits, silence on stderr and good messages are settled here.
//
//===----------------------------------------------------------------------===//

#ifndef TGC_FRONTEND_GRAPHDEF_MESSAGEPARSER_H
#define TGC_FRONTEND_GRAPHDEF_MESSAGEPARSER_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <memory>

namespace google::protobuf {
class Message;
} // namespace google::protobuf

namespace llvm {
class MemoryBuffer;
} // namespace llvm

namespace tgc {

/// Maps a file. The error names the path and the reason.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> openFile(llvm::StringRef path);

/// Parses binary `bytes`; `what` ("GraphDef") and `path` stand in the message.
llvm::Error parseBinary(llvm::StringRef bytes, google::protobuf::Message &message, llvm::StringRef what,
                        llvm::StringRef path);

/// The same without a diagnosis: is it one?
bool tryParseBinary(llvm::StringRef bytes, google::protobuf::Message &message);

/// Parses protobuf text; the error has the line and column. Unknown fields are skipped, as in the binary
/// form.
llvm::Error parseText(llvm::StringRef text, google::protobuf::Message &message, llvm::StringRef what,
                      llvm::StringRef path);

/// Is it text rather than a binary message? Empty input is not.
bool looksLikeText(llvm::StringRef bytes);

} // namespace tgc

#endif // TGC_FRONTEND_GRAPHDEF_MESSAGEPARSER_H
