/*===- reader.c - Records of files whose names a queue holds ------------------===*
 *
 * Every kernel has the config "KIND A B C D NAME": KIND is L(ines, A of which are skipped in each file),
 * T(FRecords, packed as A says: 0 not at all, 1 ZLIB, 2 GZIP), F(ixed length: A bytes of header, B of a
 * record, C of footer, D between the beginnings of two records, 0: B), W(hole files) or I(dentity: the names
 * themselves). Kernels that read take the queue's config behind "|".
 *
 *===------------------------------------------------------------------------===*/

#define _GNU_SOURCE
#include "runtime/kernels/codec/codec.h"
#include "runtime/kernels/print/text.h"
#include "runtime/kernels/string/wire.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

TGC_KERNEL(tgc_kernel_queue_dequeue);

typedef struct reader {
  char kind;
  int64_t numbers[4];
  FILE *file;
  char *unpacked; /* what a packed file holds; NULL if it is none */
  char *name;     /* of the file that is read */
  char *last;     /* of the file that ended last, or NULL */
  int64_t place;  /* lines, bytes or records that were read */
  int64_t size;   /* of the file */
  int64_t produced, started, finished;
} reader_t;

static void end_file(reader_t *reader) {
  if (!reader->name)
    return;
  if (reader->file)
    fclose(reader->file);
  free(reader->unpacked);
  free(reader->last);
  reader->last = reader->name;
  reader->unpacked = NULL;
  reader->file = NULL;
  reader->name = NULL;
  ++reader->finished;
}

static void reset_reader(reader_t *reader) {
  end_file(reader);
  free(reader->last);
  reader->last = NULL;
  reader->produced = reader->started = reader->finished = 0;
}

static void release_reader(void *object) {
  reset_reader(object);
  free(object);
}

static reader_t *find_reader(tgc_frame_t *frame, const char *node, const char *config) {
  char *rest, name[512];
  reader_t fresh = {.kind = config[0]};
  fresh.numbers[0] = strtoll(config + 1, &rest, 10);
  for (int i = 1; i < 4; ++i)
    fresh.numbers[i] = strtoll(rest, &rest, 10);
  snprintf(name, sizeof name, "%.*s", (int)strcspn(rest + 1, "|"), rest + 1);
  void **object = tgc_rt_object(frame, name, release_reader);
  if (*object)
    return *object;
  *object = malloc(sizeof fresh);
  if (!*object)
    tgc_rt_fail(frame, TGC_RESOURCE_EXHAUSTED, node, "no memory for a reader", NULL, 0);
  return memcpy(*object, &fresh, sizeof fresh);
}

static void fail_file(tgc_frame_t *frame, const char *node, const char *name, const char *reason) {
  int64_t values[2] = {(int64_t)(intptr_t)name, (int64_t)(intptr_t)reason};
  tgc_rt_fail(frame, errno == ENOENT ? TGC_NOT_FOUND : TGC_DATA_LOSS, node, "%s: %s", values, 2);
}

/* The file that was begun with is no good: ends it and the run. */
static void fail_begun(tgc_frame_t *frame, const char *node, reader_t *reader, const char *reason) {
  end_file(reader);
  fail_file(frame, node, reader->last, reason);
}

/* Lets the file be what is packed in it. As TensorFlow has it, streams of GZIP may stand one behind the
 * other, with eight bytes of sums behind each, and nothing is read behind one of ZLIB. */
static void unpack_file(tgc_frame_t *frame, const char *node, reader_t *reader) {
  const char *kind = reader->numbers[0] == 2 ? "GZIP" : "ZLIB";
  uint64_t size = (uint64_t)reader->size, total = 0, used = 0;
  uint8_t *packed = tgc_rt_scratch(frame, size + 1), *part = NULL;
  errno = 0;
  if (fread(packed, 1, size, reader->file) != size)
    fail_begun(frame, node, reader, "cannot be read");
  for (uint64_t at = 0; at < size; at = kind[0] == 'G' ? at + used + 8 : size) {
    int64_t found = tgc_unpack(frame, kind, packed + at, size - at, &part, &used);
    char *grown = found < 0 ? NULL : realloc(reader->unpacked, total + (uint64_t)found + 1);
    if (!grown) {
      fail_begun(frame, node, reader, "the compressed bytes are broken");
      return;
    }
    reader->unpacked = grown;
    if (found > 0)
      memcpy(grown + total, part, (uint64_t)found);
    total += (uint64_t)found;
  }
  fclose(reader->file);
  reader->file = total > 0 ? fmemopen(reader->unpacked, total, "rb") : fopen("/dev/null", "rb");
  reader->size = (int64_t)total;
  if (!reader->file)
    fail_begun(frame, node, reader, strerror(errno));
}

