/*===- special.h - Special functions of real numbers ---------------------------===*
 *
 * What `tg.special` calls: tgc_special_<name>_f64 and _f32; the latter computes in double precision and
 * rounds once, so its relative error is half an ULP but for arguments where the function itself cancels (next
 * to a zero). Arguments outside of a function's domain give NaN. libm is all they need.
 *
 *===------------------------------------------------------------------------===*/
#ifndef TGC_RUNTIME_KERNELS_SPECIAL_SPECIAL_H
#define TGC_RUNTIME_KERNELS_SPECIAL_SPECIAL_H

#ifdef __cplusplus
extern "C" {
#endif

/* The names of functions of one, two and three numbers, each given to `F`. */
#define TGC_SPECIAL_UNARY(F) TGC_SPECIAL_UNARY_BY_DOUBLE(F) F(bessel_y1)
/* Of these the single precision is the rounded double one. */
#define TGC_SPECIAL_UNARY_BY_DOUBLE(F)                                                                       \
  F(lgamma)                                                                                                  \
  F(digamma)                                                                                                 \
  F(erfinv)                                                                                                  \
  F(ndtri)                                                                                                   \
  F(dawsn)                                                                                                   \
  F(expint)                                                                                                  \
  F(spence)                                                                                                  \
  F(fresnel_cos)                                                                                             \
  F(fresnel_sin)                                                                                             \
  F(bessel_i0)                                                                                               \
  F(bessel_i0e)                                                                                              \
  F(bessel_i1)                                                                                               \
  F(bessel_i1e)                                                                                              \
  F(bessel_j0) F(bessel_j1) F(bessel_y0) F(bessel_k0) F(bessel_k0e) F(bessel_k1) F(bessel_k1e)
#define TGC_SPECIAL_BINARY(F) F(zeta) F(polygamma) F(igamma) F(igammac) F(igamma_grad_a)
#define TGC_SPECIAL_TERNARY(F) F(betainc)

#define TGC_SPECIAL_DECLARE_UNARY(name)                                                                      \
  double tgc_special_##name##_f64(double x);                                                                 \
  float tgc_special_##name##_f32(float x);
#define TGC_SPECIAL_DECLARE_BINARY(name)                                                                     \
  double tgc_special_##name##_f64(double x, double y);                                                       \
  float tgc_special_##name##_f32(float x, float y);
#define TGC_SPECIAL_DECLARE_TERNARY(name)                                                                    \
  double tgc_special_##name##_f64(double x, double y, double z);                                             \
  float tgc_special_##name##_f32(float x, float y, float z);

TGC_SPECIAL_UNARY(TGC_SPECIAL_DECLARE_UNARY)
TGC_SPECIAL_BINARY(TGC_SPECIAL_DECLARE_BINARY)
TGC_SPECIAL_TERNARY(TGC_SPECIAL_DECLARE_TERNARY)

#ifdef __cplusplus
}
#endif

#endif /* TGC_RUNTIME_KERNELS_SPECIAL_SPECIAL_H */
