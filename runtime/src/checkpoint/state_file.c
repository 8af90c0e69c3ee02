/*===- state_file.c - The list of checkpoints in a folder -------------------===
 *
 * A CheckpointState in text form, as tf.train.Saver and CheckpointManager keep it: the latest checkpoint, all
 * that are kept, when they were written, and when one was last set aside for good (keep_every). Paths are
 * relative to the folder where they can be.
 *
 *===----------------------------------------------------------------------===*/
#include "state_file.h"

#include "../error.h"
#include "buffer.h"
#include "output_file.h"
#include "reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_FILE_SIZE = 16 * 1024 * 1024, MAX_PATH = 4096 };

typedef struct item {
  char path[MAX_PATH];
  double time;
} item_t;

typedef struct state {
  char latest[MAX_PATH];
  item_t *items;
  uint64_t num_items, num_times, capacity;
  double last_preserved;
  uint8_t lacks_memory;
} state_t;

/*===----------------------------------------------------------------------===*
 * Text.
 *===----------------------------------------------------------------------===*/

/* The next item, which is new or whose time was read first. */
static item_t *item_at(state_t *state, uint64_t index) {
  if (index >= state->capacity) {
    uint64_t capacity = 2 * index + 8;
    item_t *items = realloc(state->items, capacity * sizeof *items);
    if (!items) {
      state->lacks_memory = 1;
      return NULL;
    }
    memset(items + state->capacity, 0, (capacity - state->capacity) * sizeof *items);
    state->items = items;
    state->capacity = capacity;
  }
  return &state->items[index];
}

static uint8_t is_octal(char c) { return c >= '0' && c <= '7'; }

/* Reads the quoted text at `at` into `out` and returns what follows it; NULL: malformed or too long. */
static const char *read_quoted(const char *at, char *out) {
  char quote = *at++;
  size_t size = 0;
  for (; *at && *at != quote && size < MAX_PATH - 1; ++at) {
    if (*at != '\\') {
      out[size++] = *at;
      continue;
    }
    ++at;
    if (is_octal(*at)) {
      unsigned value = 0;
      for (unsigned digits = 0; digits < 3 && is_octal(*at); ++digits)
        value = 8 * value + (unsigned)(*at++ - '0');
      out[size++] = (char)value;
      --at;
    } else if (*at) {
      out[size++] = *at == 'n' ? '\n' : *at == 't' ? '\t' : *at == 'r' ? '\r' : *at;
    } else {
      return NULL;
    }
  }
  out[size] = '\0';
  return *at == quote ? at + 1 : NULL;
}

static void take_text(state_t *state, const char *key, size_t key_size, const char *text) {
  if (key_size == strlen("model_checkpoint_path") && memcmp(key, "model_checkpoint_path", key_size) == 0)
    memcpy(state->latest, text, MAX_PATH);
  item_t *item;
  if (key_size == strlen("all_model_checkpoint_paths") &&
      memcmp(key, "all_model_checkpoint_paths", key_size) == 0 && (item = item_at(state, state->num_items))) {
    memcpy(item->path, text, MAX_PATH);
    ++state->num_items;
  }
}

static void take_number(state_t *state, const char *key, size_t key_size, double number) {
  if (key_size == strlen("last_preserved_timestamp") &&
      memcmp(key, "last_preserved_timestamp", key_size) == 0)
    state->last_preserved = number;
  item_t *item;
  if (key_size == strlen("all_model_checkpoint_timestamps") &&
      memcmp(key, "all_model_checkpoint_timestamps", key_size) == 0 &&
      (item = item_at(state, state->num_times))) {
    item->time = number;
    ++state->num_times;
  }
}

