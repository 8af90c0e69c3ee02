/*===- regex_parser.h - A regular expression while it is read -----------------===*/
#ifndef TGC_KERNELS_STRING_REGEX_PARSER_H
#define TGC_KERNELS_STRING_REGEX_PARSER_H

#include "regex.h"

enum { kMaxRanges = 20000 };

typedef struct tgc_regex_parser {
  tgc_regex_t *regex;
  const char *node;
  tgc_string_t pattern;
  const char *at, *end;
  int32_t groups;
  int depth;
  uint8_t ignores_case, dot_matches_newline, is_multiline, is_ungreedy;
} tgc_regex_parser_t;

/* Ends the run: `why` the pattern is none. */
void tgc_regex_fail(tgc_regex_parser_t *p, const char *why);

/* Adds the code points [low, high], and their other cases if these do not count. */
void tgc_regex_add_range(tgc_regex_parser_t *p, int32_t low, int32_t high);

/* All code points but those from range `first` on become the ranges. */
void tgc_regex_complement(tgc_regex_parser_t *p, int32_t first);

/* \d, \s, \w and their opposites; 0 if `letter` is none of them. */
int tgc_regex_add_perl_class(tgc_regex_parser_t *p, char letter);

/* [:name:] and [:^name:]; 0 if `name` is none. */
int tgc_regex_add_named_class(tgc_regex_parser_t *p, const char *name, size_t size);

#endif /* TGC_KERNELS_STRING_REGEX_PARSER_H */
