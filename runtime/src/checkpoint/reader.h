/*===- reader.h - What an open checkpoint is inside -------------------------===*/
#ifndef TGC_SRC_CHECKPOINT_READER_H
#define TGC_SRC_CHECKPOINT_READER_H

#include "buffer.h"
#include "sstable.h"
#include "tgc/checkpoint.h"

struct tgc_checkpoint {
  char *prefix;
  uint8_t *index;
  tgc_sstable_t table;
  tgc_bundle_header_t header;
  uint64_t first_tensor; /* entries before it: the header and the slices */
  const uint8_t *data;   /* the one data file, if it is in memory */
  uint64_t data_size;
  tgc_buffer_t converted; /* what `data` points to, if the files are of the first version */
};

/* A tensor or a slice whose place in its data file was checked. */
typedef struct tgc_extent {
  int64_t shard;
  uint64_t offset;
  uint64_t size;
  uint32_t crc32c; /* masked */
} tgc_extent_t;

/* A checkpoint of bytes in memory that outlive it. `name` stands for the prefix in messages. */
tgc_status_t tgc_checkpoint_from_bytes(const char *name, const uint8_t *index, uint64_t index_size,
                                       const uint8_t *data, uint64_t data_size,
                                       tgc_checkpoint_t **out_checkpoint, tgc_error_t *error);

/* Fills `error` with "PREFIX: checkpoint: " and the text. */
tgc_status_t tgc_checkpoint_fail(const tgc_checkpoint_t *checkpoint, tgc_error_t *error, tgc_status_t code,
                                 const char *format, ...) __attribute__((format(printf, 4, 5)));

/* writer.c: a writer whose data file is a buffer, and the index of what it was given. */
tgc_status_t tgc_checkpoint_writer_in_memory(const char *prefix, tgc_buffer_t *data,
                                             tgc_checkpoint_writer_t **out_writer, tgc_error_t *error);
tgc_status_t tgc_checkpoint_writer_index(tgc_checkpoint_writer_t *writer, tgc_buffer_t *out_index,
                                         tgc_error_t *error);

/* data_file.c: the whole of a file, to be freed; `what` names it in messages. */
tgc_status_t tgc_checkpoint_read_file(const tgc_checkpoint_t *checkpoint, const char *path, const char *what,
                                      uint8_t **out_bytes, uint64_t *out_size, tgc_error_t *error);

/* data_file.c: the size of a data file. */
tgc_status_t tgc_checkpoint_shard_size(const tgc_checkpoint_t *checkpoint, int64_t shard, uint64_t *out_size,
                                       tgc_error_t *error);

/* data_file.c: the bytes of an extent; adds them to `*crc` (may be NULL). */
tgc_status_t tgc_checkpoint_read_extent(const tgc_checkpoint_t *checkpoint, const tgc_extent_t *extent,
                                        void *memory, uint32_t *crc, tgc_error_t *error);

/* Reads the extent of tensor `name` and compares the checksum. */
tgc_status_t tgc_checkpoint_read_checked(const tgc_checkpoint_t *checkpoint, const char *name,
                                         const tgc_extent_t *extent, void *memory, tgc_error_t *error);

/* Checks that an entry's bytes are in its data file. */
tgc_status_t tgc_checkpoint_locate(const tgc_checkpoint_t *checkpoint, const char *name,
                                   const tgc_bundle_entry_t *bundle, tgc_extent_t *out_extent,
                                   tgc_error_t *error);

/* What the index says of a tensor, and the bytes that say it. */
tgc_status_t tgc_checkpoint_describe(const tgc_checkpoint_t *checkpoint, const char *name,
                                     tgc_checkpoint_entry_t *out_entry, tgc_bytes_t *out_value,
                                     tgc_error_t *error);

/* slices.c: calls `visit` for each slice, as it is stored and with its lengths known, and where its bytes
 * are. */
typedef tgc_status_t tgc_slice_visitor_t(void *context, const tgc_slice_t *stored, const tgc_slice_t *slice,
                                         const tgc_extent_t *extent, tgc_error_t *error);
tgc_status_t tgc_checkpoint_each_slice(const tgc_checkpoint_t *checkpoint, const char *name,
                                       tgc_bytes_t value, const tgc_checkpoint_entry_t *entry,
                                       tgc_slice_visitor_t *visit, void *context, tgc_error_t *error);

/* slices.c: partitioned tensors. `value` are the bytes of the tensor's entry, `entry` its description. */
tgc_status_t tgc_checkpoint_check_slices(const tgc_checkpoint_t *checkpoint, const char *name,
                                         tgc_bytes_t value, const tgc_checkpoint_entry_t *entry,
                                         tgc_error_t *error);
tgc_status_t tgc_checkpoint_read_slices(const tgc_checkpoint_t *checkpoint, const char *name,
                                        tgc_bytes_t value, const tgc_checkpoint_entry_t *entry, void *memory,
                                        tgc_error_t *error);

/* string_tensor.c: reads the elements of a string tensor; their bytes follow them in `memory`. */
tgc_status_t tgc_checkpoint_read_strings(const tgc_checkpoint_t *checkpoint, const char *name,
                                         const tgc_extent_t *extent, uint64_t count, void *memory,
                                         tgc_error_t *error);

#endif /* TGC_SRC_CHECKPOINT_READER_H */
