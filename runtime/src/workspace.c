/*===- workspace.c - Memory that generated code asks for during a run -------===*/
#include "session.h"
#include "shape.h"

void *tgc_frame_workspace(tgc_frame_t *frame, uint64_t bytes) {
  tgc_session_t *session = frame->session;
  if (!tgc_block_reserve(&session->module->services, &session->workspace, bytes))
    tgc_frame_fail_with(frame, TGC_RESOURCE_EXHAUSTED, NULL,
                        "entry %s: cannot allocate its workspace of %llu bytes", session->entry->name,
                        (unsigned long long)bytes);
  return session->workspace.data;
}

void *tgc_frame_buffer(tgc_frame_t *frame, uint32_t index, uint64_t bytes) {
  tgc_session_t *session = frame->session;
  tgc_block_t *buffer = &session->entry_state->buffers[index];
  if (!tgc_block_reserve(&session->module->services, buffer, bytes))
    tgc_frame_fail_with(frame, TGC_RESOURCE_EXHAUSTED, NULL,
                        "entry %s: cannot allocate %llu bytes for a tensor", session->entry->name,
                        (unsigned long long)bytes);
  return buffer->data;
}

void tgc_frame_host_output(tgc_frame_t *frame, uint32_t index, tgc_tensor_t *output, int32_t rank,
                           const int64_t *dims) {
  tgc_shape_text_t text, expected;
  uint64_t bytes;
  if (rank < 0 || rank > TGC_MAX_RANK)
    tgc_frame_fail_with(frame, TGC_INTERNAL, NULL, "an output has rank %d, ranks are 0 to %d", rank,
                        TGC_MAX_RANK);
  uint8_t fits = rank == output->rank;
  for (int32_t i = 0; fits && i < rank; ++i)
    fits = output->dims[i] < 0 || output->dims[i] == dims[i];
  if (!fits)
    tgc_frame_fail_with(frame, TGC_INVALID_ARGUMENT, NULL, "an output has shape %s, expected %s",
                        tgc_shape_write(&text, rank, dims),
                        tgc_shape_write(&expected, output->rank, output->dims));
  if (!tgc_shape_byte_size(output->dtype, rank, dims, &bytes))
    tgc_frame_fail_with(frame, TGC_INVALID_ARGUMENT, NULL,
                        "an output has shape %s: a dimension is negative or the size overflows",
                        tgc_shape_write(&text, rank, dims));
  output->data = tgc_frame_buffer(frame, index, bytes);
  output->byte_size = bytes;
  output->rank = rank;
  for (int32_t i = 0; i < rank; ++i)
    output->dims[i] = dims[i];
}

/* Whether a fetch's memory is what an earlier run lent: the caller passes its tensor again as it is. */
static uint8_t is_lent(const tgc_fetch_state_t *state, const tgc_tensor_t *fetch) {
  return !fetch->data || fetch->data == state->memory.data || fetch->data == state->spare.data;
}

static void *lend(tgc_session_t *session, uint32_t index, uint64_t bytes) {
  tgc_entry_state_t *state = session->entry_state;
  tgc_block_t *memory = &state->fetches[index].memory;
  if (!tgc_block_reserve(&session->module->services, memory, bytes))
    tgc_frame_fail_with(&session->frame, TGC_RESOURCE_EXHAUSTED, NULL,
                        "fetch '%s': cannot allocate %llu bytes", session->entry->fetches[index].name,
                        (unsigned long long)bytes);
  uintptr_t begin = (uintptr_t)memory->data, end = begin + memory->capacity;
  if (!state->lent_end || begin < state->lent_begin)
    state->lent_begin = begin;
  if (end > state->lent_end)
    state->lent_end = end;
  return memory->data;
}

void tgc_frame_check_size(tgc_frame_t *frame, const char *what, const tgc_tensor_info_t *info, int32_t rank,
                          const int64_t *dims) {
  tgc_shape_text_t text;
  uint64_t bytes;
  if (!tgc_shape_byte_size(info->dtype, rank, dims, &bytes))
    tgc_frame_fail_with(frame, TGC_RESOURCE_EXHAUSTED, NULL, "%s %s: no memory holds a tensor of shape %s",
                        what, info->name, tgc_shape_write(&text, rank, dims));
}

void *tgc_frame_fetch(tgc_frame_t *frame, uint32_t index, const int64_t *dims, uint64_t bytes) {
  tgc_session_t *session = frame->session;
  const tgc_tensor_info_t *info = &session->entry->fetches[index];
  tgc_tensor_t *fetch = &frame->fetches[index];
  tgc_frame_check_size(frame, "fetch", info, info->rank, dims);
  for (int32_t i = 0; i < info->rank; ++i)
    fetch->dims[i] = dims[i];
  if (is_lent(&session->entry_state->fetches[index], fetch)) {
    fetch->data = lend(session, index, bytes);
    fetch->byte_size = bytes;
  } else if (fetch->byte_size < bytes) {
    tgc_shape_text_t text;
    tgc_frame_fail_with(frame, TGC_INVALID_ARGUMENT, NULL,
                        "fetch '%s': the memory given has %llu bytes, shape %s of %s needs %llu", info->name,
                        (unsigned long long)fetch->byte_size, tgc_shape_write(&text, info->rank, dims),
                        tgc_dtype_name(info->dtype), (unsigned long long)bytes);
  }
  return fetch->data;
}

uint64_t *tgc_frame_counter(tgc_frame_t *frame, uint32_t index) { return &frame->session->counters[index]; }

uint64_t tgc_frame_seed(tgc_frame_t *frame) { return frame->session->seed; }
