//===- Translation.cpp - The importer as an mlir-translate option ---------===//

#include "frontend/Import/Translation.h"
#include "dialects/Tg/IR/TgDialect.h"
#include "frontend/Import/Import.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"

using namespace mlir;

namespace tgc {

static llvm::cl::list<std::string> feedNames("feeds", llvm::cl::CommaSeparated,
                                             llvm::cl::desc("tensors that are given (--import-graphdef)"));
static llvm::cl::list<std::string>
    fetchNames("fetches", llvm::cl::CommaSeparated,
               llvm::cl::desc("tensors that are asked for (--import-graphdef)"));
static llvm::cl::list<std::string> targetNames("targets", llvm::cl::CommaSeparated,
                                               llvm::cl::desc("operations that are run (--import-graphdef)"));

void registerImportGraphDef() {
  static TranslateToMLIRRegistration registration(
      "import-graphdef", "imports a GraphDef or MetaGraphDef, binary or text, as tg",
      [](llvm::StringRef bytes, MLIRContext *context) -> OwningOpRef<Operation *> {
        // The module refers to nothing of the model but through copies, so it may outlive it.
        auto model = readModelFromBytes(bytes, "input");
        if (!model) {
          emitError(UnknownLoc::get(context)) << llvm::toString(model.takeError());
          return nullptr;
        }
        ImportOptions options;
        if (!feedNames.empty() || !fetchNames.empty() || !targetNames.empty()) {
          EntrySpec entry{"main", {}, {}, {}};
          for (const std::string &feed : feedNames)
            entry.feeds.push_back({feed, std::nullopt, std::nullopt});
          entry.fetches.assign(fetchNames.begin(), fetchNames.end());
          entry.targets.assign(targetNames.begin(), targetNames.end());
          options.entries.push_back(entry);
        }
        auto module = importModel(*context, **model, options);
        if (!module) {
          emitError(UnknownLoc::get(context)) << llvm::toString(module.takeError());
          return nullptr;
        }
        return OwningOpRef<Operation *>(module->release());
      },
      [](DialectRegistry &registry) {
        registry.insert<tg::TgDialect, arith::ArithDialect, complex::ComplexDialect, func::FuncDialect,
                        math::MathDialect, scf::SCFDialect, tensor::TensorDialect>();
      });
}

} // namespace tgc
