#include <gmock/gmock.h>

#include "keepalived/notify_args.hpp"
#include "keepalived/notify_event.hpp"

namespace picket {
namespace {
using testing::HasSubstr;

NotifyEvent event(std::string kind, std::string name, std::string state, int priority) {
  return {std::move(kind), std::move(name), std::move(state), priority};
}

TEST(NotifyLine, OfEveryKindIsRead) {
  EXPECT_EQ(parse_notify_line(R"(INSTANCE "VI_1" MASTER 110)"), event("INSTANCE", "VI_1", "MASTER", 110));
  EXPECT_EQ(parse_notify_line(R"(GROUP "G 1" FAULT 0)"), event("GROUP", "G 1", "FAULT", 0));
  for (const char* state :
       {"MASTER", "BACKUP", "FAULT", "STOP", "DELETED", "MASTER_RX_LOWER_PRI", "MASTER_PRIORITY", "BACKUP_PRIORITY"})
    EXPECT_EQ(parse_notify_line("INSTANCE \"VI_1\" " + std::string(state) + " 254"),
              event("INSTANCE", "VI_1", state, 254));
}

TEST(NotifyLine, ThatIsNoNotificationIsNothing) {
  for (const char* line :
       {"", "garbage", "INSTANCE", "INSTANCE \"VI_1", "INSTANCE \"VI_1\"", "INSTANCE \"VI_1\" MASTER",
        "INSTANCE \"VI_1\" MASTER ", "INSTANCE \"VI_1\" MASTER x", "INSTANCE \"VI_1\" MASTER 110 ",
        "INSTANCE \"VI_1\" master 110", "INSTANCE \"VI_1\" KING 110", "INSTANCE \"\" MASTER 110",
        "INSTANCE VI_1 MASTER 110", "instance \"VI_1\" MASTER 110", "INSTANCE \"VI_1\"MASTER 110",
        "INSTANCE \"VI_1\" MASTER 99999999999", "VS [192.168.201.15]:tcp:80 UP",
        "RS [1.2.3.4]:tcp:80 [192.168.201.15]:tcp:80 DOWN", "STANCE \"VI_1\" MASTER 110"})
    EXPECT_EQ(parse_notify_line(line), std::nullopt) << line;
}

TEST(NotifyEvent, IsShownInAFewWords) {
  EXPECT_EQ(event("INSTANCE", "VI_1", "MASTER", 110).text(), "VI_1 MASTER 110");
  EXPECT_EQ(event("GROUP", "G1", "BACKUP", 0).text(), "group G1 BACKUP");
  EXPECT_EQ(event("", "", "FAULT", 0).text(), "FAULT");
}

TEST(NotifyArgs, OfAGenericScriptAreRead) {
  EXPECT_EQ(parse_notify_args({"INSTANCE", "VI_1", "MASTER", "110"}).event, event("INSTANCE", "VI_1", "MASTER", 110));
  EXPECT_EQ(parse_notify_args({"INSTANCE", "VI_1", "MASTER", "110"}).error, "");
  EXPECT_EQ(parse_notify_args({"GROUP", "G1", "DELETED", "0"}).event, event("GROUP", "G1", "DELETED", 0));
  EXPECT_EQ(parse_notify_args({"instance", "VI_1", "backup"}).event, event("INSTANCE", "VI_1", "BACKUP", 0));
}

TEST(NotifyArgs, OfOneWordAreRead) {
  for (const char* word : {"master", "backup", "fault", "stop", "MASTER", "Fault"}) {
    const NotifyArgs args = parse_notify_args({word});
    EXPECT_EQ(args.error, "") << word;
    EXPECT_EQ(args.event.kind, "");
    EXPECT_TRUE(is_notify_state(args.event.state)) << word;
  }
}

TEST(NotifyArgs, ThatMakeNoSenseSayWhatWasExpected) {
  for (const std::vector<std::string>& args :
       std::vector<std::vector<std::string>>{{},
                                             {""},
                                             {"king"},
                                             {"deleted"},
                                             {"INSTANCE"},
                                             {"INSTANCE", "VI_1"},
                                             {"VI_1", "MASTER"},
                                             {"INSTANCE", "", "MASTER"},
                                             {"INSTANCE", "VI_1", "KING"},
                                             {"INSTANCE", "VI_1", "MASTER", "x"},
                                             {"INSTANCE", "VI_1", "MASTER", "1", "2"},
                                             {"NODE", "VI_1", "MASTER", "1"}})
    EXPECT_THAT(parse_notify_args(args).error, HasSubstr("expected INSTANCE|GROUP NAME STATE"));
}

}  // namespace
}  // namespace picket
