/*===- first_version.h - Checkpoints of TensorFlow's first version ----------===*/
#ifndef TGC_SRC_CHECKPOINT_FIRST_VERSION_H
#define TGC_SRC_CHECKPOINT_FIRST_VERSION_H

#include "reader.h"

/* Whether files of a checkpoint of the first version lie at `prefix`: that file, or files
 * PREFIX-00000-of-00003, or those that the pattern names. */
uint8_t tgc_first_version_exists(const char *prefix);

/* Reads all of them into the checkpoint: its table then has entries of the second version, which point to
 * bytes in memory. */
tgc_status_t tgc_first_version_read(tgc_checkpoint_t *checkpoint, tgc_error_t *error);

#endif /* TGC_SRC_CHECKPOINT_FIRST_VERSION_H */
