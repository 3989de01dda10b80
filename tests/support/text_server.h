#ifndef MILLSTREAM_TESTS_SUPPORT_TEXT_SERVER_H_
#define MILLSTREAM_TESTS_SUPPORT_TEXT_SERVER_H_

#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace millstream::test {

// A TCP server, on 127.0.0.1 unless told otherwise, that sends what the test says. Thread-safe.
class TextServer {
 public:
  // Port 0: a free one. Aborts the test program if it cannot listen.
  explicit TextServer(int port = 0, const std::string& address = "127.0.0.1");
  // Closes everything; clients see the end of the stream.
  ~TextServer();
  TextServer(const TextServer&) = delete;
  TextServer& operator=(const TextServer&) = delete;

  int port() const { return port_; }

  // Waits until `count` clients have connected since the start. False after a minute.
  bool AwaitClients(int count);
  // Sends to the client that connected last, after waiting for the first. False if it is gone.
  bool Send(std::string_view text);
  // Ends the stream of the client that connected last.
  void Disconnect();

 private:
  void Accept();

  int port_ = 0;
  int listener_ = -1;
  int stop_ = -1;  // an eventfd

  std::mutex mutex_;  // protects what follows
  std::condition_variable connected_;
  std::vector<int> clients_;

  std::thread thread_;
};

// A port on which nobody listens.
int UnusedPort();

}  // namespace millstream::test

#endif  // MILLSTREAM_TESTS_SUPPORT_TEXT_SERVER_H_
