/*===- proto.c - The three protocol buffers of an index file ----------------===*/
#include "proto.h"

#include <string.h>

uint8_t tgc_bytes_read_varint(tgc_bytes_t *bytes, uint64_t *out_value) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && bytes->at < bytes->end; shift += 7) {
    uint8_t byte = *bytes->at++;
    if (shift == 63 && byte > 1)
      return 0;
    value |= (uint64_t)(byte & 0x7f) << shift;
    if (!(byte & 0x80)) {
      *out_value = value;
      return 1;
    }
  }
  return 0;
}

static uint8_t read_fixed(tgc_bytes_t *bytes, unsigned size, uint64_t *out_value) {
  if (bytes->end - bytes->at < (int64_t)size)
    return 0;
  *out_value = 0;
  for (unsigned i = 0; i < size; ++i)
    *out_value |= (uint64_t)*bytes->at++ << (8 * i);
  return 1;
}

uint8_t tgc_bytes_read_field(tgc_bytes_t *bytes, tgc_field_t *field) {
  uint64_t tag, length;
  if (!tgc_bytes_read_varint(bytes, &tag) || tag >> 3 == 0)
    return 0;
  memset(field, 0, sizeof *field);
  field->number = tag >> 3;
  field->wire = (unsigned)(tag & 7);
  switch (field->wire) {
  case TGC_WIRE_VARINT:
    return tgc_bytes_read_varint(bytes, &field->value);
  case TGC_WIRE_FIXED64:
    return read_fixed(bytes, 8, &field->value);
  case TGC_WIRE_FIXED32:
    return read_fixed(bytes, 4, &field->value);
  case TGC_WIRE_BYTES:
    if (!tgc_bytes_read_varint(bytes, &length) || length > (uint64_t)(bytes->end - bytes->at))
      return 0;
    field->bytes.at = bytes->at;
    field->bytes.end = bytes->at + length;
    bytes->at += length;
    return 1;
  default: /* groups, which these messages do not have */
    return 0;
  }
}

uint8_t tgc_field_is(const tgc_field_t *field, uint64_t number, unsigned wire) {
  return field->number == number && field->wire == wire;
}

static uint8_t decode_version(tgc_bytes_t bytes, tgc_bundle_header_t *header) {
  tgc_field_t field;
  while (bytes.at < bytes.end) {
    if (!tgc_bytes_read_field(&bytes, &field))
      return 0;
    if (tgc_field_is(&field, 2, TGC_WIRE_VARINT))
      header->min_consumer = (int64_t)field.value;
  }
  return 1;
}

uint8_t tgc_bundle_header_decode(tgc_bytes_t bytes, tgc_bundle_header_t *out_header) {
  tgc_field_t field;
  memset(out_header, 0, sizeof *out_header);
  while (bytes.at < bytes.end) {
    if (!tgc_bytes_read_field(&bytes, &field))
      return 0;
    if (tgc_field_is(&field, 1, TGC_WIRE_VARINT))
      out_header->num_shards = (int64_t)field.value;
    else if (tgc_field_is(&field, 2, TGC_WIRE_VARINT))
      out_header->endianness = field.value;
    else if (tgc_field_is(&field, 3, TGC_WIRE_BYTES) && !decode_version(field.bytes, out_header))
      return 0;
  }
  return 1;
}

static uint8_t decode_dim(tgc_bytes_t bytes, tgc_bundle_entry_t *entry) {
  tgc_field_t field;
  int64_t size = 0;
  while (bytes.at < bytes.end) {
    if (!tgc_bytes_read_field(&bytes, &field))
      return 0;
    if (tgc_field_is(&field, 1, TGC_WIRE_VARINT))
      size = (int64_t)field.value;
  }
  if (entry->rank < TGC_MAX_RANK)
    entry->dims[entry->rank] = size;
  entry->rank++;
  return 1;
}

uint8_t tgc_shape_decode(tgc_bytes_t bytes, tgc_bundle_entry_t *entry) {
  tgc_field_t field;
  while (bytes.at < bytes.end) {
    if (!tgc_bytes_read_field(&bytes, &field))
      return 0;
    if (tgc_field_is(&field, 2, TGC_WIRE_BYTES) && !decode_dim(field.bytes, entry))
      return 0;
    if (tgc_field_is(&field, 3, TGC_WIRE_VARINT))
      entry->has_unknown_rank = field.value != 0;
  }
  return 1;
}

uint8_t tgc_bundle_entry_decode(tgc_bytes_t bytes, tgc_bundle_entry_t *out_entry) {
  tgc_field_t field;
  memset(out_entry, 0, sizeof *out_entry);
  while (bytes.at < bytes.end) {
    if (!tgc_bytes_read_field(&bytes, &field))
      return 0;
    if (tgc_field_is(&field, 1, TGC_WIRE_VARINT))
      out_entry->dtype = field.value;
    else if (tgc_field_is(&field, 2, TGC_WIRE_BYTES)) {
      if (!tgc_shape_decode(field.bytes, out_entry))
        return 0;
    } else if (tgc_field_is(&field, 3, TGC_WIRE_VARINT))
      out_entry->shard = (int64_t)field.value;
    else if (tgc_field_is(&field, 4, TGC_WIRE_VARINT))
      out_entry->offset = (int64_t)field.value;
    else if (tgc_field_is(&field, 5, TGC_WIRE_VARINT))
      out_entry->size = (int64_t)field.value;
    else if (tgc_field_is(&field, 6, TGC_WIRE_FIXED32))
      out_entry->crc32c = (uint32_t)field.value;
    else if (tgc_field_is(&field, 7, TGC_WIRE_BYTES))
      out_entry->num_slices++;
  }
  return 1;
}

static uint8_t decode_extent(tgc_bytes_t bytes, tgc_slice_t *slice) {
  tgc_field_t field;
  int64_t start = 0, length = -1;
  while (bytes.at < bytes.end) {
    if (!tgc_bytes_read_field(&bytes, &field))
      return 0;
    if (tgc_field_is(&field, 1, TGC_WIRE_VARINT))
      start = (int64_t)field.value;
    else if (tgc_field_is(&field, 2, TGC_WIRE_VARINT))
      length = (int64_t)field.value;
  }
  if (slice->rank < TGC_MAX_RANK) {
    slice->starts[slice->rank] = start;
    slice->lengths[slice->rank] = length;
  }
  slice->rank++;
  return 1;
}

uint8_t tgc_slice_decode(tgc_bytes_t bytes, tgc_slice_t *out_slice) {
  tgc_field_t field;
  memset(out_slice, 0, sizeof *out_slice);
  while (bytes.at < bytes.end) {
    if (!tgc_bytes_read_field(&bytes, &field))
      return 0;
    if (tgc_field_is(&field, 1, TGC_WIRE_BYTES) && !decode_extent(field.bytes, out_slice))
      return 0;
  }
  return 1;
}

uint8_t tgc_bundle_next_slice(tgc_bytes_t *entry, tgc_slice_t *out_slice) {
  tgc_field_t field;
  do {
    if (entry->at >= entry->end || !tgc_bytes_read_field(entry, &field))
      return 0;
  } while (!tgc_field_is(&field, 7, TGC_WIRE_BYTES));
  return tgc_slice_decode(field.bytes, out_slice);
}
