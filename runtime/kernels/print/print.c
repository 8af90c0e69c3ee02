/*===- print.c - Printing, formatting, assertions -----------------------------===*/

#include "text.h"

#include <stdio.h>
#include <stdlib.h>

static void add_string(tgc_text_t *text, const tgc_tensor_t *tensor, int64_t i) {
  const tgc_string_t *strings = tensor->data;
  tgc_text_add(text, strings[i].data, strings[i].size);
}

/* Config "SUMMARIZE FIRST_N"; input 0: the message, the others are shown; the first FIRST_N times only,
 * unless that is -1. */
TGC_KERNEL(tgc_kernel_print) {
  TGC_KERNEL_UNUSED;
  char *rest;
  int64_t summarize = strtoll(config, &rest, 10), first_n = strtoll(rest, NULL, 10);
  if (first_n >= 0) {
    char name[1024];
    snprintf(name, sizeof name, "print/%s", node);
    void **object = tgc_rt_object(frame, name, free);
    int64_t *count = *object ? *object : (*object = calloc(1, sizeof *count));
    if (!count || (*count)++ >= first_n)
      return;
  }
  tgc_text_t text = {.frame = frame};
  add_string(&text, &inputs[0], 0);
  for (uint32_t i = 1; i < num_inputs; ++i) {
    tgc_text_add(&text, "[", 1);
    tgc_text_add_tensor(&text, &inputs[i], summarize, 0);
    tgc_text_add(&text, "]", 1);
  }
  tgc_text_add(&text, "\n", 1);
  fwrite(text.data, 1, text.size, stderr);
}

/* Config: "stdout", "stderr", "log(...)", which is stderr too, or "file://PATH", at whose end the text goes.
 * Input 0: a string, input 1: what follows it. */
TGC_KERNEL(tgc_kernel_print_string) {
  TGC_KERNEL_UNUSED;
  tgc_text_t text = {.frame = frame};
  add_string(&text, &inputs[0], 0);
  add_string(&text, &inputs[1], 0);
  int is_file = strncmp(config, "file://", 7) == 0;
  FILE *stream = is_file ? fopen(config + 7, "a") : strcmp(config, "stdout") == 0 ? stdout : stderr;
  if (!stream) {
    int64_t path = (int64_t)(intptr_t)(config + 7);
    tgc_rt_fail(frame, TGC_PERMISSION_DENIED, node, "cannot write to %s", &path, 1);
  }
  fwrite(text.data, 1, text.size, stream);
  if (is_file)
    fclose(stream);
  else
    fflush(stream);
}

/* Config: SUMMARIZE; output 0: the strings of input 0 with the other inputs in between. */
TGC_KERNEL(tgc_kernel_string_format) {
  TGC_KERNEL_UNUSED;
  tgc_text_t text = {.frame = frame};
  int64_t summarize = strtoll(config, NULL, 10);
  for (uint32_t i = 0; i < num_inputs; ++i) {
    if (i > 0)
      tgc_text_add_tensor(&text, &inputs[i], summarize, 1);
    add_string(&text, &inputs[0], i);
  }
  *(tgc_string_t *)outputs[0].data = (tgc_string_t){text.data, text.size};
}

/* Config: SUMMARIZE; input 0 (bool): ends the run if it is false, with the other inputs in the message. */
TGC_KERNEL(tgc_kernel_assert) {
  TGC_KERNEL_UNUSED;
  if (*(const uint8_t *)inputs[0].data)
    return;
  tgc_text_t text = {.frame = frame};
  int64_t summarize = strtoll(config, NULL, 10);
  tgc_text_add_zero_terminated(&text, "assertion failed: ");
  for (uint32_t i = 1; i < num_inputs; ++i) {
    tgc_text_add_zero_terminated(&text, i > 1 ? " [" : "[");
    tgc_text_add_tensor(&text, &inputs[i], summarize, 0);
    tgc_text_add(&text, "]", 1);
  }
  tgc_text_add(&text, "", 1);
  int64_t message = (int64_t)(intptr_t)text.data;
  tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "%s", &message, 1);
}
