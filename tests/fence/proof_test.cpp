#include "fence/proof.hpp"

#include <gmock/gmock.h>

#include <csignal>

#include "fence/server.hpp"
#include "postgres/throwaway.hpp"

namespace picket {
namespace {
using testing::HasSubstr;

TEST(Proof, OfALivingServerFailsInEveryPart) {
  test::Throwaway server;
  server.start();
  const auto proof = Prover(test::target_of(server)).look();
  EXPECT_FALSE(proof.proved);
  EXPECT_THAT(proof.sentence, HasSubstr("processes: "));
  EXPECT_THAT(proof.sentence, HasSubstr(std::to_string(server.pid())));
  EXPECT_THAT(proof.sentence, HasSubstr("attached"));
  EXPECT_THAT(proof.sentence, testing::Not(HasSubstr(": 0 attached")));
  EXPECT_THAT(proof.sentence, HasSubstr("accepts"));
}

TEST(Proof, OfACleanlyStoppedServerHolds) {
  test::Throwaway server;
  server.start();
  const auto target = test::target_of(server);
  server.stop();
  const auto proof = Prover(target).look();
  EXPECT_TRUE(proof.proved) << proof.sentence;
  EXPECT_THAT(proof.sentence, HasSubstr("processes: none"));
  EXPECT_THAT(proof.sentence, HasSubstr(": 0 attached"));
  EXPECT_THAT(proof.sentence, HasSubstr("refused"));
}

TEST(Proof, IsNotGivenByARefusedPortWhileAnOrphanCommits) {
  test::Throwaway server;
  server.start();
  const auto target = test::target_of(server);
  test::EndlessCommitter committer(server);
  server.kill9();
  const auto proof = Prover(target).look();
  EXPECT_FALSE(proof.proved) << proof.sentence;
  EXPECT_THAT(proof.sentence, HasSubstr("refused"));
  EXPECT_THAT(proof.sentence, HasSubstr(std::to_string(committer.backend())));
  kill(committer.backend(), SIGKILL);
}

TEST(Proof, IsNotGivenWithoutADataDirectory) { EXPECT_FALSE(Prover(FenceTarget{}).look().proved); }

}  // namespace
}  // namespace picket
