/*===- restore.c - Tensors of checkpoints ------------------------------------===*/

#include "checkpoint.h"

#include <string.h>

uint8_t tgc_kernel_prefix(const tgc_tensor_t *tensor, uint64_t index, char prefix[TGC_MAX_PREFIX]) {
  const tgc_string_t *given = (const tgc_string_t *)tensor->data + index;
  if (given->size >= TGC_MAX_PREFIX)
    return 0;
  if (given->size)
    memcpy(prefix, given->data, given->size);
  prefix[given->size] = '\0';
  return 1;
}

void tgc_kernel_fail_with(tgc_frame_t *frame, const char *node, const tgc_error_t *error) {
  int64_t message = (int64_t)(intptr_t)error->message;
  tgc_rt_fail(frame, error->code, node, "%s", &message, 1);
}

/* Strings point to bytes, which get memory of the run. */
static tgc_status_t read_strings(tgc_frame_t *frame, const tgc_checkpoint_t *checkpoint, const char *name,
                                 const tgc_checkpoint_entry_t *entry, const tgc_tensor_t *output,
                                 tgc_error_t *error) {
  void *memory = tgc_rt_scratch(frame, entry->byte_size + 1);
  tgc_status_t status = tgc_checkpoint_read(checkpoint, name, memory, entry->byte_size, error);
  if (status == TGC_OK)
    memcpy(output->data, memory, sizeof(tgc_string_t) * entry->num_elements);
  return status;
}

/* `slice` says which part of the tensor; NULL: all of it. */
static tgc_status_t restore(tgc_frame_t *frame, const char *prefix, const char *name, const char *slice,
                            const tgc_tensor_t *output, tgc_error_t *error) {
  tgc_checkpoint_t *checkpoint;
  tgc_status_t status = tgc_checkpoint_open(prefix, &checkpoint, error);
  if (status != TGC_OK)
    return status;
  tgc_checkpoint_entry_t entry;
  status = slice ? tgc_checkpoint_lookup_slice(checkpoint, name, slice, &entry, error)
                 : tgc_checkpoint_lookup(checkpoint, name, &entry, error);
  int fits = status == TGC_OK && entry.dtype == output->dtype && entry.rank == output->rank &&
             memcmp(entry.dims, output->dims, sizeof entry.dims[0] * (size_t)entry.rank) == 0;
  if (fits && slice)
    status = tgc_checkpoint_read_slice(checkpoint, name, slice, output->data, entry.byte_size, error);
  else if (fits && entry.dtype == TGC_STRING)
    status = read_strings(frame, checkpoint, name, &entry, output, error);
  else if (fits)
    status = tgc_checkpoint_read(checkpoint, name, output->data, entry.byte_size, error);
  tgc_checkpoint_close(checkpoint);
  if (status == TGC_OK && !fits) {
    strcpy(error->message,
           "the checkpoint's tensor has another type or shape than the variable it is restored to");
    error->code = TGC_INVALID_ARGUMENT;
    return TGC_INVALID_ARGUMENT;
  }
  return status;
}

static void restore_or_fail(tgc_frame_t *frame, const char *node, const char *name, const char *slice,
                            const tgc_tensor_t *inputs, const tgc_tensor_t *output) {
  char prefix[TGC_MAX_PREFIX];
  if (!tgc_kernel_prefix(&inputs[0], 0, prefix)) {
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "the prefix of the checkpoint is too long", NULL, 0);
    return;
  }
  tgc_error_t error;
  if (restore(frame, prefix, name, slice, output, &error) != TGC_OK)
    tgc_kernel_fail_with(frame, node, &error);
}

/* Output 0: the tensor that the checkpoint with prefix input 0 (a string scalar) holds under the name
 * `config`. */
void tgc_kernel_restore_tensor(tgc_frame_t *frame, const char *node, const char *config,
                               const tgc_tensor_t *inputs, uint32_t num_inputs, tgc_tensor_t *outputs,
                               uint32_t num_outputs) {
  (void)num_inputs, (void)num_outputs;
  restore_or_fail(frame, node, config, NULL, inputs, &outputs[0]);
}

/* Output 0: a slice of a tensor of that checkpoint; `config` is the slice, a newline and the name. */
void tgc_kernel_restore_slice(tgc_frame_t *frame, const char *node, const char *config,
                              const tgc_tensor_t *inputs, uint32_t num_inputs, tgc_tensor_t *outputs,
                              uint32_t num_outputs) {
  (void)num_inputs, (void)num_outputs;
  char slice[TGC_MAX_PREFIX];
  const char *end = strchr(config, '\n');
  if (!end || end - config >= TGC_MAX_PREFIX) {
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "the slice is too long", NULL, 0);
    return;
  }
  memcpy(slice, config, (size_t)(end - config));
  slice[end - config] = '\0';
  restore_or_fail(frame, node, end + 1, slice, inputs, &outputs[0]);
}
