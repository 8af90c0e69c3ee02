/*===- crc32c.c - The checksum of TensorBundle files ------------------------===
 *
 * The processor's instruction where there is one, else four tables (Sarwate's method, four bytes a step).
 *
 *===----------------------------------------------------------------------===*/
#include "crc32c.h"

#include <pthread.h>
#include <stddef.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif

static uint32_t tables[4][256];
static pthread_once_t tables_once = PTHREAD_ONCE_INIT;

static void make_tables(void) {
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc >> 1) ^ (0x82f63b78u & (0u - (crc & 1)));
    tables[0][i] = crc;
  }
  for (int t = 1; t < 4; ++t)
    for (uint32_t i = 0; i < 256; ++i)
      tables[t][i] = (tables[t - 1][i] >> 8) ^ tables[0][tables[t - 1][i] & 0xff];
}

uint32_t tgc_crc32c_extend_by_tables(uint32_t crc, const void *bytes, uint64_t size) {
  const uint8_t *at = bytes;
  crc = ~crc;
  pthread_once(&tables_once, make_tables);
  for (; size >= 4; at += 4, size -= 4) {
    crc ^= (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
    crc = tables[3][crc & 0xff] ^ tables[2][(crc >> 8) & 0xff] ^ tables[1][(crc >> 16) & 0xff] ^
          tables[0][crc >> 24];
  }
  for (; size; ++at, --size)
    crc = (crc >> 8) ^ tables[0][(crc ^ *at) & 0xff];
  return ~crc;
}

#if defined(__x86_64__)
#define HAS_INSTRUCTION 1

static uint8_t has_instruction(void) {
  unsigned eax, ebx, ecx, edx;
  return __get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx & bit_SSE4_2);
}

__attribute__((target("sse4.2"))) static uint32_t extend_by_instruction(uint32_t crc, const uint8_t *at,
                                                                        uint64_t size) {
  uint64_t wide = crc;
  for (; size >= 8; at += 8, size -= 8) {
    uint64_t word;
    memcpy(&word, at, 8);
    wide = __builtin_ia32_crc32di(wide, word);
  }
  crc = (uint32_t)wide;
  for (; size; ++at, --size)
    crc = __builtin_ia32_crc32qi(crc, *at);
  return crc;
}
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#define HAS_INSTRUCTION 1

static uint8_t has_instruction(void) { return 1; }

static uint32_t extend_by_instruction(uint32_t crc, const uint8_t *at, uint64_t size) {
  for (; size >= 8; at += 8, size -= 8) {
    uint64_t word;
    memcpy(&word, at, 8);
    crc = __crc32cd(crc, word);
  }
  for (; size; ++at, --size)
    crc = __crc32cb(crc, *at);
  return crc;
}
#endif

uint32_t tgc_crc32c_extend(uint32_t crc, const void *bytes, uint64_t size) {
#if defined(HAS_INSTRUCTION)
  if (has_instruction())
    return ~extend_by_instruction(~crc, bytes, size);
#endif
  return tgc_crc32c_extend_by_tables(crc, bytes, size);
}
