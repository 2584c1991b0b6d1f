#pragma once
// Golden files: tests/report/golden/NAME. PICKET_REWRITE_GOLDEN=1 writes them anew: read the difference before you
// commit it.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace picket {

inline void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = std::string(PICKET_SOURCE_DIR) + "/tests/report/golden/" + name;
  if (std::getenv("PICKET_REWRITE_GOLDEN")) {
    std::ofstream(path) << text;
    return;
  }
  std::ifstream file(path);
  ASSERT_TRUE(file) << path;
  std::stringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(text, golden.str()) << path;
}

}  // namespace picket
