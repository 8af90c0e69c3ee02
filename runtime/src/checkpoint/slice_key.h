/*===- slice_key.h - The keys of slices in an index file --------------------===*/
#ifndef TGC_SRC_CHECKPOINT_SLICE_KEY_H
#define TGC_SRC_CHECKPOINT_SLICE_KEY_H

#include "proto.h"

/* Room for the key of any slice of that tensor, to be freed; NULL: no memory. */
uint8_t *tgc_slice_key_allocate(const char *name);

/* Writes the key and returns its size. */
uint64_t tgc_slice_key_write(uint8_t *key, const char *name, const tgc_slice_t *slice);

#endif /* TGC_SRC_CHECKPOINT_SLICE_KEY_H */
