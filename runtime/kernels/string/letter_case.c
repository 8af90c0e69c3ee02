/*===- letter_case.c - Strings in small and in capital letters ----------------===*
 *
 * Without an encoding only ASCII's letters change. In UTF-8 the C library knows the letters that change to
 * one other; those that become several as capitals are listed here, from Unicode's SpecialCasing. What is not
 * UTF-8 becomes U+FFFD, and a string ends at its first zero byte, as in TensorFlow.
 *
 *===------------------------------------------------------------------------===*/

#define _GNU_SOURCE
#include "runtime/kernels/print/text.h"
#include "utf8.h"

#include <locale.h>
#include <wctype.h>

typedef struct capitals {
  int32_t small, large[3];
} capitals_t;

static const capitals_t kCapitals[] = {
    {0xdf, {0x53, 0x53, 0}},         {0x149, {0x2bc, 0x4e, 0}},       {0x1f0, {0x4a, 0x30c, 0}},
    {0x390, {0x399, 0x308, 0x301}},  {0x3b0, {0x3a5, 0x308, 0x301}},  {0x587, {0x535, 0x552, 0}},
    {0x1e96, {0x48, 0x331, 0}},      {0x1e97, {0x54, 0x308, 0}},      {0x1e98, {0x57, 0x30a, 0}},
    {0x1e99, {0x59, 0x30a, 0}},      {0x1e9a, {0x41, 0x2be, 0}},      {0x1f50, {0x3a5, 0x313, 0}},
    {0x1f52, {0x3a5, 0x313, 0x300}}, {0x1f54, {0x3a5, 0x313, 0x301}}, {0x1f56, {0x3a5, 0x313, 0x342}},
    {0x1fb2, {0x1fba, 0x399, 0}},    {0x1fb3, {0x391, 0x399, 0}},     {0x1fb4, {0x386, 0x399, 0}},
    {0x1fb6, {0x391, 0x342, 0}},     {0x1fb7, {0x391, 0x342, 0x399}}, {0x1fbc, {0x391, 0x399, 0}},
    {0x1fc2, {0x1fca, 0x399, 0}},    {0x1fc3, {0x397, 0x399, 0}},     {0x1fc4, {0x389, 0x399, 0}},
    {0x1fc6, {0x397, 0x342, 0}},     {0x1fc7, {0x397, 0x342, 0x399}}, {0x1fcc, {0x397, 0x399, 0}},
    {0x1fd2, {0x399, 0x308, 0x300}}, {0x1fd3, {0x399, 0x308, 0x301}}, {0x1fd6, {0x399, 0x342, 0}},
    {0x1fd7, {0x399, 0x308, 0x342}}, {0x1fe2, {0x3a5, 0x308, 0x300}}, {0x1fe3, {0x3a5, 0x308, 0x301}},
    {0x1fe4, {0x3a1, 0x313, 0}},     {0x1fe6, {0x3a5, 0x342, 0}},     {0x1fe7, {0x3a5, 0x308, 0x342}},
    {0x1ff2, {0x1ffa, 0x399, 0}},    {0x1ff3, {0x3a9, 0x399, 0}},     {0x1ff4, {0x38f, 0x399, 0}},
    {0x1ff6, {0x3a9, 0x342, 0}},     {0x1ff7, {0x3a9, 0x342, 0x399}}, {0x1ffc, {0x3a9, 0x399, 0}},
    {0xfb00, {0x46, 0x46, 0}},       {0xfb01, {0x46, 0x49, 0}},       {0xfb02, {0x46, 0x4c, 0}},
    {0xfb03, {0x46, 0x46, 0x49}},    {0xfb04, {0x46, 0x46, 0x4c}},    {0xfb05, {0x53, 0x54, 0}},
    {0xfb06, {0x53, 0x54, 0}},       {0xfb13, {0x544, 0x546, 0}},     {0xfb14, {0x544, 0x535, 0}},
    {0xfb15, {0x544, 0x53b, 0}},     {0xfb16, {0x54e, 0x546, 0}},     {0xfb17, {0x544, 0x53d, 0}},
};

