/*===- string_tensor.c - String tensors in data files -----------------------===
 *
 * On disk: the lengths as varints, a masked CRC-32C of the lengths (each as 4 bytes, or 8 if it needs them),
 * then the bytes of all strings. The tensor's own checksum is over the lengths as before, that checksum, and
 * the bytes.
 *
 *===----------------------------------------------------------------------===*/
#include "crc32c.h"
#include "reader.h"

#include <string.h>

static uint32_t extend_by_number(uint32_t crc, uint64_t value, unsigned size) {
  uint8_t bytes[8];
  for (unsigned i = 0; i < size; ++i)
    bytes[i] = (uint8_t)(value >> (8 * i));
  return tgc_crc32c_extend(crc, bytes, size);
}

tgc_status_t tgc_checkpoint_read_strings(const tgc_checkpoint_t *checkpoint, const char *name,
                                         const tgc_extent_t *extent, uint64_t count, void *memory,
                                         tgc_error_t *error) {
  tgc_string_t *strings = memory;
  uint8_t *raw = (uint8_t *)(strings + count);
  tgc_status_t status = tgc_checkpoint_read_extent(checkpoint, extent, raw, NULL, error);
  if (status != TGC_OK)
    return status;
  tgc_bytes_t bytes = {raw, raw + extent->size};
  uint64_t total = 0;
  uint32_t crc = 0;
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t length;
    if (!tgc_bytes_read_varint(&bytes, &length) || __builtin_add_overflow(total, length, &total))
      return tgc_checkpoint_fail(checkpoint, error, TGC_DATA_LOSS,
                                 "the lengths of string tensor %s cannot be read", name);
    strings[i].size = length;
    crc = extend_by_number(crc, length, length <= UINT32_MAX ? 4 : 8);
  }
  if (bytes.end - bytes.at < 4 || total != (uint64_t)(bytes.end - bytes.at) - 4)
    return tgc_checkpoint_fail(checkpoint, error, TGC_DATA_LOSS,
                               "the strings of tensor %s do not fill the %llu bytes it has", name,
                               (unsigned long long)extent->size);
  uint32_t stored = (uint32_t)bytes.at[0] | (uint32_t)bytes.at[1] << 8 | (uint32_t)bytes.at[2] << 16 |
                    (uint32_t)bytes.at[3] << 24;
  uint8_t lengths_match = stored == tgc_crc32c_mask(crc);
  crc = tgc_crc32c_extend(crc, bytes.at, (uint64_t)(bytes.end - bytes.at));
  if (!lengths_match || tgc_crc32c_mask(crc) != extent->crc32c)
    return tgc_checkpoint_fail(checkpoint, error, TGC_DATA_LOSS, "checksum of tensor %s does not match",
                               name);
  const char *at = (const char *)bytes.at + 4;
  for (uint64_t i = 0; i < count; ++i) {
    strings[i].data = at;
    at += strings[i].size;
  }
  return TGC_OK;
}
