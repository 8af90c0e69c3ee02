//===- Memory.h - The device's memory -------------------------------*- C++ -*-===//
//
// Generic addresses are parted as on the device: windows for shared, local and parameter memory, everything
// above them is global. Allocations stand apart by a gap, so that a run past the end is met.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_TOOLS_PTX_MEMORY_H
#define TGC_TOOLS_PTX_MEMORY_H

#include "tools/ptx/Race.h"
#include "tools/ptx/Types.h"
#include "llvm/ADT/ArrayRef.h"
#include <memory>
#include <string>
#include <vector>

namespace tgc::ptx {

inline constexpr uint64_t kSharedWindow = uint64_t(1) << 40;
inline constexpr uint64_t kLocalWindow = uint64_t(2) << 40;
inline constexpr uint64_t kParamWindow = uint64_t(3) << 40;
inline constexpr uint64_t kGlobalBase = uint64_t(1) << 44;
inline constexpr uint64_t kModuleBase = uint64_t(1) << 46;
/// A shared address of another block of the cluster holds that block's rank plus one from this bit on.
inline constexpr unsigned kRankShift = 24;

/// How a launch looks for races in global memory.
enum class ReadChecks : uint8_t {
  Later,  ///< notes which granules are read; if something writes to one of them, the launch runs again
  OfBoth, ///< checks reads of granules that a run before has read and written
  All
};

/// A stretch of memory that is checked as one: a buffer, a variable, a block's shared memory.
struct Region {
  /// Bytes that share a shadow, and bytes that share what is known of them.
  static constexpr uint64_t kPiece = 4096, kGranule = 64;
  enum Known : uint8_t { IsRead = 1, IsWritten = 2 };

  uint64_t base = 0;
  uint64_t size = 0;
  uint8_t *bytes = nullptr;
  std::string name;
  Space space = Space::Global;
  bool isReadOnly = false;
  std::vector<uint8_t> owned;
  std::vector<std::unique_ptr<Shadow>> shadows;
  std::vector<uint8_t> granules;

  /// Of the piece that holds the byte at `offset`.
  Shadow &races(uint64_t offset) {
    if (shadows.empty())
      shadows.resize((size + kPiece - 1) / kPiece);
    std::unique_ptr<Shadow> &shadow = shadows[offset / kPiece];
    if (!shadow)
      shadow = std::make_unique<Shadow>(kPiece);
    return *shadow;
  }
  std::vector<uint8_t> &known() {
    if (granules.empty())
      granules.resize((size + kGranule - 1) / kGranule);
    return granules;
  }
};

/// Global memory.
class Device {
public:
  /// Devices of one process have addresses of their own.
  explicit Device(uint64_t base = kGlobalBase) : base(base) {}

  /// Memory of the device's own, filled with 0xFF: NaN for floats.
  uint64_t allocate(uint64_t size, llvm::StringRef name);
  /// The caller's memory as a buffer of the device; it must outlive the launches that use it.
  uint64_t map(void *bytes, uint64_t size, llvm::StringRef name, bool isReadOnly);
  /// Ends what allocate or map gave.
  void release(uint64_t address);
  /// The bytes behind an address that allocate or map gave.
  llvm::MutableArrayRef<uint8_t> bytes(uint64_t address);
  void clear() {
    regions.clear();
    last = nullptr;
  }

  Region *find(uint64_t address) const;
  /// The region that ends nearest below the address; for messages.
  const Region *nearest(uint64_t address) const;
  llvm::ArrayRef<std::unique_ptr<Region>> all() const { return regions; }

private:
  uint64_t add(std::unique_ptr<Region> region);

  uint64_t base;
  std::vector<std::unique_ptr<Region>> regions; // by address
  mutable Region *last = nullptr;
};

} // namespace tgc::ptx

#endif // TGC_TOOLS_PTX_MEMORY_H
