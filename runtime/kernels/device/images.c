/*===- images.c - The code that a device runs --------------------------------===*/
#define _GNU_SOURCE
#include "runtime/kernels/device/images.h"
#include "runtime/kernels/device/parameters.h"
#include "runtime/kernels/device/peaks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void tgc_image_read_chip(image_t *image) {
  char *end;
  image->capability = strtol(image->chips + strlen("sm_"), &end, 10);
  image->is_exact = *end == 'a';
  end += image->is_exact;
  image->machine_code = *end == ':' ? strtoull(end + 1, NULL, 10) : 0;
}

/* Goes on to the next image; 0: there is none. */
static int next_image(image_t *image) {
  const char *next = strchr(image->chips, ' ');
  if (!next)
    return 0;
  image->chips = next + 1;
  image->code += image->machine_code ? image->machine_code : strlen(image->code) + 1;
  image->kernels += strlen(image->kernels) + 1;
  tgc_image_read_chip(image);
  return 1;
}

/* Whether the GPU can run it: machine code serves later chips of the same generation, PTX all later ones. */
static int can_run(const image_t *image, long capability) {
  if (image->is_exact)
    return capability == image->capability;
  return capability >= image->capability &&
         (!image->machine_code || capability / 10 == image->capability / 10);
}

int32_t tgc_image_choose(tgc_device_t *device, image_t *image) {
  const tgc_driver_t *cu = device->driver;
  int major = 0, minor = 0;
  tgc_cu_result result = cu->cuDeviceGetAttribute(&major, TGC_CU_CAPABILITY_MAJOR, device->number);
  if (result == TGC_CU_SUCCESS)
    result = cu->cuDeviceGetAttribute(&minor, TGC_CU_CAPABILITY_MINOR, device->number);
  if (result != TGC_CU_SUCCESS)
    return tgc_device_status(device, result, "cuDeviceGetAttribute");
  while (!can_run(image, 10 * major + minor))
    if (!next_image(image))
      return tgc_device_missing(device, "the GPU has compute capability %d.%d, the code is for sm_%ld%s",
                                major, minor, image->capability, image->is_exact ? "a only" : " and later");
  return TGC_OK;
}

static int32_t load_image(tgc_device_t *device, const image_t *image) {
  char log[1024] = "";
  int options[] = {TGC_CU_ERROR_LOG, TGC_CU_ERROR_LOG_SIZE};
  void *values[] = {log, (void *)(uintptr_t)sizeof log};
  const char *code = image->code;
  char *copy = NULL;
  if (image->machine_code) { /* it lies anywhere in the library */
    code = copy = malloc(image->machine_code);
    if (!copy)
      return tgc_device_missing(device, "no memory for machine code"), TGC_RESOURCE_EXHAUSTED;
    memcpy(copy, image->code, image->machine_code);
  }
  tgc_cu_result result = device->driver->cuModuleLoadDataEx(&device->module, code, 2, options, values);
  free(copy);
  int32_t status = tgc_device_status(device, result, "cuModuleLoadDataEx");
  if (status != TGC_UNAVAILABLE)
    return status;
  return tgc_device_missing(device, "the driver refuses the code: %s; %.*s",
                            tgc_driver_error(device->driver, result), (int)sizeof log - 1, log);
}

int32_t tgc_image_load(tgc_device_t *device, image_t *image) {
  int32_t status = load_image(device, image);
  while (status == TGC_UNAVAILABLE && image->machine_code && next_image(image)) {
    status = tgc_image_choose(device, image);
    if (status == TGC_OK)
      status = load_image(device, image);
  }
  return status;
}

/* What profiles call a kernel, and how fast it could be. */
static void label_kernel(const tgc_device_t *device, const tgc_peaks_t *peaks, kernel_t *kernel) {
  char place[16] = "";
  if (device->ordinal)
    snprintf(place, sizeof place, "%u:", device->ordinal);
  size_t length = (size_t)snprintf(kernel->label, sizeof kernel->label, "%s%s", place, kernel->name);
  if (kernel->work && length < sizeof kernel->label)
    snprintf(kernel->label + length, sizeof kernel->label - length, "\t%llu\t%llu",
             (unsigned long long)peaks->bytes,
             (unsigned long long)tgc_peaks_of(peaks, strrchr(kernel->work, ' ') + 1));
}

int32_t tgc_image_find_kernels(tgc_device_t *device, const char *kernels) {
  uint32_t count = 0, next = 0;
  for (const char *c = kernels; *c; ++c)
    count += *c == '\n';
  free(device->names); /* of an attempt before */
  free(device->kernels);
  device->names = strdup(kernels);
  device->kernels = calloc(count ? count : 1, sizeof *device->kernels);
  if (!device->names || !device->kernels)
    return tgc_device_missing(device, "no memory for the names of kernels"), TGC_RESOURCE_EXHAUSTED;
  tgc_peaks_t peaks = tgc_peaks_read(device->driver, device->number);
  for (char *line = device->names; *line;) {
    char *end = strchr(line, '\n'), *node = strchr(line, '='), *needs = strchr(line, ' ');
    kernel_t *kernel = &device->kernels[next++];
    char *work = strchr(line, '\t');
    *end = *node = '\0';
    if (work && work < end) {
      *work = '\0';
      kernel->work = work + 1;
      device->times.are_wanted = tgc_rt_profile_device(device->frame, NULL);
    }
    if (needs && needs < node) {
      *needs = '\0';
      kernel->parameters =
          tgc_parameters_begin(needs + 1, &kernel->threads, &kernel->shared_bytes, &kernel->cluster);
      if (!*kernel->parameters)
        kernel->parameters = NULL; /* those of the launch, as they are */
    }
    kernel->name = line;
    kernel->node = node + 1;
    label_kernel(device, &peaks, kernel);
    int32_t status = tgc_device_status(
        device, device->driver->cuModuleGetFunction(&kernel->function, device->module, line), line);
    if (status == TGC_OK && kernel->shared_bytes)
      status = tgc_device_status(device,
                                 device->driver->cuFuncSetAttribute(
                                     kernel->function, TGC_CU_MOST_SHARED_BYTES, (int)kernel->shared_bytes),
                                 line);
    if (status != TGC_OK)
      return status;
    line = end + 1;
  }
  return TGC_OK;
}
