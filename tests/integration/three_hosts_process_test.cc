// docs/deploy.md's cluster on three hosts, as the page writes it, on three network namespaces.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/credentials.h"
#include "tests/support/hosts.h"
#include "tests/support/proc.h"
#include "tests/support/process.h"
#include "tests/support/programs.h"

namespace millstream::test {
namespace {

using ::testing::HasSubstr;

struct Line {
  std::string host;
  std::vector<std::string> command;
};

// The lines "HOST$ COMMAND  # COMMENT" of the page, in order.
std::vector<Line> LinesOfThePage() {
  std::vector<Line> lines;
  std::ifstream page(MILLSTREAM_SOURCE_DIR "/docs/deploy.md");
  for (std::string text; std::getline(page, text);) {
    const size_t prompt = text.find("$ ");
    if (!text.starts_with("10.") || prompt == std::string::npos) continue;
    Line line{text.substr(0, prompt), {}};
    std::istringstream words(text.substr(prompt + 2, text.find(" #") - (prompt + 2)));
    for (std::string word; words >> word;) {
      const bool program = word == "millstream" || word == "./thermometers";
      line.command.push_back(program ? Example(word) : word);
    }
    lines.push_back(line);
  }
  return lines;
}

TEST(ThreeHostsTest, ThePageWorksAsItIsWritten) {
  const std::vector<Line> lines = LinesOfThePage();
  ASSERT_EQ(lines.size(), 6u) << "secret, master, worker, worker, submit, list";
  if (const std::string why = Hosts::Unavailable(); !why.empty())
    GTEST_SKIP() << "SKIPPED: three hosts: " << why;
  const std::vector<std::string> addresses{"10.0.0.1", "10.0.0.2", "10.0.0.3"};
  const Hosts hosts(addresses);
  const TemporaryFolder folder;
  for (const std::string& address : addresses) std::filesystem::create_directory(folder.File(address));
  const auto start = [&](const Line& line) {
    std::vector<std::string> command{"/usr/bin/env", "-C", folder.File(line.host)};
    command.insert(command.end(), line.command.begin(), line.command.end());
    const auto host = std::ranges::find(addresses, line.host) - addresses.begin();
    return std::make_unique<Process>(hosts.On(static_cast<int>(host), std::move(command)));
  };

  const auto secret = start(lines[0]);
  ASSERT_EQ(secret->AwaitExit()->code, 0) << secret->err();
  for (const char* other : {"10.0.0.2", "10.0.0.3"}) {
    std::filesystem::copy_file(folder.File("10.0.0.1/cluster.secret"),
                               folder.File(std::string(other) + "/cluster.secret"));
  }
  std::vector<std::unique_ptr<Process>> daemons;
  for (const size_t daemon : {1, 2, 3}) {
    daemons.push_back(start(lines[daemon]));
    ASSERT_TRUE(daemons.back()->AwaitOut("ready millstream://10.0.0.1:7077\n")) << daemons.back()->err();
  }
  const auto program = start(lines[4]);
  ASSERT_TRUE(program->AwaitOut("(kitchen,")) << program->err();
  ASSERT_TRUE(program->AwaitOut("(cellar,")) << program->err();
  for (const size_t worker : {1, 2}) EXPECT_EQ(ChildrenOf(daemons[worker]->pid()).size(), 1u);
  const auto list = start(lines[5]);
  ASSERT_EQ(list->AwaitExit()->code, 0) << list->err();
  EXPECT_THAT(list->out(), HasSubstr("RUNNING"));
  program->Signal(SIGTERM);
  EXPECT_EQ(program->AwaitExit()->code, 0) << program->err();
}

}  // namespace
}  // namespace millstream::test
