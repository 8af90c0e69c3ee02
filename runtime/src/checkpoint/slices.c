/*===- slices.c - Partitioned tensors ---------------------------------------===
 *
 * A partitioned tensor's entry lists its slices; each has an entry of its own, whose key says name and place.
 *
 *===----------------------------------------------------------------------===*/
#include "reader.h"
#include "slice_key.h"

#include <stdlib.h>
#include <string.h>

/*===----------------------------------------------------------------------===*
 * Walking over the slices of an entry.
 *===----------------------------------------------------------------------===*/

typedef struct slice_walk {
  const tgc_checkpoint_t *checkpoint;
  const char *name;
  const tgc_checkpoint_entry_t *entry;
  tgc_bytes_t value; /* the entry's bytes that are still to be read */
  uint8_t *key;
  tgc_slice_t stored; /* the current one */
  tgc_slice_t slice;  /* the same, no length is -1 */
  uint64_t num_elements;
  tgc_extent_t extent;
} slice_walk_t;

/* Replaces "all of it" by numbers and checks that the slice is inside of the tensor. */
static uint8_t resolve_slice(const tgc_checkpoint_entry_t *entry, tgc_slice_t *slice,
                             uint64_t *out_num_elements) {
  uint64_t count = 1;
  if (slice->rank != (uint64_t)entry->rank)
    return 0;
  for (int32_t d = 0; d < entry->rank; ++d) {
    if (slice->lengths[d] == -1 && slice->starts[d] == 0)
      slice->lengths[d] = entry->dims[d];
    if (slice->starts[d] < 0 || slice->lengths[d] < 0 || slice->starts[d] > entry->dims[d] ||
        slice->lengths[d] > entry->dims[d] - slice->starts[d])
      return 0;
    count *= (uint64_t)slice->lengths[d];
  }
  *out_num_elements = count;
  return 1;
}

static tgc_status_t next_slice(slice_walk_t *walk, tgc_error_t *error) {
  const tgc_checkpoint_t *checkpoint = walk->checkpoint;
  tgc_bundle_entry_t bundle;
  if (!tgc_bundle_next_slice(&walk->value, &walk->slice) || walk->slice.rank > TGC_MAX_RANK)
    return tgc_checkpoint_fail(checkpoint, error, TGC_DATA_LOSS, "the slices of tensor %s are malformed",
                               walk->name);
  uint64_t key_size = tgc_slice_key_write(walk->key, walk->name, &walk->slice);
  walk->stored = walk->slice;
  const tgc_sstable_entry_t *found = tgc_sstable_find(&checkpoint->table, (const char *)walk->key, key_size);
  if (!resolve_slice(walk->entry, &walk->slice, &walk->num_elements))
    return tgc_checkpoint_fail(checkpoint, error, TGC_DATA_LOSS, "a slice of tensor %s lies outside of it",
                               walk->name);
  if (!found || !tgc_bundle_entry_decode(found->value, &bundle) || bundle.num_slices)
    return tgc_checkpoint_fail(checkpoint, error, TGC_DATA_LOSS,
                               "a slice of tensor %s is missing in the index", walk->name);
  uint64_t bytes = walk->num_elements * tgc_dtype_size(walk->entry->dtype);
  if (bundle.dtype != (uint64_t)walk->entry->dtype || bundle.size < 0 || (uint64_t)bundle.size != bytes)
    return tgc_checkpoint_fail(checkpoint, error, TGC_DATA_LOSS,
                               "a slice of tensor %s has another type or size than it", walk->name);
  return tgc_checkpoint_locate(checkpoint, walk->name, &bundle, &walk->extent, error);
}

/* Adds the size of a data file to `*total` unless it was seen. */
static tgc_status_t add_shard(const tgc_checkpoint_t *checkpoint, int64_t shard, uint8_t *seen,
                              uint64_t *total, tgc_error_t *error) {
  uint64_t size = 0;
  if (seen[shard / 8] & (1u << (shard % 8)))
    return TGC_OK;
  seen[shard / 8] |= (uint8_t)(1u << (shard % 8));
  tgc_status_t status = tgc_checkpoint_shard_size(checkpoint, shard, &size, error);
  *total += size;
  return status;
}

