#include "keepalived/notify_fifo.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "keepalived/folder.hpp"

namespace picket {
namespace {
using std::chrono_literals::operator""ms;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

/// Writes as Keepalived does: opened for reading and writing, so that it never blocks and nobody sees an end.
class Writer {
 public:
  explicit Writer(const std::string& path) : fd_(open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC)) {}
  bool write(const std::string& text) { return ::write(fd_.get(), text.data(), text.size()) == ssize_t(text.size()); }

 private:
  Fd fd_;
};

class Fifo : public testing::Test {
 protected:
  std::unique_ptr<NotifyFifo> listen() {
    return std::make_unique<NotifyFifo>(loop, path,
                                        [this](const NotifyEvent& event) { heard.push_back(event.text()); });
  }
  bool wait_for(const std::function<bool()>& done, Millis limit = 5000ms) { return loop.run_until(done, limit); }

  Folder folder;
  std::string path = folder / "notify.fifo";
  Loop loop;
  std::vector<std::string> heard;
};

TEST_F(Fifo, IsMadeForItsOwnerAlone) {
  const auto fifo = listen();
  EXPECT_EQ(fifo->problem(), "");
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_TRUE(S_ISFIFO(status.st_mode));
  EXPECT_EQ(status.st_mode & 07777, 0600U);
}

TEST_F(Fifo, HandsOnEachLineThatMakesSense) {
  const auto fifo = listen();
  Writer writer(path);
  ASSERT_TRUE(writer.write("INSTANCE \"VI_1\" BACKUP 100\ngarbage\nINSTANCE \"VI_1\" MAS"));
  ASSERT_TRUE(wait_for([&] { return heard.size() == 1; }));
  ASSERT_TRUE(writer.write("TER 200\n"));
  ASSERT_TRUE(wait_for([&] { return heard.size() == 2; }));
  EXPECT_THAT(heard, ElementsAre("VI_1 BACKUP 100", "VI_1 MASTER 200"));
  EXPECT_EQ(fifo->ignored_lines(), 1U);
}

TEST_F(Fifo, GoesOnWhenItsWriterComesAndGoes) {
  const auto fifo = listen();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Writer(path).write("GROUP \"G1\" STOP 0\n"));
  ASSERT_TRUE(wait_for([&] { return heard.size() == 3; }));
  EXPECT_EQ(fifo->problem(), "");
}

TEST_F(Fifo, ForgetsALineThatNeverEnds) {
  const auto fifo = listen();
  Writer writer(path);
  ASSERT_TRUE(writer.write(std::string(5000, 'x')));
  ASSERT_TRUE(wait_for([&] { return fifo->ignored_lines() == 1; }));
  ASSERT_TRUE(writer.write("\nINSTANCE \"VI_1\" FAULT 100\n"));
  ASSERT_TRUE(wait_for([&] { return heard.size() == 1; }));
}

TEST_F(Fifo, TakesAllThatWasLeftUnread) {
  const auto fifo = listen();
  Writer writer(path);
  const std::string line = "INSTANCE \"VI_1\" MASTER 100\n";
  size_t written = 0;
  while (writer.write(line)) ++written;  // until the pipe is full
  EXPECT_GT(written, 1000U);
  ASSERT_TRUE(wait_for([&] { return heard.size() >= written; }));
  EXPECT_THAT(heard, SizeIs(written));
}

TEST_F(Fifo, MayBeDestroyedByItsOwnLine) {
  std::unique_ptr<NotifyFifo> fifo;
  int lines = 0;
  fifo = std::make_unique<NotifyFifo>(loop, path, [&](const NotifyEvent&) {
    ++lines;
    fifo.reset();
  });
  ASSERT_TRUE(Writer(path).write("INSTANCE \"VI_1\" MASTER 100\nINSTANCE \"VI_1\" BACKUP 100\n"));
  ASSERT_TRUE(wait_for([&] { return lines > 0; }));
  EXPECT_EQ(lines, 1);
}

TEST_F(Fifo, IsHeardAgainAfterSomebodyReplacedIt) {
  const auto fifo = listen();
  std::filesystem::remove(path);
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);  // as Keepalived does when it finds none
  Writer writer(path);
  ASSERT_TRUE(writer.write("INSTANCE \"VI_1\" MASTER 100\n"));
  EXPECT_TRUE(wait_for([&] { return heard.size() == 1; }));
}

TEST_F(Fifo, SaysThatARegularFileStandsInItsPlaceAndTriesAgain) {
  write_file(path, "old lines\n");
  const auto fifo = listen();
  EXPECT_THAT(fifo->problem(), HasSubstr(path + ": is not a FIFO"));
  std::filesystem::remove(path);
  EXPECT_TRUE(wait_for([&] { return fifo->problem().empty(); }));
}

TEST_F(Fifo, SaysThatItsFolderIsMissingAndTriesAgain) {
  path = folder / "later/notify.fifo";
  const auto fifo = listen();
  EXPECT_THAT(fifo->problem(), HasSubstr("cannot be made: No such file or directory"));
  std::filesystem::create_directory(folder / "later");
  EXPECT_TRUE(wait_for([&] { return fifo->problem().empty(); }));
}

TEST_F(Fifo, IsNotFollowedThroughALink) {
  std::filesystem::create_symlink("/dev/null", path);
  EXPECT_THAT(listen()->problem(), HasSubstr("cannot be opened"));
}

}  // namespace
}  // namespace picket
