/*===- sessions.c - Sessions of one process, their errors and what is left --===*
 *
 * sessions MODULE STEP...: a step "B7" runs session B, which it opens if there is none, on 7 rows of 64
 * numbers x and checks that the results are x * x + 1; "-B" releases it, "+B" fills its variable v with ones,
 * "?B" asks for that. "*7" runs four sessions at once, each in a thread of its own, on 7 rows and then more.
 * Prints each step's status, and v's first value.
 *
 *===----------------------------------------------------------------------===*/
#define _POSIX_C_SOURCE 200809L
#include "tgc/runtime.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { COLUMNS = 64, THREADS = 4, RUNS = 3 };

static const char *run(tgc_session_t *session, int64_t rows, tgc_error_t *error) {
  float *x = malloc((size_t)rows * COLUMNS * sizeof *x + 1);
  for (int64_t i = 0; i < rows * COLUMNS; ++i)
    x[i] = (float)(i % 101);
  tgc_tensor_t feed = {x, (uint64_t)rows * COLUMNS * sizeof *x, TGC_FLOAT32, 2, {rows, COLUMNS}};
  tgc_tensor_t fetch = {0};
  const char *status = tgc_status_name(tgc_session_run(session, 0, &feed, 1, &fetch, 1, error));
  const float *y = fetch.data;
  for (int64_t i = 0; error->code == TGC_OK && i < rows * COLUMNS; ++i)
    if (y[i] != x[i] * x[i] + 1)
      status = "WRONG";
  free(x);
  return status;
}

/* Sets v, or prints what it is. */
static const char *access_variable(tgc_session_t *session, int sets, tgc_error_t *error) {
  float ones[COLUMNS];
  for (int i = 0; i < COLUMNS; ++i)
    ones[i] = 1;
  tgc_tensor_t value = {ones, sizeof ones, TGC_FLOAT32, 1, {COLUMNS}};
  if (sets)
    return tgc_status_name(tgc_variable_set(session, "v", &value, error));
  if (tgc_variable_get(session, "v", &value, error) == TGC_OK)
    printf("%g ", ((const float *)value.data)[0]);
  return tgc_status_name(error->code);
}

typedef struct worker {
  pthread_t thread;
  pthread_barrier_t *meeting; /* all have the device before one gives it back */
  tgc_module_t *module;
  int64_t rows;
  tgc_error_t error;
  const char *status;
} worker_t;

static void *work(void *argument) {
  worker_t *worker = argument;
  tgc_session_t *session = NULL;
  worker->status = tgc_status_name(tgc_session_create(worker->module, NULL, &session, &worker->error));
  for (int i = 0; i < RUNS && worker->error.code == TGC_OK; ++i)
    worker->status = run(session, worker->rows + i, &worker->error);
  pthread_barrier_wait(worker->meeting);
  tgc_session_release(session);
  return NULL;
}

static void run_threads(tgc_module_t *module, int64_t rows) {
  worker_t workers[THREADS];
  pthread_barrier_t meeting;
  pthread_barrier_init(&meeting, NULL, THREADS);
  for (int i = 0; i < THREADS; ++i) {
    workers[i] = (worker_t){.meeting = &meeting, .module = module, .rows = rows + i};
    pthread_create(&workers[i].thread, NULL, work, &workers[i]);
  }
  for (int i = 0; i < THREADS; ++i) {
    pthread_join(workers[i].thread, NULL);
    printf("thread %d %s\n", i, workers[i].status);
  }
  pthread_barrier_destroy(&meeting);
}

int main(int argc, char **argv) {
  tgc_session_t *sessions[26] = {0};
  tgc_module_t *module;
  tgc_error_t error = {0};
  if (argc < 2 || tgc_module_load(argv[1], NULL, &module, &error) != TGC_OK) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  for (int i = 2; i < argc; ++i) {
    char action = argv[i][0];
    if (action == '*') {
      run_threads(module, atoll(argv[i] + 1));
      continue;
    }
    int isRun = action >= 'A';
    tgc_session_t **session = &sessions[argv[i][!isRun] - 'A'];
    error = (tgc_error_t){0};
    if (action == '-') {
      tgc_session_release(*session);
      *session = NULL;
      continue;
    }
    if (!*session && tgc_session_create(module, NULL, session, &error) != TGC_OK)
      return 1;
    printf("%s ", argv[i]);
    printf("%s", isRun ? run(*session, atoll(argv[i] + 1), &error)
                       : access_variable(*session, action == '+', &error));
    printf("%s%s\n", error.code ? ": " : "", error.message);
  }
  for (int i = 0; i < 26; ++i)
    if (sessions[i])
      tgc_session_release(sessions[i]);
  tgc_module_release(module);
  return 0;
}
