//===- SpecialTest.cpp - Special functions ---------------------------------===//
//
// The expected values are mpmath's, computed with 60 digits.
//
//===----------------------------------------------------------------------===//

#include "runtime/kernels/special/special.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace {

const double kInfinity = std::numeric_limits<double>::infinity();
const double kNan = std::numeric_limits<double>::quiet_NaN();

void expectClose(const char *name, double got, double expected, double tolerance) {
  EXPECT_NEAR(got, expected, tolerance * std::fabs(expected)) << name;
}

struct Unary {
  const char *name;
  double (*f64)(double);
  float (*f32)(float);
  double x, expected;
};

struct Binary {
  const char *name;
  double (*f64)(double, double);
  float (*f32)(float, float);
  double x, y, expected;
};

#define FUNCTION(name) #name, tgc_special_##name##_f64, tgc_special_##name##_f32

const Unary kUnary[] = {
    {FUNCTION(lgamma), 0.5, 0.572364942924700087},
    {FUNCTION(lgamma), 3.25, 0.935801931108725358},
    {FUNCTION(lgamma), -2.5, -0.0562437164976740507},
    {FUNCTION(lgamma), 171.5, 709.143163030928242},
    {FUNCTION(digamma), 0.125, -8.38849266329585487},
    {FUNCTION(digamma), 1.5, 0.0364899739785765206},
    {FUNCTION(digamma), -3.75, -1.69238859831133034},
    {FUNCTION(digamma), 30.0, 3.38443813268552488},
    {FUNCTION(digamma), 1000000.0, 13.8155100579641908},
    {FUNCTION(erfinv), 0.5, 0.476936276204469873},
    {FUNCTION(erfinv), -0.999755859375, -2.59390051313448766},
    {FUNCTION(erfinv), 1e-20, 8.86226925452757965e-21},
    {FUNCTION(ndtri), 0.125, -1.15034938037600818},
    {FUNCTION(ndtri), 0.75, 0.674489750196081743},
    {FUNCTION(ndtri), 1e-100, -21.2734535609653243},
    {FUNCTION(dawsn), 0.5, 0.424436383502022296},
    {FUNCTION(dawsn), -3.0, -0.178271030610558287},
    {FUNCTION(dawsn), 20.0, 0.0250313679264036719},
    {FUNCTION(expint), 0.125, -1.37320852494298334},
    {FUNCTION(expint), 4.0, 19.63087447005622},
    {FUNCTION(expint), 45.0, 794391603570445377.0},
    {FUNCTION(spence), 0.125, 1.23812348179648023},
    {FUNCTION(spence), 1.25, -0.235900297686263454},
    {FUNCTION(spence), 9.0, -3.68567600075740637},
    {FUNCTION(fresnel_cos), 0.75, 0.693525990787135897},
    {FUNCTION(fresnel_cos), -2.5, -0.457413009641777045},
    {FUNCTION(fresnel_cos), 40.5, 0.50300629225617698},
    {FUNCTION(fresnel_sin), 0.75, 0.20887711123338357},
    {FUNCTION(fresnel_sin), -2.5, -0.619181755819592936},
    {FUNCTION(fresnel_sin), 40.5, 0.492738182848282583},
    {FUNCTION(bessel_i0), 0.5, 1.06348337074132352},
    {FUNCTION(bessel_i0), -3.0, 4.88079258586502409},
    {FUNCTION(bessel_i0), 30.0, 781672297823.97749},
    {FUNCTION(bessel_i0e), 0.5, 0.645035270449150068},
    {FUNCTION(bessel_i0e), -3.0, 0.243000354161825398},
    {FUNCTION(bessel_i0e), 1000.0, 0.0126172404558912566},
    {FUNCTION(bessel_j0), 0.5, 0.938469807240812904},
    {FUNCTION(bessel_j0), 7.0, 0.300079270519555597},
    {FUNCTION(bessel_y0), 0.5, -0.444518733506706557},
    {FUNCTION(bessel_y0), 7.0, -0.0259497439672092649},
    {FUNCTION(bessel_k0), 0.001, 7.02368880056238132},
    {FUNCTION(bessel_k0), 0.5, 0.924419071227665862},
    {FUNCTION(bessel_k0), 7.0, 0.000424795741869231807},
    {FUNCTION(bessel_k0e), 0.5, 1.52410938577390953},
    {FUNCTION(bessel_k0e), 1000.0, 0.0396283216007542171},
    {FUNCTION(bessel_i1), 0.5, 0.257894305390896316},
    {FUNCTION(bessel_i1), -3.0, -3.9533702174026094},
    {FUNCTION(bessel_i1), 30.0, 768532038938.956999},
    {FUNCTION(bessel_i1e), 0.5, 0.156420803184871697},
    {FUNCTION(bessel_i1e), -3.0, -0.196826713297300854},
    {FUNCTION(bessel_i1e), 1000.0, 0.0126109302569286295},
    {FUNCTION(bessel_j1), 0.5, 0.242268457674873886},
    {FUNCTION(bessel_j1), 7.0, -0.0046828234823458327},
    {FUNCTION(bessel_y1), 0.5, -1.47147239267024307},
    {FUNCTION(bessel_y1), 7.0, -0.30266723702418487},
    {FUNCTION(bessel_k1), 0.001, 999.996238156085553},
    {FUNCTION(bessel_k1), 0.5, 1.65644112000330089},
    {FUNCTION(bessel_k1), 7.0, 0.000454182486884896971},
    {FUNCTION(bessel_k1e), 0.5, 2.73100970821178571},
    {FUNCTION(bessel_k1e), 1000.0, 0.0396481308129602105},
};

