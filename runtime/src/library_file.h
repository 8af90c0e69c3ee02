/*===- library_file.h - Is a shared library whole? ---------------------------===*/
#ifndef TGC_SRC_LIBRARY_FILE_H
#define TGC_SRC_LIBRARY_FILE_H

#include "tgc/runtime.h"

/* Fails if the file at `path` is a shared library that ends before its headers say. What is no shared library
 * passes: dlopen has the words for it. */
tgc_status_t tgc_library_file_check(const char *path, tgc_error_t *error);

#endif /* TGC_SRC_LIBRARY_FILE_H */
