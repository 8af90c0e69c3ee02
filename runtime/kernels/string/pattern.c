/*===- pattern.c - Operators on regular expressions ---------------------------===*/

#include "regex.h"
#include "runtime/kernels/print/text.h"
#include "utf8.h"

/* Output 0 (bool): which strings of input 0 match the pattern (input 1, a scalar) as a whole. */
TGC_KERNEL(tgc_kernel_regex_full_match) {
  TGC_KERNEL_UNUSED;
  const tgc_string_t *strings = inputs[0].data;
  tgc_regex_t regex = tgc_regex_compile(frame, node, *(const tgc_string_t *)inputs[1].data);
  int64_t positions[2 * TGC_REGEX_GROUPS];
  for (int64_t i = 0, count = tgc_count(&inputs[0]); i < count; ++i)
    ((uint8_t *)outputs[0].data)[i] = (uint8_t)tgc_regex_search(&regex, strings[i], 0, 1, positions);
}

/* Adds the rewrite, in which a backslash and a digit stand for a group. */
static void add_rewrite(tgc_frame_t *frame, const char *node, tgc_text_t *text, tgc_string_t rewrite,
                        tgc_string_t string, const int64_t *positions) {
  for (uint64_t i = 0; i < rewrite.size; ++i) {
    if (rewrite.data[i] != '\\') {
      tgc_text_add(text, rewrite.data + i, 1);
      continue;
    }
    char c = ++i < rewrite.size ? rewrite.data[i] : 0;
    if (c >= '0' && c <= '9') {
      const int64_t *group = positions + 2 * (c - '0');
      if (group[0] >= 0 && group[1] >= 0)
        tgc_text_add(text, string.data + group[0], (uint64_t)(group[1] - group[0]));
    } else if (c == '\\') {
      tgc_text_add(text, "\\", 1);
    } else {
      tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node,
                  "Invalid rewrite: a backslash must be followed by a digit or a backslash", NULL, 0);
    }
  }
}

/* Output 0: input 0 with the first match (config "all": all matches) of input 1 replaced by input 2. */
TGC_KERNEL(tgc_kernel_regex_replace) {
  TGC_KERNEL_UNUSED;
  const tgc_string_t *strings = inputs[0].data;
  tgc_string_t *replaced = outputs[0].data, rewrite = *(const tgc_string_t *)inputs[2].data;
  tgc_regex_t regex = tgc_regex_compile(frame, node, *(const tgc_string_t *)inputs[1].data);
  for (int64_t i = 0, count = tgc_count(&inputs[0]); i < count; ++i) {
    tgc_string_t string = strings[i];
    tgc_text_t text = {.frame = frame};
    int64_t positions[2 * TGC_REGEX_GROUPS], last_end = -1;
    uint64_t at = 0;
    while (at <= string.size && tgc_regex_search(&regex, string, at, 0, positions)) {
      tgc_text_add(&text, string.data + at, (uint64_t)positions[0] - at);
      at = (uint64_t)positions[0];
      if (positions[0] == last_end && positions[1] == positions[0]) {
        /* No empty match behind another: go on with the next character. */
        int size = 1;
        if (at >= string.size)
          break;
        tgc_utf8_next(string.data + at, string.data + string.size, &size);
        tgc_text_add(&text, string.data + at, (uint64_t)size);
        at += (uint64_t)size;
        continue;
      }
      add_rewrite(frame, node, &text, rewrite, string, positions);
      at = (uint64_t)positions[1];
      last_end = positions[1];
      if (!*config)
        break;
    }
    if (at < string.size)
      tgc_text_add(&text, string.data + at, string.size - at);
    replaced[i] = (tgc_string_t){text.data, text.size};
  }
}
