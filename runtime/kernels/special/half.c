/*===- half.c - Half precision for processors without it --------------------===
 *
 * The names are those that LLVM calls for conversions that the processor has no instruction for (x86-64
 * before F16C).
 *
 *===----------------------------------------------------------------------===*/
#include "../elements.h"

float __extendhfsf2(_Float16 value);
_Float16 __truncsfhf2(float value);
_Float16 __truncdfhf2(double value);

float __extendhfsf2(_Float16 value) {
  uint16_t bits;
  memcpy(&bits, &value, sizeof bits);
  return tgc_f32_from_half(bits);
}

_Float16 __truncsfhf2(float value) {
  uint16_t bits = tgc_half_from_f32(value);
  _Float16 result;
  memcpy(&result, &bits, sizeof result);
  return result;
}

/* By way of a float that is rounded to odd: the second rounding then decides as one of the whole would. */
_Float16 __truncdfhf2(double value) {
  float narrow = (float)value;
  uint32_t bits;
  memcpy(&bits, &narrow, sizeof bits);
  if ((double)narrow != value && narrow == narrow && !(bits & 1)) {
    int is_too_large = (narrow < 0 ? -narrow : narrow) > (value < 0 ? -value : value);
    bits += is_too_large ? (uint32_t)-1 : 1u;
    memcpy(&narrow, &bits, sizeof narrow);
  }
  return __truncsfhf2(narrow);
}
