#pragma once

#include <gtest/gtest.h>

#include "gate/nft.hpp"

namespace picket {

/// While it lives the gate's table is somebody else's, empty, and the kernel lets nobody else change it (nft(8),
/// "owner").
struct TakenTable {
  TakenTable() {
    EXPECT_EQ(nft.run("add table inet picket\ndelete table inet picket\nadd table inet picket { flags owner; }"), "");
  }
  Nft nft;
};

}  // namespace picket
