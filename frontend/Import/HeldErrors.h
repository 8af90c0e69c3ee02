//===- HeldErrors.h - Errors that are not reported yet ---------*- C++ -*-===//
#ifndef TGC_FRONTEND_IMPORT_HELDERRORS_H
#define TGC_FRONTEND_IMPORT_HELDERRORS_H

#include "mlir/IR/Diagnostics.h"

namespace tgc {

/// Keeps the errors of its lifetime, which nobody else sees.
class HeldErrors {
public:
  explicit HeldErrors(mlir::MLIRContext *context)
      : handler(context, [this](mlir::Diagnostic &diagnostic) {
          if (diagnostic.getSeverity() != mlir::DiagnosticSeverity::Error)
            return mlir::failure();
          errors.push_back({diagnostic.getLocation(), diagnostic.str()});
          return mlir::success();
        }) {}
  std::vector<std::pair<mlir::Location, std::string>> errors;

private:
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_HELDERRORS_H
