#ifndef MILLSTREAM_TESTS_EXECUTOR_SUPPORT_TEXT_SERVER_H_
#define MILLSTREAM_TESTS_EXECUTOR_SUPPORT_TEXT_SERVER_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace millstream::executor {

// A TCP server on 127.0.0.1 for one client at a time, used by the test's thread.
class TextServer {
 public:
  explicit TextServer(uint16_t port = 0);
  ~TextServer();
  TextServer(const TextServer&) = delete;
  TextServer& operator=(const TextServer&) = delete;

  uint16_t port() const { return port_; }
  // Waits for the next client, for at most 30 seconds.
  bool Accept();
  // False if the client went away.
  bool Send(std::string_view text);
  void CloseClient();
  // The client sees its connection break instead of end.
  void ResetClient();

 private:
  int listener_ = -1;
  int client_ = -1;
  uint16_t port_ = 0;
};

}  // namespace millstream::executor

#endif  // MILLSTREAM_TESTS_EXECUTOR_SUPPORT_TEXT_SERVER_H_
