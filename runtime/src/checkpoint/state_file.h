/*===- state_file.h - The list of checkpoints in a folder -------------------===*/
#ifndef TGC_SRC_CHECKPOINT_STATE_FILE_H
#define TGC_SRC_CHECKPOINT_STATE_FILE_H

#include "tgc/runtime.h"

/* Which older checkpoints stay; see tgc_save_options_t. */
typedef struct tgc_retention {
  uint32_t max_to_keep;
  double keep_every_seconds;
} tgc_retention_t;

/* Names the checkpoint `prefix` as the latest in the file `checkpoint` of its folder, and removes those that
 * are not to be kept. */
tgc_status_t tgc_state_file_add(const char *prefix, const tgc_retention_t *retention, tgc_error_t *error);

#endif /* TGC_SRC_CHECKPOINT_STATE_FILE_H */
