//===- Memory.cpp - The device's memory ---------------------------------------===//
#include "tools/ptx/Memory.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace tgc::ptx;

/// Buffers stand as cuMemAlloc places them, with a gap of at least this many bytes between two.
static constexpr uint64_t kBufferAlign = 512, kGap = 4096;

uint64_t Device::add(std::unique_ptr<Region> region) {
  uint64_t end = regions.empty() ? base : regions.back()->base + regions.back()->size;
  region->base = llvm::alignTo(end + kGap, kBufferAlign);
  regions.push_back(std::move(region));
  return regions.back()->base;
}

uint64_t Device::allocate(uint64_t size, llvm::StringRef name) {
  auto region = std::make_unique<Region>();
  region->owned.assign(size, 0xFF);
  region->bytes = region->owned.data();
  region->size = size;
  region->name = name.str();
  return add(std::move(region));
}

uint64_t Device::map(void *bytes, uint64_t size, llvm::StringRef name, bool isReadOnly) {
  auto region = std::make_unique<Region>();
  region->bytes = static_cast<uint8_t *>(bytes);
  region->size = size;
  region->name = name.str();
  region->isReadOnly = isReadOnly;
  return add(std::move(region));
}

void Device::release(uint64_t address) {
  last = nullptr;
  llvm::erase_if(regions, [&](const std::unique_ptr<Region> &region) { return region->base == address; });
}

llvm::MutableArrayRef<uint8_t> Device::bytes(uint64_t address) {
  Region *region = find(address);
  if (!region)
    return {};
  return {region->bytes + (address - region->base), size_t(region->size - (address - region->base))};
}

Region *Device::find(uint64_t address) const {
  if (last && address >= last->base && address - last->base < last->size)
    return last;
  auto it = std::upper_bound(regions.begin(), regions.end(), address,
                             [](uint64_t a, const std::unique_ptr<Region> &r) { return a < r->base; });
  if (it == regions.begin())
    return nullptr;
  Region *region = std::prev(it)->get();
  if (address - region->base >= region->size)
    return nullptr;
  return last = region;
}

const Region *Device::nearest(uint64_t address) const {
  auto it = std::upper_bound(regions.begin(), regions.end(), address,
                             [](uint64_t a, const std::unique_ptr<Region> &r) { return a < r->base; });
  return it == regions.begin() ? nullptr : std::prev(it)->get();
}
