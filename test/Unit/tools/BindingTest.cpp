//===- BindingTest.cpp - From columns to what steps feed --------------------===//
#include "tools/train/Batches.h"
#include "tools/train/EventWriter.h"
#include "tools/train/Records.pb.h"
#include "tools/train/TfRecord.h"
#include "llvm/ADT/StringExtras.h"
#include "gtest/gtest.h"

using namespace tgc;
using Shape = std::vector<int64_t>;

namespace {

Dataset images() {
  NumpyArray pixels = makeArray(TGC_UINT8, {2, 3, 1, 2}), labels = makeArray(TGC_UINT8, {2, 1});
  for (int i = 0; i < 12; ++i)
    pixels.bytes.data()[i] = static_cast<char>(i * 10);
  labels.bytes.data()[0] = 2;
  Dataset data;
  data.columns.emplace_back("image", std::move(pixels));
  data.columns.emplace_back("label", std::move(labels));
  data.numRows = 2;
  return data;
}

std::vector<float> floatsOf(const NumpyArray &array) {
  auto *begin = reinterpret_cast<const float *>(array.bytes.data());
  return std::vector<float>(begin, begin + array.numElements());
}

std::string failureOf(llvm::Error error) { return llvm::toString(std::move(error)); }

TEST(BindingTest, ScalesTurnsAndReshapes) {
  const int64_t dims[] = {-1, 6};
  tgc_tensor_info_t feed = {"x:0", TGC_FLOAT32, 2, dims};
  auto binding = parseBinding("x=image,nhwc,/10,-1");
  ASSERT_TRUE(bool(binding)) << failureOf(binding.takeError());
  EXPECT_EQ(binding->tensor, "x:0");
  auto bound = bindFeed(*binding, images(), feed);
  ASSERT_TRUE(bool(bound)) << failureOf(bound.takeError());
  EXPECT_EQ(bound->array.shape, (Shape{2, 6}));
  EXPECT_EQ(floatsOf(bound->array), (std::vector<float>{-1, 1, 3, 0, 2, 4, 5, 7, 9, 6, 8, 10}));
}

Dataset numbers(NumpyArray column) {
  Dataset data;
  data.numRows = column.shape[0];
  data.columns.emplace_back("n", std::move(column));
  return data;
}

TEST(BindingTest, NamesTheFirstCellThatIsNoNumber) {
  const int64_t dims[] = {-1};
  tgc_tensor_info_t feed = {"x:0", TGC_FLOAT32, 1, dims};
  Dataset data;
  data.numRows = 2;
  auto columns = parseCsv("a,b\n1,2\n,two\n");
  data.columns = std::move(*columns);
  EXPECT_EQ(failureOf(bindFeed(*parseBinding("x=a"), data, feed).takeError()),
            "feed 'x:0': column 'a' is no column of numbers: example 1 has an empty cell "
            "(csv:FILE:missing=NUMBER says "
            "what it is)");
  EXPECT_EQ(failureOf(bindFeed(*parseBinding("x=b"), data, feed).takeError()),
            "feed 'x:0': column 'b' is no column of numbers: example 1 has 'two'");
}

TEST(BindingTest, IntegersStayExact) {
  const int64_t dims[] = {-1}, id = (int64_t(1) << 53) + 1;
  NumpyArray ids = makeArray(TGC_INT64, {1});
  std::memcpy(ids.bytes.data(), &id, sizeof id);
  Dataset data = numbers(std::move(ids));
  tgc_tensor_info_t same = {"n:0", TGC_INT64, 1, dims}, narrow = {"n:0", TGC_INT32, 1, dims};
  auto bound = bindFeed(*parseBinding("n=n"), data, same);
  ASSERT_TRUE(bool(bound)) << failureOf(bound.takeError());
  EXPECT_EQ(*reinterpret_cast<const int64_t *>(bound->array.bytes.data()), id);
  EXPECT_NE(failureOf(bindFeed(*parseBinding("n=n"), data, narrow).takeError()).find("is no number of int32"),
            std::string::npos);
}

TEST(BindingTest, RefusesWhatIsNoInteger) {
  const int64_t dims[] = {-1};
  for (double value : {0.7, -1.0, 256.0, std::numeric_limits<double>::quiet_NaN()}) {
    NumpyArray column = makeArray(TGC_FLOAT64, {1});
    std::memcpy(column.bytes.data(), &value, sizeof value);
    tgc_tensor_info_t feed = {"n:0", TGC_UINT8, 1, dims};
    EXPECT_NE(failureOf(bindFeed(*parseBinding("n=n"), numbers(std::move(column)), feed).takeError())
                  .find("is no number of uint8"),
              std::string::npos)
        << value;
  }
}

TEST(BindingTest, OneHotAndConstants) {
  const int64_t dims[] = {-1, 3};
  tgc_tensor_info_t feed = {"y:0", TGC_FLOAT32, 2, dims};
  auto bound = bindFeed(*parseBinding("y:0=label,onehot:3"), images(), feed);
  ASSERT_TRUE(bool(bound)) << failureOf(bound.takeError());
  EXPECT_EQ(floatsOf(bound->array), (std::vector<float>{0, 0, 1, 1, 0, 0}));
  EXPECT_NE(failureOf(bindFeed(*parseBinding("y:0=label,onehot:2"), images(), feed).takeError())
                .find("has the label 2"),
            std::string::npos);
  tgc_tensor_info_t rate = {"rate:0", TGC_FLOAT32, 0, nullptr};
  auto constant = bindFeed(*parseBinding("rate=0.25"), images(), rate);
  ASSERT_TRUE(bool(constant)) << failureOf(constant.takeError());
  EXPECT_TRUE(constant->isConstant);
  EXPECT_EQ(floatsOf(constant->array), (std::vector<float>{0.25}));
}

TEST(BindingTest, SaysWhatDoesNotFit) {
  const int64_t dims[] = {-1, 5};
  tgc_tensor_info_t feed = {"x:0", TGC_FLOAT32, 2, dims};
  EXPECT_EQ(failureOf(bindFeed(*parseBinding("x=image"), images(), feed).takeError()),
            "feed 'x:0': the examples have shape [2,3,1,2], the feed has [?,5]");
  EXPECT_EQ(failureOf(bindFeed(*parseBinding("x=pixels"), images(), feed).takeError()),
            "feed 'x:0': the data has no column 'pixels'; it has: image, label");
  EXPECT_NE(failureOf(parseBinding("x=image,blur").takeError()).find("'blur' is no operation"),
            std::string::npos);
}

/// The rows of each batch of an epoch, told by a column of row numbers.
std::vector<std::vector<float>> epochOf(Batches &batches, int64_t epoch) {
  std::vector<std::vector<float>> rows;
  batches.start(epoch);
  while (auto batch = batches.next())
    rows.push_back(floatsOf(batch->arrays.front().second));
  return rows;
}

TEST(BatchesTest, EveryExampleOncePerEpoch) {
  std::vector<std::pair<std::string, BoundFeed>> feeds;
  NumpyArray numbers = makeArray(TGC_FLOAT32, {7});
  for (int i = 0; i < 7; ++i)
    reinterpret_cast<float *>(numbers.bytes.data())[i] = static_cast<float>(i);
  feeds.emplace_back("x:0", BoundFeed{std::move(numbers), false});
  Batches inOrder(feeds, 7, {3, false, false, 0});
  EXPECT_EQ(epochOf(inOrder, 0), (std::vector<std::vector<float>>{{0, 1, 2}, {3, 4, 5}, {6}}));
  Batches whole(feeds, 7, {3, false, true, 0});
  EXPECT_EQ(epochOf(whole, 0).size(), 2u);
  Batches shuffled(feeds, 7, {3, true, false, 5});
  auto first = epochOf(shuffled, 0), second = epochOf(shuffled, 1);
  EXPECT_NE(first, second);
  EXPECT_EQ(first, epochOf(shuffled, 0));
  std::vector<float> all;
  for (const std::vector<float> &batch : first)
    all.insert(all.end(), batch.begin(), batch.end());
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, (std::vector<float>{0, 1, 2, 3, 4, 5, 6}));
}

