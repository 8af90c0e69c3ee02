/*===- hash.h - Fingerprints of strings ---------------------------------------===*/
#ifndef TGC_KERNELS_STRING_HASH_H
#define TGC_KERNELS_STRING_HASH_H

#include <stdint.h>

/* FarmHash's Fingerprint64, the same on all machines. */
uint64_t tgc_fingerprint64(const char *data, uint64_t size);

#endif /* TGC_KERNELS_STRING_HASH_H */
