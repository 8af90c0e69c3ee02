/*===- strings.c - Who owns the bytes of string tensors ---------------------===
 *
 * Generated code builds string tensors of pointers into constants, feeds and buffers. What outlives the run
 * (variables, fetches) gets its own bytes here.
 *
 *===----------------------------------------------------------------------===*/
#include "session.h"

#include <string.h>

uint8_t tgc_strings_own(const tgc_services_t *services, tgc_block_t *bytes, tgc_string_t *strings,
                        uint64_t count) {
  uint64_t total = 0;
  uint8_t fits = 1;
  for (uint64_t i = 0; fits && i < count; ++i)
    fits = !__builtin_add_overflow(total, strings[i].size, &total);
  tgc_block_t fresh = {NULL, 0};
  if (!fits || !tgc_block_reserve(services, &fresh, total)) {
    if (count)
      memset(strings, 0, count * sizeof *strings);
    return 0;
  }
  char *at = fresh.data;
  for (uint64_t i = 0; i < count; ++i) {
    if (strings[i].size)
      memcpy(at, strings[i].data, strings[i].size);
    strings[i].data = at;
    at += strings[i].size;
  }
  /* Only now: the strings may have pointed to the old bytes. */
  tgc_block_release(services, bytes);
  *bytes = fresh;
  return 1;
}
