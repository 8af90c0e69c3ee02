/*===- module.c - Loading modules and looking things up in them -------------===*/
#include "cpu.h"
#include "library_file.h"
#include "session.h"
#include "shape.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the first version of the descriptor had. */
#define TGC_MODULE_INFO_MIN_SIZE offsetof(tgc_module_info_t, api)

/*===----------------------------------------------------------------------===*
 * Is this a descriptor? A damaged file must not become a crash later.
 *===----------------------------------------------------------------------===*/

static uint8_t is_sane_tensor(const tgc_tensor_info_t *info, uint8_t may_lack_rank) {
  if (!info->name || !tgc_dtype_size(info->dtype) || info->rank > TGC_MAX_RANK)
    return 0;
  if (info->rank < 0)
    return may_lack_rank && info->rank == -1;
  return info->rank == 0 || info->dims;
}

static uint8_t are_sane_tensors(const tgc_tensor_info_t *infos, uint32_t count) {
  if (count && !infos)
    return 0;
  for (uint32_t i = 0; i < count; ++i)
    if (!is_sane_tensor(&infos[i], 0))
      return 0;
  return 1;
}

static uint8_t is_sane_module(const tgc_module_info_t *info) {
  if ((info->num_entries && !info->entries) || (info->num_variables && !info->variables))
    return 0;
  for (uint32_t i = 0; i < info->num_entries; ++i) {
    const tgc_entry_info_t *entry = &info->entries[i];
    if (!entry->name || !entry->run || !are_sane_tensors(entry->feeds, entry->num_feeds) ||
        !are_sane_tensors(entry->fetches, entry->num_fetches))
      return 0;
  }
  for (uint32_t i = 0; i < info->num_variables; ++i)
    if (!is_sane_tensor(&info->variables[i].tensor, 1))
      return 0;
  return 1;
}

/* The target's last word is the x86-64 level that the code needs, where it needs more than the first. */
static tgc_status_t check_machine(const tgc_module_info_t *info, tgc_error_t *error) {
  static const char *const names[] = {
      "", "x86-64", "", "x86-64-v3", "x86-64-v4", "x86-64-v4+avx512vnni", "x86-64-v4+avx512bf16"};
  const char *last = info->target ? strrchr(info->target, ' ') : NULL;
  int32_t needed = 6;
  while (needed > 1 && (!last || strcmp(last + 1, names[needed]) != 0))
    --needed;
  uint8_t needs_avx_vnni = last && !strcmp(last + 1, "x86-64-v3+avxvnni");
  if (needs_avx_vnni)
    needed = 3;
  int32_t level = needed > 1 ? tgc_cpu_level() : needed;
  if (level >= needed && (!needs_avx_vnni || tgc_cpu_has_avx_vnni()))
    return TGC_OK;
  return tgc_error_set(error, TGC_FAILED_PRECONDITION,
                       "the module is made for %s, this machine has %s; compile it with --target cpu",
                       info->target, names[level]);
}

static tgc_status_t check_info(const tgc_module_info_t *info, tgc_error_t *error) {
  if (!info)
    return tgc_error_set(error, TGC_INVALID_ARGUMENT, "the module descriptor is NULL");
  if (info->version > TGC_ABI_VERSION)
    return tgc_error_set(error, TGC_FAILED_PRECONDITION,
                         "the module has ABI version %u, this runtime knows %u; use a newer runtime",
                         info->version, TGC_ABI_VERSION);
  if (info->size < TGC_MODULE_INFO_MIN_SIZE || info->version == 0 || !is_sane_module(info))
    return tgc_error_set(error, TGC_INVALID_ARGUMENT, "the module descriptor is damaged");
  return check_machine(info, error);
}

/*===----------------------------------------------------------------------===*
 * Life.
 *===----------------------------------------------------------------------===*/

tgc_status_t tgc_module_from_info(const tgc_module_info_t *info, const tgc_services_t *services,
                                  tgc_module_t **out_module, tgc_error_t *error) {
  tgc_services_t complete;
  tgc_status_t status = tgc_services_complete(services, &complete, error);
  if (status == TGC_OK)
    status = check_info(info, error);
  if (status != TGC_OK)
    return status;
  tgc_module_t *module = tgc_allocate_zeroed(&complete, 1, sizeof *module);
  if (!module)
    return tgc_error_set(error, TGC_RESOURCE_EXHAUSTED, "cannot allocate a module");
  atomic_init(&module->num_references, 1);
  module->info = info;
  if (info->size >= offsetof(tgc_module_info_t, num_counters) + sizeof info->num_counters)
    module->num_counters = info->num_counters;
  module->services = complete;
  status = tgc_weights_map(info, error);
  if (status != TGC_OK) {
    tgc_release_memory(&complete, module);
    return status;
  }
  *out_module = module;
  return tgc_error_clear(error);
}

