/*===- weights.c - Weights in a file beside the library ---------------------===
 *
 * The library has room for them that no bytes of it stand for; the file is mapped there, so that pages are
 * read when they are needed and shared between processes.
 *
 *===----------------------------------------------------------------------===*/
#include "session.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_PATH = 4096 };

/* "FOLDER/NAME" of the folder that the module was loaded from; 0 (false): too long. */
static uint8_t weights_path(const tgc_module_info_t *info, char path[MAX_PATH]) {
  Dl_info place;
  const char *library = dladdr((void *)(uintptr_t)info, &place) && place.dli_fname ? place.dli_fname : "";
  const char *slash = strrchr(library, '/');
  int folder = slash ? (int)(slash - library + 1) : 0;
  int size = snprintf(path, MAX_PATH, "%.*s%s", folder, library, info->weights_file);
  return size >= 0 && size < MAX_PATH;
}

/* Whether the end of the file says that it was made with this module. */
static uint8_t has_fingerprint(const tgc_module_info_t *info, int file) {
  char trailer[TGC_WEIGHTS_TRAILER_SIZE + 1] = {0};
  ssize_t got = pread(file, trailer, TGC_WEIGHTS_TRAILER_SIZE, (off_t)info->weights_size);
  return got == TGC_WEIGHTS_TRAILER_SIZE && strcmp(trailer, info->fingerprint) == 0;
}

static tgc_status_t map_file(const tgc_module_info_t *info, const char *path, int file, tgc_error_t *error) {
  struct stat state;
  if (fstat(file, &state) != 0 || (uint64_t)state.st_size != info->weights_size + TGC_WEIGHTS_TRAILER_SIZE ||
      !has_fingerprint(info, file))
    return tgc_error_set(error, TGC_DATA_LOSS,
                         "%s: these are not the weights that were written with the module", path);
  if (mmap(info->weights, info->weights_size, PROT_READ, MAP_PRIVATE | MAP_FIXED, file, 0) == MAP_FAILED)
    return tgc_error_set(error, TGC_RESOURCE_EXHAUSTED, "%s: cannot be mapped: %s", path, strerror(errno));
  return TGC_OK;
}

tgc_status_t tgc_weights_map(const tgc_module_info_t *info, tgc_error_t *error) {
  char path[MAX_PATH];
  if (info->size < offsetof(tgc_module_info_t, weights_size) + sizeof info->weights_size ||
      !info->weights_file || !info->weights_size)
    return TGC_OK;
  if (!weights_path(info, path))
    return tgc_error_set(error, TGC_INVALID_ARGUMENT, "%s: the path of the weights is too long",
                         info->weights_file);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return tgc_error_set(error, TGC_NOT_FOUND, "%s: the weights of the module cannot be opened: %s", path,
                         strerror(errno));
  tgc_status_t status = map_file(info, path, file, error);
  close(file);
  return status;
}
