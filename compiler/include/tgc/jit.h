/*===- tgc/jit.h - Compile and call in one process --------------------------===*
 *
 * The same road as tgc/compiler.h, to machine code of this process. What comes out is what tgc_module_query
 * of a library returns, so tgc_module_from_info of tgc/runtime.h takes it.
 *
 *===-----------------------------------------------------------------------===*/
#ifndef TGC_JIT_H
#define TGC_JIT_H

#include "tgc/abi.h"
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tgc_jit_module tgc_jit_module_t;

/* Compiles the model at `model_path` with options as in tgc/compiler.h (the target is always this machine).
 * The caller releases the module when no session uses it any more. */
tgc_status_t tgc_jit_compile(const char *model_path, const char *options, tgc_jit_module_t **out_module,
                             char *error, size_t error_size);

/* The same for a model in memory: the bytes of a GraphDef, MetaGraphDef or SavedModel message or of its text
 * form, the caller's again when the function returns. With `cache=DIR` among the options a graph that was
 * compiled before, of the same structure and constants, costs no compilation. */
tgc_status_t tgc_jit_compile_bytes(const void *bytes, size_t size, const char *options,
                                   tgc_jit_module_t **out_module, char *error, size_t error_size);

/* Lives as long as the module. */
const tgc_module_info_t *tgc_jit_module_info(const tgc_jit_module_t *module);

void tgc_jit_module_release(tgc_jit_module_t *module);

#ifdef __cplusplus
}
#endif
#endif /* TGC_JIT_H */
