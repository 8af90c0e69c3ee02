/*===- main.c - A model as a program ------------------------------------------===
 *
 * What `tgc --emit=exe` links around a module: arrays in, one run of an entry, arrays out.
 *
 *===------------------------------------------------------------------------===*/
#include "arrays.h"
#include "tgc/runtime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const tgc_module_info_t *tgc_module_query(uint32_t max_version);

enum { MAX_SHAPES = 64 };

typedef struct arguments {
  const char *program, *feeds, *out, *entry, *restore, *save;
  const char *shapes[MAX_SHAPES];
  unsigned num_shapes;
  uint32_t num_threads;
  int lists;
} arguments_t;

static int fail(const arguments_t *arguments, const char *what, const char *text) {
  fprintf(stderr, "%s: error: %s%s%s\n", arguments->program, what ? what : "", what ? ": " : "", text);
  return 1;
}

static void print_usage(const char *program) {
  printf("usage: %s [--feeds in.npz] [--shape x:0=2,3]... [--out out.npz]\n"
         "  --feeds FILE     arrays by tensor name (numpy.savez)\n"
         "  --shape NAME=..  a feed of zeros of that shape, where the archive has none\n"
         "  --out FILE       where the fetches go; without it they are printed\n"
         "  --entry NAME     which entry runs (default: the first)\n"
         "  --restore PREFIX, --save PREFIX   checkpoints, before and after the run\n"
         "  --threads N      threads that a run may use\n"
         "  --list           entries, feeds and fetches\n",
         program);
}

/* 0: understood; 1: not; 2: the help was asked for. */
static int parse(int argc, char **argv, arguments_t *arguments) {
  const char *threads = NULL, *shape = NULL;
  const struct {
    const char *name, **value;
  } options[] = {{"--feeds", &arguments->feeds},
                 {"--out", &arguments->out},
                 {"--entry", &arguments->entry},
                 {"--restore", &arguments->restore},
                 {"--save", &arguments->save},
                 {"--threads", &threads},
                 {"--shape", &shape}};
  for (int i = 1; i < argc; ++i) {
    int is_known = 0;
    if (strcmp(argv[i], "--help") == 0)
      return 2;
    if (strcmp(argv[i], "--list") == 0) {
      arguments->lists = 1;
      continue;
    }
    for (unsigned k = 0; k < sizeof options / sizeof options[0]; ++k) {
      size_t length = strlen(options[k].name);
      if (strncmp(argv[i], options[k].name, length) != 0 || (argv[i][length] && argv[i][length] != '='))
        continue;
      if (!argv[i][length] && i + 1 == argc)
        return fail(arguments, argv[i], "needs a value");
      *options[k].value = argv[i][length] ? argv[i] + length + 1 : argv[++i];
      is_known = 1;
      break;
    }
    if (!is_known)
      return fail(arguments, argv[i], "unknown option; --help lists them");
    if (shape && arguments->num_shapes < MAX_SHAPES)
      arguments->shapes[arguments->num_shapes++] = shape;
    shape = NULL;
  }
  arguments->num_threads = threads ? (uint32_t)strtoul(threads, NULL, 10) : 0;
  return 0;
}

static void print_tensor_info(const char *what, const tgc_tensor_info_t *info) {
  printf("  %s %s %s [", what, info->name, tgc_dtype_name(info->dtype));
  for (int32_t dim = 0; dim < info->rank; ++dim)
    printf(info->dims[dim] < 0 ? "%s?" : "%s%lld", dim ? "," : "", (long long)info->dims[dim]);
  printf("]\n");
}

static int list(const tgc_module_info_t *info) {
  for (uint32_t i = 0; i < info->num_entries; ++i) {
    const tgc_entry_info_t *entry = &info->entries[i];
    printf("entry %s\n", entry->name);
    for (uint32_t f = 0; f < entry->num_feeds; ++f)
      print_tensor_info("feed", &entry->feeds[f]);
    for (uint32_t f = 0; f < entry->num_fetches; ++f)
      print_tensor_info("fetch", &entry->fetches[f]);
  }
  return 0;
}

/* A feed of zeros: of the shape that --shape gives, or of its own if all sizes are known. */
static int make_zeros(const arguments_t *arguments, const tgc_tensor_info_t *info, tgc_tensor_t *feed) {
  const char *given = NULL;
  size_t length = strlen(info->name);
  for (unsigned i = 0; i < arguments->num_shapes; ++i)
    if (strncmp(arguments->shapes[i], info->name, length) == 0 && arguments->shapes[i][length] == '=')
      given = arguments->shapes[i] + length + 1;
  uint64_t bytes = tgc_dtype_size(info->dtype);
  memset(feed, 0, sizeof *feed);
  feed->dtype = info->dtype;
  for (char *end; given && *given; given = end + (*end == ',')) {
    int64_t size = strtoll(given, &end, 10);
    if (end == given || size < 0 || feed->rank == TGC_MAX_RANK)
      return fail(arguments, info->name, "--shape NAME=SIZE,SIZE,... is expected");
    feed->dims[feed->rank++] = size;
    if (__builtin_mul_overflow(bytes, (uint64_t)size, &bytes))
      return fail(arguments, info->name, "the shape is too large");
  }
  if (!given) {
    feed->rank = info->rank;
    for (int32_t dim = 0; dim < info->rank; ++dim) {
      feed->dims[dim] = info->dims[dim];
      if (info->dims[dim] < 0)
        return fail(arguments, info->name, "is not among the feeds; give it, or its sizes with --shape");
      bytes *= (uint64_t)info->dims[dim];
    }
  }
  feed->byte_size = bytes;
  feed->data = calloc(bytes + 1, 1);
  return feed->data ? 0 : fail(arguments, info->name, "there is not enough memory for the feed");
}

