/*===- regex_class.c - Classes of characters in regular expressions -----------===*/

#define _GNU_SOURCE
#include "regex_parser.h"

#include <locale.h>
#include <stdatomic.h>
#include <stddef.h>
#include <wctype.h>

/* What knows the letters of UTF-8; made once for the process. 0: there is none, and only ASCII's have cases.
 */
static locale_t letters_locale(void) {
  static _Atomic(locale_t) shared;
  locale_t locale = atomic_load(&shared), none = (locale_t)0;
  if (locale)
    return locale;
  locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
  if (locale && !atomic_compare_exchange_strong(&shared, &none, locale)) {
    freelocale(locale);
    locale = none;
  }
  return locale;
}

static void add_one(tgc_regex_parser_t *p, int32_t code) {
  if (p->regex->num_ranges == kMaxRanges)
    tgc_regex_fail(p, "character class too large");
  int32_t *range = p->regex->ranges[p->regex->num_ranges++];
  range[0] = range[1] = code;
}

/* Letters that have more than one other case, from Unicode's CaseFolding. */
static const int32_t kFamilies[][4] = {
    {'K', 'k', 0x212a, 0},         {'S', 's', 0x17f, 0},       {0xb5, 0x39c, 0x3bc, 0},
    {0xc5, 0xe5, 0x212b, 0},       {0xdf, 0x1e9e, 0, 0},       {0x1c4, 0x1c5, 0x1c6, 0},
    {0x1c7, 0x1c8, 0x1c9, 0},      {0x1ca, 0x1cb, 0x1cc, 0},   {0x1f1, 0x1f2, 0x1f3, 0},
    {0x345, 0x399, 0x3b9, 0x1fbe}, {0x392, 0x3b2, 0x3d0, 0},   {0x395, 0x3b5, 0x3f5, 0},
    {0x398, 0x3b8, 0x3d1, 0x3f4},  {0x39a, 0x3ba, 0x3f0, 0},   {0x3a0, 0x3c0, 0x3d6, 0},
    {0x3a1, 0x3c1, 0x3f1, 0},      {0x3a3, 0x3c2, 0x3c3, 0},   {0x3a6, 0x3c6, 0x3d5, 0},
    {0x3a9, 0x3c9, 0x2126, 0},     {0x1e60, 0x1e61, 0x1e9b, 0}};

/* The other cases of letters beyond ASCII. */
static void add_other_cases(tgc_regex_parser_t *p, int32_t low, int32_t high) {
  enum { kLastLetter = 0x1ffff };
  for (size_t i = 0; i < sizeof kFamilies / sizeof *kFamilies; ++i)
    for (int k = 0; k < 4; ++k)
      if (kFamilies[i][k] && kFamilies[i][k] >= low && kFamilies[i][k] <= high)
        for (int other = 0; other < 4; ++other)
          if (kFamilies[i][other])
            add_one(p, kFamilies[i][other]);
  locale_t locale = letters_locale();
  for (int32_t code = low < 128 ? 128 : low; locale && code <= high && code <= kLastLetter; ++code) {
    int32_t small = (int32_t)towlower_l((wint_t)code, locale),
            large = (int32_t)towupper_l((wint_t)code, locale);
    if (small != code)
      add_one(p, small);
    if (large != code)
      add_one(p, large);
  }
}

void tgc_regex_add_range(tgc_regex_parser_t *p, int32_t low, int32_t high) {
  if (p->regex->num_ranges + 3 > kMaxRanges)
    tgc_regex_fail(p, "character class too large");
  int32_t (*ranges)[2] = p->regex->ranges + p->regex->num_ranges;
  ranges[0][0] = low;
  ranges[0][1] = high;
  p->regex->num_ranges += 1;
  if (!p->ignores_case)
    return;
  /* The other case of ASCII letters. */
  for (int turn = 0; turn < 2; ++turn) {
    int32_t first = turn ? 'a' : 'A', from = low > first ? low : first,
            to = high < first + 25 ? high : first + 25;
    if (from > to)
      continue;
    int32_t (*other)[2] = p->regex->ranges + p->regex->num_ranges++;
    other[0][0] = turn ? from - 32 : from + 32;
    other[0][1] = turn ? to - 32 : to + 32;
  }
  add_other_cases(p, low, high);
}

void tgc_regex_complement(tgc_regex_parser_t *p, int32_t first) {
  tgc_regex_t *regex = p->regex;
  int32_t count = regex->num_ranges - first;
  int32_t (*ranges)[2] = regex->ranges + first;
  for (int32_t i = 1; i < count; ++i)
    for (int32_t j = i; j > 0 && ranges[j][0] < ranges[j - 1][0]; --j)
      for (int k = 0; k < 2; ++k) {
        int32_t swapped = ranges[j][k];
        ranges[j][k] = ranges[j - 1][k];
        ranges[j - 1][k] = swapped;
      }
  int32_t low = 0, kept = 0;
  if (regex->num_ranges + 1 > kMaxRanges)
    tgc_regex_fail(p, "character class too large");
  for (int32_t i = 0; i < count; ++i) {
    int32_t next = ranges[i][1] + 1, from = low, to = ranges[i][0] - 1;
    if (next > low)
      low = next;
    if (from <= to) {
      ranges[kept][0] = from;
      ranges[kept++][1] = to;
    }
  }
  if (low <= 0x10ffff) {
    ranges[kept][0] = low;
    ranges[kept++][1] = 0x10ffff;
  }
  regex->num_ranges = first + kept;
}

int tgc_regex_add_perl_class(tgc_regex_parser_t *p, char letter) {
  int32_t first = p->regex->num_ranges;
  switch (letter | 32) {
  case 'd':
    tgc_regex_add_range(p, '0', '9');
    break;
  case 's':
    tgc_regex_add_range(p, '\t', '\n');
    tgc_regex_add_range(p, '\f', '\r');
    tgc_regex_add_range(p, ' ', ' ');
    break;
  case 'w':
    tgc_regex_add_range(p, '0', '9');
    tgc_regex_add_range(p, 'A', 'Z');
    tgc_regex_add_range(p, '_', '_');
    tgc_regex_add_range(p, 'a', 'z');
    break;
  default:
    return 0;
  }
  if (letter < 'a')
    tgc_regex_complement(p, first);
  return 1;
}

int tgc_regex_add_named_class(tgc_regex_parser_t *p, const char *name, size_t size) {
  static const struct {
    const char *name, *ranges;
  } kClasses[] = {{"alnum", "09AZaz"},
                  {"alpha", "AZaz"},
                  {"ascii", "\1\177"},
                  {"blank", "\t\t  "},
                  {"cntrl", "\1\37\177\177"},
                  {"digit", "09"},
                  {"graph", "!~"},
                  {"lower", "az"},
                  {"print", " ~"},
                  {"punct", "!/:@[`{~"},
                  {"space", "\t\r  "},
                  {"upper", "AZ"},
                  {"word", "09AZaz__"},
                  {"xdigit", "09AFaf"}};
  int is_opposite = size > 0 && *name == '^';
  name += is_opposite;
  size -= (size_t)is_opposite;
  for (size_t i = 0; i < sizeof kClasses / sizeof *kClasses; ++i) {
    if (strlen(kClasses[i].name) != size || memcmp(kClasses[i].name, name, size) != 0)
      continue;
    int32_t first = p->regex->num_ranges;
    for (const char *range = kClasses[i].ranges; *range; range += 2)
      tgc_regex_add_range(p, range[0] == '\1' ? 0 : range[0], range[1]);
    if (is_opposite)
      tgc_regex_complement(p, first);
    return 1;
  }
  return 0;
}
