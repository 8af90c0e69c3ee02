/*===- arrays.c - numpy's .npz archives, as far as programs need them ---------===
 *
 * A zip archive of .npy files. Members are found by the directory at its end; deflated ones
 * (savez_compressed) are refused, as programs have libc only.
 *
 *===------------------------------------------------------------------------===*/
#include "arrays.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOCAL_SIZE = 30, CENTRAL_SIZE = 46, END_SIZE = 22, ZIP64_SIZE = 20 };
static const uint32_t local_magic = 0x04034b50, central_magic = 0x02014b50, end_magic = 0x06054b50;

static uint64_t load(const uint8_t *at, unsigned size) {
  uint64_t value = 0;
  for (unsigned i = 0; i < size; ++i)
    value |= (uint64_t)at[i] << (8 * i);
  return value;
}

/* numpy's letter and size of the element types that it shares with TensorFlow; bfloat16 travels as u2. */
static const struct {
  int32_t dtype;
  char kind;
  unsigned size;
} types[] = {{TGC_FLOAT32, 'f', 4},   {TGC_FLOAT64, 'f', 8},     {TGC_FLOAT16, 'f', 2}, {TGC_INT8, 'i', 1},
             {TGC_INT16, 'i', 2},     {TGC_INT32, 'i', 4},       {TGC_INT64, 'i', 8},   {TGC_UINT8, 'u', 1},
             {TGC_UINT16, 'u', 2},    {TGC_UINT32, 'u', 4},      {TGC_UINT64, 'u', 8},  {TGC_BOOL, 'b', 1},
             {TGC_COMPLEX64, 'c', 8}, {TGC_COMPLEX128, 'c', 16}, {TGC_BFLOAT16, 'u', 2}};

static int find_type(int32_t dtype) {
  for (unsigned i = 0; i < sizeof types / sizeof types[0]; ++i)
    if (types[i].dtype == dtype)
      return (int)i;
  return -1;
}

/*===----------------------------------------------------------------------===*
 * Reading.
 *===----------------------------------------------------------------------===*/

const char *tgc_archive_read(const char *path, tgc_archive_t *out_archive) {
  FILE *file = fopen(path, "rb");
  if (!file)
    return "cannot be opened";
  long size = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
  uint8_t *bytes = size >= 0 ? malloc((size_t)size + 1) : NULL;
  int is_read = bytes && fseek(file, 0, SEEK_SET) == 0 && fread(bytes, 1, (size_t)size, file) == (size_t)size;
  fclose(file);
  if (!is_read) {
    free(bytes);
    return "cannot be read";
  }
  if (size < END_SIZE || load(bytes, 4) != local_magic) {
    free(bytes);
    return "is no .npz archive";
  }
  out_archive->bytes = bytes;
  out_archive->size = (uint64_t)size;
  return NULL;
}

/* The directory entry of "NAME.npy", or NULL. */
static const uint8_t *find_member(const tgc_archive_t *archive, const char *name) {
  const uint8_t *bytes = archive->bytes, *end = NULL;
  for (uint64_t back = END_SIZE; back <= archive->size && back < END_SIZE + 65536 && !end; ++back)
    if (load(bytes + archive->size - back, 4) == end_magic)
      end = bytes + archive->size - back;
  if (!end)
    return NULL;
  uint64_t count = load(end + 10, 2), at = load(end + 16, 4), wanted = strlen(name);
  for (uint64_t i = 0; i < count; ++i) {
    if (at > archive->size || archive->size - at < CENTRAL_SIZE || load(bytes + at, 4) != central_magic)
      return NULL;
    const uint8_t *entry = bytes + at;
    uint64_t length = load(entry + 28, 2);
    if (archive->size - at - CENTRAL_SIZE < length)
      return NULL;
    if (length == wanted + 4 && memcmp(entry + CENTRAL_SIZE, name, wanted) == 0 &&
        memcmp(entry + CENTRAL_SIZE + wanted, ".npy", 4) == 0)
      return entry;
    at += CENTRAL_SIZE + length + load(entry + 30, 2) + load(entry + 32, 2);
  }
  return NULL;
}

