/*===- vocabulary.c - Lookup tables out of text files -------------------------===*/
#define _GNU_SOURCE
#include "runtime/kernels/string/number.h"
#include "table.h"

#include <stdio.h>
#include <stdlib.h>

/* Column `index` of a line, -1 the line's number, -2 all of it, as an element of a type; 0 if there is none.
 */
static int read_column(const char *line, size_t size, int64_t number, long index, char delimiter,
                       int32_t dtype, void *element) {
  if (index == -1) {
    tgc_set_int(dtype, element, 0, number);
    return 1;
  }
  for (; index > 0; --index) {
    const char *next = memchr(line, delimiter, size);
    if (!next)
      return 0;
    size -= (size_t)(next + 1 - line);
    line = next + 1;
  }
  const char *end = index == 0 ? memchr(line, delimiter, size) : NULL;
  tgc_string_t field = {line, end ? (uint64_t)(end - line) : size};
  if (dtype != TGC_STRING)
    return tgc_parse_number(dtype, field, element, 0);
  *(tgc_string_t *)element = field;
  return 1;
}

/* A text, line by line: of a file, or, without one, the bytes from `at` to `end`. */
typedef struct line_reader {
  FILE *file;
  char *line;
  size_t room;
  const char *at, *end;
} line_reader_t;

/* The next line without its end, or NULL. */
static const char *next_line(line_reader_t *reader, size_t *out_size) {
  const char *line = reader->at;
  size_t size;
  if (reader->file) {
    ssize_t length = getline(&reader->line, &reader->room, reader->file);
    if (length < 0)
      return NULL;
    line = reader->line;
    size = (size_t)length;
  } else {
    if (reader->at == reader->end)
      return NULL;
    const char *stop = memchr(line, '\n', (size_t)(reader->end - line));
    reader->at = stop ? stop + 1 : reader->end;
    size = (size_t)(reader->at - line);
  }
  while (size > 0 && (line[size - 1] == '\n' || line[size - 1] == '\r'))
    --size;
  *out_size = size;
  return line;
}

/* Input 0: the name of a text file; input 1: the delimiter; input 2, if there is one: the file's bytes.
 * Config "MUTABLE NAME\nKEY VALUE VOCABULARY OFFSET KEYTYPE VALUETYPE": columns, how many lines there must be
 * (-1: any), the number of the first line, types as numbers. */
TGC_KERNEL(tgc_kernel_table_initialize_from_file) {
  TGC_KERNEL_UNUSED;
  size_t length = strcspn(config, "\n");
  char *name = tgc_rt_scratch(frame, length + 1), *rest;
  memcpy(name, config, length);
  name[length] = 0;
  long numbers[6];
  numbers[0] = strtol(config + length, &rest, 10);
  for (int i = 1; i < 6; ++i)
    numbers[i] = strtol(rest, &rest, 10);
  table_t *table = tgc_table_get(frame, node, name);
  if (table->is_initialized)
    return;
  const tgc_string_t *given = inputs[0].data;
  char *path = tgc_rt_scratch(frame, given->size + 1);
  memcpy(path, given->data, given->size);
  path[given->size] = 0;
  int64_t text = (int64_t)(intptr_t)path;
  line_reader_t reader = {0};
  if (num_inputs > 2) {
    const tgc_string_t *content = inputs[2].data;
    reader.at = content->data;
    reader.end = content->data + content->size;
  } else if (!(reader.file = fopen(path, "r"))) {
    tgc_rt_fail(frame, TGC_NOT_FOUND, node, "%s; No such file or directory", &text, 1);
  }
  const char *line;
  char delimiter = *((const tgc_string_t *)inputs[1].data)->data;
  size_t size;
  int64_t number = 0;
  int is_right = 1;
  while (is_right && (numbers[2] < 0 || number < numbers[2]) && (line = next_line(&reader, &size))) {
    int64_t line_number = numbers[3] + number++;
    tgc_string_t pair[2];
    tgc_tensor_t tensors[2] = {{.dtype = (int32_t)numbers[4]}, {.dtype = (int32_t)numbers[5]}};
    for (int i = 0; i < 2 && is_right; ++i) {
      tensors[i].data = &pair[i];
      is_right = read_column(line, size, line_number, numbers[i], delimiter, tensors[i].dtype, &pair[i]);
    }
    if (is_right)
      tgc_table_enter(frame, node, table, &tensors[0], &tensors[1], 1);
  }
  free(reader.line);
  if (reader.file)
    fclose(reader.file);
  int64_t values[3] = {text, number, numbers[2]};
  if (!is_right)
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "Invalid number of columns or values in %s line %d",
                values, 2);
  if (numbers[2] >= 0 && number < numbers[2])
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "Invalid vocab_size in %s: it has %d lines, expected %d",
                values, 3);
  table->is_initialized = 1;
}
