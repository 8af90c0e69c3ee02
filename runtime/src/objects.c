/*===- objects.c - What kernels ask a session to keep -----------------------===
 *
 * Scratch memory is a list of blocks: what a kernel got stays where it is until the next run, which starts
 * with one block as large as all of them, so that a session which has seen its sizes allocates no more.
 *
 *===----------------------------------------------------------------------===*/
#include "session.h"

#include <string.h>

/* The first piece of a block stands one alignment behind its head. */
enum { kAlignment = 64, kSmallestBlock = 4096 };

static void *allocate_block(tgc_session_t *session, uint64_t capacity) {
  tgc_block_t memory = {NULL, 0};
  if (capacity > UINT64_MAX - kAlignment ||
      !tgc_block_reserve(&session->module->services, &memory, capacity + kAlignment))
    return NULL;
  tgc_scratch_t *block = memory.data;
  *block = (tgc_scratch_t){session->scratch, capacity, 0};
  session->scratch = block;
  return block;
}

static void release_block(tgc_session_t *session, tgc_scratch_t *block) {
  tgc_block_t memory = {block, block->capacity + kAlignment};
  tgc_block_release(&session->module->services, &memory);
}

void *tgc_frame_scratch(tgc_frame_t *frame, uint64_t bytes) {
  tgc_session_t *session = frame->session;
  uint64_t size = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  tgc_scratch_t *block = session->scratch;
  if (size < bytes || !block || block->capacity - block->used < size) {
    uint64_t capacity = block && block->capacity > size ? block->capacity : size;
    if (size < bytes || !allocate_block(session, capacity < kSmallestBlock ? kSmallestBlock : capacity))
      tgc_frame_fail_with(frame, TGC_RESOURCE_EXHAUSTED, NULL, "cannot allocate %llu bytes for an operator",
                          (unsigned long long)bytes);
    block = session->scratch;
  }
  char *piece = (char *)block + kAlignment + block->used;
  block->used += size;
  return piece;
}

void tgc_scratch_reset(tgc_session_t *session) {
  if (!session->scratch->next) {
    session->scratch->used = 0;
    return;
  }
  uint64_t total = 0;
  while (session->scratch) {
    tgc_scratch_t *next = session->scratch->next;
    total += session->scratch->capacity;
    release_block(session, session->scratch);
    session->scratch = next;
  }
  allocate_block(session, total); /* without memory, the run starts without a block */
}

void **tgc_frame_object(tgc_frame_t *frame, const char *name, void (*release)(void *object)) {
  tgc_session_t *session = frame->session;
  for (tgc_object_t *object = session->objects; object; object = object->next)
    if (!strcmp(object->name, name))
      return &object->value;
  size_t length = strlen(name) + 1;
  tgc_object_t *object = tgc_allocate_zeroed(&session->module->services, 1, sizeof *object + length);
  if (!object)
    tgc_frame_fail_with(frame, TGC_RESOURCE_EXHAUSTED, NULL, "cannot allocate the object %s", name);
  object->next = session->objects;
  object->release = release;
  memcpy(object->name, name, length);
  session->objects = object;
  return &object->value;
}

void tgc_objects_release(tgc_session_t *session) {
  while (session->objects) {
    tgc_object_t *object = session->objects;
    session->objects = object->next;
    if (object->value)
      object->release(object->value);
    tgc_release_memory(&session->module->services, object);
  }
  while (session->scratch) {
    tgc_scratch_t *next = session->scratch->next;
    release_block(session, session->scratch);
    session->scratch = next;
  }
}
