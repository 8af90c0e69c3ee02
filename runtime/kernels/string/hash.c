/*===- hash.c - Strings to buckets --------------------------------------------===*
 *
 * FarmHash's Fingerprint64 (Pike and Alakuijala), MurmurHash64A (Appleby) with TensorFlow's seed, and
 * SipHash-2-4 (Aumasson and Bernstein).
 *
 *===------------------------------------------------------------------------===*/

#include "hash.h"
#include "runtime/kernels/elements.h"

#include <stdlib.h>

static const uint64_t k0 = 0xc3a5c85c97cb3127u, k1 = 0xb492b66fbe98f273u, k2 = 0x9ae16a3b2f90404fu;

static uint64_t fetch64(const char *at) {
  uint64_t word;
  memcpy(&word, at, sizeof word);
  return word;
}

static uint64_t fetch32(const char *at) {
  uint32_t word;
  memcpy(&word, at, sizeof word);
  return word;
}

static uint64_t rotate(uint64_t x, int by) { return x >> by | x << (64 - by); }
static uint64_t shift_mix(uint64_t x) { return x ^ x >> 47; }

static uint64_t mix(uint64_t u, uint64_t v, uint64_t mul) {
  uint64_t a = shift_mix((u ^ v) * mul);
  return shift_mix((v ^ a) * mul) * mul;
}

static uint64_t fingerprint_short(const char *s, uint64_t size) {
  uint64_t mul = k2 + size * 2;
  if (size >= 8) {
    uint64_t a = fetch64(s) + k2, b = fetch64(s + size - 8);
    return mix(rotate(b, 37) * mul + a, (rotate(a, 25) + b) * mul, mul);
  }
  if (size >= 4)
    return mix(size + (fetch32(s) << 3), fetch32(s + size - 4), mul);
  if (size == 0)
    return k2;
  uint32_t y = (uint32_t)(unsigned char)s[0] + ((uint32_t)(unsigned char)s[size >> 1] << 8);
  uint32_t z = (uint32_t)size + ((uint32_t)(unsigned char)s[size - 1] << 2);
  return shift_mix(y * k2 ^ z * k0) * k2;
}

static uint64_t fingerprint_medium(const char *s, uint64_t size) {
  uint64_t mul = k2 + size * 2, a = fetch64(s) * (size <= 32 ? k1 : k2), b = fetch64(s + 8);
  uint64_t c = fetch64(s + size - 8) * mul, d = fetch64(s + size - 16) * k2;
  uint64_t y = rotate(a + b, 43) + rotate(c, 30) + d, z = mix(y, a + rotate(b + k2, 18) + c, mul);
  if (size <= 32)
    return z;
  uint64_t e = fetch64(s + 16) * mul, f = fetch64(s + 24);
  uint64_t g = (y + fetch64(s + size - 32)) * mul, h = (z + fetch64(s + size - 24)) * mul;
  return mix(rotate(e + f, 43) + rotate(g, 30) + h, e + rotate(f + a, 18) + g, mul);
}

/* Two words from 32 bytes and two seeds. */
static void weak_hash(const char *s, uint64_t a, uint64_t b, uint64_t out[2]) {
  uint64_t w = fetch64(s), x = fetch64(s + 8), y = fetch64(s + 16), z = fetch64(s + 24), c;
  a += w;
  b = rotate(b + a + z, 21);
  c = a;
  a += x + y;
  b += rotate(a, 44);
  out[0] = a + z;
  out[1] = b + c;
}

typedef struct state {
  uint64_t x, y, z, v[2], w[2];
} state_t;

/* One round over 64 bytes; the last one multiplies two words by 9. */
static void fingerprint_round(state_t *t, const char *s, uint64_t mul, uint64_t nine) {
  t->x = rotate(t->x + t->y + t->v[0] + fetch64(s + 8), 37) * mul;
  t->y = rotate(t->y + t->v[1] + fetch64(s + 48), 42) * mul;
  t->x ^= t->w[1] * nine;
  t->y += t->v[0] * nine + fetch64(s + 40);
  t->z = rotate(t->z + t->w[0], 33) * mul;
  uint64_t v1 = t->v[1], w1 = t->w[1];
  weak_hash(s, v1 * mul, t->x + t->w[0], t->v);
  weak_hash(s + 32, t->z + w1, t->y + fetch64(s + 16), t->w);
  uint64_t swapped = t->z;
  t->z = t->x;
  t->x = swapped;
}

