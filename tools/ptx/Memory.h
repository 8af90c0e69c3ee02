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

/// A stretch of memory that is checked as one: a buffer, a variable, a block's shared memory.
struct Region {
  uint64_t base = 0;
  uint64_t size = 0;
  uint8_t *bytes = nullptr;
  std::string name;
  Space space = Space::Global;
  bool isReadOnly = false;
  std::vector<uint8_t> owned;
  std::unique_ptr<Shadow> shadow;

  Shadow &races() {
    if (!shadow)
      shadow = std::make_unique<Shadow>(size);
    return *shadow;
  }
};

/// Global memory.
class Device {
public:
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

  std::vector<std::unique_ptr<Region>> regions; // by address
  mutable Region *last = nullptr;
};

} // namespace tgc::ptx

#endif // TGC_TOOLS_PTX_MEMORY_H
