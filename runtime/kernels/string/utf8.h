/*===- utf8.h - Code points of UTF-8 ------------------------------------------===*/
#ifndef TGC_KERNELS_STRING_UTF8_H
#define TGC_KERNELS_STRING_UTF8_H

#include <stdint.h>

/* The code point at `at`, before `end`, and how many bytes it takes; -1 and one byte for what is not UTF-8.
 */
static inline int32_t tgc_utf8_next(const char *at, const char *end, int *size) {
  const unsigned char *bytes = (const unsigned char *)at;
  *size = 1;
  if (bytes[0] < 0x80)
    return bytes[0];
  int length = bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;
  if (bytes[0] < 0xc2 || bytes[0] > 0xf4 || end - at < length)
    return -1;
  int32_t code = bytes[0] & (0x7f >> length);
  for (int i = 1; i < length; ++i) {
    if ((bytes[i] & 0xc0) != 0x80)
      return -1;
    code = code << 6 | (bytes[i] & 0x3f);
  }
  static const int32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kLeast[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
    return -1;
  *size = length;
  return code;
}

#endif /* TGC_KERNELS_STRING_UTF8_H */
