//===- Copies.h - Asynchronous copies -------------------------------*- C++ -*-===//
#ifndef TGC_TOOLS_PTX_OPS_COPIES_H
#define TGC_TOOLS_PTX_OPS_COPIES_H

#include "tools/ptx/Decode.h"

namespace tgc::ptx {

/// cp.async.bulk and its kin; "cp", "async" and "bulk" are taken.
void decodeBulkCopy(Decode &d);

} // namespace tgc::ptx

#endif // TGC_TOOLS_PTX_OPS_COPIES_H