/* What can be read; a damaged rest is left out. */
static void parse(state_t *state, const char *text) {
  char value[MAX_PATH];
  const char *blank = " \t\r\n";
  char *end;
  for (const char *at = text + strspn(text, blank); at && *at; at += strspn(at, blank)) {
    const char *key = at;
    size_t key_size = strcspn(at, ": \t\r\n");
    at += key_size;
    at += strspn(at, ": \t");
    if (*at == '"' || *at == '\'') {
      at = read_quoted(at, value);
      if (at)
        take_text(state, key, key_size, value);
      continue;
    }
    double number = strtod(at, &end);
    if (end == at)
      return;
    take_number(state, key, key_size, number);
    at = end;
  }
}

static void put_line(tgc_buffer_t *out, const char *key, const char *path) {
  tgc_buffer_put(out, key, strlen(key));
  tgc_buffer_put(out, ": \"", 3);
  for (; *path; ++path) {
    char octal[8];
    unsigned char c = (unsigned char)*path;
    if (c >= ' ' && c != '"' && c != '\\' && c != 0x7f)
      tgc_buffer_put(out, path, 1);
    else
      tgc_buffer_put(out, octal, (uint64_t)snprintf(octal, sizeof octal, "\\%03o", c));
  }
  tgc_buffer_put(out, "\"\n", 2);
}

static void put_time(tgc_buffer_t *out, const char *key, double time) {
  char line[128];
  int size = snprintf(line, sizeof line, "%s: %.6f\n", key, time);
  tgc_buffer_put(out, line, (uint64_t)size);
}

/*===----------------------------------------------------------------------===*
 * Files.
 *===----------------------------------------------------------------------===*/

/* The folder of a prefix with its slash, or "". */
static size_t folder_size(const char *prefix) {
  const char *slash = strrchr(prefix, '/');
  return slash ? (size_t)(slash - prefix) + 1 : 0;
}

/* Reads the state file of a folder; a missing one is empty. */
static void load(state_t *state, const char *folder, size_t size) {
  char path[MAX_PATH];
  memset(state, 0, sizeof *state);
  snprintf(path, sizeof path, "%.*scheckpoint", (int)size, folder);
  FILE *file = fopen(path, "re");
  char *text = file ? malloc(MAX_FILE_SIZE + 1) : NULL;
  if (text) {
    text[fread(text, 1, MAX_FILE_SIZE, file)] = '\0';
    parse(state, text);
  }
  free(text);
  if (file)
    fclose(file);
}

static tgc_status_t store(const state_t *state, const char *folder, size_t size, tgc_error_t *error) {
  char path[MAX_PATH];
  tgc_buffer_t text = {.size = 0};
  put_line(&text, "model_checkpoint_path", state->latest);
  for (uint64_t i = 0; i < state->num_items; ++i)
    put_line(&text, "all_model_checkpoint_paths", state->items[i].path);
  for (uint64_t i = 0; i < state->num_items; ++i)
    put_time(&text, "all_model_checkpoint_timestamps", state->items[i].time);
  put_time(&text, "last_preserved_timestamp", state->last_preserved);
  snprintf(path, sizeof path, "%.*scheckpoint", (int)size, folder);
  tgc_status_t status = text.lacks_memory
                            ? tgc_error_set(error, TGC_RESOURCE_EXHAUSTED, "%s: no memory", path)
                            : tgc_output_replace(path, text.data, text.size, error);
  tgc_buffer_release(&text);
  return status;
}

/* The index goes first: what has none is no checkpoint. */
static void remove_checkpoint(const char *folder, size_t size, const char *name) {
  char path[2 * MAX_PATH + 64], prefix[2 * MAX_PATH];
  snprintf(prefix, sizeof prefix, "%.*s%s", name[0] == '/' ? 0 : (int)size, folder, name);
  tgc_checkpoint_t *checkpoint;
  if (tgc_checkpoint_open(prefix, &checkpoint, NULL) != TGC_OK)
    return;
  long long num_shards = (long long)checkpoint->header.num_shards;
  tgc_checkpoint_close(checkpoint);
  snprintf(path, sizeof path, "%s.index", prefix);
  unlink(path);
  for (long long shard = 0; shard < num_shards; ++shard) {
    snprintf(path, sizeof path, "%s.data-%05lld-of-%05lld", prefix, shard, num_shards);
    unlink(path);
  }
  snprintf(path, sizeof path, "%s.meta", prefix);
  unlink(path);
}