tgc_status_t tgc_checkpoint_check_slices(const tgc_checkpoint_t *checkpoint, const char *name,
                                         tgc_bytes_t value, const tgc_checkpoint_entry_t *entry,
                                         tgc_error_t *error) {
  if (entry->dtype == TGC_STRING)
    return tgc_checkpoint_fail(checkpoint, error, TGC_UNIMPLEMENTED,
                               "tensor %s is a partitioned string tensor, which tgc does not read", name);
  slice_walk_t walk = {.checkpoint = checkpoint, .name = name, .entry = entry, .value = value};
  uint8_t *seen = calloc(1, (size_t)(checkpoint->header.num_shards / 8 + 1));
  uint64_t covered = 0, stored = 0;
  tgc_status_t status = TGC_OK;
  walk.key = tgc_slice_key_allocate(name);
  if (!seen || !walk.key)
    status = tgc_checkpoint_fail(checkpoint, error, TGC_RESOURCE_EXHAUSTED,
                                 "no memory for the slices of tensor %s", name);
  for (uint32_t i = 0; status == TGC_OK && i < entry->num_slices; ++i) {
    status = next_slice(&walk, error);
    if (status == TGC_OK)
      status = add_shard(checkpoint, walk.extent.shard, seen, &stored, error);
    if (__builtin_add_overflow(covered, walk.num_elements, &covered))
      covered = UINT64_MAX;
  }
  free(seen);
  free(walk.key);
  if (status == TGC_OK && (covered != entry->num_elements || entry->byte_size > stored))
    return tgc_checkpoint_fail(checkpoint, error, TGC_DATA_LOSS,
                               "the slices of tensor %s have %llu elements, the tensor has %llu", name,
                               (unsigned long long)covered, (unsigned long long)entry->num_elements);
  return status;
}

/*===----------------------------------------------------------------------===*
 * Putting the slices together.
 *===----------------------------------------------------------------------===*/

/* Marks elements [first, first + count); 0 (false) if one was marked before. */
static uint8_t mark(uint8_t *marks, uint64_t first, uint64_t count) {
  for (uint64_t i = first; i < first + count; ++i) {
    uint8_t bit = (uint8_t)(1u << (i % 8));
    if (marks[i / 8] & bit)
      return 0;
    marks[i / 8] |= bit;
  }
  return 1;
}

/* Copies a slice, row after row, to its place; 0 (false) if another slice was there. */
static uint8_t place_slice(const slice_walk_t *walk, const uint8_t *from, uint8_t *to, uint8_t *marks) {
  const tgc_slice_t *slice = &walk->slice;
  int32_t rank = walk->entry->rank;
  uint64_t element = tgc_dtype_size(walk->entry->dtype);
  uint64_t row = rank ? (uint64_t)slice->lengths[rank - 1] : 1;
  int64_t at[TGC_MAX_RANK] = {0};
  for (uint64_t done = 0; done < walk->num_elements; done += row) {
    uint64_t first = 0;
    for (int32_t d = 0; d < rank; ++d)
      first = first * (uint64_t)walk->entry->dims[d] + (uint64_t)(slice->starts[d] + at[d]);
    if (!mark(marks, first, row))
      return 0;
    memcpy(to + first * element, from + done * element, row * element);
    for (int32_t d = rank - 2; d >= 0 && ++at[d] == slice->lengths[d]; --d)
      at[d] = 0;
  }
  return 1;
}

tgc_status_t tgc_checkpoint_read_slices(const tgc_checkpoint_t *checkpoint, const char *name,
                                        tgc_bytes_t value, const tgc_checkpoint_entry_t *entry, void *memory,
                                        tgc_error_t *error) {
  slice_walk_t walk = {.checkpoint = checkpoint, .name = name, .entry = entry, .value = value};
  uint8_t *marks = calloc(1, entry->num_elements / 8 + 1);
  tgc_status_t status = TGC_OK;
  walk.key = tgc_slice_key_allocate(name);
  if (!marks || !walk.key)
    status = tgc_checkpoint_fail(checkpoint, error, TGC_RESOURCE_EXHAUSTED,
                                 "no memory for the slices of tensor %s", name);
  for (uint32_t i = 0; status == TGC_OK && i < entry->num_slices; ++i) {
    status = next_slice(&walk, error);
    if (status != TGC_OK)
      break;
    uint8_t *bytes = malloc(walk.extent.size + 1);
    if (!bytes)
      status = tgc_checkpoint_fail(checkpoint, error, TGC_RESOURCE_EXHAUSTED,
                                   "no memory for a slice of tensor %s", name);
    else
      status = tgc_checkpoint_read_checked(checkpoint, name, &walk.extent, bytes, error);
    if (status == TGC_OK && !place_slice(&walk, bytes, memory, marks))
      status = tgc_checkpoint_fail(checkpoint, error, TGC_DATA_LOSS, "the slices of tensor %s overlap", name);
    free(bytes);
  }
  free(walk.key);
  free(marks);
  return status;
}

tgc_status_t tgc_checkpoint_each_slice(const tgc_checkpoint_t *checkpoint, const char *name,
                                       tgc_bytes_t value, const tgc_checkpoint_entry_t *entry,
                                       tgc_slice_visitor_t *visit, void *context, tgc_error_t *error) {
  slice_walk_t walk = {.checkpoint = checkpoint, .name = name, .entry = entry, .value = value};
  tgc_status_t status = TGC_OK;
  walk.key = tgc_slice_key_allocate(name);
  if (!walk.key)
    return tgc_checkpoint_fail(checkpoint, error, TGC_RESOURCE_EXHAUSTED,
                               "no memory for the slices of tensor %s", name);
  for (uint32_t i = 0; status == TGC_OK && i < entry->num_slices; ++i) {
    status = next_slice(&walk, error);
    if (status == TGC_OK)
      status = visit(context, &walk.stored, &walk.slice, &walk.extent, error);
  }
  free(walk.key);
  return status;
}
