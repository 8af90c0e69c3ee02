//===- Inputs.h - Files and messages for the tests of the readers -------------===//
//
// Paths of the inputs, graphs from text, and errors as strings.
//
//===----------------------------------------------------------------------===//

#ifndef TGC_TEST_UNIT_FRONTEND_INPUTS_H
#define TGC_TEST_UNIT_FRONTEND_INPUTS_H

#include "frontend/GraphDef/Graph.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

namespace tgc::test {

inline std::string inputPath(llvm::StringRef name) { return (TGC_TEST_INPUTS "/" + name).str(); }

/// The message of an error, "" if there is none.
inline std::string message(llvm::Error error) { return llvm::toString(std::move(error)); }

template <typename T> std::string message(llvm::Expected<T> result) {
  return result ? std::string() : llvm::toString(result.takeError());
}

inline bool contains(llvm::StringRef text, llvm::StringRef part) { return text.contains(part); }

/// A message of any of the schema's types.
template <typename Message> Message parse(const char *text) {
  Message result;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &result)) << text;
  return result;
}

} // namespace tgc::test

#endif // TGC_TEST_UNIT_FRONTEND_INPUTS_H
