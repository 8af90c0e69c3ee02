/*===- codec_fuzzer.c - Any bytes as an image or as compressed bytes ----------===*
 *
 * Each kernel that reads a file out of a string gets the bytes, in a run of a session, as generated code
 * calls it. It may end the run with a status.
 *
 *===----------------------------------------------------------------------===*/
#include "runtime/kernels/elements.h"
#include "tgc/runtime.h"

#include <stdlib.h>

TGC_KERNEL(tgc_kernel_decode_image);
TGC_KERNEL(tgc_kernel_decode_compressed);

static void decode(tgc_frame_t *frame, const char *config, int32_t dtype, int32_t rank) {
  tgc_tensor_t output = {NULL, 0, dtype, rank, {-1, -1, -1, -1}};
  tgc_kernel_decode_image(frame, "fuzz", config, frame->feeds, 1, &output, 1);
}

static void unpack(tgc_frame_t *frame, const char *config) {
  tgc_string_t unpacked;
  tgc_tensor_t output = {&unpacked, sizeof unpacked, TGC_STRING, 0, {0}};
  tgc_kernel_decode_compressed(frame, "fuzz", config, frame->feeds, 1, &output, 1);
}

static int32_t run_gif(tgc_frame_t *frame) { return decode(frame, "G 3 1 1 0 D 0", TGC_UINT8, 4), TGC_OK; }
static int32_t run_png(tgc_frame_t *frame) { return decode(frame, "P 4 1 0 0 D 1", TGC_UINT16, 3), TGC_OK; }
static int32_t run_jpeg(tgc_frame_t *frame) { return decode(frame, "J 3 8 1 1 A 1", TGC_UINT8, 3), TGC_OK; }
static int32_t run_bmp(tgc_frame_t *frame) { return decode(frame, "B 0 1 0 0 D 1", TGC_UINT8, 3), TGC_OK; }
static int32_t run_any(tgc_frame_t *frame) { return decode(frame, "I 0 1 1 0 F 1", TGC_FLOAT32, 3), TGC_OK; }
static int32_t run_zlib(tgc_frame_t *frame) { return unpack(frame, "ZLIB"), TGC_OK; }
static int32_t run_gzip(tgc_frame_t *frame) { return unpack(frame, "GZIP"), TGC_OK; }

static const tgc_tensor_info_t file = {"file:0", TGC_STRING, 0, NULL};
#define ENTRY(run) {#run, 1, 0, 0, &file, NULL, NULL, 1, run}
static const tgc_entry_info_t entries[] = {ENTRY(run_gif), ENTRY(run_png),  ENTRY(run_jpeg), ENTRY(run_bmp),
                                           ENTRY(run_any), ENTRY(run_zlib), ENTRY(run_gzip)};
enum { NUM_ENTRIES = sizeof entries / sizeof entries[0] };

static const tgc_module_info_t module_info = {.size = sizeof module_info,
                                              .version = TGC_ABI_VERSION,
                                              .target = "fuzz",
                                              .fingerprint = "0",
                                              .num_entries = NUM_ENTRIES,
                                              .entries = entries,
                                              .api = &tgc_runtime_api};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static tgc_module_t *module;
  tgc_session_t *session;
  tgc_session_options_t options = {.size = sizeof options, .num_threads = 1};
  if ((!module && tgc_module_from_info(&module_info, NULL, &module, NULL) != TGC_OK) ||
      tgc_session_create(module, &options, &session, NULL) != TGC_OK)
    abort();
  tgc_string_t content = {(const char *)bytes, size};
  tgc_tensor_t feed = {&content, sizeof content, TGC_STRING, 0, {0}};
  for (uint32_t entry = 0; entry < NUM_ENTRIES; ++entry)
    tgc_session_run(session, entry, &feed, 1, NULL, 0, NULL);
  tgc_session_release(session);
  return 0;
}