const Binary kBinary[] = {
    {FUNCTION(zeta), 2.0, 1.0, 1.64493406684822644},
    {FUNCTION(zeta), 1.5, 0.25, 10.2130553604666007},
    {FUNCTION(zeta), 7.0, 12.5, 5.514770435060372e-8},
    {FUNCTION(zeta), 3.0, -2.5, 0.0541020258208637015},
    {FUNCTION(polygamma), 1.0, 0.5, 4.93480220054467931},
    {FUNCTION(polygamma), 2.0, 3.25, -0.128156947139115121},
    {FUNCTION(polygamma), 5.0, 10.0, 0.000305945162117268209},
    {FUNCTION(igamma), 0.5, 0.25, 0.520499877813046538},
    {FUNCTION(igamma), 3.0, 8.0, 0.986246032255997015},
    {FUNCTION(igamma), 100.0, 110.0, 0.841721329939912906},
    {FUNCTION(igamma), 30.0, 2.0, 5.85531860937857701e-25},
    {FUNCTION(igammac), 0.5, 0.25, 0.479500122186953462},
    {FUNCTION(igammac), 3.0, 50.0, 2.50930355220105704e-19},
    {FUNCTION(igammac), 1000.0, 1100.0, 0.00105932325392997735},
    {FUNCTION(igamma_grad_a), 0.5, 0.25, -0.797947316783222941},
    {FUNCTION(igamma_grad_a), 3.0, 8.0, -0.0177913359864964839},
    {FUNCTION(igamma_grad_a), 10.0, 9.0, -0.127036511924268387},
};

TEST(SpecialTest, FunctionsOfOneNumber) {
  for (const Unary &row : kUnary) {
    expectClose(row.name, row.f64(row.x), row.expected, 1e-12);
    // What single precision cannot hold is not its business.
    bool isExact = static_cast<double>(static_cast<float>(row.x)) == row.x;
    if (isExact && std::fabs(row.expected) < std::numeric_limits<float>::max())
      expectClose(row.name, row.f32(static_cast<float>(row.x)), row.expected, 1e-7);
  }
}

TEST(SpecialTest, FunctionsOfTwoNumbers) {
  for (const Binary &row : kBinary) {
    expectClose(row.name, row.f64(row.x, row.y), row.expected, 1e-12);
    expectClose(row.name, row.f32(static_cast<float>(row.x), static_cast<float>(row.y)), row.expected, 1e-7);
  }
}

TEST(SpecialTest, IncompleteBeta) {
  expectClose("betainc", tgc_special_betainc_f64(0.5, 0.5, 0.25), 0.333333333333333333, 1e-12);
  expectClose("betainc", tgc_special_betainc_f64(2.0, 3.0, 0.75), 0.94921875, 1e-12);
  expectClose("betainc", tgc_special_betainc_f64(40.0, 60.0, 0.375), 0.308782196760801494, 1e-12);
  EXPECT_EQ(tgc_special_betainc_f64(2.0, 3.0, 0.0), 0.0);
  EXPECT_EQ(tgc_special_betainc_f64(2.0, 3.0, 1.0), 1.0);
  EXPECT_TRUE(std::isnan(tgc_special_betainc_f64(-1.0, 3.0, 0.5)));
  EXPECT_TRUE(std::isnan(tgc_special_betainc_f64(1.0, 3.0, 1.5)));
}

