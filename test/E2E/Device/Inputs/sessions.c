/*===- sessions.c - Sessions of one process, their errors and what is left --===*
 *
 * sessions MODULE STEP...: a step "B7" runs session B, which it opens if there is none, on 7 rows of 64
 * numbers x and checks that the results are x * x + 1; "-B" releases it. Prints each step's status.
 *
 *===----------------------------------------------------------------------===*/
#include "tgc/runtime.h"

#include <stdio.h>
#include <stdlib.h>

enum { COLUMNS = 64 };

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

int main(int argc, char **argv) {
  tgc_session_t *sessions[26] = {0};
  tgc_module_t *module;
  tgc_error_t error = {0};
  if (argc < 2 || tgc_module_load(argv[1], NULL, &module, &error) != TGC_OK) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  for (int i = 2; i < argc; ++i) {
    int releases = argv[i][0] == '-';
    tgc_session_t **session = &sessions[argv[i][releases] - 'A'];
    if (releases) {
      tgc_session_release(*session);
      *session = NULL;
      continue;
    }
    if (!*session && tgc_session_create(module, NULL, session, &error) != TGC_OK)
      return 1;
    printf("%s %s", argv[i], run(*session, atoll(argv[i] + 1), &error));
    printf("%s%s\n", error.code ? ": " : "", error.message);
  }
  for (int i = 0; i < 26; ++i)
    if (sessions[i])
      tgc_session_release(sessions[i]);
  tgc_module_release(module);
  return 0;
}
