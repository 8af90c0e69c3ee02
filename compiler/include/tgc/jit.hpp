//===- tgc/jit.hpp - Code of this process, owned by an object --------------===//
#ifndef TGC_JIT_HPP
#define TGC_JIT_HPP

#include "tgc/jit.h"

#include <string>
#include <utility>

namespace tgc {

/// A compiled model, or nothing. It must outlive the modules of the runtime that are made of info().
class JitModule {
public:
  /// tgc_jit_compile; where nothing comes out, `error` says why.
  static JitModule compile(const std::string &path, const std::string &options, std::string &error) {
    return make(error, [&](tgc_jit_module_t **module, char *text, size_t size) {
      return tgc_jit_compile(path.c_str(), options.c_str(), module, text, size);
    });
  }
  /// tgc_jit_compile_bytes.
  static JitModule compileBytes(const void *bytes, size_t size, const std::string &options,
                                std::string &error) {
    return make(error, [&](tgc_jit_module_t **module, char *text, size_t textSize) {
      return tgc_jit_compile_bytes(bytes, size, options.c_str(), module, text, textSize);
    });
  }

  JitModule(JitModule &&other) noexcept : module(std::exchange(other.module, nullptr)) {}
  JitModule &operator=(JitModule &&other) noexcept {
    std::swap(module, other.module);
    return *this;
  }
  ~JitModule() {
    if (module)
      tgc_jit_module_release(module);
  }

  explicit operator bool() const { return module; }
  /// For tgc_module_from_info of tgc/runtime.h.
  const tgc_module_info_t *info() const { return tgc_jit_module_info(module); }

private:
  explicit JitModule(tgc_jit_module_t *module) : module(module) {}

  template <typename Compile> static JitModule make(std::string &error, Compile compile) {
    char text[4096];
    tgc_jit_module_t *module = nullptr;
    if (compile(&module, text, sizeof text) != TGC_OK)
      error = text;
    return JitModule(module);
  }

  tgc_jit_module_t *module;
};

} // namespace tgc

#endif // TGC_JIT_HPP
