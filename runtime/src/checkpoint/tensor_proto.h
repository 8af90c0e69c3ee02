/*===- tensor_proto.h - Where a TensorProto keeps its values ----------------===*/
#ifndef TGC_SRC_CHECKPOINT_TENSOR_PROTO_H
#define TGC_SRC_CHECKPOINT_TENSOR_PROTO_H

#include "tgc/abi.h"

/* The field that lists values of a type (tgc_dtype_t); each complex number stands there as two. */
static inline unsigned tgc_tensor_proto_field(int32_t dtype) {
  switch (dtype) {
  case TGC_FLOAT32:
    return 5;
  case TGC_FLOAT64:
    return 6;
  case TGC_STRING:
    return 8;
  case TGC_COMPLEX64:
    return 9;
  case TGC_INT64:
    return 10;
  case TGC_BOOL:
    return 11;
  case TGC_COMPLEX128:
    return 12;
  case TGC_FLOAT16:
  case TGC_BFLOAT16:
    return 13;
  case TGC_UINT32:
    return 16;
  case TGC_UINT64:
    return 17;
  default:
    return 7;
  }
}

#endif /* TGC_SRC_CHECKPOINT_TENSOR_PROTO_H */
