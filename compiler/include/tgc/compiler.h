/*===- tgc/compiler.h - The compiler as a library ---------------------------===*
 *
 * Models in, shared libraries out. Options are text, one `key=value` a line:
 *
 *   entry=NAME           begins an entry; the feeds, fetches and targets that follow are its own. Without a
 *                        line entry= they are those of the entry main
 *   feeds=a:0,b:0        tensors that are fed
 *   fetches=c:0          tensors that are fetched
 *   targets=op           operations that are run
 *   signature=NAME       of a SavedModel
 *   shape=x:0=?,784      refines or overrides a feed's shape
 *   set=training:0=false a tensor is this number or word, not what the graph computes
 *   checkpoint=PREFIX    values that the variables start with
 *   freeze=1             variables become constants
 *   gradients=y:0        adds tensors gradients/x:0 (gradients_1/x:0 for the second such line ...), which
 *   wrt=x:0,w            entries can fetch, and, if none does, the entry gradients, which fetches all
 *   minimize=loss:0      adds the target train, which entries can run, and, if none does, the entry train
 *   optimizer=adam:learning_rate=1e-3
 *   trainable=REGEX      what the names of the variables to train begin with
 *   clip-norm=X          scales gradients to this global norm at most
 *   remat=auto|none|max  which forward values are computed again for gradients
 *   memory-budget=64MiB  what the intermediate values of an entry may take at most (B, KiB, MiB, GiB)
 *   strip-asserts=1      Assert and CheckNumerics are left out
 *   exact=1              Convolutions are computed without transforms that round otherwise
 *   target=cpu:native    see tgc --help
 *   gpu-f32=ieee|tf32|tf32x3  how a GPU multiplies matrices of f32
 *   allow-soft-placement=0  a node that names a device that is not there is an error
 *   optimization=2       0 to 3
 *   cache=DIR            code for the same graph and options is kept here
 *   tune=SECONDS         measures tiles of kernels, and keeps the best beside the code; needs
 *                        target=cpu:native
 *
 * NULL or "" means the defaults. Functions may be called from several threads at once.
 *
 *===-----------------------------------------------------------------------===*/
#ifndef TGC_COMPILER_H
#define TGC_COMPILER_H

#include "tgc/abi.h"
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Compiles the model at `model_path` to the shared library `output_path`. Otherwise writes a zero-terminated
 * message of at most `error_size` bytes to `error` (which may be NULL) and returns INVALID_ARGUMENT. */
tgc_status_t tgc_compile(const char *model_path, const char *output_path, const char *options, char *error,
                         size_t error_size);

#ifdef __cplusplus
}
#endif
#endif /* TGC_COMPILER_H */
