//===- Parser.h - PTX text to syntax --------------------------------*- C++ -*-===//
#ifndef TGC_TOOLS_PTX_PARSER_H
#define TGC_TOOLS_PTX_PARSER_H

#include "tools/ptx/Syntax.h"
#include "llvm/Support/Error.h"

namespace tgc::ptx {

/// `file` names the text in messages; the result points into `text`.
llvm::Expected<Syntax> parse(llvm::StringRef text, llvm::StringRef file);

} // namespace tgc::ptx

#endif // TGC_TOOLS_PTX_PARSER_H
