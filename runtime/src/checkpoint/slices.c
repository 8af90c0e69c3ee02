/*===- slices.c - Partitioned tensors ---------------------------------------===
 *
 * A partitioned tensor's entry lists its slices; each has an entry of its own under a key that encodes name
 * and place so that keys sort as (name, place) do: 0x00-free prefix "number 0", the name, the rank, then
 * start and length of every dimension (0 and -1: all of it). Numbers that sort as bytes: unsigned ones are
 * their byte count and then their bytes, big-endian; signed ones have a unary byte count in the leading bits,
 * complemented if negative. In text, 00 becomes 00 FF, FF becomes FF 00, and 00 01 ends it.
 *
 *===----------------------------------------------------------------------===*/
#include "reader.h"

#include <stdlib.h>
#include <string.h>

/*===----------------------------------------------------------------------===*
 * Keys.
 *===----------------------------------------------------------------------===*/

/* The longest a number is: a signed one of 64 bits. */
enum { MAX_NUMBER_SIZE = 10 };

static uint8_t *put_unsigned(uint8_t *at, uint64_t value) {
  unsigned size = 0;
  while (size < 8 && value >> (8 * size))
    ++size;
  *at++ = (uint8_t)size;
  while (size--)
    *at++ = (uint8_t)(value >> (8 * size));
  return at;
}

/* n bytes hold [-2^(7n-1), 2^(7n-1)). The first bits are n ones and a zero for numbers >= 0, inverted below.
 */
static uint8_t *put_signed(uint8_t *at, int64_t value) {
  uint64_t magnitude = value < 0 ? ~(uint64_t)value : (uint64_t)value;
  unsigned size = 1;
  while (size < MAX_NUMBER_SIZE && 7 * size - 1 < 64 && magnitude >> (7 * size - 1))
    ++size;
  uint8_t bytes[MAX_NUMBER_SIZE];
  for (unsigned i = 0; i < size; ++i) {
    unsigned shift = 8 * (size - 1 - i);
    bytes[i] = shift < 64 ? (uint8_t)(magnitude >> shift) : 0;
  }
  for (unsigned bit = 0; bit < size; ++bit)
    bytes[bit / 8] |= (uint8_t)(0x80 >> (bit % 8));
  for (unsigned i = 0; i < size; ++i)
    *at++ = value < 0 ? (uint8_t)~bytes[i] : bytes[i];
  return at;
}

static uint8_t *put_text(uint8_t *at, const char *text) {
  for (; *text; ++text) {
    *at++ = (uint8_t)*text;
    if ((uint8_t)*text == 0xff)
      *at++ = 0;
  }
  *at++ = 0;
  *at++ = 1;
  return at;
}

/* The entry of a slice, or NULL. `key` has room for any key of that name. */
static const tgc_sstable_entry_t *find_slice(const tgc_checkpoint_t *checkpoint, uint8_t *key,
                                             const char *name, const tgc_slice_t *slice) {
  uint8_t *at = put_unsigned(key, 0);
  at = put_text(at, name);
  at = put_unsigned(at, slice->rank);
  for (uint64_t d = 0; d < slice->rank; ++d) {
    at = put_signed(at, slice->starts[d]);
    at = put_signed(at, slice->lengths[d]);
  }
  return tgc_sstable_find(&checkpoint->table, (const char *)key, (uint64_t)(at - key));
}

static uint8_t *allocate_key(const char *name) {
  return malloc(2 * strlen(name) + (2 * TGC_MAX_RANK + 4) * MAX_NUMBER_SIZE);
}

/*===----------------------------------------------------------------------===*
 * Walking over the slices of an entry.
 *===----------------------------------------------------------------------===*/

typedef struct slice_walk {
  const tgc_checkpoint_t *checkpoint;
  const char *name;
  const tgc_checkpoint_entry_t *entry;
  tgc_bytes_t value; /* the entry's bytes that are still to be read */
  uint8_t *key;
  tgc_slice_t slice; /* the current one, no length is -1 */
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
  const tgc_sstable_entry_t *found = find_slice(checkpoint, walk->key, walk->name, &walk->slice);
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
  walk.key = allocate_key(name);
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
  walk.key = allocate_key(name);
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
