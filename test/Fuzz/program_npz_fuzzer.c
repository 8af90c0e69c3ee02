/*===- program_npz_fuzzer.c - Any bytes as a program's npz archive ------------===*
 *
 * The reader of programs made with --emit=exe. Every byte and string of what it finds is read.
 *
 *===----------------------------------------------------------------------===*/
#include "runtime/program/arrays.h"

#include <stdlib.h>
#include <string.h>

static uint64_t sum(const uint8_t *bytes, uint64_t size) {
  uint64_t total = 0;
  for (uint64_t i = 0; i < size; ++i)
    total += bytes[i];
  return total;
}

static void visit(const tgc_archive_t *archive, const char *name, int32_t dtype) {
  const char *problem = NULL;
  tgc_tensor_t tensor;
  if (tgc_archive_find(archive, name, dtype, &tensor, &problem) != 1)
    return;
  volatile uint64_t total = sum(tensor.data, tensor.byte_size);
  const tgc_string_t *strings = tensor.data;
  for (uint64_t i = 0; dtype == TGC_STRING && i < tensor.byte_size / sizeof *strings; ++i)
    total += sum((const uint8_t *)strings[i].data, strings[i].size);
  const uint8_t *begin = tensor.data;
  if (begin < archive->bytes || begin >= archive->bytes + archive->size)
    free(tensor.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  tgc_archive_t archive = {malloc(size + 1), size};
  if (!archive.bytes)
    abort();
  if (size)
    memcpy(archive.bytes, bytes, size);
  static const char *const names[] = {"a:0", "b:0", "n:0", "flags:0", "names:0"};
  static const int32_t types[] = {TGC_FLOAT32, TGC_INT64, TGC_INT32, TGC_BOOL, TGC_STRING};
  for (unsigned name = 0; name < sizeof names / sizeof names[0]; ++name)
    for (unsigned type = 0; type < sizeof types / sizeof types[0]; ++type)
      visit(&archive, names[name], types[type]);
  free(archive.bytes);
  return 0;
}
