// Receivers that prefer a host, on a cluster whose workers have a host each.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <string>

#include "tests/support/cluster.h"
#include "tests/support/expect_end.h"
#include "tests/support/proc.h"
#include "tests/support/process.h"
#include "tests/support/programs.h"

namespace millstream::test {
namespace {

using ::testing::ElementsAre;

// Without a preference they spread, one to each executor.
TEST(PreferredHostTest, ReceiversRunOnTheExecutorOfTheHostThatTheyPrefer) {
  Cluster cluster(MILLSTREAM_BIN_DIR);
  for (const char* host : {"127.0.0.1", "127.0.0.2"}) cluster.AddWorker(4, "", {"--host", host});
  for (const size_t preferred : {0, 1}) {
    Process program({TestProgram("preferred_host"), "--master", cluster.url(), "--conf",
                     "millstream.executor.memory=256m", preferred == 0 ? "127.0.0.1" : "127.0.0.2"});
    ASSERT_TRUE(program.AwaitOut("receiver 1 in ")) << program.err();
    ASSERT_TRUE(program.AwaitOut("receiver 2 in ")) << program.err();
    const std::vector<pid_t> executors = ChildrenOf(cluster.workers()[preferred]->pid());
    ExpectGracefulEnd(program);
    std::set<pid_t> receiving;
    std::istringstream out(program.out());
    std::string word;
    int number = 0;
    for (pid_t process = 0; out >> word >> number >> word >> process;) receiving.insert(process);
    ASSERT_EQ(executors.size(), 1u);
    EXPECT_THAT(receiving, ElementsAre(executors[0])) << program.out();
  }
}

}  // namespace
}  // namespace millstream::test