/* Takes `name` out of the list. */
static void drop(state_t *state, uint64_t index) {
  memmove(&state->items[index], &state->items[index + 1],
          (state->num_items - index - 1) * sizeof *state->items);
  --state->num_items;
}

static tgc_status_t add(state_t *state, const char *prefix, const tgc_retention_t *retention,
                        tgc_error_t *error) {
  size_t size = folder_size(prefix);
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  double time = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
  if (!state->last_preserved)
    state->last_preserved = time;
  snprintf(state->latest, sizeof state->latest, "%s", prefix + size);
  for (uint64_t i = state->num_items; i-- > 0;)
    if (strcmp(state->items[i].path, prefix + size) == 0 || strcmp(state->items[i].path, prefix) == 0)
      drop(state, i);
  item_t *item = item_at(state, state->num_items);
  if (!item)
    return tgc_error_set(error, TGC_RESOURCE_EXHAUSTED, "%s: no memory", prefix);
  snprintf(item->path, sizeof item->path, "%s", prefix + size);
  item->time = time;
  ++state->num_items;
  /* The list without the old ones is stored before they go: a kill in between leaves files, never holes. */
  uint64_t num_out = retention->max_to_keep && state->num_items > retention->max_to_keep
                         ? state->num_items - retention->max_to_keep
                         : 0;
  item_t *out = malloc((num_out + 1) * sizeof *out);
  if (!out)
    return tgc_error_set(error, TGC_RESOURCE_EXHAUSTED, "%s: no memory", prefix);
  uint64_t num_removed = 0;
  for (; num_out; --num_out) {
    if (retention->keep_every_seconds > 0 &&
        state->items[0].time - state->last_preserved >= retention->keep_every_seconds)
      state->last_preserved = state->items[0].time;
    else
      out[num_removed++] = state->items[0];
    drop(state, 0);
  }
  tgc_status_t status = store(state, prefix, size, error);
  for (uint64_t i = 0; status == TGC_OK && i < num_removed; ++i)
    remove_checkpoint(prefix, size, out[i].path);
  free(out);
  return status;
}

tgc_status_t tgc_state_file_add(const char *prefix, const tgc_retention_t *retention, tgc_error_t *error) {
  int folder;
  state_t state;
  if (strlen(prefix) >= MAX_PATH - sizeof "checkpoint")
    return tgc_error_set(error, TGC_INVALID_ARGUMENT, "%.100s...: the path is too long", prefix);
  tgc_status_t status = tgc_folder_lock(prefix, &folder, error);
  if (status != TGC_OK)
    return status;
  load(&state, prefix, folder_size(prefix));
  status = add(&state, prefix, retention, error);
  if (status == TGC_OK)
    status = tgc_folder_flush(folder, prefix, error);
  free(state.items);
  tgc_folder_unlock(folder);
  return status;
}

tgc_status_t tgc_checkpoint_latest(const char *folder, char *out_prefix, uint64_t capacity,
                                   tgc_error_t *error) {
  char path[MAX_PATH];
  state_t state;
  int size = snprintf(path, sizeof path, "%s/", folder);
  if (size < 0 || (size_t)size >= MAX_PATH - sizeof "checkpoint")
    return tgc_error_set(error, TGC_INVALID_ARGUMENT, "%.100s...: the path is too long", folder);
  load(&state, path, (size_t)size);
  free(state.items);
  if (!state.latest[0])
    return tgc_error_set(error, TGC_NOT_FOUND, "%s: the folder has no file 'checkpoint' that names one",
                         folder);
  size = snprintf(out_prefix, capacity, "%s%s", state.latest[0] == '/' ? "" : path, state.latest);
  if (size < 0 || (uint64_t)size >= capacity)
    return tgc_error_set(error, TGC_INVALID_ARGUMENT, "%s: the path of the checkpoint is too long", folder);
  return tgc_error_clear(error);
}
