/*===- variable.c - Whether variables have values -----------------------------===*/

#include "runtime/kernels/elements.h"

/* Output 0 (bool): whether the variable `config` has a value. */
TGC_KERNEL(tgc_kernel_variable_is_initialized) {
  TGC_KERNEL_UNUSED;
  *(uint8_t *)outputs[0].data = tgc_rt_variable_is_initialized(frame, config);
}

/* Takes the value of the variable `config` away. */
TGC_KERNEL(tgc_kernel_variable_destroy) {
  TGC_KERNEL_UNUSED;
  tgc_rt_variable_destroy(frame, config);
}
