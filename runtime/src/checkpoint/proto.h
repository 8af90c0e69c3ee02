/*===- proto.h - The three protocol buffers of an index file ----------------===
 *
 * Decoded by hand, in place, without recursion; every length is checked against what is there.
 *
 *===----------------------------------------------------------------------===*/
#ifndef TGC_SRC_CHECKPOINT_PROTO_H
#define TGC_SRC_CHECKPOINT_PROTO_H

#include "tgc/abi.h"

/* Bytes that are still to be read. */
typedef struct tgc_bytes {
  const uint8_t *at;
  const uint8_t *end;
} tgc_bytes_t;

/* A base-128 number of at most 64 bits; 0 (false): cut or too long. */
uint8_t tgc_bytes_read_varint(tgc_bytes_t *bytes, uint64_t *out_value);

enum { TGC_WIRE_VARINT = 0, TGC_WIRE_FIXED64 = 1, TGC_WIRE_BYTES = 2, TGC_WIRE_FIXED32 = 5 };

/* One field of a message: a number, or the bytes of a message or string. */
typedef struct tgc_field {
  uint64_t number;
  unsigned wire;
  uint64_t value;
  tgc_bytes_t bytes;
} tgc_field_t;

/* 0 (false): malformed. */
uint8_t tgc_bytes_read_field(tgc_bytes_t *bytes, tgc_field_t *field);
uint8_t tgc_field_is(const tgc_field_t *field, uint64_t number, unsigned wire);

/* The first entry of an index, under the empty key. */
typedef struct tgc_bundle_header {
  int64_t num_shards;
  uint64_t endianness;  /* 0: little */
  int64_t min_consumer; /* the oldest reader that the writer allows */
} tgc_bundle_header_t;

/* Everything else: a tensor, or a slice of one. */
typedef struct tgc_bundle_entry {
  uint64_t dtype;
  uint64_t rank; /* may be more than dims has room for */
  int64_t dims[TGC_MAX_RANK];
  uint8_t has_unknown_rank;
  int64_t shard;
  int64_t offset;
  int64_t size;
  uint32_t crc32c;     /* masked */
  uint64_t num_slices; /* 0: the tensor is stored whole */
} tgc_bundle_entry_t;

/* Which part of a tensor a slice is; length -1: all of the dimension. */
typedef struct tgc_slice {
  uint64_t rank;
  int64_t starts[TGC_MAX_RANK];
  int64_t lengths[TGC_MAX_RANK];
} tgc_slice_t;

/* All return 0 (false) for malformed bytes. */
uint8_t tgc_bundle_header_decode(tgc_bytes_t bytes, tgc_bundle_header_t *out_header);
uint8_t tgc_bundle_entry_decode(tgc_bytes_t bytes, tgc_bundle_entry_t *out_entry);

/* The shape of an entry, and a TensorSliceProto. */
uint8_t tgc_shape_decode(tgc_bytes_t bytes, tgc_bundle_entry_t *entry);
uint8_t tgc_slice_decode(tgc_bytes_t bytes, tgc_slice_t *out_slice);

/* The next slice of an entry's bytes; call `num_slices` times on the same `entry`. */
uint8_t tgc_bundle_next_slice(tgc_bytes_t *entry, tgc_slice_t *out_slice);

#endif /* TGC_SRC_CHECKPOINT_PROTO_H */
