// No password of a connection string gets into a log.
#include <gtest/gtest.h>

#include "rejoin/plan.hpp"

namespace picket {
namespace {

TEST(WithoutPasswords, HidesThemInBothFormsOfAConnectionString) {
  EXPECT_EQ(without_passwords("repmgr -d host=a password=hunter2 user=b"), "repmgr -d host=a password=*** user=b");
  EXPECT_EQ(without_passwords("--source-server='host=a password=hunter2'"), "--source-server='host=a password=***'");
  EXPECT_EQ(without_passwords("postgresql://me:hunter2@host:5432/db"), "postgresql://me:***@host:5432/db");
  EXPECT_EQ(without_passwords("postgres://u:hun@ter2@h"), "postgres://u:***@h");
  EXPECT_EQ(without_passwords("postgres:///db?password=hunter2&user=u"), "postgres:///db?password=***&user=u");
  EXPECT_EQ(without_passwords("PGPASSWORD=hunter2 repmgr"), "PGPASSWORD=*** repmgr");
  EXPECT_EQ(without_passwords("nothing at all://here, no password"), "nothing at all://here, no password");
}

TEST(WithoutPasswords, HidesThemHoweverOftenTheyWereQuoted) {
  for (const char* line :
       {R"(password = 'hunter2 hunter2' user=b)", R"(password='hunter2\'hunter2')", R"(password="hunter2 hunter2")",
        R"(--source-server='host=a password='\''hunter2 hunter2'\'' user=b')", R"(-d "password=\"hunter2\" user=b")",
        R"(password=hunter2\ hunter2)", R"(password=\'hunter2\')", R"(password=''hunter2'')",
        R"(first password=hunter2 and second password='hunter2')"})
    EXPECT_EQ(without_passwords(line).find("hunter2"), std::string::npos) << line << "\n" << without_passwords(line);
}

}  // namespace
}  // namespace picket
