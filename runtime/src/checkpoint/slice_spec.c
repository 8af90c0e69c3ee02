/*===- slice_spec.c - A part of a tensor, by its name -------------------------===*/

#include "reader.h"

#include <stdlib.h>
#include <string.h>

/* Reads a number that is not negative. */
static uint8_t read_number(const char **at, int64_t *out_number) {
  char *end;
  *out_number = strtoll(*at, &end, 10);
  uint8_t is_number = end != *at && *out_number >= 0;
  *at = end;
  return is_number;
}

uint8_t tgc_checkpoint_parse_slice(const char *spec, tgc_checkpoint_slice_t *slice) {
  const char *extents = strrchr(spec, ' ');
  memset(slice, 0, sizeof *slice);
  if (!extents)
    return 0;
  for (const char *at = spec; at < extents;) {
    if (slice->rank == TGC_MAX_RANK || !read_number(&at, &slice->dims[slice->rank++]))
      return 0;
    at += *at == ' ' && at < extents;
  }
  const char *at = extents + 1;
  for (int32_t d = 0; d < slice->rank; ++d) {
    if (d && *at++ != ':')
      return 0;
    if (*at == '-') {
      slice->lengths[d] = -1;
      ++at;
    } else if (!read_number(&at, &slice->starts[d]) || *at++ != ',' ||
               !read_number(&at, &slice->lengths[d])) {
      return 0;
    }
  }
  return *at == '\0';
}

/* Describes the whole tensor and the slice, whose lengths are all known then. */
static tgc_status_t resolve(const tgc_checkpoint_t *checkpoint, const char *name, const char *spec,
                            tgc_checkpoint_entry_t *whole, tgc_checkpoint_slice_t *slice,
                            tgc_error_t *error) {
  tgc_status_t status = tgc_checkpoint_lookup(checkpoint, name, whole, error);
  if (status != TGC_OK)
    return status;
  if (!tgc_checkpoint_parse_slice(spec, slice))
    return tgc_checkpoint_fail(
        checkpoint, error, TGC_INVALID_ARGUMENT,
        "'%s' is no slice; the shape and then START,LENGTH or - for each dimension is expected", spec);
  if (whole->dtype == TGC_STRING)
    return tgc_checkpoint_fail(checkpoint, error, TGC_UNIMPLEMENTED,
                               "slices of the string tensor %s cannot be read", name);
  uint8_t is_inside = whole->rank == slice->rank &&
                      memcmp(whole->dims, slice->dims, sizeof *slice->dims * (size_t)slice->rank) == 0;
  for (int32_t d = 0; is_inside && d < slice->rank; ++d) {
    if (slice->lengths[d] == -1)
      slice->lengths[d] = slice->dims[d];
    is_inside = slice->starts[d] <= slice->dims[d] && slice->lengths[d] <= slice->dims[d] - slice->starts[d];
  }
  if (!is_inside)
    return tgc_checkpoint_fail(checkpoint, error, TGC_INVALID_ARGUMENT,
                               "tensor %s has another shape than that of the slice '%s', or the slice lies "
                               "outside of it",
                               name, spec);
  return TGC_OK;
}

/* What is said of the whole, of the slice. */
static tgc_checkpoint_entry_t describe(const tgc_checkpoint_entry_t *whole,
                                       const tgc_checkpoint_slice_t *slice) {
  tgc_checkpoint_entry_t entry = *whole;
  entry.num_slices = 0;
  entry.num_elements = 1;
  for (int32_t d = 0; d < slice->rank; ++d) {
    entry.dims[d] = slice->lengths[d];
    entry.num_elements *= (uint64_t)slice->lengths[d];
  }
  entry.byte_size = entry.num_elements * tgc_dtype_size(entry.dtype);
  return entry;
}

tgc_status_t tgc_checkpoint_lookup_slice(const tgc_checkpoint_t *checkpoint, const char *name,
                                         const char *spec, tgc_checkpoint_entry_t *out_entry,
                                         tgc_error_t *error) {
  tgc_checkpoint_entry_t whole;
  tgc_checkpoint_slice_t slice;
  tgc_status_t status = resolve(checkpoint, name, spec, &whole, &slice, error);
  if (status == TGC_OK)
    *out_entry = describe(&whole, &slice);
  return status;
}

/* Copies the slice out of the whole, row after row. */
static void copy(const tgc_checkpoint_slice_t *slice, const tgc_checkpoint_entry_t *entry,
                 const uint8_t *whole, uint8_t *memory) {
  uint64_t element = tgc_dtype_size(entry->dtype);
  uint64_t row = slice->rank ? (uint64_t)slice->lengths[slice->rank - 1] : 1;
  int64_t at[TGC_MAX_RANK] = {0};
  for (uint64_t done = 0; done < entry->num_elements; done += row) {
    uint64_t first = 0;
    for (int32_t d = 0; d < slice->rank; ++d)
      first = first * (uint64_t)slice->dims[d] + (uint64_t)(slice->starts[d] + at[d]);
    memcpy(memory + done * element, whole + first * element, row * element);
    for (int32_t d = slice->rank - 2; d >= 0 && ++at[d] == slice->lengths[d]; --d)
      at[d] = 0;
  }
}

tgc_status_t tgc_checkpoint_read_slice(const tgc_checkpoint_t *checkpoint, const char *name, const char *spec,
                                       void *memory, uint64_t byte_size, tgc_error_t *error) {
  tgc_checkpoint_entry_t whole;
  tgc_checkpoint_slice_t slice;
  tgc_status_t status = resolve(checkpoint, name, spec, &whole, &slice, error);
  if (status != TGC_OK)
    return status;
  tgc_checkpoint_entry_t entry = describe(&whole, &slice);
  if (byte_size < entry.byte_size)
    return tgc_checkpoint_fail(checkpoint, error, TGC_INVALID_ARGUMENT,
                               "a slice of tensor %s needs %llu bytes of memory, %llu are given", name,
                               (unsigned long long)entry.byte_size, (unsigned long long)byte_size);
  uint8_t *bytes = malloc(whole.byte_size + 1);
  if (!bytes)
    return tgc_checkpoint_fail(checkpoint, error, TGC_RESOURCE_EXHAUSTED, "no memory for tensor %s", name);
  status = tgc_checkpoint_read(checkpoint, name, bytes, whole.byte_size, error);
  if (status == TGC_OK)
    copy(&slice, &entry, bytes, memory);
  free(bytes);
  return status;
}
