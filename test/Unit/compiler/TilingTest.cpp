//===- TilingTest.cpp - Tiles beside a model of the machine ---------------===//
//
// What SelectTiling says for each level of vectors and each width of accumulators is put beside a model of a
// core: its registers, two loads beside two multiplications and additions in a cycle, four cycles until a sum
// can be added to again, and its caches.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/SelectTiling.h"
#include "compiler/Target/CodeTarget.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/Support/MathExtras.h"
#include "gtest/gtest.h"
#include <string>
#include <vector>

using namespace tgc;

namespace {

constexpr int64_t kOpen = mlir::ShapedType::kDynamic;
/// Sums that two units for multiplications and additions of four cycles work on at once.
constexpr int64_t kSumsAtOnce = 8;

struct Level {
  std::string target;
  unsigned bytes, registers;
  /// Of the smallest machines that are sold with such vectors.
  int64_t firstCache, secondCache;
};

const Level kLevels[] = {
    {"cpu:x86-64", 16, 16, 32 << 10, 256 << 10},
    {"cpu:x86-64-v3", 32, 16, 32 << 10, 256 << 10},
    {"cpu:x86-64-v4", 64, 32, 32 << 10, 1 << 20},
    {"cpu:aarch64", 16, 32, 32 << 10, 256 << 10},
};

VectorUnit getUnit(const Level &level) {
  auto target = llvm::cantFail(parseTarget(level.target));
  return getVectorUnit(*llvm::cantFail(createTargetMachine(target, 0)));
}

class TilingTest : public testing::TestWithParam<std::tuple<Level, int64_t>> {
protected:
  const Level &level() const { return std::get<0>(GetParam()); }
  /// Of accumulators: f32, which f16 and bf16 have, too, and i32; f64 and i64.
  int64_t elementBytes() const { return std::get<1>(GetParam()); }

