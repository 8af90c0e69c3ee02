//===- CommandLine.cpp - Parsing of command lines -------------------------===//

#include "tools/flags/CommandLine.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/CommandLine.h"
#include <cstdlib>

namespace cl = llvm::cl;

void tgc::removeForeignOptions() {
  std::vector<cl::Option *> foreign;
  for (auto &[name, option] : cl::getRegisteredOptions())
    if (name != "h" && name != "version" && !name.starts_with("help"))
      foreign.push_back(option);
  for (cl::Option *option : foreign)
    option->removeArgument();
}

llvm::Error tgc::parseFlags(int argc, char **argv, llvm::StringRef overview) {
  cl::SetVersionPrinter(
      [](llvm::raw_ostream &stream) { stream << "tgc " TGC_VERSION " (LLVM " LLVM_VERSION_STRING ")\n"; });
  std::string errors;
  llvm::raw_string_ostream stream(errors);
  if (cl::ParseCommandLineOptions(argc, argv, overview, &stream))
    return llvm::Error::success();
  // LLVM's parsers of numbers have written their message to stderr themselves.
  if (errors.empty())
    std::exit(1);
  // "tgc: Unknown command line argument '--x'. Try: 'PATH/tgc --help'".
  llvm::StringRef first = llvm::StringRef(errors).split('\n').first.split(".  Try: ").first;
  return llvm::createStringError(first.substr(first.find(": ") + 2));
}
