//===- tgc-translate.cpp - From and to formats that are no MLIR -----------===//

#include "frontend/Import/Translation.h"
#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"

int main(int argc, char **argv) {
  tgc::registerImportGraphDef();
  return mlir::failed(mlir::mlirTranslateMain(argc, argv, "tgc translation driver"));
}
