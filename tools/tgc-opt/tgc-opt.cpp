//===- tgc-opt.cpp - Runs passes on a module ------------------------------===//

#include "compiler/InitAll.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  tgc::registerAllPasses();
  mlir::DialectRegistry registry;
  tgc::registerAllDialects(registry);
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "tgc optimizer driver\n", registry));
}
