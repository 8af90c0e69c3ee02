/*===- crc32c.h - The checksum of TensorBundle files ------------------------===*/
#ifndef TGC_SRC_CHECKPOINT_CRC32C_H
#define TGC_SRC_CHECKPOINT_CRC32C_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* CRC-32C (Castagnoli) of the bytes so far, continued; start with 0. */
uint32_t tgc_crc32c_extend(uint32_t crc, const void *bytes, uint64_t size);

/* The same on processors without an instruction for it. */
uint32_t tgc_crc32c_extend_by_tables(uint32_t crc, const void *bytes, uint64_t size);

/* How files store a checksum: a CRC of data that holds CRCs is weak, so it is rotated and shifted. */
static inline uint32_t tgc_crc32c_mask(uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8u; }

#ifdef __cplusplus
}
#endif
#endif /* TGC_SRC_CHECKPOINT_CRC32C_H */
