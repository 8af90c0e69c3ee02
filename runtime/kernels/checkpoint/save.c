/*===- save.c - Writing and merging checkpoints in a graph ----------------------===*/

#include "checkpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static tgc_status_t set_error(tgc_error_t *error, tgc_status_t code, const char *format, const char *what) {
  error->code = code;
  snprintf(error->message, sizeof error->message, format, what);
  return code;
}

static tgc_status_t write_one(tgc_checkpoint_writer_t *writer, const char *name, const char *spec,
                              const tgc_tensor_t *tensor, tgc_error_t *error) {
  tgc_checkpoint_slice_t slice;
  if (!spec[0])
    return tgc_checkpoint_write(writer, name, tensor, error);
  if (!tgc_checkpoint_parse_slice(spec, &slice))
    return set_error(error, TGC_INVALID_ARGUMENT,
                     "'%s' is no slice; the shape and then START,LENGTH or - for each dimension is expected",
                     spec);
  return tgc_checkpoint_write_slice(writer, name, slice.rank, slice.dims, slice.starts, slice.lengths, tensor,
                                    error);
}

static tgc_status_t write_all(tgc_checkpoint_writer_t *writer, const tgc_tensor_t *inputs,
                              uint32_t num_tensors, tgc_error_t *error) {
  char name[TGC_MAX_PREFIX], spec[TGC_MAX_PREFIX];
  tgc_status_t status = TGC_OK;
  for (uint32_t i = 0; status == TGC_OK && i < num_tensors; ++i)
    if (tgc_kernel_prefix(&inputs[1], i, name) && tgc_kernel_prefix(&inputs[2], i, spec))
      status = write_one(writer, name, spec, &inputs[3 + i], error);
    else
      status = set_error(error, TGC_INVALID_ARGUMENT, "%s is too long", "the name of a tensor");
  return status == TGC_OK ? tgc_checkpoint_commit(writer, error) : status;
}

/* Writes the tensors of inputs 3, 4, ... under the names of input 1 as the checkpoint with prefix input 0;
 * input 2 says for each which slice of a tensor it is, or "". */
void tgc_kernel_save_tensors(tgc_frame_t *frame, const char *node, const char *config,
                             const tgc_tensor_t *inputs, uint32_t num_inputs, tgc_tensor_t *outputs,
                             uint32_t num_outputs) {
  (void)config, (void)outputs, (void)num_outputs;
  char prefix[TGC_MAX_PREFIX];
  if (!tgc_kernel_prefix(&inputs[0], 0, prefix)) {
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "the prefix of the checkpoint is too long", NULL, 0);
    return;
  }
  tgc_error_t error;
  tgc_checkpoint_writer_t *writer;
  tgc_status_t status = tgc_checkpoint_writer_create(prefix, &writer, &error);
  if (status == TGC_OK) {
    status = write_all(writer, inputs, num_inputs - 3, &error);
    tgc_checkpoint_writer_release(writer);
  }
  if (status != TGC_OK)
    tgc_kernel_fail_with(frame, node, &error);
}

/* One of inputs 1, 2, ... as a slice of a file of the first version; `memory` takes the name and the spec. */
static tgc_status_t describe_slice(const tgc_tensor_t *inputs, uint32_t i, int has_specs, char *memory,
                                   const tgc_tensor_t *tensor, tgc_saved_slice_t *out_slice,
                                   tgc_error_t *error) {
  char *name = memory, *spec = memory + TGC_MAX_PREFIX;
  *spec = '\0';
  if (!tgc_kernel_prefix(&inputs[1], i, name) || (has_specs && !tgc_kernel_prefix(&inputs[2], i, spec)))
    return set_error(error, TGC_INVALID_ARGUMENT, "%s is too long", "the name of a tensor");
  *out_slice = (tgc_saved_slice_t){.name = name, .tensor = tensor};
  tgc_checkpoint_slice_t *place = &out_slice->place;
  if (*spec && !tgc_checkpoint_parse_slice(spec, place))
    return set_error(error, TGC_INVALID_ARGUMENT,
                     "'%s' is no slice; the shape and then START,LENGTH or - for each dimension is expected",
                     spec);
  if (!*spec) {
    place->rank = tensor->rank;
    memcpy(place->dims, tensor->dims, sizeof place->dims);
    memset(place->lengths, 0xff, sizeof place->lengths);
  }
  int fits = place->rank == tensor->rank;
  for (int32_t d = 0; fits && d < place->rank; ++d) {
    int64_t length = place->lengths[d] < 0 ? place->dims[d] : place->lengths[d];
    fits = tensor->dims[d] == length && place->starts[d] <= place->dims[d] - length;
  }
  return fits ? TGC_OK
              : set_error(
                    error, TGC_INVALID_ARGUMENT,
                    "Slice in shape_and_slice specification does not match the shape of the tensor to save: "
                    "%s",
                    spec);
}