/* The member's bytes; NULL if they are packed or lie outside. */
static const uint8_t *member_bytes(const tgc_archive_t *archive, const uint8_t *entry, uint64_t *out_size) {
  uint64_t method = load(entry + 10, 2), size = load(entry + 20, 4), at = load(entry + 42, 4);
  if (method || at > archive->size || archive->size - at < LOCAL_SIZE)
    return NULL;
  const uint8_t *local = archive->bytes + at;
  /* Sizes of 4 GiB or more, and those of streams, stand in an extra field; numpy always writes one. */
  const uint8_t *extra = entry + CENTRAL_SIZE + load(entry + 28, 2);
  uint64_t left = (uint64_t)(archive->bytes + archive->size - extra);
  if (size == 0xffffffffu) {
    if (left < ZIP64_SIZE || load(entry + 30, 2) < ZIP64_SIZE || load(extra, 2) != 1)
      return NULL;
    size = load(extra + 12, 8);
  }
  uint64_t begin = at + LOCAL_SIZE + load(local + 26, 2) + load(local + 28, 2);
  if (begin > archive->size || archive->size - begin < size)
    return NULL;
  *out_size = size;
  return archive->bytes + begin;
}

/* The value of a key of the header's dictionary. */
static const char *value_of(const char *header, const char *key) {
  const char *at = strstr(header, key);
  at = at ? strchr(at, ':') : NULL;
  return at ? at + 1 + strspn(at + 1, " ") : NULL;
}

static int read_shape(const char *text, tgc_tensor_t *tensor, uint64_t *out_count) {
  char *end;
  *out_count = 1;
  tensor->rank = 0;
  if (*text++ != '(')
    return 0;
  while (*text != ')') {
    long long size = strtoll(text, &end, 10);
    if (end == text || size < 0 || tensor->rank == TGC_MAX_RANK ||
        __builtin_mul_overflow(*out_count, (uint64_t)size, out_count))
      return 0;
    tensor->dims[tensor->rank++] = size;
    text = end + strspn(end, ", L");
  }
  return 1;
}

/* Strings of `width` bytes each, padded with zeros, as elements of memory of their own. */
static int borrow_strings(const uint8_t *data, uint64_t count, uint64_t width, tgc_tensor_t *tensor) {
  tgc_string_t *strings = malloc((count + 1) * sizeof *strings);
  if (!strings)
    return 0;
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t size = width;
    while (size && !data[i * width + size - 1])
      --size;
    strings[i] = (tgc_string_t){(const char *)data + i * width, size};
  }
  tensor->data = strings;
  tensor->byte_size = count * sizeof *strings;
  return 1;
}

/* Numbers where they lie, or a copy: members of an archive begin at any byte, and a bool is 0 or 1. */
static int borrow_numbers(const uint8_t *data, uint64_t size, unsigned width, tgc_tensor_t *tensor) {
  tensor->data = (void *)(uintptr_t)data;
  tensor->byte_size = size;
  if (tensor->dtype != TGC_BOOL && (uintptr_t)data % width == 0)
    return 1;
  uint8_t *copy = malloc(size + 1);
  if (!copy)
    return 0;
  memcpy(copy, data, size);
  for (uint64_t i = 0; tensor->dtype == TGC_BOOL && i < size; ++i)
    copy[i] = copy[i] != 0;
  tensor->data = copy;
  return 1;
}

