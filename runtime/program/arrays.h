/*===- arrays.h - numpy's .npz archives, as far as programs need them ---------===*/
#ifndef TGC_RUNTIME_PROGRAM_ARRAYS_H
#define TGC_RUNTIME_PROGRAM_ARRAYS_H

#include "tgc/abi.h"

/* An archive in memory. */
typedef struct tgc_archive {
  uint8_t *bytes;
  uint64_t size;
} tgc_archive_t;

/* NULL, or what is wrong: text that lives as long as the program. */
const char *tgc_archive_read(const char *path, tgc_archive_t *out_archive);

/* Finds the array `name`, of element type `dtype`, and points `out_tensor` into the archive (strings: to
 * memory of their own). 1: found; 0: there is none; -1: it cannot be fed, `*out_problem` says why. */
int tgc_archive_find(const tgc_archive_t *archive, const char *name, int32_t dtype, tgc_tensor_t *out_tensor,
                     const char **out_problem);

/* Writes the arrays, uncompressed, so that numpy.load reads them. NULL, or what is wrong. */
const char *tgc_archive_write(const char *path, const char *const *names, const tgc_tensor_t *tensors,
                              uint32_t count);

#endif /* TGC_RUNTIME_PROGRAM_ARRAYS_H */
