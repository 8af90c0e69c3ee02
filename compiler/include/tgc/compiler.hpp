//===- tgc/compiler.hpp - The compiler as a C++ library --------------------===//
#ifndef TGC_COMPILER_HPP
#define TGC_COMPILER_HPP

#include "tgc/compiler.h"

#include <string>

namespace tgc {

/// tgc_compile: empty, or what went wrong.
inline std::string compile(const std::string &modelPath, const std::string &outputPath,
                           const std::string &options = "") {
  std::string error(4096, 0);
  if (tgc_compile(modelPath.c_str(), outputPath.c_str(), options.c_str(), error.data(), error.size()) ==
      TGC_OK)
    return "";
  error.resize(error.find(char(0)));
  return error;
}

} // namespace tgc

#endif // TGC_COMPILER_HPP
