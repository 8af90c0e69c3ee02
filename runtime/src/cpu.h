/*===- cpu.h - Which code this machine can run ------------------------------===*/
#ifndef TGC_SRC_CPU_H
#define TGC_SRC_CPU_H

#include <stdint.h>

/* The x86-64 level, 1, 3 or 4, whose instructions this machine has and this system saves, or 5: level 4 and
 * AVX512-VNNI, or 6: AVX512-BF16 too; 1 elsewhere. */
int32_t tgc_cpu_level(void);

/* Whether it is of level 3 at least and has AVX-VNNI, which no level implies ("x86-64-v3+avxvnni" in a
 * module's target). */
uint8_t tgc_cpu_has_avx_vnni(void);

#endif /* TGC_SRC_CPU_H */
