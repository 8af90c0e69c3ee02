//===- Random.cpp - Signatures of random numbers and samplers --------------===//
//
// Stateful streams, stateless ones, generators, candidate samplers.
// Tables.h explains the notation.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/Signatures/Tables.h"

static constexpr tgc::signatures::Row kRows[] = {
    // A stream per node.
    {"RandomUniform RandomStandardNormal TruncatedNormal", "shape:T", "output:dtype", "seed=0 seed2=0"},
    {"RandomUniformInt", "shape:T minval:Tout maxval:Tout", "output:Tout", "seed=0 seed2=0"},
    {"ParameterizedTruncatedNormal", "shape:T means:dtype stdevs:dtype minvals:dtype maxvals:dtype",
     "output:dtype", "seed=0 seed2=0"},
    {"RandomGamma", "shape:S alpha:T", "output:T", "seed=0 seed2=0"},
    {"RandomGammaGrad", "alpha:T sample:T", "output:T", ""},
    {"RandomPoisson", "shape:S rate:dtype", "output:dtype", "seed=0 seed2=0"},
    {"RandomPoissonV2", "shape:S rate:R", "output:dtype", "seed=0 seed2=0 R=float64 dtype=int64"},
    {"RandomShuffle", "value:T", "output:T", "seed=0 seed2=0"},
    {"RandomCrop", "image:T size:int64", "output:T", "seed=0 seed2=0"},
    {"Multinomial", "logits:T num_samples:int32", "output:output_dtype", "seed=0 seed2=0 output_dtype=int64"},
    // The seed is an input.
    {"StatelessRandomUniform StatelessRandomNormal StatelessTruncatedNormal", "shape:T seed:Tseed",
     "output:dtype", "dtype=float32 T=int32 Tseed=int64"},
    {"StatelessRandomUniformInt", "shape:T seed:Tseed minval:dtype maxval:dtype", "output:dtype",
     "T=int32 Tseed=int64"},
    {"StatelessRandomUniformFullInt", "shape:T seed:Tseed", "output:dtype",
     "dtype=uint64 T=int32 Tseed=int64"},
    {"StatelessMultinomial", "logits:T num_samples:int32 seed:Tseed", "output:output_dtype",
     "Tseed=int64 output_dtype=int64"},
    {"StatelessParameterizedTruncatedNormal",
     "shape:S seed:Tseed means:dtype stddevs:dtype minvals:dtype maxvals:dtype", "output:dtype",
     "Tseed=int64"},
    {"StatelessRandomBinomial", "shape:S seed:Tseed counts:T probs:T", "output:dtype",
     "Tseed=int64 T=float64 dtype=int64"},
    {"StatelessRandomGammaV2", "shape:T seed:Tseed alpha:dtype", "output:dtype", "T=int32 Tseed=int64"},
    {"StatelessRandomPoisson", "shape:T seed:Tseed lam:Rtype", "output:dtype", "T=int32 Tseed=int64"},
    // Key and counter are inputs.
    {"StatelessRandomGetKeyCounter", "seed:Tseed", "key:uint64 counter:uint64", "Tseed=int64"},
    {"StatelessRandomGetAlg", "", "alg:int32", ""},
    {"StatelessRandomGetKeyCounterAlg", "seed:Tseed", "key:uint64 counter:uint64 alg:int32", "Tseed=int64"},
    {"StatelessRandomUniformV2 StatelessRandomNormalV2 StatelessTruncatedNormalV2",
     "shape:Tshape key:uint64 counter:uint64 alg:int32", "output:dtype", "dtype=float32 Tshape=int32"},
    {"StatelessRandomUniformIntV2",
     "shape:Tshape key:uint64 counter:uint64 alg:int32 minval:dtype maxval:dtype", "output:dtype",
     "Tshape=int32"},
    {"StatelessRandomUniformFullIntV2", "shape:Tshape key:uint64 counter:uint64 alg:int32", "output:dtype",
     "dtype=uint64 Tshape=int32"},
    {"StatelessRandomGammaV3", "shape:shape_dtype key:uint64 counter:uint64 alg:int32 alpha:dtype",
     "output:dtype", "shape_dtype=int32"},
    {"StatelessShuffle", "value:T key:uint64 counter:uint64 alg:int32", "output:T", ""},
    // The state is a variable.
    {"StatefulUniform StatefulStandardNormalV2 StatefulTruncatedNormal",
     "resource:resource algorithm:int64 shape:shape_dtype", "output:dtype",
     "dtype=float32 shape_dtype=int64"},
    {"StatefulUniformInt", "resource:resource algorithm:int64 shape:shape_dtype minval:dtype maxval:dtype",
     "output:dtype", "dtype=int64 shape_dtype=int64"},
    {"StatefulUniformFullInt", "resource:resource algorithm:int64 shape:shape_dtype", "output:dtype",
     "dtype=uint64 shape_dtype=int64"},
    {"StatefulRandomBinomial", "resource:resource algorithm:int64 shape:S counts:T probs:T", "output:dtype",
     "T=float64 dtype=int64"},
    {"RngSkip", "resource:resource algorithm:int64 delta:int64", "", ""},
    {"RngReadAndSkip", "resource:resource alg:int32 delta:uint64", "value:int64", ""},
    // Samplers for losses.
    {"UniformCandidateSampler LogUniformCandidateSampler LearnedUnigramCandidateSampler "
     "ThreadUnsafeUnigramCandidateSampler",
     "true_classes:int64",
     "sampled_candidates:int64 true_expected_count:float32 sampled_expected_count:float32",
     "num_true:int num_sampled:int unique:bool range_max:int seed=0 seed2=0"},
    {"FixedUnigramCandidateSampler", "true_classes:int64",
     "sampled_candidates:int64 true_expected_count:float32 sampled_expected_count:float32",
     "num_true:int num_sampled:int unique:bool range_max:int vocab_file='' distortion=1.0 "
     "num_reserved_ids=0 num_shards=1 shard=0 unigrams:list(float)=[] seed=0 seed2=0"},
    {"AllCandidateSampler", "true_classes:int64",
     "sampled_candidates:int64 true_expected_count:float32 sampled_expected_count:float32",
     "num_true:int num_sampled:int unique:bool seed=0 seed2=0"},
    {"ComputeAccidentalHits", "true_classes:int64 sampled_candidates:int64",
     "indices:int32 ids:int64 weights:float32", "num_true:int seed=0 seed2=0"},
};

llvm::ArrayRef<tgc::signatures::Row> tgc::signatures::randomRows() { return kRows; }
