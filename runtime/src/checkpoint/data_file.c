/*===- data_file.c - Reading the files of a checkpoint ----------------------===*/
#include "crc32c.h"
#include "reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Read and checksummed in pieces that stay in the cache in between. */
static const uint64_t piece_size = 256 * 1024;

/* Opens a regular file and says how long it is. */
static tgc_status_t open_file(const tgc_checkpoint_t *checkpoint, const char *path, const char *what,
                              int *out_file, uint64_t *out_size, tgc_error_t *error) {
  struct stat info;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0 && errno == ENOENT)
    return tgc_checkpoint_fail(checkpoint, error, TGC_NOT_FOUND, "%s file is missing (%s)", what, path);
  if (file < 0 || fstat(file, &info) != 0) {
    tgc_status_t status =
        tgc_checkpoint_fail(checkpoint, error, errno == EACCES ? TGC_PERMISSION_DENIED : TGC_UNKNOWN,
                            "%s file %s cannot be opened: %s", what, path, strerror(errno));
    if (file >= 0)
      close(file);
    return status;
  }
  if (!S_ISREG(info.st_mode)) {
    close(file);
    return tgc_checkpoint_fail(checkpoint, error, TGC_INVALID_ARGUMENT, "%s file %s is not a file", what,
                               path);
  }
  *out_file = file;
  *out_size = (uint64_t)info.st_size;
  return TGC_OK;
}

/* Reads exactly `size` bytes; adds them to `*crc` if that is not NULL. */
static uint8_t read_exactly(int file, uint64_t offset, uint8_t *memory, uint64_t size, uint32_t *crc) {
  while (size) {
    ssize_t got = pread(file, memory, size < piece_size ? size : piece_size, (off_t)offset);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return 0;
    if (crc)
      *crc = tgc_crc32c_extend(*crc, memory, (uint64_t)got);
    memory += got;
    offset += (uint64_t)got;
    size -= (uint64_t)got;
  }
  return 1;
}

tgc_status_t tgc_checkpoint_read_file(const tgc_checkpoint_t *checkpoint, const char *path, const char *what,
                                      uint8_t **out_bytes, uint64_t *out_size, tgc_error_t *error) {
  uint64_t size = 0;
  int file;
  tgc_status_t status = open_file(checkpoint, path, what, &file, &size, error);
  if (status != TGC_OK)
    return status;
  uint8_t *bytes = malloc(size + 1);
  if (!bytes)
    status =
        tgc_checkpoint_fail(checkpoint, error, TGC_RESOURCE_EXHAUSTED,
                            "no memory for the %llu bytes of the %s file", (unsigned long long)size, what);
  else if (!read_exactly(file, 0, bytes, size, NULL))
    status = tgc_checkpoint_fail(checkpoint, error, TGC_DATA_LOSS, "%s file %s cannot be read", what, path);
  close(file);
  if (status != TGC_OK) {
    free(bytes);
    return status;
  }
  *out_bytes = bytes;
  *out_size = size;
  return TGC_OK;
}

/* The path of a data file, to be freed; NULL: no memory. */
static char *shard_path(const tgc_checkpoint_t *checkpoint, int64_t shard) {
  size_t capacity = strlen(checkpoint->prefix) + 64;
  char *path = malloc(capacity);
  if (path)
    snprintf(path, capacity, "%s.data-%05lld-of-%05lld", checkpoint->prefix, (long long)shard,
             (long long)checkpoint->header.num_shards);
  return path;
}

static tgc_status_t open_shard(const tgc_checkpoint_t *checkpoint, int64_t shard, int *out_file,
                               uint64_t *out_size, tgc_error_t *error) {
  char *path = shard_path(checkpoint, shard);
  if (!path)
    return tgc_checkpoint_fail(checkpoint, error, TGC_RESOURCE_EXHAUSTED,
                               "no memory for the name of a data file");
  tgc_status_t status = open_file(checkpoint, path, "data", out_file, out_size, error);
  free(path);
  return status;
}

tgc_status_t tgc_checkpoint_shard_size(const tgc_checkpoint_t *checkpoint, int64_t shard, uint64_t *out_size,
                                       tgc_error_t *error) {
  if (checkpoint->data) {
    *out_size = checkpoint->data_size;
    return TGC_OK;
  }
  int file;
  tgc_status_t status = open_shard(checkpoint, shard, &file, out_size, error);
  if (status == TGC_OK)
    close(file);
  return status;
}

tgc_status_t tgc_checkpoint_read_extent(const tgc_checkpoint_t *checkpoint, const tgc_extent_t *extent,
                                        void *memory, uint32_t *crc, tgc_error_t *error) {
  if (checkpoint->data) {
    if (extent->size)
      memcpy(memory, checkpoint->data + extent->offset, extent->size);
    if (crc)
      *crc = tgc_crc32c_extend(*crc, memory, extent->size);
    return TGC_OK;
  }
  int file;
  uint64_t size;
  tgc_status_t status = open_shard(checkpoint, extent->shard, &file, &size, error);
  if (status != TGC_OK)
    return status;
  if (!read_exactly(file, extent->offset, memory, extent->size, crc))
    status = tgc_checkpoint_fail(checkpoint, error, TGC_DATA_LOSS,
                                 "data file %lld became shorter or cannot be read", (long long)extent->shard);
  close(file);
  return status;
}