/// The bytes are what TensorFlow 2.19.1's HistogramSummary op gives for tag "h" and these float64 values.
TEST(EventsTest, HistogramsAreTensorFlows) {
  proto::Summary summary;
  proto::Summary::Value *value = summary.add_value();
  value->set_tag("h");
  *value->mutable_histo() = makeHistogram({0, 1, 1, -2.5, 3e-13, 1e25, 7});
  EXPECT_EQ(llvm::toHex(summary.SerializeAsString(), /*LowerCase=*/true),
            "0ad7010a01682ad1010900000000000004c0119102282c2a8b2045190000000000001c40219102282c2a8b2045299b64"
            "7ec50e1b514a3250ea360f76a3ef04c077603c0e660803c0000000000000000011ea2d819997713d08996919155aed3f"
            "2b14facdbe24f03f2988ead0c2261b40612f354cd6dd1d404c549f0223831544ffffffffffffef7f3a50000000000000"
            "0000000000000000f03f0000000000000000000000000000004000000000000000000000000000000040000000000000"
            "0000000000000000f03f0000000000000000000000000000f03f");
}

TEST(EventsTest, FramesComeBack) {
  std::string frames = frameRecord("first") + frameRecord("");
  llvm::StringRef rest = frames;
  EXPECT_EQ(llvm::cantFail(takeRecord(rest)), "first");
  EXPECT_EQ(llvm::cantFail(takeRecord(rest)), "");
  EXPECT_TRUE(rest.empty());
}

} // namespace
