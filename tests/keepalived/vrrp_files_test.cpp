#include "keepalived/vrrp_files.hpp"

#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <filesystem>

#include "keepalived/folder.hpp"

namespace picket {
namespace {
using testing::HasSubstr;

class Files : public testing::Test {
 protected:
  Folder folder;
  std::string gate = folder / "gate", rank = folder / "rank";
  VrrpFiles files{gate, rank};

  size_t entries() const {
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder.path()), {}));
  }
};

TEST_F(Files, OpenTheGateForTheRaisedPrimaryAlone) {
  files.publish(Vrrp::raise, Advert::primary);
  EXPECT_EQ(read_file(gate), "1\n");
  EXPECT_EQ(read_file(rank), "100\n");
  files.publish(Vrrp::lower, Advert::replica);
  EXPECT_EQ(read_file(gate), "0\n");
  EXPECT_EQ(read_file(rank), "50\n");
  files.publish(Vrrp::lower, Advert::down);
  EXPECT_EQ(read_file(gate), "0\n");
  EXPECT_EQ(read_file(rank), "0\n");
  files.publish(Vrrp::fault, Advert::down);
  EXPECT_EQ(read_file(gate), "0\n");
  EXPECT_EQ(read_file(rank), "-100\n");
  EXPECT_EQ(files.problem(), "");
}

TEST_F(Files, StayAsTheyAreOnHold) {
  files.publish(Vrrp::hold, Advert::down);
  EXPECT_EQ(entries(), 0U);
  files.publish(Vrrp::raise, Advert::primary);
  files.publish(Vrrp::hold, Advert::down);
  EXPECT_EQ(read_file(gate), "1\n");
  EXPECT_EQ(read_file(rank), "100\n");
}

TEST_F(Files, AreNotTouchedWhileTheySayWhatTheyShould) {
  files.publish(Vrrp::raise, Advert::primary);
  struct stat before {
  }, after{};
  ASSERT_EQ(stat(gate.c_str(), &before), 0);
  files.publish(Vrrp::raise, Advert::primary);
  ASSERT_EQ(stat(gate.c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino) << "each replacement wakes Keepalived";
}

TEST_F(Files, AreMendedWhenSomebodyElseChangedThem) {
  files.publish(Vrrp::raise, Advert::primary);
  for (const char* text : {"0\n", "", "1", "nonsense", "1\n1\n"}) {
    write_file(gate, text);
    files.publish(Vrrp::raise, Advert::primary);
    EXPECT_EQ(read_file(gate), "1\n");
  }
  files.close_gate();
  write_file(gate, "1\n");
  std::filesystem::remove(rank);
  files.publish(Vrrp::fault, Advert::down);
  EXPECT_EQ(read_file(gate), "0\n");
  EXPECT_EQ(read_file(rank), "-100\n");
}

TEST_F(Files, AreReplacedAndNeverWrittenInPlace) {
  files.publish(Vrrp::raise, Advert::primary);
  std::ifstream old(gate);
  files.close_gate();
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(old), {}), "1\n");
  EXPECT_EQ(entries(), 2U) << "a temporary file was left behind";
}

TEST_F(Files, CanBeReadByEverybodyWhateverTheUmask) {
  const mode_t old = umask(0077);
  files.publish(Vrrp::raise, Advert::primary);
  umask(old);
  struct stat status {};
  ASSERT_EQ(stat(gate.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0644U);
}

TEST_F(Files, SayThatTheirFolderIsMissingAndComeBackWithIt) {
  VrrpFiles lost(folder / "vrrp/gate", folder / "vrrp/rank");
  lost.publish(Vrrp::raise, Advert::primary);
  EXPECT_THAT(lost.problem(), HasSubstr("No such file or directory"));
  lost.close_gate();
  EXPECT_THAT(lost.problem(), HasSubstr("a missing gate is closed"));
  std::filesystem::create_directory(folder / "vrrp");
  lost.publish(Vrrp::raise, Advert::primary);
  EXPECT_EQ(lost.problem(), "");
  EXPECT_EQ(read_file(folder / "vrrp/gate"), "1\n");
}

TEST_F(Files, SayThatTheirFolderWasReplacedUnderKeepalived) {
  std::filesystem::create_directory(folder / "vrrp");
  VrrpFiles moved(folder / "vrrp/gate", folder / "vrrp/rank");
  moved.publish(Vrrp::raise, Advert::primary);
  std::filesystem::rename(folder / "vrrp", folder / "old");
  std::filesystem::create_directory(folder / "vrrp");
  moved.publish(Vrrp::raise, Advert::primary);
  EXPECT_EQ(read_file(folder / "vrrp/gate"), "1\n");
  EXPECT_THAT(moved.problem(), HasSubstr("only after a reload"));
}

TEST_F(Files, RefuseALinkBecauseKeepalivedWatchesItsTarget) {
  write_file(folder / "target", "1\n");
  std::filesystem::create_symlink("target", gate);
  files.close_gate();
  EXPECT_THAT(files.problem(), HasSubstr("is a symbolic link"));
  EXPECT_THAT(files.problem(), HasSubstr("MAY STILL BE OPEN"));
  EXPECT_EQ(read_file(folder / "target"), "1\n") << "not ours to write";
}

TEST_F(Files, SayThatAFolderStandsInTheGatesPlace) {
  std::filesystem::create_directory(gate);
  files.publish(Vrrp::raise, Advert::primary);
  EXPECT_THAT(files.problem(), HasSubstr(gate + ": cannot be replaced"));
  EXPECT_EQ(entries(), 2U) << "the rank, and no temporary file";
}

/// A file system of two pages, one for each file, so that "disk full" is real.
class FullDisk : public testing::Test {
 protected:
  void SetUp() override {
    if (mount("picket-test", folder.path().c_str(), "tmpfs", 0, "size=8k") != 0) GTEST_SKIP() << "may not mount";
    mounted = true;
  }
  void TearDown() override {
    if (mounted) umount2(folder.path().c_str(), MNT_DETACH);
  }
  Folder folder;
  bool mounted = false;
};

TEST_F(FullDisk, StillClosesTheGate) {
  VrrpFiles files(folder / "gate", folder / "rank");
  files.publish(Vrrp::raise, Advert::primary);
  ASSERT_EQ(files.problem(), "");
  files.close_gate();
  EXPECT_EQ(read_file(folder / "gate"), "(none)");
  EXPECT_THAT(files.problem(), HasSubstr("No space left on device; removed it instead"));
  files.close_gate();
  EXPECT_EQ(read_file(folder / "gate"), "0\n");
  EXPECT_EQ(files.problem(), "");
}

}  // namespace
}  // namespace picket