  /// Accumulators, a row of the panel and an element of the left operand.
  static int64_t countRegisters(ContractTiling tiling) {
    return tiling.rows * tiling.vectors + tiling.vectors + 1;
  }
  /// For a step of the sum: a row of the panel, and an element for each row.
  static double countLoads(ContractTiling tiling) {
    return double(tiling.vectors + tiling.rows) / double(tiling.vectors * tiling.rows);
  }
};

std::vector<int64_t> listSizes() {
  std::vector<int64_t> sizes = {kOpen, 100, 127, 128, 1000, 4096};
  for (int64_t size = 1; size <= 65; ++size)
    sizes.push_back(size);
  return sizes;
}

TEST_P(TilingTest, UnitIsTheMachines) {
  VectorUnit unit = getUnit(level());
  EXPECT_EQ(unit.bytes, level().bytes);
  EXPECT_EQ(unit.registers, level().registers);
}

TEST_P(TilingTest, TilesFitRegisters) {
  VectorUnit unit = getUnit(level());
  for (int64_t columns : listSizes())
    for (int64_t rows : listSizes()) {
      ContractTiling tiling = selectContractTiling(unit, elementBytes(), columns, rows);
      SCOPED_TRACE(testing::Message() << columns << " columns, " << rows << " rows");
      EXPECT_LE(countRegisters(tiling), unit.registers);
      EXPECT_LE(tiling.lanes * elementBytes(), unit.bytes);
      EXPECT_GE(tiling.lanes * elementBytes(), 16);
      EXPECT_GE(tiling.rows, 1);
      if (rows == kOpen)
        continue;
      // No more tiles than of open rows, and so even that less than a row of each is idle.
      ContractTiling open = selectContractTiling(unit, elementBytes(), columns, kOpen);
      EXPECT_LE(tiling.rows, rows);
      EXPECT_LE(llvm::divideCeil(rows, tiling.rows), llvm::divideCeil(rows, open.rows));
      EXPECT_LT(llvm::alignTo(rows, tiling.rows) - rows, llvm::divideCeil(rows, tiling.rows));
    }
}

TEST_P(TilingTest, JoinedStepsFitRegisters) {
  VectorUnit unit = getUnit(level());
  for (int64_t steps : {2, 4})
    for (int64_t rows : listSizes()) {
      ContractTiling table = selectContractTiling(unit, elementBytes(), kOpen, rows);
      ContractTiling tiling = leaveRoomToJoinSteps(table, unit, steps, rows);
      SCOPED_TRACE(testing::Message() << rows << " rows, " << steps << " steps");
      EXPECT_LE(tiling.rows, table.rows);
      // One more holds what is joined.
      EXPECT_LE(countRegisters(tiling) + 1, unit.registers);
    }
}

TEST_P(TilingTest, LoadsKeepUpWithProducts) {
  VectorUnit unit = getUnit(level());
  ContractTiling wide = selectContractTiling(unit, elementBytes(), kOpen, kOpen);
  EXPECT_LE(countLoads(wide), level().registers == 32 ? 0.59 : 0.67);
  EXPECT_GE(wide.rows * wide.vectors, kSumsAtOnce);
  // One vector cannot do better than a load for each product and its own.
  ContractTiling narrow = selectContractTiling(unit, elementBytes(), 1, kOpen);
  EXPECT_EQ(narrow.vectors, 1);
  EXPECT_LE(countLoads(narrow), 1.0 + 1.0 / kSumsAtOnce);
  EXPECT_GE(narrow.rows * narrow.vectors, kSumsAtOnce);
}

TEST_P(TilingTest, SharedPanelsFitEveryLevel) {
  VectorUnit unit = getUnit(level());
  unit.panelBytes = 64;
  for (int64_t columns : listSizes())
    for (int64_t rows : listSizes()) {
      ContractTiling tiling = selectContractTiling(unit, elementBytes(), columns, rows);
      SCOPED_TRACE(testing::Message() << columns << " columns, " << rows << " rows");
      EXPECT_LE(countRegisters(tiling), unit.registers);
      // Constants are packed once, so the panel is as wide as at any other level.
      VectorUnit widest = {64, 32, 64};
      EXPECT_EQ(tiling.getPanelWidth(),
                selectContractTiling(widest, elementBytes(), columns, rows).getPanelWidth());
    }
  ContractTiling wide = selectContractTiling(unit, elementBytes(), kOpen, kOpen);
  EXPECT_LE(countLoads(wide), 1.0 + 1.0 / kSumsAtOnce);
  EXPECT_GE(wide.rows * wide.vectors, kSumsAtOnce);
}

TEST_P(TilingTest, BlocksFitCaches) {
  VectorUnit unit = getUnit(level());
  ContractTiling tiling = selectContractTiling(unit, elementBytes(), kOpen, kOpen);
  int64_t panelRow = tiling.getPanelWidth() * elementBytes(), rowsOfTile = tiling.rows * elementBytes();
  // While tiles of rows pass, a panel stays in half of the second-level cache; so do a tile's rows beside it.
  EXPECT_LE(kLongestUnblockedSum * panelRow, level().secondCache / 2);
  EXPECT_LE(kSumBlock * (panelRow + rowsOfTile), level().secondCache / 2);
  // While panels pass, a tile's rows of f32 stay in the first-level cache.
  if (elementBytes() == 4)
    EXPECT_LE(kSumBlock * rowsOfTile, level().firstCache);
  EXPECT_LE(kBlockBytes, level().firstCache);
}

INSTANTIATE_TEST_SUITE_P(Levels, TilingTest,
                         testing::Combine(testing::ValuesIn(kLevels), testing::Values<int64_t>(4, 8)),
                         [](const auto &info) {
                           std::string name = std::get<0>(info.param).target.substr(4);
                           std::erase_if(name, [](char c) { return c == '-'; });
                           return name + "x" + std::to_string(std::get<1>(info.param));
                         });

} // namespace
