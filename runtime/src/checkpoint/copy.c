/*===- copy.c - What one checkpoint holds, into another ---------------------===
 *
 * Of a partitioned tensor a shard may hold some slices only: they are copied one by one, and whether they
 * make up the whole is seen when that is read.
 *
 *===----------------------------------------------------------------------===*/
#include "reader.h"

#include <stdlib.h>
#include <string.h>

typedef struct copy {
  tgc_checkpoint_writer_t *writer;
  const tgc_checkpoint_t *checkpoint;
  const char *name;
  const tgc_checkpoint_entry_t *entry;
} copy_t;

static tgc_status_t no_memory(const tgc_checkpoint_t *checkpoint, const char *name, tgc_error_t *error) {
  return tgc_checkpoint_fail(checkpoint, error, TGC_RESOURCE_EXHAUSTED, "no memory for tensor %s", name);
}

static tgc_status_t copy_slice(void *context, const tgc_slice_t *stored, const tgc_slice_t *slice,
                               const tgc_extent_t *extent, tgc_error_t *error) {
  const copy_t *copy = context;
  const tgc_checkpoint_entry_t *entry = copy->entry;
  tgc_tensor_t part = {.byte_size = extent->size, .dtype = entry->dtype, .rank = entry->rank};
  memcpy(part.dims, slice->lengths, sizeof *part.dims * (size_t)part.rank);
  part.data = malloc(extent->size + 1);
  if (!part.data)
    return no_memory(copy->checkpoint, copy->name, error);
  tgc_status_t status = tgc_checkpoint_read_checked(copy->checkpoint, copy->name, extent, part.data, error);
  if (status == TGC_OK)
    status = tgc_checkpoint_write_slice(copy->writer, copy->name, entry->rank, entry->dims, stored->starts,
                                        stored->lengths, &part, error);
  free(part.data);
  return status;
}

static tgc_status_t copy_whole(const copy_t *copy, tgc_error_t *error) {
  tgc_checkpoint_entry_t entry;
  tgc_status_t status = tgc_checkpoint_lookup(copy->checkpoint, copy->name, &entry, error);
  if (status != TGC_OK)
    return status;
  tgc_tensor_t tensor = {.byte_size = entry.byte_size, .dtype = entry.dtype, .rank = entry.rank};
  memcpy(tensor.dims, entry.dims, sizeof tensor.dims);
  tensor.data = malloc(entry.byte_size + 1);
  if (!tensor.data)
    return no_memory(copy->checkpoint, copy->name, error);
  status = tgc_checkpoint_read(copy->checkpoint, copy->name, tensor.data, entry.byte_size, error);
  if (status == TGC_OK)
    status = tgc_checkpoint_write(copy->writer, copy->name, &tensor, error);
  free(tensor.data);
  return status;
}

tgc_status_t tgc_checkpoint_copy(tgc_checkpoint_writer_t *writer, const tgc_checkpoint_t *checkpoint,
                                 tgc_error_t *error) {
  tgc_status_t status = TGC_OK;
  for (uint64_t i = 0; status == TGC_OK && i < tgc_checkpoint_num_tensors(checkpoint); ++i) {
    tgc_checkpoint_entry_t entry;
    tgc_bytes_t value;
    copy_t copy = {writer, checkpoint, tgc_checkpoint_name(checkpoint, i), &entry};
    status = tgc_checkpoint_describe(checkpoint, copy.name, &entry, &value, error);
    if (status == TGC_OK && entry.num_slices)
      status = tgc_checkpoint_each_slice(checkpoint, copy.name, value, &entry, copy_slice, &copy, error);
    else if (status == TGC_OK)
      status = copy_whole(&copy, error);
  }
  return status;
}
