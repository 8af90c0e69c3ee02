//===- CodeCacheTest.cpp - What comes back from the cache -----------------===//

#include "compiler/API/CodeCache.h"
#include "compiler/ABI/Descriptor.h"
#include "llvm/Support/FileSystem.h"
#include "gtest/gtest.h"

using namespace llvm;

namespace tgc {
namespace {

/// Vector instructions read weights at multiples of this, wherever they come from.
TEST(CodeCacheTest, AlignsWeights) {
  SmallString<128> directory;
  ASSERT_FALSE(sys::fs::createUniqueDirectory("tgc-cache", directory));
  std::string warning;
  std::vector<CachedCode> kept;
  for (size_t size : {0, 1, 24, 40, 100, 160, 1000, 5000, 70000}) {
    std::vector<char> weights(size);
    for (size_t i = 0; i < size; ++i)
      weights[i] = static_cast<char>(i * 7 + 1);
    SmallVector<char, 0> object(size / 2 + 3, 'o');
    std::string key = "k" + std::to_string(size);
    auto blob = mlir::UnmanagedAsmResourceBlob::allocateWithAlign(weights, kWeightsAlignment);
    writeToCache(directory, key, {object, std::move(blob), "f"}, warning);
    std::optional<CachedCode> code = readFromCache(directory, key, warning);
    ASSERT_TRUE(code) << warning;
    EXPECT_EQ(code->object, object);
    EXPECT_EQ(code->fingerprint, "f");
    EXPECT_EQ(code->weights.getData(), ArrayRef<char>(weights));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(code->weights.getData().data()) % kWeightsAlignment, 0u) << size;
    kept.push_back(std::move(*code));
  }
  sys::fs::remove_directories(directory);
}

} // namespace
} // namespace tgc