/* The place in the table, or NULL. */
static const capitals_t *find_capitals(int32_t code) {
  size_t low = 0, high = sizeof kCapitals / sizeof kCapitals[0];
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (kCapitals[middle].small == code)
      return &kCapitals[middle];
    if (kCapitals[middle].small < code)
      low = middle + 1;
    else
      high = middle;
  }
  return NULL;
}

/* One string on its way. */
typedef struct letters {
  const char *begin, *end;
  locale_t locale;
  tgc_text_t *text;
} letters_t;

static void put_code(tgc_text_t *text, int32_t code) {
  char bytes[4];
  uint64_t size = 0;
  if (code < 0x80) {
    bytes[size++] = (char)code;
  } else if (code < 0x800) {
    bytes[size++] = (char)(0xc0 | code >> 6);
    bytes[size++] = (char)(0x80 | (code & 0x3f));
  } else {
    if (code < 0x10000) {
      bytes[size++] = (char)(0xe0 | code >> 12);
    } else {
      bytes[size++] = (char)(0xf0 | code >> 18);
      bytes[size++] = (char)(0x80 | (code >> 12 & 0x3f));
    }
    bytes[size++] = (char)(0x80 | (code >> 6 & 0x3f));
    bytes[size++] = (char)(0x80 | (code & 0x3f));
  }
  tgc_text_add(text, bytes, size);
}

/* The code at `at`, U+FFFD for the longest beginning of a code that is none. */
static int32_t next_code(const char *at, const char *end, int *size) {
  int32_t code = tgc_utf8_next(at, end, size);
  if (code >= 0)
    return code;
  const unsigned char *bytes = (const unsigned char *)at;
  int length = bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;
  if (bytes[0] < 0xc2 || bytes[0] > 0xf4)
    return 0xfffd;
  unsigned char low = bytes[0] == 0xe0   ? 0xa0
                      : bytes[0] == 0xf0 ? 0x90
                                         : 0x80,
                high = bytes[0] == 0xed   ? 0x9f
                       : bytes[0] == 0xf4 ? 0x8f
                                          : 0xbf;
  while (*size < length && at + *size < end && bytes[*size] >= low && bytes[*size] <= high) {
    ++*size;
    low = 0x80;
    high = 0xbf;
  }
  return 0xfffd;
}

/* Marks and signs that stand within a word; of the many scripts that have some, those next to Greek. */
static int is_passed_over(int32_t code) {
  static const int32_t kRanges[][2] = {
      {0x27, 0x27},     {0x2e, 0x2e},     {0x3a, 0x3a},     {0x5e, 0x5e},     {0x60, 0x60},
      {0xa8, 0xa8},     {0xad, 0xad},     {0xaf, 0xaf},     {0xb4, 0xb4},     {0xb7, 0xb8},
      {0x2b0, 0x36f},   {0x374, 0x375},   {0x37a, 0x37a},   {0x384, 0x385},   {0x387, 0x387},
      {0x483, 0x489},   {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200f}, {0x2018, 0x2019},
      {0x2024, 0x2024}, {0x2027, 0x2027}, {0x202a, 0x202e}, {0x2060, 0x206f}, {0x20d0, 0x20f0},
      {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}};
  for (size_t i = 0; i < sizeof kRanges / sizeof kRanges[0]; ++i)
    if (code >= kRanges[i][0] && code <= kRanges[i][1])
      return 1;
  return 0;
}

static int is_letter_with_case(const letters_t *letters, int32_t code) {
  return iswlower_l((wint_t)code, letters->locale) || iswupper_l((wint_t)code, letters->locale);
}

/* Whether the sigma from `at` to `after` ends a word: a letter before it and none after it. */
static int ends_word(const letters_t *letters, const char *at, const char *after) {
  int size, has_letter = 0;
  for (const char *c = letters->begin; c < at; c += size) {
    int32_t code = next_code(c, at, &size);
    if (!is_passed_over(code))
      has_letter = is_letter_with_case(letters, code);
  }
  for (const char *c = after; has_letter && c < letters->end; c += size) {
    int32_t code = next_code(c, letters->end, &size);
    if (!is_passed_over(code))
      return !is_letter_with_case(letters, code);
  }
  return has_letter;
}

