//===- CheckpointTest.cpp - Checkpoints beside graphs ---------------------------===//
//
// `bad/variable.pb` wants a float32 variable `v` of shape [4,2].
//
//===----------------------------------------------------------------------===//

#include "Inputs.h"

#include "frontend/GraphDef/Checkpoint.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace tgc;
using namespace tgc::test;

namespace {

/// Opens the checkpoint and reads `v` as the graph wants it.
std::string problemOf(const std::string &prefix) {
  llvm::Expected<Checkpoint> checkpoint = openCheckpoint(prefix);
  if (!checkpoint)
    return message(checkpoint.takeError());
  std::string text = message(checkpoint->check("v", proto::DT_FLOAT, std::vector<int64_t>{4, 2}));
  return text.empty() ? message(checkpoint->read("v")) : text;
}

struct BadCheckpoint {
  const char *name;
  const char *expected;
};

class OpenBadCheckpoint : public testing::TestWithParam<BadCheckpoint> {};

TEST_P(OpenBadCheckpoint, SaysWhy) {
  std::string prefix = inputPath(std::string("bad/ckpt/") + GetParam().name);
  std::string text = problemOf(prefix);
  EXPECT_TRUE(contains(text, GetParam().expected)) << text;
  EXPECT_TRUE(contains(text, prefix)) << text;
}

INSTANTIATE_TEST_SUITE_P(
    Files, OpenBadCheckpoint,
    testing::Values(
        BadCheckpoint{"bad_crc", "checksum of tensor v does not match"},
        BadCheckpoint{"truncated_data", "data file is shorter (10 bytes) than tensor v needs (32)"},
        BadCheckpoint{"no_data_file", "data file is missing"},
        BadCheckpoint{"no_index_file", "index file is missing"},
        BadCheckpoint{"truncated_index", "index file truncated"},
        BadCheckpoint{"index_bad_magic", "bad table magic number"},
        BadCheckpoint{"index_block_crc", "checksum of an index block does not match"},
        BadCheckpoint{"empty_index", "index file is empty"},
        BadCheckpoint{"missing_variable", "checkpoint has no tensor v (it has: other)"},
        BadCheckpoint{"wrong_shape", "checkpoint tensor v has shape [2,4], the graph wants [4,2]"},
        BadCheckpoint{"wrong_dtype", "checkpoint tensor v is float64, the graph wants float32"}));

TEST(Checkpoint, ReadsGoodOnes) {
  EXPECT_EQ(problemOf(inputPath("bad/ckpt/good")), "");
  EXPECT_EQ(problemOf(inputPath("bad/ckpt/extra_variable")), "");
  Checkpoint checkpoint = llvm::cantFail(openCheckpoint(inputPath("bad/ckpt/good")));
  TensorData data = llvm::cantFail(checkpoint.read("v"));
  EXPECT_EQ(data.shape, (std::vector<int64_t>{4, 2}));
  EXPECT_EQ(data.bytes.size(), 32u);
}

TEST(Checkpoint, UnknownDimensionsAgreeWithAll) {
  Checkpoint checkpoint = llvm::cantFail(openCheckpoint(inputPath("bad/ckpt/good")));
  EXPECT_EQ(message(checkpoint.check("v", proto::DT_FLOAT_REF, std::vector<int64_t>{-1, 2})), "");
  EXPECT_EQ(message(checkpoint.check("v", proto::DT_FLOAT, std::nullopt)), "");
  EXPECT_NE(message(checkpoint.check("v", proto::DT_FLOAT, std::vector<int64_t>{-1})), "");
}

TEST(Checkpoint, KnowsTheObjectsOfSavedModels) {
  Checkpoint checkpoint = llvm::cantFail(openCheckpoint(inputPath("saved_model")));
  llvm::StringMap<std::string> keys = llvm::cantFail(checkpoint.objectKeys());
  EXPECT_EQ(keys["dense_1/bias"], "net/layer_with_weights-1/bias/.ATTRIBUTES/VARIABLE_VALUE");
  EXPECT_EQ(keys.size(), 4u);
  CheckpointEntry bias = llvm::cantFail(checkpoint.lookup(keys["dense_1/bias"]));
  EXPECT_EQ(bias.dtype, proto::DT_FLOAT);
  EXPECT_EQ(bias.shape, std::vector<int64_t>{10});
}

TEST(Checkpoint, PrefixInManyForms) {
  std::string good = inputPath("bad/ckpt/good");
  EXPECT_EQ(llvm::cantFail(resolveCheckpointPrefix(good)), good);
  EXPECT_EQ(llvm::cantFail(resolveCheckpointPrefix(good + ".index")), good);
  EXPECT_EQ(llvm::cantFail(resolveCheckpointPrefix(good + ".data-00000-of-00001")), good);
  EXPECT_EQ(llvm::cantFail(resolveCheckpointPrefix(inputPath("saved_model"))),
            inputPath("saved_model/variables/variables"));
  EXPECT_TRUE(
      contains(message(resolveCheckpointPrefix(inputPath("bad"))), "neither a checkpoint state file"));
}

TEST(Checkpoint, FollowsTheStateFile) {
  llvm::SmallString<128> directory;
  ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("tgc-checkpoint", directory));
  llvm::SmallString<128> state(directory);
  llvm::sys::path::append(state, "checkpoint");
  {
    std::error_code code;
    llvm::raw_fd_ostream(state, code) << "model_checkpoint_path: \"model-20\"\n"
                                         "all_model_checkpoint_paths: \"model-10\"\n";
    ASSERT_FALSE(code);
  }
  std::string expected = (directory + "/model-20").str();
  EXPECT_EQ(llvm::cantFail(resolveCheckpointPrefix(directory)), expected);
  EXPECT_EQ(llvm::cantFail(resolveCheckpointPrefix(state)), expected);
  llvm::sys::fs::remove_directories(directory);
}

} // namespace