uint64_t tgc_fingerprint64(const char *s, uint64_t size) {
  if (size <= 16)
    return fingerprint_short(s, size);
  if (size <= 64)
    return fingerprint_medium(s, size);
  state_t t = {.x = 81 * k2 + fetch64(s), .y = 81 * k1 + 113};
  t.z = shift_mix(t.y * k2 + 113) * k2;
  const char *end = s + (size - 1) / 64 * 64, *last = end + ((size - 1) & 63) - 63;
  for (; s != end; s += 64)
    fingerprint_round(&t, s, k1, 1);
  uint64_t mul = k1 + ((t.z & 0xff) << 1);
  t.w[0] += (size - 1) & 63;
  t.v[0] += t.w[0];
  t.w[0] += t.v[0];
  fingerprint_round(&t, last, mul, 9);
  return mix(mix(t.v[0], t.w[0], mul) + shift_mix(t.y) * k0 + t.z, mix(t.v[1], t.w[1], mul) + t.x, mul);
}

static uint64_t murmur(const char *s, uint64_t size) {
  const uint64_t m = 0xc6a4a7935bd1e995u;
  uint64_t h = 0xdecafcaffeu ^ size * m;
  for (; size >= 8; s += 8, size -= 8) {
    uint64_t k = fetch64(s) * m;
    h = (h ^ (k ^ k >> 47) * m) * m;
  }
  for (uint64_t i = size; i > 0; --i)
    h ^= (uint64_t)(unsigned char)s[i - 1] << (8 * (i - 1));
  if (size > 0)
    h *= m;
  h = (h ^ h >> 47) * m;
  return h ^ h >> 47;
}

static void sip_round(uint64_t v[4]) {
  v[0] += v[1];
  v[2] += v[3];
  v[1] = rotate(v[1], 51) ^ v[0];
  v[3] = rotate(v[3], 48) ^ v[2];
  v[0] = rotate(v[0], 32);
  v[2] += v[1];
  v[0] += v[3];
  v[1] = rotate(v[1], 47) ^ v[2];
  v[3] = rotate(v[3], 43) ^ v[0];
  v[2] = rotate(v[2], 32);
}

uint64_t tgc_keyed_hash64(const char *s, uint64_t size, const uint64_t key[2]) {
  uint64_t v[4] = {key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du, key[0] ^ 0x6c7967656e657261u,
                   key[1] ^ 0x7465646279746573u};
  for (uint64_t done = 0;; done += 8) {
    uint64_t left = size - done, word = left < 8 ? size << 56 : 0;
    memcpy(&word, s + done, left < 8 ? left : 8);
    v[3] ^= word;
    sip_round(v);
    sip_round(v);
    v[0] ^= word;
    if (left < 8)
      break;
  }
  v[2] ^= 0xff;
  for (int i = 0; i < 4; ++i)
    sip_round(v);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* Config "KIND BUCKETS KEY0 KEY1"; kinds: 0 MurmurHash, 1 FarmHash, 2 SipHash. Output 0 (int64): the hash
 * modulo the buckets. */
TGC_KERNEL(tgc_kernel_string_to_bucket) {
  TGC_KERNEL_UNUSED;
  char *rest;
  long kind = strtol(config, &rest, 10);
  uint64_t buckets = strtoull(rest, &rest, 10), key[2];
  key[0] = strtoull(rest, &rest, 10);
  key[1] = strtoull(rest, NULL, 10);
  const tgc_string_t *strings = inputs[0].data;
  for (int64_t i = 0, count = tgc_count(&inputs[0]); i < count; ++i) {
    const char *data = strings[i].data ? strings[i].data : "";
    uint64_t size = strings[i].size;
    uint64_t hash = kind == 0   ? murmur(data, size)
                    : kind == 1 ? tgc_fingerprint64(data, size)
                                : tgc_keyed_hash64(data, size, key);
    ((uint64_t *)outputs[0].data)[i] = hash % buckets;
  }
}
