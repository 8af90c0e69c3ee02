/*===- first_version.h - Checkpoints of TensorFlow's first version ----------===*/
#ifndef TGC_SRC_CHECKPOINT_FIRST_VERSION_H
#define TGC_SRC_CHECKPOINT_FIRST_VERSION_H

#include "reader.h"

/* Whether files of the first version lie at `prefix`: that file, those that it is a pattern of, or files
 * PREFIX-00000-of-00003. */
uint8_t tgc_first_version_exists(const char *prefix);

/* Reads all of them: what they hold becomes the data file and the index of a checkpoint of the second
 * version, both in memory. */
tgc_status_t tgc_first_version_read(tgc_checkpoint_t *checkpoint, tgc_buffer_t *out_index,
                                    tgc_error_t *error);

#endif /* TGC_SRC_CHECKPOINT_FIRST_VERSION_H */
