/*===- number.h - Reading numbers ---------------------------------------------===*/
#ifndef TGC_KERNELS_STRING_NUMBER_H
#define TGC_KERNELS_STRING_NUMBER_H

#include "tgc/abi.h"

/* Element `i` of `data` becomes the number that a string spells, with blanks around it; 0 if it spells none
 * of the type. */
int tgc_parse_number(int32_t dtype, tgc_string_t string, void *data, int64_t i);

#endif /* TGC_KERNELS_STRING_NUMBER_H */
