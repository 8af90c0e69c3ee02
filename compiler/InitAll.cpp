//===- InitAll.cpp - Registration of everything ---------------------------===//

#include "compiler/InitAll.h"
#include "compiler/Conversion/TgToLinalg/TgToLinalg.h"
#include "dialects/Tg/IR/TgDialect.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"

namespace tgc {

void registerAllDialects(mlir::DialectRegistry &registry) {
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  registry.insert<tg::TgDialect>();
}

void registerAllPasses() {
  mlir::registerAllPasses();
  registerTgToLinalgPasses();
}

} // namespace tgc