/* Begins with the next file that the queue names. */
static void begin_file(tgc_frame_t *frame, const char *node, const char *config, reader_t *reader) {
  tgc_string_t name = {NULL, 0};
  tgc_tensor_t output = {&name, sizeof name, TGC_STRING, 0, {0}};
  tgc_kernel_queue_dequeue(frame, node, strchr(config, '|') + 1, NULL, 0, &output, 1);
  reader->name = malloc(name.size + 1);
  if (!reader->name) {
    tgc_rt_fail(frame, TGC_RESOURCE_EXHAUSTED, node, "no memory for a reader", NULL, 0);
    return;
  }
  if (name.size)
    memcpy(reader->name, name.data, name.size);
  reader->name[name.size] = 0;
  reader->place = 0;
  ++reader->started;
  if (reader->kind == 'I')
    return;
  const char *path = strncmp(reader->name, "file://", 7) == 0 ? reader->name + 7 : reader->name;
  reader->file = fopen(path, "rb");
  if (!reader->file || fseek(reader->file, 0, SEEK_END) != 0) {
    fail_begun(frame, node, reader, strerror(errno));
    return;
  }
  reader->size = ftell(reader->file);
  rewind(reader->file);
  if (reader->kind == 'F')
    fseek(reader->file, reader->numbers[0], SEEK_SET);
  if (reader->kind == 'T' && reader->numbers[0])
    unpack_file(frame, node, reader);
}

static int read_bytes(tgc_frame_t *frame, reader_t *reader, uint64_t count, tgc_string_t *value) {
  if (count > (uint64_t)reader->size)
    return 0;
  char *bytes = tgc_rt_scratch(frame, count + 1);
  *value = (tgc_string_t){bytes, count};
  return fread(bytes, 1, count, reader->file) == count;
}

/* A line without its end. */
static int read_line(tgc_frame_t *frame, reader_t *reader, tgc_string_t *value) {
  tgc_text_t text = {.frame = frame};
  int c, is_empty = 1;
  while ((c = getc(reader->file)) != EOF) {
    is_empty = 0;
    if (c == '\n')
      break;
    char byte = (char)c;
    tgc_text_add(&text, &byte, 1);
  }
  if (text.size > 0 && c == '\n' && text.data[text.size - 1] == '\r')
    --text.size;
  *value = (tgc_string_t){text.data, text.size};
  return !is_empty;
}

/* Length, its checksum, bytes, their checksum. The checksums are left to whoever wrote the file. */
static int read_tfrecord(tgc_frame_t *frame, const char *node, reader_t *reader, tgc_string_t *value) {
  uint8_t head[12], tail[4];
  size_t size = fread(head, 1, sizeof head, reader->file);
  if (size == 0)
    return 0;
  uint64_t length = 0;
  for (int i = 7; i >= 0; --i)
    length = length << 8 | head[i];
  if (size != sizeof head || !read_bytes(frame, reader, length, value) ||
      fread(tail, 1, 4, reader->file) != 4) {
    errno = 0;
    fail_file(frame, node, reader->name, "truncated record");
  }
  return 1;
}

/* The next record of the file, and where it was; 0 at its end. */
static int read_record(tgc_frame_t *frame, const char *node, reader_t *reader, tgc_string_t *key,
                       tgc_string_t *value) {
  int64_t place = reader->place;
  tgc_text_t text = {.frame = frame};
  int is_found = 0, has_place = 1;
  switch (reader->kind) {
  case 'L':
    for (; reader->place < reader->numbers[0] && read_line(frame, reader, value);)
      ++reader->place;
    is_found = read_line(frame, reader, value);
    place = ++reader->place;
    break;
  case 'T':
    is_found = read_tfrecord(frame, node, reader, value);
    reader->place = is_found ? ftell(reader->file) : 0;
    break;
  case 'F': {
    int64_t hop = reader->numbers[3] ? reader->numbers[3] : reader->numbers[1],
            begin = reader->numbers[0] + reader->place * hop;
    is_found = begin + reader->numbers[1] + reader->numbers[2] <= reader->size &&
               fseek(reader->file, begin, SEEK_SET) == 0 &&
               read_bytes(frame, reader, (uint64_t)reader->numbers[1], value);
    ++reader->place;
    break;
  }
  default:
    has_place = 0;
    is_found = reader->kind == 'I' || read_bytes(frame, reader, (uint64_t)reader->size, value);
  }
  if (!is_found)
    return 0;
  char number[32];
  snprintf(number, sizeof number, ":%lld", (long long)place);
  tgc_text_add_zero_terminated(&text, reader->name);
  if (has_place)
    tgc_text_add_zero_terminated(&text, number);
  *key = (tgc_string_t){text.data, text.size};
  if (reader->kind == 'I')
    *value = *key;
  ++reader->produced;
  /* A file that is one record ends with it; that others have none left the next read finds out. */
  if (!has_place)
    end_file(reader);
  return 1;
}

static void read_next(tgc_frame_t *frame, const char *node, const char *config, reader_t *reader,
                      tgc_string_t *key, tgc_string_t *value) {
  for (;;) {
    if (!reader->name)
      begin_file(frame, node, config, reader);
    if (read_record(frame, node, reader, key, value))
      return;
    end_file(reader);
  }
}

