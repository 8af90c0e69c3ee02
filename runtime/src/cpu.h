/*===- cpu.h - Which code this machine can run ------------------------------===*/
#ifndef TGC_SRC_CPU_H
#define TGC_SRC_CPU_H

#include <stdint.h>

/* The x86-64 level, 1, 3 or 4, whose instructions this machine has and this system saves, or 5: level 4 and
 * AVX512-VNNI, or 6: AVX512-BF16 too; 1 elsewhere. */
int32_t tgc_cpu_level(void);

#endif /* TGC_SRC_CPU_H */
