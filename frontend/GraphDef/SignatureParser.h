//===- SignatureParser.h - Rows of the tables to signatures ------------------===//
//
// Private to the tables; everyone else asks OpSignatures.h.
//
//===----------------------------------------------------------------------===//

#ifndef TGC_FRONTEND_GRAPHDEF_SIGNATUREPARSER_H
#define TGC_FRONTEND_GRAPHDEF_SIGNATUREPARSER_H

#include "frontend/GraphDef/OpSignatures.h"
#include "frontend/GraphDef/Signatures/Tables.h"

namespace tgc {

/// One signature for each op that the row names.
std::vector<OpSignature> parseSignatureRow(const signatures::Row &row);

} // namespace tgc

#endif // TGC_FRONTEND_GRAPHDEF_SIGNATUREPARSER_H