int tgc_archive_find(const tgc_archive_t *archive, const char *name, int32_t dtype, tgc_tensor_t *out_tensor,
                     const char **out_problem) {
  const uint8_t *entry = find_member(archive, name);
  if (!entry)
    return 0;
  uint64_t size = 0, count = 0, total = 0;
  const uint8_t *bytes = member_bytes(archive, entry, &size);
  *out_problem = "is compressed or damaged; numpy.savez writes what programs read";
  if (!bytes || size < 12 || memcmp(bytes, "\x93NUMPY", 6) != 0)
    return -1;
  uint64_t prefix = bytes[6] == 1 ? 10 : 12, length = load(bytes + 8, bytes[6] == 1 ? 2 : 4);
  char header[4096];
  if (size < prefix || length > size - prefix || length >= sizeof header)
    return -1;
  memcpy(header, bytes + prefix, length);
  header[length] = '\0';
  const char *descr = value_of(header, "'descr'"), *order = value_of(header, "'fortran_order'"),
             *shape = value_of(header, "'shape'");
  memset(out_tensor, 0, sizeof *out_tensor);
  out_tensor->dtype = dtype;
  if (!descr || !order || !shape || strlen(descr) < 5 || !read_shape(shape, out_tensor, &count))
    return -1;
  *out_problem = "is in Fortran's order";
  if (strncmp(order, "False", 5) != 0)
    return -1;
  char kind = descr[2];
  uint64_t width = strtoull(descr + 3, NULL, 10);
  int type = find_type(dtype);
  *out_problem = "has another element type than the feed";
  if (descr[1] == '>' ||
      (dtype == TGC_STRING ? kind != 'S' : type < 0 || kind != types[type].kind || width != types[type].size))
    return -1;
  *out_problem = "is cut";
  if (__builtin_mul_overflow(count, width, &total) || total > size - prefix - length)
    return -1;
  *out_problem = "needs more memory than there is";
  const uint8_t *data = bytes + prefix + length;
  int is_borrowed =
      dtype == TGC_STRING
          ? borrow_strings(data, count, width, out_tensor)
          : borrow_numbers(data, total, types[type].kind == 'c' ? types[type].size / 2 : types[type].size,
                           out_tensor);
  return is_borrowed ? 1 : -1;
}

/*===----------------------------------------------------------------------===*
 * Writing.
 *===----------------------------------------------------------------------===*/

/* The checksum of zip files, IEEE 802.3. */
static uint32_t extend_crc(uint32_t crc, const void *bytes, uint64_t size) {
  const uint8_t *at = bytes;
  crc = ~crc;
  for (; size; ++at, --size) {
    crc ^= *at;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1)));
  }
  return ~crc;
}