/* Outputs, scalars: key and value of a record. */
TGC_KERNEL(tgc_kernel_reader_read) {
  TGC_KERNEL_UNUSED;
  read_next(frame, node, config, find_reader(frame, node, config), outputs[0].data, outputs[1].data);
}

static tgc_string_t *grow(tgc_frame_t *frame, const tgc_string_t *strings, int64_t count, int64_t room) {
  tgc_string_t *grown = tgc_rt_scratch(frame, sizeof *grown * (uint64_t)room);
  if (count > 0)
    memcpy(grown, strings, sizeof *grown * (uint64_t)count);
  return grown;
}

/* Input 0 (int64): how many records at most. Outputs: keys and values. */
TGC_KERNEL(tgc_kernel_reader_read_up_to) {
  TGC_KERNEL_UNUSED;
  reader_t *reader = find_reader(frame, node, config);
  int64_t most = *(const int64_t *)inputs[0].data, count = 0;
  int64_t room = 0;
  tgc_string_t *keys = NULL, *values = NULL;
  /* The end of a file is the end of what comes at once, unless nothing came yet. */
  while (count < most) {
    if (!reader->name)
      begin_file(frame, node, config, reader);
    if (count == room) {
      /* There may be far fewer records than are asked for. */
      room = room ? 2 * room : 16;
      keys = grow(frame, keys, count, room);
      values = grow(frame, values, count, room);
    }
    if (read_record(frame, node, reader, &keys[count], &values[count]))
      ++count;
    else
      end_file(reader);
    if (!reader->name && count > 0)
      break;
  }
  const tgc_string_t *found[2] = {keys, values};
  for (int k = 0; k < 2; ++k) {
    void *data = tgc_find_output(frame, &outputs[k], 1, &count);
    if (count > 0)
      memcpy(data, found[k], sizeof *keys * (uint64_t)count);
  }
}

static void add_varint(tgc_text_t *text, uint64_t value) {
  do {
    char byte = (char)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
    tgc_text_add(text, &byte, 1);
    value >>= 7;
  } while (value);
}

/* Outputs (int64): records produced, files finished. */
TGC_KERNEL(tgc_kernel_reader_counts) {
  TGC_KERNEL_UNUSED;
  const reader_t *reader = find_reader(frame, node, config);
  *(int64_t *)outputs[0].data = reader->produced;
  *(int64_t *)outputs[1].data = reader->finished;
}

TGC_KERNEL(tgc_kernel_reader_reset) {
  TGC_KERNEL_UNUSED;
  reset_reader(find_reader(frame, node, config));
}

/* Output, a scalar: the state of a reader that is between two files, as TensorFlow writes it: a message of
 * the files begun, finished, the records and the last file's name. */
TGC_KERNEL(tgc_kernel_reader_serialize) {
  TGC_KERNEL_UNUSED;
  const reader_t *reader = find_reader(frame, node, config);
  const int64_t numbers[3] = {reader->started, reader->finished, reader->produced};
  tgc_text_t text = {.frame = frame};
  for (int i = 0; i < 3; ++i)
    if (numbers[i]) {
      char tag = (char)((i + 1) << 3);
      tgc_text_add(&text, &tag, 1);
      add_varint(&text, (uint64_t)numbers[i]);
    }
  uint64_t length = reader->last ? strlen(reader->last) : 0;
  if (length > 0) {
    tgc_text_add(&text, "\x22", 1);
    add_varint(&text, length);
    tgc_text_add(&text, reader->last, length);
  }
  *(tgc_string_t *)outputs[0].data = (tgc_string_t){text.data, text.size};
}

/* Input 0, a scalar: a state. What is no state leaves a reader that has read nothing. */
TGC_KERNEL(tgc_kernel_reader_restore) {
  TGC_KERNEL_UNUSED;
  reader_t *reader = find_reader(frame, node, config);
  const tgc_string_t *state = inputs[0].data;
  tgc_wire_t message = {(const unsigned char *)state->data, (const unsigned char *)state->data + state->size},
             part, last = {NULL, NULL};
  int64_t *const numbers[3] = {&reader->started, &reader->finished, &reader->produced};
  int number, wire, found;
  uint64_t value;
  reset_reader(reader);
  while ((found = tgc_wire_field(&message, &number, &wire, &part, &value)) > 0)
    if (wire == 0 && number >= 1 && number <= 3)
      *numbers[number - 1] = (int64_t)value;
    else if (wire == 2 && number == 4)
      last = part;
  if (found == 0 && reader->produced >= 0 && reader->started >= 0 && reader->started <= reader->finished) {
    size_t length = (size_t)(last.end - last.at);
    reader->last = malloc(length + 1);
    if (!reader->last)
      tgc_rt_fail(frame, TGC_RESOURCE_EXHAUSTED, node, "no memory for a reader", NULL, 0);
    if (length > 0)
      memcpy(reader->last, last.at, length);
    reader->last[length] = 0;
    return;
  }
  reset_reader(reader);
  tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node,
              found ? "Could not parse state of a reader"
                    : "Unexpected or inconsistent numbers when restoring a reader",
              NULL, 0);
}
