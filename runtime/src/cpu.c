/*===- cpu.c - Which code this machine can run ------------------------------===
 *
 * A library may hold code for several levels of x86-64 (those of the System V ABI); its query function asks
 * here which to take. The environment variable TGC_CPU_LEVEL (1, 3 to 6) lowers the answer.
 *
 *===----------------------------------------------------------------------===*/
#include "cpu.h"

#include <stdlib.h>

#if defined(__x86_64__)
#include <cpuid.h>

#define HAS(bits, mask) (((bits) & (mask)) == (mask))

/* State that the system saves: bits of XCR0. */
static const unsigned ymm_state = 0x06, zmm_state = 0xe6;

static unsigned saved_state(void) {
  unsigned low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

static int32_t find_level(void) {
  unsigned a, b, c, d, ext_c, b7, c7;
  if (!__get_cpuid(1, &a, &b, &c, &d) ||
      !HAS(c, bit_FMA | bit_MOVBE | bit_OSXSAVE | bit_AVX | bit_F16C | bit_SSE4_2 | bit_POPCNT) ||
      !HAS(saved_state(), ymm_state))
    return 1;
  if (!__get_cpuid(0x80000001, &a, &b, &ext_c, &d) || !HAS(ext_c, bit_LZCNT) ||
      !__get_cpuid_count(7, 0, &a, &b7, &c7, &d) || !HAS(b7, bit_AVX2 | bit_BMI | bit_BMI2))
    return 1;
  if (!HAS(b7, bit_AVX512F | bit_AVX512BW | bit_AVX512CD | bit_AVX512DQ | bit_AVX512VL) ||
      !HAS(saved_state(), zmm_state))
    return 3;
  if (!HAS(c7, bit_AVX512VNNI))
    return 4;
  return __get_cpuid_count(7, 1, &a, &b, &c, &d) && HAS(a, bit_AVX512BF16) ? 6 : 5;
}

static uint8_t find_avx_vnni(void) {
  unsigned a, b, c, d;
  return __get_cpuid_count(7, 1, &a, &b, &c, &d) && HAS(a, bit_AVXVNNI);
}
#else
static int32_t find_level(void) { return 1; }
static uint8_t find_avx_vnni(void) { return 0; }
#endif

int32_t tgc_cpu_level(void) {
  int32_t level = find_level();
  const char *limit = getenv("TGC_CPU_LEVEL");
  if (limit && limit[0] >= '1' && limit[0] <= '6' && !limit[1] && limit[0] - '0' < level)
    level = limit[0] - '0' < 3 ? 1 : limit[0] - '0';
  return level;
}

uint8_t tgc_cpu_has_avx_vnni(void) { return tgc_cpu_level() >= 3 && find_avx_vnni(); }
