//===- Messages.h - Texts of the graph in messages of the run ---*- C++ -*-===//
#ifndef TGC_FRONTEND_IMPORT_MESSAGES_H
#define TGC_FRONTEND_IMPORT_MESSAGES_H

#include "llvm/ADT/StringRef.h"
#include <string>

namespace tgc {

/// Text of the graph for a message of the run time, in which a percent sign opens a value.
std::string escapeMessage(llvm::StringRef text);

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_MESSAGES_H
