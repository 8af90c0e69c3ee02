//===- WeightsObjectTest.cpp - Files of weights as linkers see them -------===//

#include "compiler/Target/WeightsObject.h"
#include "compiler/ABI/Descriptor.h"
#include "llvm/Object/ELFObjectFile.h"
#include "gtest/gtest.h"

using namespace llvm;
using namespace llvm::object;

namespace tgc {
namespace {

std::string join(const WeightsObject &file) {
  std::string bytes;
  for (ArrayRef<char> piece : file.pieces())
    bytes.append(piece.begin(), piece.end());
  return bytes;
}

std::unique_ptr<ObjectFile> read(StringRef bytes) {
  auto file = ObjectFile::createObjectFile(MemoryBufferRef(bytes, "weights"));
  EXPECT_TRUE(bool(file)) << toString(file.takeError());
  return file ? std::move(*file) : nullptr;
}

TEST(WeightsObjectTest, DefinesOneHiddenSymbolWithTheBytes) {
  for (size_t size : {1, 7, 8, 64, 1000}) {
    std::vector<char> weights(size);
    for (size_t i = 0; i < size; ++i)
      weights[i] = static_cast<char>(i * 7 + 1);
    std::string bytes = join(WeightsObject(Triple("x86_64-linux-gnu"), "model.weights", weights));
    auto file = read(bytes);
    ASSERT_TRUE(file);
    EXPECT_EQ(file->getArch(), Triple::x86_64);
    EXPECT_TRUE(file->isRelocatableObject());
    auto symbols = cast<ELFObjectFileBase>(file.get())->symbols();
    ASSERT_EQ(std::distance(symbols.begin(), symbols.end()), 1);
    ELFSymbolRef symbol = *symbols.begin();
    EXPECT_EQ(cantFail(symbol.getName()), "model.weights");
    EXPECT_EQ(symbol.getSize(), size);
    EXPECT_EQ(symbol.getOther(), unsigned(ELF::STV_HIDDEN));
    EXPECT_EQ(symbol.getBinding(), unsigned(ELF::STB_GLOBAL));
    section_iterator section = cantFail(symbol.getSection());
    EXPECT_EQ(cantFail(section->getName()), ".rodata.tgc_weights");
    EXPECT_EQ(section->getAlignment().value(), kWeightsAlignment);
    EXPECT_EQ(cantFail(section->getContents()), StringRef(weights.data(), size));
  }
}

TEST(WeightsObjectTest, NamesTheMachine) {
  char weight = 1;
  std::string bytes = join(WeightsObject(Triple("aarch64-linux-gnu"), "w", weight));
  auto file = read(bytes);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->getArch(), Triple::aarch64);
}

/// The gigabyte is not read: only what stands around it is looked at.
TEST(WeightsObjectTest, PutsAGigabyteFarAway) {
  char first = 0;
  uint64_t size = uint64_t(1) << 30;
  for (bool isFar : {true, false}) {
    WeightsObject file(Triple(isFar ? "x86_64-linux-gnu" : "aarch64-linux-gnu"), "w", ArrayRef(&first, size));
    ArrayRef<char> tail = file.pieces()[2];
    StringRef text(tail.data(), tail.size());
    EXPECT_EQ(text.contains(".lrodata.tgc_weights"), isFar);
    EXPECT_EQ(text.contains(".rodata.tgc_weights"), !isFar);
  }
}

} // namespace
} // namespace tgc