/* Config: "1" if input 2 says for each tensor which slice it is. Input 0: a path; input 1: names; then
 * tensors, which become a checkpoint of the first version. */
void tgc_kernel_save_first_version(tgc_frame_t *frame, const char *node, const char *config,
                                   const tgc_tensor_t *inputs, uint32_t num_inputs, tgc_tensor_t *outputs,
                                   uint32_t num_outputs) {
  (void)outputs, (void)num_outputs;
  int has_specs = config[0] == '1';
  uint32_t first = has_specs ? 3 : 2, count = num_inputs - first;
  char *path = tgc_rt_scratch(frame, TGC_MAX_PREFIX),
       *memory = tgc_rt_scratch(frame, (uint64_t)count * 2 * TGC_MAX_PREFIX + 1);
  tgc_saved_slice_t *slices = tgc_rt_scratch(frame, (uint64_t)count * sizeof *slices + 1);
  tgc_error_t error;
  tgc_status_t status = TGC_OK;
  if (!tgc_kernel_prefix(&inputs[0], 0, path))
    status = set_error(&error, TGC_INVALID_ARGUMENT, "%s is too long", "the path of the checkpoint");
  for (uint32_t i = 0; status == TGC_OK && i < count; ++i)
    status = describe_slice(inputs, i, has_specs, memory + (uint64_t)i * 2 * TGC_MAX_PREFIX,
                            &inputs[first + i], &slices[i], &error);
  if (status == TGC_OK)
    status = tgc_checkpoint_write_first_version(path, slices, count, &error);
  if (status != TGC_OK)
    tgc_kernel_fail_with(frame, node, &error);
}

/*===----------------------------------------------------------------------===*
 * Merging.
 *===----------------------------------------------------------------------===*/

static tgc_status_t copy_checkpoint(tgc_checkpoint_writer_t *writer, const char *prefix, tgc_error_t *error) {
  tgc_checkpoint_t *checkpoint;
  tgc_status_t status = tgc_checkpoint_open(prefix, &checkpoint, error);
  if (status != TGC_OK)
    return status;
  status = tgc_checkpoint_copy(writer, checkpoint, error);
  tgc_checkpoint_close(checkpoint);
  return status;
}

static tgc_status_t merge(const char *destination, const tgc_tensor_t *prefixes, uint64_t count,
                          tgc_error_t *error) {
  char prefix[TGC_MAX_PREFIX];
  tgc_checkpoint_writer_t *writer;
  tgc_status_t status = tgc_checkpoint_writer_create(destination, &writer, error);
  if (status != TGC_OK)
    return status;
  for (uint64_t i = 0; status == TGC_OK && i < count; ++i)
    if (tgc_kernel_prefix(prefixes, i, prefix))
      status = copy_checkpoint(writer, prefix, error);
    else
      status = set_error(error, TGC_INVALID_ARGUMENT, "%s is too long", "the prefix of a checkpoint");
  if (status == TGC_OK)
    status = tgc_checkpoint_commit(writer, error);
  tgc_checkpoint_writer_release(writer);
  return status;
}

/* Removes a checkpoint of one data file, as SaveV2 writes it, and its folder if it is empty then. */
static void remove_part(const char *prefix, const char *destination) {
  static const char *const endings[] = {".index", ".data-00000-of-00001", ".data-00000-of-00002"};
  char path[TGC_MAX_PREFIX + 32];
  if (strcmp(prefix, destination) == 0)
    return;
  for (unsigned i = 0; i < sizeof endings / sizeof endings[0]; ++i) {
    snprintf(path, sizeof path, "%s%s", prefix, endings[i]);
    unlink(path);
  }
  snprintf(path, sizeof path, "%s", prefix);
  char *slash = strrchr(path, '/');
  if (slash && slash != path) {
    *slash = '\0';
    rmdir(path);
  }
}

/* Writes what the checkpoints with the prefixes of input 0 hold as the one with prefix input 1. `config` is
 * "delete" if those of input 0 are to go. */
void tgc_kernel_merge_checkpoints(tgc_frame_t *frame, const char *node, const char *config,
                                  const tgc_tensor_t *inputs, uint32_t num_inputs, tgc_tensor_t *outputs,
                                  uint32_t num_outputs) {
  (void)num_inputs, (void)outputs, (void)num_outputs;
  char destination[TGC_MAX_PREFIX], prefix[TGC_MAX_PREFIX];
  uint64_t count = inputs[0].byte_size / sizeof(tgc_string_t);
  if (!tgc_kernel_prefix(&inputs[1], 0, destination)) {
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "the prefix of the checkpoint is too long", NULL, 0);
    return;
  }
  tgc_error_t error;
  if (merge(destination, &inputs[0], count, &error) != TGC_OK) {
    tgc_kernel_fail_with(frame, node, &error);
    return;
  }
  for (uint64_t i = 0; strcmp(config, "delete") == 0 && i < count; ++i)
    if (tgc_kernel_prefix(&inputs[0], i, prefix))
      remove_part(prefix, destination);
}
