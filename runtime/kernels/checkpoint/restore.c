/*===- restore.c - Tensors of checkpoints ------------------------------------===*/

#include "tgc/checkpoint.h"

#include <string.h>

/* The longest prefix of a checkpoint. */
enum { kMaxPrefix = 4096 };

static tgc_status_t restore(const char *prefix, const char *name, const tgc_tensor_t *output, tgc_error_t *error) {
  tgc_checkpoint_t *checkpoint;
  tgc_status_t status = tgc_checkpoint_open(prefix, &checkpoint, error);
  if (status != TGC_OK)
    return status;
  tgc_checkpoint_entry_t entry;
  status = tgc_checkpoint_lookup(checkpoint, name, &entry, error);
  int fits = status == TGC_OK && entry.dtype == output->dtype && entry.rank == output->rank &&
             memcmp(entry.dims, output->dims, sizeof entry.dims[0] * (size_t)entry.rank) == 0;
  if (fits)
    status = tgc_checkpoint_read(checkpoint, name, output->data, entry.byte_size, error);
  tgc_checkpoint_close(checkpoint);
  if (status == TGC_OK && !fits) {
    strcpy(error->message, "the checkpoint's tensor has another type or shape than the variable it is restored to");
    return TGC_INVALID_ARGUMENT;
  }
  return status;
}

/* Output 0: the tensor that the checkpoint with prefix input 0 (a string scalar) holds under the name `config`. */
void tgc_kernel_restore_tensor(tgc_frame_t *frame, const char *node, const char *config, const tgc_tensor_t *inputs, uint32_t num_inputs,
                               tgc_tensor_t *outputs, uint32_t num_outputs) {
  (void)num_inputs, (void)num_outputs;
  const tgc_string_t *given = inputs[0].data;
  char prefix[kMaxPrefix];
  if (given->size >= sizeof prefix) {
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "the prefix of the checkpoint is too long", NULL, 0);
    return;
  }
  memcpy(prefix, given->data, given->size);
  prefix[given->size] = 0;
  tgc_error_t error;
  tgc_status_t status = restore(prefix, config, &outputs[0], &error);
  if (status != TGC_OK)
    tgc_rt_fail(frame, status, node, error.message, NULL, 0);
}
