// What unit tests include, compiled once.
#include "gtest/gtest.h"
#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>
