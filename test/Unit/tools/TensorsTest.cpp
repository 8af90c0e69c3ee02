//===- TensorsTest.cpp - Arrays as feeds, fetches as arrays -------------------===//
#include "tools/tgc-run/Tensors.h"
#include "gtest/gtest.h"

using namespace tgc;
using Shape = std::vector<int64_t>;

namespace {
/// An entry with one feed, x:0.
struct OneFeed {
  Shape dims;
  tgc_tensor_info_t feed;
  tgc_entry_info_t entry = {"main", 1, 0, 0, &feed, nullptr, nullptr, 0, nullptr};

  OneFeed(tgc_dtype_t dtype, Shape shape)
      : dims(std::move(shape)), feed{"x:0", dtype, int32_t(dims.size()), dims.data()} {}
  OneFeed(const OneFeed &) = delete;
};
} // namespace

static NamedArrays named(tgc_dtype_t dtype, Shape shape, AlignedBuffer bytes = AlignedBuffer()) {
  NamedArrays arrays;
  NumpyArray array;
  array.dtype = dtype;
  array.shape = std::move(shape);
  array.bytes = std::move(bytes);
  arrays.emplace_back("x:0", std::move(array));
  return arrays;
}

static std::string messageOf(const OneFeed &module, const NamedArrays &arrays) {
  llvm::Expected<FeedTensors> feeds = bindFeeds(module.entry, &arrays, /*allowsUnused=*/false);
  return feeds ? "no error" : llvm::toString(feeds.takeError());
}

TEST(TensorsTest, IntegersStandForTypesThatNumpyLacks) {
  uint16_t one = 0x3f80;
  OneFeed module(TGC_BFLOAT16, {});
  NamedArrays bits = named(TGC_UINT16, {}, AlignedBuffer(&one, sizeof(one)));
  llvm::Expected<FeedTensors> feeds = bindFeeds(module.entry, &bits, false);
  ASSERT_TRUE(bool(feeds)) << llvm::toString(feeds.takeError());
  EXPECT_EQ(feeds->tensors[0].dtype, TGC_BFLOAT16);
  EXPECT_EQ(feeds->tensors[0].data, bits[0].second.bytes.data());
  EXPECT_EQ(messageOf(module, named(TGC_FLOAT32, {}, AlignedBuffer(4))),
            "feed 'x:0': the array is float32, the entry takes bfloat16 as uint16");
  EXPECT_EQ(messageOf(OneFeed(TGC_FLOAT32, {}), named(TGC_STRING, {})),
            "feed 'x:0': the array is string, the entry takes float32");
  EXPECT_EQ(messageOf(OneFeed(TGC_STRING, {}), bits),
            "feed 'x:0': the array is uint16, the entry takes string");
}

TEST(TensorsTest, MissingAndSuperfluousFeedsAreNamed) {
  OneFeed module(TGC_FLOAT32, {-1, 3});
  EXPECT_EQ(messageOf(module, {}),
            "entry 'main' needs the feed 'x:0' (float32 [?,3]), which is not among the arrays");
  NamedArrays more = named(TGC_FLOAT32, {0, 3});
  more.emplace_back("y:0", NumpyArray());
  EXPECT_EQ(messageOf(module, more), "entry 'main' takes no feed 'y:0'; it takes: x:0");
  EXPECT_TRUE(bool(bindFeeds(module.entry, &more, /*allowsUnused=*/true)));
}

TEST(TensorsTest, RanksBeyondTheLimitAreRefused) {
  EXPECT_EQ(messageOf(OneFeed(TGC_FLOAT32, {}), named(TGC_FLOAT32, Shape(17, 1), AlignedBuffer(4))),
            "feed 'x:0': the array has 17 dimensions, at most 16 are supported");
}

TEST(TensorsTest, EmptyArraysHaveAnAddress) {
  NamedArrays empty = named(TGC_FLOAT32, {0});
  OneFeed module(TGC_FLOAT32, {-1});
  llvm::Expected<FeedTensors> feeds = bindFeeds(module.entry, &empty, false);
  ASSERT_TRUE(bool(feeds)) << llvm::toString(feeds.takeError());
  EXPECT_NE(feeds->tensors[0].data, nullptr);
  EXPECT_EQ(feeds->tensors[0].byte_size, 0u);
}

TEST(TensorsTest, StringsKeepTheirBytes) {
  tgc_string_t elements[] = {{"a\0b", 3}, {nullptr, 0}};
  tgc_tensor_t tensor = {elements, sizeof(elements), TGC_STRING, 1, {2}};
  llvm::Expected<NumpyArray> array = copyTensor(tensor);
  ASSERT_TRUE(bool(array)) << llvm::toString(array.takeError());
  EXPECT_EQ(array->strings, std::vector<std::string>({std::string("a\0b", 3), ""}));
}

TEST(TensorsTest, InventedFeedsFitTheEntry) {
  OneFeed module(TGC_FLOAT32, {-1, 3});
  NamedArrays invented = inventFeeds(module.entry);
  EXPECT_EQ(messageOf(module, invented), "no error");
  ASSERT_EQ(invented[0].second.shape, Shape({1, 3}));
  auto *values = reinterpret_cast<const float *>(invented[0].second.bytes.data());
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(values[i] >= 0 && values[i] < 1);
  EXPECT_NE(values[1], values[2]);
}
