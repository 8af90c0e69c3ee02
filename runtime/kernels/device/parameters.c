/*===- parameters.c - What a kernel is started with -------------------------===*/
#include "runtime/kernels/device/parameters.h"

#include <stdlib.h>

enum { MOST_DIMS = 5, SWIZZLE_128_BYTES = 3, PROMOTE_TO_256_BYTES = 3 };

const char *tgc_parameters_begin(const char *text, uint32_t *out_threads, uint32_t *out_shared_bytes,
                                 uint32_t *out_cluster) {
  char *end;
  *out_threads = (uint32_t)strtoul(text, &end, 10);
  *out_shared_bytes = (uint32_t)strtoul(end, &end, 10);
  *out_cluster = (uint32_t)strtoul(end, &end, 10);
  return end;
}

/* 64*#3*#4, and the character behind it unless it is a space. */
static uint64_t take_product(const char **text, const int64_t *arguments) {
  uint64_t product = 1;
  for (char *end;; *text = end + 1) {
    int is_argument = **text == '#';
    unsigned long long number = strtoull(*text + is_argument, &end, 10);
    product *= is_argument ? (uint64_t)arguments[number] : number;
    if (*end != '*') {
      *text = *end && *end != ' ' ? end + 1 : end;
      return product;
    }
  }
}

uint64_t tgc_parameters_sum(const char **text, const int64_t *arguments) {
  uint64_t sum = 0;
  while (**text == ' ')
    ++*text;
  do
    sum += take_product(text, arguments);
  while (**text && **text != ' ');
  return sum;
}

/* The text from behind '@' on. Memory without elements is never copied from, but the driver wants sizes. */
static tgc_cu_result take_map(const tgc_driver_t *driver, tgc_cu_tensor_map *map, const char **text,
                              const int64_t *arguments) {
  uint64_t sizes[MOST_DIMS], strides[MOST_DIMS];
  uint32_t boxes[MOST_DIMS], steps[MOST_DIMS];
  unsigned rank = 0;
  uint64_t memory = take_product(text, arguments), type = take_product(text, arguments);
  for (; rank < MOST_DIMS && **text && **text != ' '; ++rank) {
    sizes[rank] = take_product(text, arguments);
    strides[rank] = take_product(text, arguments);
    boxes[rank] = (uint32_t)take_product(text, arguments);
    steps[rank] = 1;
    if (!sizes[rank])
      sizes[rank] = 1;
    if (!strides[rank])
      strides[rank] = 16;
  }
  return driver->cuTensorMapEncodeTiled(map, (int)type, rank, (void *)(uintptr_t)arguments[memory], sizes,
                                        strides + 1, boxes, steps, 0, SWIZZLE_128_BYTES, PROMOTE_TO_256_BYTES,
                                        0);
}

tgc_cu_result tgc_parameters_fill(tgc_parameters_t *parameters, const tgc_driver_t *driver, const char *text,
                                  const int64_t *arguments, uint32_t num_arguments) {
  uint32_t next = 0, num_maps = 0;
  if (!text) {
    for (uint32_t i = 0; i < num_arguments; ++i)
      parameters->list[i] = (void *)(uintptr_t)&arguments[i];
    return TGC_CU_SUCCESS;
  }
  while (*text == ' ') {
    ++text;
    if (*text == '@') {
      ++text;
      tgc_cu_tensor_map *map = &parameters->maps[num_maps++];
      tgc_cu_result result = take_map(driver, map, &text, arguments);
      if (result != TGC_CU_SUCCESS)
        return result;
      parameters->list[next++] = map;
    } else {
      parameters->list[next++] = (void *)(uintptr_t)&arguments[take_product(&text, arguments)];
    }
  }
  return TGC_CU_SUCCESS;
}