enum { kSigma = 0x3a3, kFinalSigma = 0x3c2, kDottedI = 0x130, kDotAbove = 0x307, kIota = 0x399 };

static void put_small(const letters_t *letters, const char *at, int32_t code, int size) {
  if (code == kSigma && ends_word(letters, at, at + size)) {
    put_code(letters->text, kFinalSigma);
    return;
  }
  put_code(letters->text, code == kDottedI ? 'i' : (int32_t)towlower_l((wint_t)code, letters->locale));
  if (code == kDottedI)
    put_code(letters->text, kDotAbove);
}

static void put_capital(const letters_t *letters, int32_t code) {
  const capitals_t *several = find_capitals(code);
  if (code >= 0x1f80 && code < 0x1fb0) {
    /* Vowels with an iota below: three groups of eight, small and large. */
    static const int32_t kLarge[] = {0x1f08, 0x1f28, 0x1f68};
    put_code(letters->text, kLarge[(code - 0x1f80) / 16] + (code & 7));
    put_code(letters->text, kIota);
  } else if (several) {
    for (int i = 0; i < 3 && several->large[i]; ++i)
      put_code(letters->text, several->large[i]);
  } else {
    put_code(letters->text, (int32_t)towupper_l((wint_t)code, letters->locale));
  }
}

static tgc_string_t change_utf8(tgc_frame_t *frame, tgc_string_t string, locale_t locale, int to_capitals) {
  tgc_text_t text = {.frame = frame};
  const char *end = string.size ? memchr(string.data, 0, string.size) : NULL;
  letters_t letters = {string.data, end ? end : string.data + string.size, locale, &text};
  int size;
  for (const char *at = letters.begin; at < letters.end; at += size) {
    int32_t code = next_code(at, letters.end, &size);
    if (to_capitals)
      put_capital(&letters, code);
    else
      put_small(&letters, at, code, size);
  }
  return (tgc_string_t){text.data, text.size};
}

static tgc_string_t change_ascii(tgc_frame_t *frame, tgc_string_t string, int to_capitals) {
  char *bytes = tgc_rt_scratch(frame, string.size), first = to_capitals ? 'a' : 'A';
  for (uint64_t i = 0; i < string.size; ++i) {
    char c = string.data[i];
    bytes[i] = c >= first && c < first + 26 ? (char)(c ^ 32) : c;
  }
  return (tgc_string_t){bytes, string.size};
}

/* Output 0: input 0 in the other letters. Config: empty, or the encoding UTF-8. */
static void change_all(tgc_frame_t *frame, const char *node, const char *config, const tgc_tensor_t *inputs,
                       tgc_tensor_t *outputs, int to_capitals) {
  const tgc_string_t *strings = inputs[0].data;
  tgc_string_t *changed = outputs[0].data;
  locale_t locale = *config ? newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0) : (locale_t)0;
  if (*config && !locale)
    tgc_rt_fail(frame, TGC_UNIMPLEMENTED, node,
                "the C library has no locale C.UTF-8, which knows letters beyond ASCII", NULL, 0);
  for (int64_t i = 0, count = tgc_count(&inputs[0]); i < count; ++i)
    changed[i] = locale ? change_utf8(frame, strings[i], locale, to_capitals)
                        : change_ascii(frame, strings[i], to_capitals);
  if (locale)
    freelocale(locale);
}

TGC_KERNEL(tgc_kernel_string_lower) {
  TGC_KERNEL_UNUSED;
  change_all(frame, node, config, inputs, outputs, 0);
}

TGC_KERNEL(tgc_kernel_string_upper) {
  TGC_KERNEL_UNUSED;
  change_all(frame, node, config, inputs, outputs, 1);
}
