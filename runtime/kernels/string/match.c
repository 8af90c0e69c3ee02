/*===- match.c - Regular expressions --------------------------------------------===*/

#include "tgc/abi.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

/* Whether all of `text` matches; 0 (false) also for one with zero bytes or without memory for a copy. */
static uint8_t matches(const regex_t *expression, tgc_string_t text) {
  regmatch_t all;
  char *copy = malloc(text.size + 1);
  if (!copy)
    return 0;
  if (text.size)
    memcpy(copy, text.data, text.size);
  copy[text.size] = '\0';
  uint8_t matched = strlen(copy) == text.size && regexec(expression, copy, 1, &all, 0) == 0 &&
                    all.rm_so == 0 && (uint64_t)all.rm_eo == text.size;
  free(copy);
  return matched;
}

/* Output 0 (bool): which elements of input 0 match the POSIX extended regular expression `config` as a whole.
 */
void tgc_kernel_regex_full_match(tgc_frame_t *frame, const char *node, const char *config,
                                 const tgc_tensor_t *inputs, uint32_t num_inputs, tgc_tensor_t *outputs,
                                 uint32_t num_outputs) {
  (void)num_inputs, (void)num_outputs;
  regex_t expression;
  if (regcomp(&expression, config, REG_EXTENDED) != 0) {
    int64_t text = (int64_t)(intptr_t)config;
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "%s is no regular expression that tgc knows", &text, 1);
    return;
  }
  const tgc_string_t *elements = inputs[0].data;
  uint8_t *matched = outputs[0].data;
  for (uint64_t i = 0; i < inputs[0].byte_size / sizeof *elements; ++i)
    matched[i] = matches(&expression, elements[i]);
  regfree(&expression);
}