TEST(SpecialTest, Poles) {
  EXPECT_EQ(tgc_special_lgamma_f64(0.0), kInfinity);
  EXPECT_EQ(tgc_special_lgamma_f64(-3.0), kInfinity);
  EXPECT_TRUE(std::isnan(tgc_special_digamma_f64(0.0)));
  EXPECT_TRUE(std::isnan(tgc_special_digamma_f64(-2.0)));
  EXPECT_EQ(tgc_special_digamma_f64(kInfinity), kInfinity);
  EXPECT_EQ(tgc_special_zeta_f64(1.0, 2.0), kInfinity);
  EXPECT_EQ(tgc_special_zeta_f64(2.0, -3.0), kInfinity);
  EXPECT_EQ(tgc_special_polygamma_f64(1.0, 0.0), kInfinity);
  EXPECT_EQ(tgc_special_erfinv_f64(-1.0), -kInfinity);
  EXPECT_EQ(tgc_special_ndtri_f64(1.0), kInfinity);
  EXPECT_EQ(tgc_special_expint_f64(0.0), -kInfinity);
  EXPECT_EQ(tgc_special_bessel_y0_f64(0.0), -kInfinity);
  EXPECT_EQ(tgc_special_bessel_k1_f64(0.0), kInfinity);
}

TEST(SpecialTest, OutsideOfTheDomain) {
  const double outside[] = {tgc_special_zeta_f64(0.5, 1.0),    tgc_special_polygamma_f64(0.5, 1.0),
                            tgc_special_igamma_f64(-1.0, 1.0), tgc_special_igammac_f64(1.0, -1.0),
                            tgc_special_erfinv_f64(1.5),       tgc_special_ndtri_f64(-0.5),
                            tgc_special_spence_f64(-1.0),      tgc_special_expint_f64(-1.0),
                            tgc_special_lgamma_f64(kNan),      tgc_special_igamma_f64(1.0, kNan),
                            tgc_special_bessel_i0_f64(kNan),   tgc_special_dawsn_f64(kNan),
                            tgc_special_fresnel_cos_f64(kNan)};
  for (double value : outside)
    EXPECT_TRUE(std::isnan(value)) << value;
}

TEST(SpecialTest, Limits) {
  EXPECT_EQ(tgc_special_igamma_f64(2.0, kInfinity), 1.0);
  EXPECT_EQ(tgc_special_igammac_f64(2.0, 0.0), 1.0);
  EXPECT_EQ(tgc_special_bessel_i0e_f64(kInfinity), 0.0);
  EXPECT_EQ(tgc_special_bessel_k0_f64(kInfinity), 0.0);
  EXPECT_EQ(tgc_special_fresnel_sin_f64(-kInfinity), -0.5);
  EXPECT_EQ(tgc_special_dawsn_f64(kInfinity), 0.0);
  EXPECT_EQ(tgc_special_spence_f64(1.0), 0.0);
}

/* Where TensorFlow's values are not the limits; recorded from tf.raw_ops of TensorFlow 2.19.1. */
TEST(SpecialTest, TensorFlowAtTheEdges) {
  EXPECT_TRUE(std::isnan(tgc_special_bessel_i0_f64(kInfinity)));
  EXPECT_TRUE(std::isnan(tgc_special_bessel_i1_f64(-kInfinity)));
  EXPECT_TRUE(std::isnan(tgc_special_bessel_j1_f64(kInfinity)));
  EXPECT_TRUE(std::isnan(tgc_special_bessel_y0_f64(kInfinity)));
  EXPECT_TRUE(std::isnan(tgc_special_expint_f64(kInfinity)));
  EXPECT_TRUE(std::isnan(tgc_special_spence_f64(kInfinity)));
  EXPECT_EQ(tgc_special_bessel_y1_f64(-2.0), -kInfinity);
  EXPECT_EQ(tgc_special_bessel_y0_f64(-kInfinity), -kInfinity);
  EXPECT_EQ(tgc_special_bessel_k0_f64(-2.0), kInfinity);
  EXPECT_EQ(tgc_special_bessel_k1e_f64(-kInfinity), kInfinity);
}

} // namespace
