//===- mutate_seeds.cpp - The fuzzers without libFuzzer -----------------------===//
//
//   <fuzzer> FILE...
//
// Gives a byte reader each file, each of its beginnings (at most a few hundred) and files with a few changed
// bytes, the same ones in every run. Whoever crashes or runs forever fails the test; `<n> inputs` stands on
// the last line.
//
//===----------------------------------------------------------------------===//

#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <random>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static constexpr size_t kMostBeginnings = 200;
static constexpr int kChangedFiles = 200;

int main(int argc, char **argv) {
  int numInputs = 0;
  auto run = [&](llvm::StringRef bytes) {
    // A copy of its own size, so that a sanitizer sees reads behind the end.
    std::vector<uint8_t> input(bytes.begin(), bytes.end());
    LLVMFuzzerTestOneInput(input.data(), input.size());
    ++numInputs;
  };
  for (int i = 1; i < argc; ++i) {
    auto buffer = llvm::errorOrToExpected(llvm::MemoryBuffer::getFile(argv[i]));
    if (!buffer) {
      llvm::errs() << argv[i] << ": " << llvm::toString(buffer.takeError()) << "\n";
      return 1;
    }
    llvm::StringRef bytes = (*buffer)->getBuffer();
    run(bytes);
    size_t step = bytes.size() / kMostBeginnings + 1;
    for (size_t size = 0; size < bytes.size(); size += step)
      run(bytes.take_front(size));
    std::mt19937 random(static_cast<unsigned>(bytes.size()));
    for (int change = 0; change < kChangedFiles && !bytes.empty(); ++change) {
      std::string changed = bytes.str();
      for (unsigned count = 1 + random() % 4; count > 0; --count)
        changed[random() % changed.size()] = static_cast<char>(random());
      run(changed);
    }
  }
  llvm::outs() << numInputs << " inputs\n";
  return 0;
}
