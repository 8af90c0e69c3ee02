/*===- first_version.c - Checkpoints of TensorFlow's first version ----------===
 *
 * One file, or several, each a table as an index of the second version is one. The entry under the empty key
 * lists the tensors: SavedTensorSlices { 1: { 1: { 1: name, 2: shape, 3: dtype, 4: slice }... } }. Every
 * other entry holds a slice: SavedTensorSlices { 2: { 1: name, 2: slice, 3: TensorProto } }, whose values
 * are lists of numbers.
 *
 *===----------------------------------------------------------------------===*/
#include "first_version.h"
#include "tensor_proto.h"

#include "../shape.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A tensor that a file lists. */
typedef struct listed {
  char *name;
  tgc_bundle_entry_t whole;
} listed_t;

typedef struct conversion {
  const tgc_checkpoint_t *checkpoint;
  tgc_checkpoint_writer_t *writer;
  listed_t *tensors;
  uint64_t num_tensors, capacity;
  tgc_error_t *error;
} conversion_t;

/*===----------------------------------------------------------------------===*
 * Files.
 *===----------------------------------------------------------------------===*/

static uint8_t is_file(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

/* The files of that prefix, to be released with globfree; 0 (false): there are none. */
static uint8_t find_files(const char *prefix, glob_t *out_files) {
  memset(out_files, 0, sizeof *out_files);
  if (glob(prefix, is_file(prefix) ? GLOB_NOCHECK : 0, NULL, out_files) == 0 &&
      is_file(out_files->gl_pathv[0]))
    return 1;
  globfree(out_files);
  size_t capacity = strlen(prefix) + 32;
  char *pattern = malloc(capacity);
  if (!pattern)
    return 0;
  static const char number[] = {'?', '?', '?', '?', '?', '\0'};
  snprintf(pattern, capacity, "%s-%s-of-%s", prefix, number, number);
  int found = glob(pattern, 0, NULL, out_files) == 0;
  free(pattern);
  if (!found)
    globfree(out_files);
  return found != 0;
}

uint8_t tgc_first_version_exists(const char *prefix) {
  glob_t files;
  if (!find_files(prefix, &files))
    return 0;
  globfree(&files);
  return 1;
}

/*===----------------------------------------------------------------------===*
 * Messages.
 *===----------------------------------------------------------------------===*/

static tgc_status_t malformed(const conversion_t *conversion, const char *what) {
  return tgc_checkpoint_fail(conversion->checkpoint, conversion->error, TGC_DATA_LOSS,
                             "a file of the first version is malformed: %s", what);
}

static char *copy_text(tgc_bytes_t bytes) {
  return bytes.at ? strndup((const char *)bytes.at, (size_t)(bytes.end - bytes.at)) : strdup("");
}

static listed_t *find_listed(const conversion_t *conversion, const char *name) {
  for (uint64_t i = 0; i < conversion->num_tensors; ++i)
    if (!strcmp(conversion->tensors[i].name, name))
      return &conversion->tensors[i];
  return NULL;
}

/* A SavedSliceMeta; other files of the checkpoint may have listed the tensor. */
static tgc_status_t list_tensor(conversion_t *conversion, tgc_bytes_t bytes) {
  tgc_field_t field;
  listed_t tensor = {.name = NULL};
  tgc_bytes_t name = {NULL, NULL};
  while (bytes.at < bytes.end) {
    if (!tgc_bytes_read_field(&bytes, &field) ||
        (tgc_field_is(&field, 2, TGC_WIRE_BYTES) && !tgc_shape_decode(field.bytes, &tensor.whole)))
      return malformed(conversion, "a tensor cannot be read");
    if (tgc_field_is(&field, 1, TGC_WIRE_BYTES))
      name = field.bytes;
    else if (tgc_field_is(&field, 3, TGC_WIRE_VARINT))
      tensor.whole.dtype = field.value;
  }
  uint64_t count;
  if (tensor.whole.rank > TGC_MAX_RANK || tensor.whole.dtype > INT32_MAX ||
      !tgc_dtype_size((int32_t)tensor.whole.dtype) ||
      !tgc_shape_num_elements((int32_t)tensor.whole.rank, tensor.whole.dims, &count))
    return malformed(conversion, "a tensor has a type or a shape that tgc does not know");
  if (conversion->num_tensors == conversion->capacity) {
    uint64_t capacity = 2 * conversion->capacity + 16;
    listed_t *tensors = realloc(conversion->tensors, capacity * sizeof *tensors);
    if (!tensors)
      return malformed(conversion, "no memory");
    conversion->tensors = tensors;
    conversion->capacity = capacity;
  }
  if (!(tensor.name = copy_text(name)))
    return malformed(conversion, "no memory");
  if (find_listed(conversion, tensor.name))
    free(tensor.name);
  else
    conversion->tensors[conversion->num_tensors++] = tensor;
  return TGC_OK;
}

/* Writes a number of variable length as an element, whose low bytes it is. */
static void put_number(int32_t dtype, void *data, uint64_t at, uint64_t value) {
  unsigned width = tgc_dtype_size(dtype);
  if (dtype == TGC_BOOL)
    value = value != 0;
  for (unsigned i = 0; i < width; ++i)
    ((uint8_t *)data)[at * width + i] = (uint8_t)(value >> (8 * i));
}

/* The values of a TensorProto: 0 (false) unless there are just `bytes` bytes (or as many strings) of them. */
static uint8_t read_values(tgc_bytes_t proto, int32_t dtype, uint64_t count, uint64_t bytes, void *data) {
  unsigned list = tgc_tensor_proto_field(dtype);
  uint8_t is_fixed = list == 5 || list == 6 || list == 9 || list == 12;
  uint64_t found = 0;
  tgc_field_t field;
  while (proto.at < proto.end) {
    if (!tgc_bytes_read_field(&proto, &field))
      return 0;
    uint64_t size = (uint64_t)(field.bytes.end - field.bytes.at);
    if (field.number == 4 && size > 0 && dtype != TGC_STRING) {
      if (size != bytes)
        return 0;
      memcpy(data, field.bytes.at, size);
      return 1;
    }
    if (field.number != list)
      continue;
    if (dtype == TGC_STRING) {
      if (found == count)
        return 0;
      ((tgc_string_t *)data)[found++] = (tgc_string_t){(const char *)field.bytes.at, size};
    } else if (is_fixed && field.wire == TGC_WIRE_BYTES) {
      if (size > bytes - found)
        return 0;
      memcpy((uint8_t *)data + found, field.bytes.at, size);
      found += size;
    } else if (is_fixed) {
      unsigned width = field.wire == TGC_WIRE_FIXED64 ? 8 : 4;
      if (width > bytes - found)
        return 0;
      memcpy((uint8_t *)data + found, &field.value, width);
      found += width;
    } else if (field.wire == TGC_WIRE_VARINT) {
      if (found == count)
        return 0;
      put_number(dtype, data, found++, field.value);
    } else {
      for (uint64_t value; field.bytes.at < field.bytes.end; put_number(dtype, data, found++, value))
        if (found == count || !tgc_bytes_read_varint(&field.bytes, &value))
          return 0;
    }
  }
  return found == (is_fixed ? bytes : count);
}

/* Writes a slice, whose lengths are resolved, as a part of the tensor, or as all of it. */
static tgc_status_t write_slice(conversion_t *conversion, const listed_t *tensor, const tgc_slice_t *slice,
                                tgc_bytes_t proto) {
  tgc_tensor_t part = {.dtype = (int32_t)tensor->whole.dtype, .rank = (int32_t)tensor->whole.rank};
  uint8_t is_whole = 1;
  for (int32_t d = 0; d < part.rank; ++d) {
    part.dims[d] = slice->lengths[d] < 0 ? tensor->whole.dims[d] : slice->lengths[d];
    is_whole &= part.dims[d] == tensor->whole.dims[d];
  }
  uint64_t count, bytes;
  if (!tgc_shape_num_elements(part.rank, part.dims, &count) ||
      !tgc_shape_byte_size(part.dtype, part.rank, part.dims, &bytes) ||
      bytes / 32 > (uint64_t)(proto.end - proto.at) + 1)
    return malformed(conversion, "a slice has another number of values than its shape");
  part.data = calloc(1, bytes + 1);
  part.byte_size = bytes;
  if (!part.data)
    return malformed(conversion, "no memory");
  tgc_status_t status;
  if (!read_values(proto, part.dtype, count, bytes, part.data))
    status = malformed(conversion, "a slice has another number of values than its shape");
  else if (is_whole)
    status = tgc_checkpoint_write(conversion->writer, tensor->name, &part, conversion->error);
  else
    status = tgc_checkpoint_write_slice(conversion->writer, tensor->name, part.rank, tensor->whole.dims,
                                        slice->starts, slice->lengths, &part, conversion->error);
  free(part.data);
  return status;
}

/* A SavedSlice. */
static tgc_status_t read_slice(conversion_t *conversion, tgc_bytes_t bytes) {
  tgc_field_t field;
  tgc_slice_t slice = {.rank = 0};
  tgc_bytes_t name = {NULL, NULL}, proto = {NULL, NULL};
  while (bytes.at < bytes.end) {
    if (!tgc_bytes_read_field(&bytes, &field) ||
        (tgc_field_is(&field, 2, TGC_WIRE_BYTES) && !tgc_slice_decode(field.bytes, &slice)))
      return malformed(conversion, "a slice cannot be read");
    if (tgc_field_is(&field, 1, TGC_WIRE_BYTES))
      name = field.bytes;
    else if (tgc_field_is(&field, 3, TGC_WIRE_BYTES))
      proto = field.bytes;
  }
  char *text = copy_text(name);
  const listed_t *tensor = text ? find_listed(conversion, text) : NULL;
  free(text);
  if (!tensor || slice.rank != tensor->whole.rank)
    return malformed(conversion, "it does not list the tensor of a slice");
  return write_slice(conversion, tensor, &slice, proto);
}

/* What field `number` of a SavedTensorSlices holds goes to `read`. */
static tgc_status_t read_entry(conversion_t *conversion, tgc_bytes_t value, uint64_t number) {
  tgc_field_t field, tensor;
  tgc_status_t status = TGC_OK;
  while (status == TGC_OK && value.at < value.end) {
    if (!tgc_bytes_read_field(&value, &field))
      return malformed(conversion, "an entry cannot be read");
    if (!tgc_field_is(&field, number, TGC_WIRE_BYTES))
      continue;
    if (number == 2) {
      status = read_slice(conversion, field.bytes);
      continue;
    }
    while (status == TGC_OK && field.bytes.at < field.bytes.end) {
      if (!tgc_bytes_read_field(&field.bytes, &tensor))
        return malformed(conversion, "the list of tensors cannot be read");
      if (tgc_field_is(&tensor, 1, TGC_WIRE_BYTES))
        status = list_tensor(conversion, tensor.bytes);
    }
  }
  return status;
}

static tgc_status_t read_file(conversion_t *conversion, const char *path) {
  uint8_t *bytes = NULL;
  uint64_t size = 0;
  tgc_sstable_t table = {.num_entries = 0};
  tgc_status_t status =
      tgc_checkpoint_read_file(conversion->checkpoint, path, "checkpoint", &bytes, &size, conversion->error);
  if (status == TGC_OK)
    status = tgc_sstable_parse(bytes, size, path, &table, conversion->error);
  if (status == TGC_OK && (!table.num_entries || table.entries[0].key_size))
    status = malformed(conversion, "it has no list of tensors");
  for (uint64_t i = 0; status == TGC_OK && i < table.num_entries; ++i)
    status = read_entry(conversion, table.entries[i].value, i ? 2 : 1);
  tgc_sstable_release(&table);
  free(bytes);
  return status;
}

tgc_status_t tgc_first_version_read(tgc_checkpoint_t *checkpoint, tgc_buffer_t *out_index,
                                    tgc_error_t *error) {
  conversion_t conversion = {.checkpoint = checkpoint, .error = error};
  tgc_status_t status =
      tgc_checkpoint_writer_in_memory(checkpoint->prefix, &checkpoint->converted, &conversion.writer, error);
  glob_t files;
  if (status != TGC_OK)
    return status;
  if (!find_files(checkpoint->prefix, &files)) {
    tgc_checkpoint_writer_release(conversion.writer);
    return malformed(&conversion, "it is gone");
  }
  for (size_t i = 0; status == TGC_OK && i < files.gl_pathc; ++i)
    status = read_file(&conversion, files.gl_pathv[i]);
  if (status == TGC_OK)
    status = tgc_checkpoint_writer_index(conversion.writer, out_index, error);
  globfree(&files);
  tgc_checkpoint_writer_release(conversion.writer);
  for (uint64_t i = 0; i < conversion.num_tensors; ++i)
    free(conversion.tensors[i].name);
  free(conversion.tensors);
  return status;
}
