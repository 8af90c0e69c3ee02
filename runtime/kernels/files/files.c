/*===- files.c - Files and the clock ------------------------------------------===*/
#define _GNU_SOURCE
#include "runtime/kernels/print/text.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* A string as a path: zero-terminated, without "file://". */
static const char *path_of(tgc_frame_t *frame, tgc_string_t string) {
  char *path = tgc_rt_scratch(frame, string.size + 1);
  if (string.size)
    memcpy(path, string.data, string.size);
  path[string.size] = 0;
  return strncmp(path, "file://", 7) == 0 ? path + 7 : path;
}

static void fail(tgc_frame_t *frame, const char *node, const char *path) {
  int64_t values[2] = {(int64_t)(intptr_t)path, (int64_t)(intptr_t)strerror(errno)};
  tgc_rt_fail(frame, errno == ENOENT ? TGC_NOT_FOUND : TGC_PERMISSION_DENIED, node, "%s; %s", values, 2);
}

/* Input 0, a scalar: a name; output 0: what the file holds. */
TGC_KERNEL(tgc_kernel_read_file) {
  TGC_KERNEL_UNUSED;
  const char *path = path_of(frame, *(const tgc_string_t *)inputs[0].data);
  FILE *file = fopen(path, "rb");
  if (!file)
    fail(frame, node, path);
  tgc_text_t text = {.frame = frame};
  char *buffer = tgc_rt_scratch(frame, 1 << 16);
  size_t size;
  errno = 0;
  while ((size = fread(buffer, 1, 1 << 16, file)) > 0)
    tgc_text_add(&text, buffer, size);
  int is_broken = ferror(file);
  fclose(file);
  if (is_broken)
    fail(frame, node, path);
  *(tgc_string_t *)outputs[0].data = (tgc_string_t){text.data, text.size};
}

/* Config: the name of a file whose bytes are the elements of output 0. */
TGC_KERNEL(tgc_kernel_read_elements) {
  TGC_KERNEL_UNUSED;
  const char *path = path_of(frame, (tgc_string_t){config, strlen(config)});
  uint64_t bytes = (uint64_t)tgc_count(&outputs[0]) * tgc_dtype_size(outputs[0].dtype);
  FILE *file = fopen(path, "rb");
  if (!file)
    fail(frame, node, path);
  uint64_t size = bytes ? fread(outputs[0].data, 1, bytes, file) : 0;
  fclose(file);
  int64_t values[2] = {(int64_t)size, (int64_t)bytes};
  if (size != bytes)
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "the file holds %d bytes, the tensor %d", values, 2);
}

/* Inputs, scalars: a name and what the file shall hold. */
TGC_KERNEL(tgc_kernel_write_file) {
  TGC_KERNEL_UNUSED;
  const char *path = path_of(frame, *(const tgc_string_t *)inputs[0].data);
  const tgc_string_t *contents = inputs[1].data;
  FILE *file = fopen(path, "wb");
  if (!file)
    fail(frame, node, path);
  size_t written = contents->size ? fwrite(contents->data, 1, contents->size, file) : 0;
  if (fclose(file) != 0 || written != contents->size)
    fail(frame, node, path);
}

/* A pattern whose folder is not named up to its first wildcard is one of "./". */
static const char *pattern_of(tgc_frame_t *frame, tgc_string_t given) {
  const char *pattern = path_of(frame, given);
  size_t fixed = strcspn(pattern, "*?[\\");
  if (!pattern[fixed] || memchr(pattern, '/', fixed))
    return pattern;
  char *whole = tgc_rt_scratch(frame, given.size + 3);
  memcpy(whole, "./", 2);
  memcpy(whole + 2, pattern, strlen(pattern) + 1);
  return whole;
}

/* Input 0: patterns; output 0: the names of the files that match one, sorted. */
TGC_KERNEL(tgc_kernel_matching_files) {
  TGC_KERNEL_UNUSED;
  const tgc_string_t *patterns = inputs[0].data;
  glob_t found = {0};
  int flags = 0;
  for (int64_t i = 0, count = tgc_count(&inputs[0]); i < count; ++i) {
    if (glob(pattern_of(frame, patterns[i]), flags, NULL, &found) == 0 || found.gl_pathc > 0)
      flags = GLOB_APPEND;
  }
  int64_t count = (int64_t)found.gl_pathc;
  /* Copied first: what follows may end the run. */
  char **names = tgc_rt_scratch(frame, (uint64_t)count * sizeof *names + 1);
  for (int64_t i = 0; i < count; ++i) {
    size_t size = strlen(found.gl_pathv[i]) + 1;
    names[i] = memcpy(tgc_rt_scratch(frame, size), found.gl_pathv[i], size);
  }
  globfree(&found);
  for (int64_t i = 1; i < count; ++i)
    for (int64_t k = i; k > 0 && strcmp(names[k - 1], names[k]) > 0; --k) {
      char *swapped = names[k];
      names[k] = names[k - 1];
      names[k - 1] = swapped;
    }
  tgc_string_t *strings = tgc_find_output(frame, &outputs[0], 1, &count);
  for (int64_t i = 0; i < count; ++i)
    strings[i] = (tgc_string_t){names[i], strlen(names[i])};
}

/* Output 0 (double): seconds since 1970. */
TGC_KERNEL(tgc_kernel_timestamp) {
  TGC_KERNEL_UNUSED;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  *(double *)outputs[0].data = (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}
