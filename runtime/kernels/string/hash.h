/*===- hash.h - Fingerprints of strings ---------------------------------------===*/
#ifndef TGC_KERNELS_STRING_HASH_H
#define TGC_KERNELS_STRING_HASH_H

#include <stdint.h>

/* FarmHash's Fingerprint64, the same on all machines. */
uint64_t tgc_fingerprint64(const char *data, uint64_t size);

/* SipHash-2-4, whose values depend on a key. */
uint64_t tgc_keyed_hash64(const char *data, uint64_t size, const uint64_t key[2]);

#endif /* TGC_KERNELS_STRING_HASH_H */
