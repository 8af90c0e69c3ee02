//===- Header.h - A C++ class over an object file ---------------*- C++ -*-===//
#ifndef TGC_TOOLS_TGC_HEADER_H
#define TGC_TOOLS_TGC_HEADER_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"
#include <string>

namespace tgc {

/// "ns::inner::Name" as a class name and the namespaces around it; an error if a part is no C++ identifier.
struct ClassName {
  std::vector<std::string> namespaces;
  std::string name;

  static llvm::Expected<ClassName> parse(llvm::StringRef text);
  /// The symbol that the object exports in place of tgc_module_query, so that a program can hold several.
  std::string querySymbol() const;
};

/// A tensor under the name that a config gives it.
struct TensorAlias {
  std::string tensor, name;
};

/// A header with a class for the first entry of a module in the LLVM dialect, of the shape that tfcompile's
/// generated classes have.
llvm::Expected<std::string> makeHeader(mlir::ModuleOp module, const ClassName &className,
                                       llvm::ArrayRef<TensorAlias> aliases);

} // namespace tgc

#endif // TGC_TOOLS_TGC_HEADER_H
