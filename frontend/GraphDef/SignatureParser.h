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

/// The types that a row of AllowedTypes.cpp names.
std::vector<proto::DataType> parseTypes(llvm::StringRef text);

} // namespace tgc

#endif // TGC_FRONTEND_GRAPHDEF_SIGNATUREPARSER_H
