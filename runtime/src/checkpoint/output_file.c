/*===- output_file.c - Files that appear whole or not at all ----------------===
 *
 * A rename is atomic, but the bytes may reach the disk after the name: so the file is flushed before it, and
 * the folder after it.
 *
 *===----------------------------------------------------------------------===*/
#include "output_file.h"

#include "../error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint64_t piece_capacity = 256 * 1024;

static tgc_status_t fail(tgc_error_t *error, const char *path, const char *what) {
  tgc_status_t code = errno == ENOSPC || errno == EDQUOT || errno == ENOMEM ? TGC_RESOURCE_EXHAUSTED
                      : errno == EACCES || errno == EPERM || errno == EROFS ? TGC_PERMISSION_DENIED
                      : errno == ENOENT || errno == ENOTDIR                 ? TGC_NOT_FOUND
                                                                            : TGC_UNKNOWN;
  return tgc_error_set(error, code, "%s: cannot %s: %s", path, what, strerror(errno));
}

tgc_status_t tgc_output_open(tgc_output_file_t *output, const char *path, tgc_error_t *error) {
  size_t capacity = strlen(path) + sizeof ".tmp";
  memset(output, 0, sizeof *output);
  output->file = -1;
  output->path = strdup(path);
  output->temporary = malloc(capacity);
  output->piece = malloc(piece_capacity);
  if (!output->path || !output->temporary || !output->piece) {
    errno = ENOMEM;
    return fail(error, path, "be written");
  }
  snprintf(output->temporary, capacity, "%s.tmp", path);
  output->file = open(output->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  return output->file < 0 ? fail(error, output->temporary, "create") : TGC_OK;
}

/* All of `bytes`, past the piece. */
static tgc_status_t write_through(tgc_output_file_t *output, const uint8_t *bytes, uint64_t size,
                                  tgc_error_t *error) {
  while (size) {
    ssize_t written = write(output->file, bytes, size < (1u << 30) ? size : 1u << 30);
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return fail(error, output->temporary, "write");
    bytes += written;
    size -= (uint64_t)written;
  }
  return TGC_OK;
}

static tgc_status_t write_piece(tgc_output_file_t *output, tgc_error_t *error) {
  tgc_status_t status = write_through(output, output->piece, output->piece_size, error);
  output->piece_size = 0;
  return status;
}

tgc_status_t tgc_output_write(tgc_output_file_t *output, const void *bytes, uint64_t size,
                              tgc_error_t *error) {
  tgc_status_t status = TGC_OK;
  output->size += size;
  if (output->memory) {
    tgc_buffer_put(output->memory, bytes, size);
    return output->memory->lacks_memory ? tgc_error_set(error, TGC_RESOURCE_EXHAUSTED, "no memory") : TGC_OK;
  }
  if (size > piece_capacity - output->piece_size)
    status = write_piece(output, error);
  if (status != TGC_OK)
    return status;
  if (size > piece_capacity)
    return write_through(output, bytes, size, error);
  if (size)
    memcpy(output->piece + output->piece_size, bytes, size);
  output->piece_size += size;
  return TGC_OK;
}

tgc_status_t tgc_output_flush(tgc_output_file_t *output, tgc_error_t *error) {
  tgc_status_t status = write_piece(output, error);
  if (status == TGC_OK && fsync(output->file) != 0)
    status = fail(error, output->temporary, "flush");
  return status;
}

tgc_status_t tgc_output_publish(tgc_output_file_t *output, tgc_error_t *error) {
  if (rename(output->temporary, output->path) != 0)
    return fail(error, output->path, "rename to");
  free(output->temporary);
  output->temporary = NULL;
  return TGC_OK;
}

void tgc_output_close(tgc_output_file_t *output) {
  if (output->path && output->file >= 0) {
    close(output->file);
    if (output->temporary)
      unlink(output->temporary);
  }
  free(output->path);
  free(output->temporary);
  free(output->piece);
  memset(output, 0, sizeof *output);
}

tgc_status_t tgc_output_replace(const char *path, const void *bytes, uint64_t size, tgc_error_t *error) {
  tgc_output_file_t output;
  tgc_status_t status = tgc_output_open(&output, path, error);
  if (status == TGC_OK)
    status = tgc_output_write(&output, bytes, size, error);
  if (status == TGC_OK)
    status = tgc_output_flush(&output, error);
  if (status == TGC_OK)
    status = tgc_output_publish(&output, error);
  tgc_output_close(&output);
  return status;
}

tgc_status_t tgc_folder_lock(const char *path, int *out_folder, tgc_error_t *error) {
  const char *slash = strrchr(path, '/');
  char *folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
  if (!folder)
    return tgc_error_set(error, TGC_RESOURCE_EXHAUSTED, "%s: no memory", path);
  tgc_status_t status = TGC_OK;
  if (mkdir(folder, 0777) != 0 && errno != EEXIST)
    status = fail(error, folder, "make the folder");
  int file = status == TGC_OK ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  if (status == TGC_OK && file < 0)
    status = fail(error, folder, "open the folder");
  free(folder);
  if (status != TGC_OK)
    return status;
  /* File systems that lock no folders are used without. */
  while (flock(file, LOCK_EX) != 0 && errno == EINTR)
    continue;
  *out_folder = file;
  return TGC_OK;
}

tgc_status_t tgc_folder_flush(int folder, const char *path, tgc_error_t *error) {
  /* EINVAL: a file system whose folders need no flush. */
  return fsync(folder) != 0 && errno != EINVAL ? fail(error, path, "flush the folder of") : TGC_OK;
}

void tgc_folder_unlock(int folder) { close(folder); }