/* dlopen searches a path without a slash in the system's libraries; a user means a file. */
static void *open_library(const char *path) {
  if (strchr(path, '/'))
    return dlopen(path, RTLD_NOW | RTLD_LOCAL);
  size_t length = strlen(path);
  char *local = malloc(length + 3);
  if (!local)
    return NULL;
  memcpy(local, "./", 2);
  memcpy(local + 2, path, length + 1);
  void *library = dlopen(local, RTLD_NOW | RTLD_LOCAL);
  free(local);
  return library;
}

tgc_status_t tgc_module_load(const char *path, const tgc_services_t *services, tgc_module_t **out_module,
                             tgc_error_t *error) {
  if (access(path, F_OK) != 0)
    return tgc_error_set(error, TGC_NOT_FOUND, "%s: %s", path, strerror(errno));
  tgc_status_t status = tgc_library_file_check(path, error);
  if (status != TGC_OK)
    return status;
  void *library = open_library(path);
  if (!library) {
    const char *reason = dlerror();
    return tgc_error_set(error, TGC_INVALID_ARGUMENT, "%s: cannot be loaded: %s", path,
                         reason ? reason : "no memory");
  }
  tgc_module_query_fn query;
  *(void **)&query = dlsym(library, TGC_MODULE_QUERY_SYMBOL);
  if (!query) {
    status = tgc_error_set(error, TGC_INVALID_ARGUMENT, "%s: not a module that tgc compiled (no symbol %s)",
                           path, TGC_MODULE_QUERY_SYMBOL);
  } else {
    const tgc_module_info_t *info = query(TGC_ABI_VERSION);
    if (!info)
      status = tgc_error_set(error, TGC_FAILED_PRECONDITION,
                             "%s: needs a newer ABI than version %u of this runtime; use a newer runtime",
                             path, TGC_ABI_VERSION);
    else
      status = tgc_module_from_info(info, services, out_module, error);
  }
  if (status != TGC_OK)
    dlclose(library);
  else
    (*out_module)->library = library;
  return status;
}

void tgc_module_retain(tgc_module_t *module) {
  atomic_fetch_add_explicit(&module->num_references, 1, memory_order_relaxed);
}

void tgc_module_release(tgc_module_t *module) {
  if (!module || atomic_fetch_sub_explicit(&module->num_references, 1, memory_order_acq_rel) != 1)
    return;
  void *library = module->library;
  tgc_services_t services = module->services;
  tgc_release_memory(&services, module);
  if (library)
    dlclose(library);
}

/*===----------------------------------------------------------------------===*
 * Lookup.
 *===----------------------------------------------------------------------===*/

const tgc_module_info_t *tgc_module_info(const tgc_module_t *module) { return module->info; }

/* Finds `name` among `count` structures of `stride` bytes that begin with their name. */
static tgc_status_t find(const char *what, const char *name, const void *first, size_t stride, uint32_t count,
                         uint32_t *out_index, tgc_error_t *error) {
  tgc_name_list_t list = {.length = 0};
  for (uint32_t i = 0; i < count; ++i) {
    const char *candidate = *(const char *const *)((const char *)first + i * stride);
    if (strcmp(candidate, name) == 0) {
      *out_index = i;
      return tgc_error_clear(error);
    }
    tgc_name_list_add(&list, candidate);
  }
  return tgc_error_set(error, TGC_NOT_FOUND, "the module has no %s %s (it has: %s)", what, name,
                       tgc_name_list_finish(&list));
}

tgc_status_t tgc_module_find_entry(const tgc_module_t *module, const char *name, uint32_t *out_index,
                                   tgc_error_t *error) {
  return find("entry", name, module->info->entries, sizeof(tgc_entry_info_t), module->info->num_entries,
              out_index, error);
}

tgc_status_t tgc_module_find_variable(const tgc_module_t *module, const char *name, uint32_t *out_index,
                                      tgc_error_t *error) {
  return find("variable", name, module->info->variables, sizeof(tgc_variable_info_t),
              module->info->num_variables, out_index, error);
}

tgc_status_t tgc_entry_find_feed(const tgc_entry_info_t *entry, const char *name, uint32_t *out_index,
                                 tgc_error_t *error) {
  return find("feed", name, entry->feeds, sizeof(tgc_tensor_info_t), entry->num_feeds, out_index, error);
}

tgc_status_t tgc_entry_find_fetch(const tgc_entry_info_t *entry, const char *name, uint32_t *out_index,
                                  tgc_error_t *error) {
  return find("fetch", name, entry->fetches, sizeof(tgc_tensor_info_t), entry->num_fetches, out_index, error);
}
