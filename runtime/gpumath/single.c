/*===- single.c - Functions in single precision, rounded once ----------------------===*/

#include <math.h>

#define DEFINE_UNARY(name)                                                                                   \
  float name##f(float x) { return (float)name(x); }
#define DEFINE_BINARY(name)                                                                                  \
  float name##f(float x, float y) { return (float)name(x, y); }

TGC_GPUMATH_UNARY(DEFINE_UNARY)
TGC_GPUMATH_BINARY(DEFINE_BINARY)
