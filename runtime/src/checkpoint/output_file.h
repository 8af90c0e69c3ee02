/*===- output_file.h - Files that appear whole or not at all ----------------===*/
#ifndef TGC_SRC_CHECKPOINT_OUTPUT_FILE_H
#define TGC_SRC_CHECKPOINT_OUTPUT_FILE_H

#include "buffer.h"
#include "tgc/runtime.h"

/* A file that is being written under a temporary name, PATH.tmp. */
typedef struct tgc_output_file {
  int file; /* -1: none */
  char *path;
  char *temporary;
  uint64_t size;
  uint8_t *piece; /* written at once when it is full */
  uint64_t piece_size;
  tgc_buffer_t *memory; /* takes all that is written; NULL: the file does */
} tgc_output_file_t;

/* Copies `path`; replaces what an earlier attempt left under the temporary name. */
tgc_status_t tgc_output_open(tgc_output_file_t *output, const char *path, tgc_error_t *error);
tgc_status_t tgc_output_write(tgc_output_file_t *output, const void *bytes, uint64_t size,
                              tgc_error_t *error);
/* Writes what is left and waits until it is on the disk. */
tgc_status_t tgc_output_flush(tgc_output_file_t *output, tgc_error_t *error);
/* Gives the flushed file its name. The folder is to be flushed after it. */
tgc_status_t tgc_output_publish(tgc_output_file_t *output, tgc_error_t *error);
/* Closes; removes the temporary file if it was not published. Zeroed and closed ones are fine. */
void tgc_output_close(tgc_output_file_t *output);

/* A whole small file, replaced at once: written, flushed and renamed. */
tgc_status_t tgc_output_replace(const char *path, const void *bytes, uint64_t size, tgc_error_t *error);

/* Opens the folder that `path` lies in, making it if its parent exists, and locks it: writers in one folder
 * follow each other. The lock ends with tgc_folder_unlock or with the process. */
tgc_status_t tgc_folder_lock(const char *path, int *out_folder, tgc_error_t *error);
tgc_status_t tgc_folder_flush(int folder, const char *path, tgc_error_t *error);
void tgc_folder_unlock(int folder);

#endif /* TGC_SRC_CHECKPOINT_OUTPUT_FILE_H */