static int bind_feeds(const arguments_t *arguments, const tgc_entry_info_t *entry, tgc_tensor_t *feeds) {
  tgc_archive_t archive = {NULL, 0};
  const char *problem = arguments->feeds ? tgc_archive_read(arguments->feeds, &archive) : NULL;
  if (problem)
    return fail(arguments, arguments->feeds, problem);
  for (uint32_t i = 0; i < entry->num_feeds; ++i) {
    const tgc_tensor_info_t *info = &entry->feeds[i];
    int found = archive.bytes ? tgc_archive_find(&archive, info->name, info->dtype, &feeds[i], &problem) : 0;
    if (found < 0)
      return fail(arguments, info->name, problem);
    if (!found && make_zeros(arguments, info, &feeds[i]) != 0)
      return 1;
  }
  return 0;
}

static void print_element(const tgc_tensor_t *tensor, uint64_t i) {
  const tgc_string_t *strings = tensor->data;
  switch (tensor->dtype) {
  case TGC_FLOAT32:
    printf(" %.6g", ((const float *)tensor->data)[i]);
    return;
  case TGC_FLOAT64:
    printf(" %.6g", ((const double *)tensor->data)[i]);
    return;
  case TGC_INT32:
    printf(" %d", ((const int32_t *)tensor->data)[i]);
    return;
  case TGC_INT64:
    printf(" %lld", (long long)((const int64_t *)tensor->data)[i]);
    return;
  case TGC_BOOL:
  case TGC_UINT8:
    printf(" %u", ((const uint8_t *)tensor->data)[i]);
    return;
  case TGC_STRING:
    printf(" '%.*s'", (int)strings[i].size, strings[i].data);
    return;
  default:
    printf(" ?");
  }
}

static void print_tensor(const char *name, const tgc_tensor_t *tensor) {
  enum { MAX_SHOWN = 32 };
  uint64_t count = 1;
  printf("%s %s [", name, tgc_dtype_name(tensor->dtype));
  for (int32_t dim = 0; dim < tensor->rank; ++dim) {
    printf("%s%lld", dim ? "," : "", (long long)tensor->dims[dim]);
    count *= (uint64_t)tensor->dims[dim];
  }
  printf("]");
  for (uint64_t i = 0; i < count && i < MAX_SHOWN; ++i)
    print_element(tensor, i);
  printf(count > MAX_SHOWN ? " ...\n" : "\n");
}

static int put_fetches(const arguments_t *arguments, const tgc_entry_info_t *entry,
                       const tgc_tensor_t *fetches) {
  if (!arguments->out) {
    for (uint32_t i = 0; i < entry->num_fetches; ++i)
      print_tensor(entry->fetches[i].name, &fetches[i]);
    return 0;
  }
  const char **names = calloc(entry->num_fetches + 1, sizeof *names);
  if (!names)
    return fail(arguments, arguments->out, "there is not enough memory");
  for (uint32_t i = 0; i < entry->num_fetches; ++i)
    names[i] = entry->fetches[i].name;
  const char *problem = tgc_archive_write(arguments->out, names, fetches, entry->num_fetches);
  free(names);
  return problem ? fail(arguments, arguments->out, problem) : 0;
}

static int run(const arguments_t *arguments, const tgc_module_info_t *info) {
  tgc_error_t error;
  tgc_module_t *module;
  tgc_session_t *session;
  tgc_session_options_t options = {.size = sizeof options, .num_threads = arguments->num_threads};
  uint32_t index = 0;
  if (tgc_module_from_info(info, NULL, &module, &error) != TGC_OK ||
      (arguments->entry && tgc_module_find_entry(module, arguments->entry, &index, &error) != TGC_OK) ||
      tgc_session_create(module, &options, &session, &error) != TGC_OK ||
      (arguments->restore && tgc_session_restore(session, arguments->restore, NULL, &error) != TGC_OK))
    return fail(arguments, tgc_status_name(error.code), error.message);
  const tgc_entry_info_t *entry = &info->entries[index];
  tgc_tensor_t *feeds = calloc(entry->num_feeds + 1, sizeof *feeds);
  tgc_tensor_t *fetches = calloc(entry->num_fetches + 1, sizeof *fetches);
  if (!feeds || !fetches)
    return fail(arguments, NULL, "there is not enough memory");
  if (bind_feeds(arguments, entry, feeds) != 0)
    return 1;
  if (tgc_session_run(session, index, feeds, entry->num_feeds, fetches, entry->num_fetches, &error) !=
          TGC_OK ||
      (arguments->save && tgc_session_save(session, arguments->save, NULL, &error) != TGC_OK))
    return fail(arguments, tgc_status_name(error.code), error.message);
  return put_fetches(arguments, entry, fetches);
}

int main(int argc, char **argv) {
  arguments_t arguments = {.program = argc ? argv[0] : "program"};
  const tgc_module_info_t *info = tgc_module_query(TGC_ABI_VERSION);
  int status = parse(argc, argv, &arguments);
  if (status == 2) {
    print_usage(arguments.program);
    return 0;
  }
  if (status != 0)
    return status;
  if (!info || !info->num_entries)
    return fail(&arguments, NULL, "the program has no entry");
  return arguments.lists ? list(info) : run(&arguments, info);
}
