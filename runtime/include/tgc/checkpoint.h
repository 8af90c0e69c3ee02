/*===- tgc/checkpoint.h - Read and write TensorFlow's V2 checkpoints --------===*
 *
 * The TensorBundle format: PREFIX.index is a sorted table from names to descriptions,
 * PREFIX.data-?????-of-????? hold the bytes. Every block and every tensor is checked against its checksum.
 * Partitioned variables are read as wholes. A checkpoint object is immutable: any number of threads may read
 * from it.
 *
 * Errors follow tgc/runtime.h. NOT_FOUND: a file or a name is missing; DATA_LOSS: damaged or cut;
 * UNIMPLEMENTED: big-endian data, compressed blocks, more than TGC_MAX_RANK dimensions, element types that
 * tgc does not know.
 *
 *===----------------------------------------------------------------------===*/
#ifndef TGC_CHECKPOINT_H
#define TGC_CHECKPOINT_H

#include "tgc/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tgc_checkpoint tgc_checkpoint_t;

/* What a checkpoint says of a tensor. */
typedef struct tgc_checkpoint_entry {
  int32_t dtype; /* tgc_dtype_t */
  int32_t rank;
  int64_t dims[TGC_MAX_RANK];
  uint64_t num_elements;
  /* Room that tgc_checkpoint_read needs. Strings: num_elements times tgc_string_t, then their bytes. Never
   * more than a small multiple of what the files really hold. */
  uint64_t byte_size;
  uint32_t num_slices; /* 0: stored whole */
} tgc_checkpoint_entry_t;

/* Opens PREFIX.index and reads it whole. The data files are looked at when tensors are. Where there is no
 * such file, PREFIX may be a checkpoint of the first version: a file, a pattern of files, or what their names
 * PREFIX-00000-of-00003 have in common. Those are read whole. */
TGC_API tgc_status_t tgc_checkpoint_open(const char *prefix, tgc_checkpoint_t **out_checkpoint,
                                         tgc_error_t *error);
TGC_API void tgc_checkpoint_close(tgc_checkpoint_t *checkpoint);

/* The names, in byte order. */
TGC_API uint64_t tgc_checkpoint_num_tensors(const tgc_checkpoint_t *checkpoint);
TGC_API const char *tgc_checkpoint_name(const tgc_checkpoint_t *checkpoint, uint64_t index);
TGC_API uint8_t tgc_checkpoint_contains(const tgc_checkpoint_t *checkpoint, const char *name);

/* Describes a tensor and makes sure that the data files are long enough for it. NOT_FOUND lists what there
 * is. */
TGC_API tgc_status_t tgc_checkpoint_lookup(const tgc_checkpoint_t *checkpoint, const char *name,
                                           tgc_checkpoint_entry_t *out_entry, tgc_error_t *error);

/* Reads a tensor, row-major and little-endian, into `memory` of `byte_size` bytes (the entry's at least;
 * aligned to 8 for strings, to nothing otherwise) and checks its checksum. On failure the memory's contents
 * are undefined. */
TGC_API tgc_status_t tgc_checkpoint_read(const tgc_checkpoint_t *checkpoint, const char *name, void *memory,
                                         uint64_t byte_size, tgc_error_t *error);

/* A part of a tensor, as SaveV2 and RestoreV2 name it: "10 4 0,3:-" is the shape of the whole, then start and
 * length of each dimension, or - (a length of -1) for all of it. */
typedef struct tgc_checkpoint_slice {
  int32_t rank;
  int64_t dims[TGC_MAX_RANK], starts[TGC_MAX_RANK], lengths[TGC_MAX_RANK];
} tgc_checkpoint_slice_t;

/* 0 (false): `spec` is malformed. */
TGC_API uint8_t tgc_checkpoint_parse_slice(const char *spec, tgc_checkpoint_slice_t *out_slice);

/* Describes the slice of a tensor that `spec` says, which is no tensor of strings. */
TGC_API tgc_status_t tgc_checkpoint_lookup_slice(const tgc_checkpoint_t *checkpoint, const char *name,
                                                 const char *spec, tgc_checkpoint_entry_t *out_entry,
                                                 tgc_error_t *error);

/* Reads it, as tgc_checkpoint_read reads all of a tensor. */
TGC_API tgc_status_t tgc_checkpoint_read_slice(const tgc_checkpoint_t *checkpoint, const char *name,
                                               const char *spec, void *memory, uint64_t byte_size,
                                               tgc_error_t *error);

/* A part of the tensor `name`, at its place in all of it; lengths of -1: all of the dimension. */
typedef struct tgc_saved_slice {
  const char *name;
  tgc_checkpoint_slice_t place;
  const tgc_tensor_t *tensor;
} tgc_saved_slice_t;

/* Writes a checkpoint of TensorFlow's first version, which is one file; replaces what was there. */
TGC_API tgc_status_t tgc_checkpoint_write_first_version(const char *path, const tgc_saved_slice_t *slices,
                                                        uint32_t num_slices, tgc_error_t *error);

/* The latest checkpoint of a folder, as its file `checkpoint` says. NOT_FOUND: it names none. */
TGC_API tgc_status_t tgc_checkpoint_latest(const char *folder, char *out_prefix, uint64_t capacity,
                                           tgc_error_t *error);

/* A checkpoint that is being written: one data file, whose temporary name ends in ".tmp", until the commit.
 * Writers of one folder wait for each other. */
typedef struct tgc_checkpoint_writer tgc_checkpoint_writer_t;

/* RESOURCE_EXHAUSTED: the disk is full. */
TGC_API tgc_status_t tgc_checkpoint_writer_create(const char *prefix, tgc_checkpoint_writer_t **out_writer,
                                                  tgc_error_t *error);

/* Appends a tensor; names come in any order, each once. */
TGC_API tgc_status_t tgc_checkpoint_write(tgc_checkpoint_writer_t *writer, const char *name,
                                          const tgc_tensor_t *tensor, tgc_error_t *error);

/* Appends a part of the tensor `name`, whose shape as a whole is `dims`; length -1: all of the dimension. */
TGC_API tgc_status_t tgc_checkpoint_write_slice(tgc_checkpoint_writer_t *writer, const char *name,
                                                int32_t rank, const int64_t *dims, const int64_t *starts,
                                                const int64_t *lengths, const tgc_tensor_t *part,
                                                tgc_error_t *error);

/* Appends all that a checkpoint holds; of partitioned tensors that may be some slices. */
TGC_API tgc_status_t tgc_checkpoint_copy(tgc_checkpoint_writer_t *writer, const tgc_checkpoint_t *checkpoint,
                                         tgc_error_t *error);

/* Puts the checkpoint in place, on the disk, of what had its prefix; nothing can be written after it. */
TGC_API tgc_status_t tgc_checkpoint_commit(tgc_checkpoint_writer_t *writer, tgc_error_t *error);

/* Without a commit nothing is left. */
TGC_API void tgc_checkpoint_writer_release(tgc_checkpoint_writer_t *writer);

#ifdef __cplusplus
}
#endif
#endif /* TGC_CHECKPOINT_H */