static void store(uint8_t *at, uint64_t value, unsigned size) {
  for (unsigned i = 0; i < size; ++i)
    at[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t count_of(const tgc_tensor_t *tensor) {
  uint64_t count = 1;
  for (int32_t dim = 0; dim < tensor->rank; ++dim)
    count *= (uint64_t)tensor->dims[dim];
  return count;
}

/* The widest string: numpy's strings are of one width. */
static uint64_t width_of(const tgc_tensor_t *tensor) {
  int type = find_type(tensor->dtype);
  if (type >= 0)
    return types[type].size;
  const tgc_string_t *strings = tensor->data;
  uint64_t width = 1;
  for (uint64_t i = 0; tensor->dtype == TGC_STRING && i < count_of(tensor); ++i)
    width = strings[i].size > width ? strings[i].size : width;
  return width;
}

/* The .npy header, of a multiple of 64 bytes. */
static uint64_t write_header(const tgc_tensor_t *tensor, char *header, uint64_t capacity) {
  int type = find_type(tensor->dtype);
  int length =
      snprintf(header + 10, capacity - 10, "{'descr': '%c%c%llu', 'fortran_order': False, 'shape': (",
               type >= 0 && types[type].size > 1 ? '<' : '|', type >= 0 ? types[type].kind : 'S',
               (unsigned long long)width_of(tensor));
  for (int32_t dim = 0; dim < tensor->rank; ++dim)
    length += snprintf(header + 10 + length, capacity - 10 - (uint64_t)length, "%lld,",
                       (long long)tensor->dims[dim]);
  length += snprintf(header + 10 + length, capacity - 10 - (uint64_t)length, "), }");
  uint64_t size = (10 + (uint64_t)length + 1 + 63) / 64 * 64;
  memset(header + 10 + length, ' ', size - 10 - (uint64_t)length);
  header[size - 1] = '\n';
  memcpy(header, "\x93NUMPY\x01\x00", 8);
  store((uint8_t *)header + 8, size - 10, 2);
  return size;
}

/* The elements as numpy has them, to be freed. */
static uint8_t *elements_of(const tgc_tensor_t *tensor, uint64_t width) {
  uint64_t count = count_of(tensor);
  uint8_t *elements = calloc(count * width + 1, 1);
  const tgc_string_t *strings = tensor->data;
  if (elements && tensor->dtype != TGC_STRING && count)
    memcpy(elements, tensor->data, count * width);
  for (uint64_t i = 0; elements && tensor->dtype == TGC_STRING && i < count; ++i)
    if (strings[i].size)
      memcpy(elements + i * width, strings[i].data, strings[i].size);
  return elements;
}

/* The fields that local and central headers share begin at `at`. */
static void store_common(uint8_t *at, uint32_t crc, uint64_t size, uint64_t name_size) {
  store(at, 20, 2); /* version to extract */
  store(at + 8, 0x21, 4);
  store(at + 8, 0, 2);
  store(at + 10, crc, 4);
  store(at + 14, size, 4);
  store(at + 18, size, 4);
  store(at + 22, name_size, 2);
}

const char *tgc_archive_write(const char *path, const char *const *names, const tgc_tensor_t *tensors,
                              uint32_t count) {
  FILE *file = fopen(path, "wb");
  uint8_t *directory = malloc((uint64_t)count * 8192 + 1);
  uint64_t at = 0, directory_size = 0;
  const char *problem = file && directory ? NULL : "cannot be written";
  for (uint32_t i = 0; !problem && i < count; ++i) {
    char header[1024], member[4096];
    uint8_t local[LOCAL_SIZE] = {0}, *central = directory + directory_size;
    uint64_t width = width_of(&tensors[i]), size = count_of(&tensors[i]) * width;
    uint64_t header_size = write_header(&tensors[i], header, sizeof header - 64);
    uint64_t name_size = (uint64_t)snprintf(member, sizeof member, "%.4000s.npy", names[i]);
    uint8_t *elements = elements_of(&tensors[i], width);
    if (!elements || header_size + size > 0xfffffffeu || at > 0xfffffffeu) {
      problem = "cannot hold arrays of 4 GiB or more";
      free(elements);
      break;
    }
    uint32_t crc = extend_crc(extend_crc(0, header, header_size), elements, size);
    store(local, local_magic, 4);
    store_common(local + 4, crc, header_size + size, name_size);
    memset(central, 0, CENTRAL_SIZE);
    store(central, central_magic, 4);
    store(central + 4, 20, 2);
    store_common(central + 6, crc, header_size + size, name_size);
    store(central + 42, at, 4);
    memcpy(central + CENTRAL_SIZE, member, name_size);
    directory_size += CENTRAL_SIZE + name_size;
    if (fwrite(local, 1, LOCAL_SIZE, file) != LOCAL_SIZE || fwrite(member, 1, name_size, file) != name_size ||
        fwrite(header, 1, header_size, file) != header_size || fwrite(elements, 1, size, file) != size)
      problem = "cannot be written";
    at += LOCAL_SIZE + name_size + header_size + size;
    free(elements);
  }
  uint8_t end[END_SIZE] = {0};
  store(end, end_magic, 4);
  store(end + 8, count, 2);
  store(end + 10, count, 2);
  store(end + 12, directory_size, 4);
  store(end + 16, at, 4);
  if (!problem && (fwrite(directory, 1, directory_size, file) != directory_size ||
                   fwrite(end, 1, END_SIZE, file) != END_SIZE))
    problem = "cannot be written";
  if (file && fclose(file) != 0 && !problem)
    problem = "cannot be written";
  free(directory);
  return problem;
}
